use std::collections::BTreeSet;

use super::lockfile::{Lock, Package};

/// The versions of an earlier resolution, which the next one follows.
#[derive(Debug)]
pub struct Pins {
    /// The lock file of before; `None` where there is none.
    pub lock: Option<Lock>,
    /// `true` if the crates' own locks pin what that one does not.
    pub crates_locks: bool,
    /// The packages that are not pinned.
    pub renewal: Renewal,
}

/// The packages whose versions are chosen anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// No package.
    Nothing,
    /// The packages of these names.
    Packages(BTreeSet<String>),
    /// All packages.
    Everything,
}

impl Pins {
    /// The pins of a build: a lock file, or the crates' own locks where there is none.
    #[must_use]
    pub fn from_lock(lock: Option<Lock>) -> Self {
        Self { crates_locks: lock.is_none(), lock, renewal: Renewal::Nothing }
    }

    /// The pins of a new lock file: the old one, then the crates' own locks.
    #[must_use]
    pub fn for_new_lock(lock: Option<&Lock>, renewal: Renewal) -> Self {
        let lock = lock.map(|lock| {
            let packages = lock.packages.iter().filter(|package| renewal.keeps(&package.name));
            Lock { packages: packages.cloned().collect() }
        });
        Self { lock, crates_locks: true, renewal }
    }

    /// Checks whether the lock file holds this very version of a package.
    #[must_use]
    pub fn contains(&self, package: &Package) -> bool {
        self.lock.iter().any(|lock| lock.packages.iter().any(|pinned| pinned.is(package)))
    }
}

impl Renewal {
    /// Checks whether a package keeps its version.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::Packages(names) => !names.contains(name),
            Self::Everything => false,
        }
    }
}
