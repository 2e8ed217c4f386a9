//! `policies.lock`, beside the crates of a policies folder: every package of the program, in the
//! format of Cargo's own locks.
//!
//! It is the lock of the generated workspace, but for the policies from elsewhere: they are laid
//! out there like the folder's own crates, and stand in this file with the source and the checksum
//! that they came with. So tools that read a `Cargo.lock` read this one, too.

mod difference;
mod follow;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::discover::{Origin, Policies};
use crate::lock::{self, Lock, LockError, Package};
pub(crate) use difference::{Change, changes};
pub(crate) use follow::{Locked, LockedError, check_is_there, follow};

/// The file's name.
pub(crate) const POLICIES_LOCK: &str = "policies.lock";

const HEADER: &str = "# This file is written by `policy-builder lock`, in the format of Cargo's locks.\n\
                      # It is not intended for manual editing.\n";

/// What was chosen before, for the versions of now to follow.
#[derive(Debug)]
pub(crate) struct Pins {
    /// What `policies.lock` holds; `None` where there is none.
    pub(crate) lock: Option<Lock>,
    /// Whether the crates' own locks say what it does not.
    pub(crate) crates_locks: bool,
    pub(crate) renewal: Renewal,
}

/// What is to be chosen anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Renewal {
    Nothing,
    /// The packages of these names.
    These(BTreeSet<String>),
    Everything,
}

impl Pins {
    /// What a build follows: `policies.lock`, or the crates' own locks where there is none.
    pub(crate) fn of(policies: &Path) -> Result<Self, LockError> {
        let lock = read(policies)?;
        Ok(Self { crates_locks: lock.is_none(), lock, renewal: Renewal::Nothing })
    }

    /// What a new `policies.lock` follows: the one that is there, then the crates' own.
    pub(crate) fn for_new(lock: Option<&Lock>, renewal: Renewal) -> Self {
        let lock = lock.map(|lock| {
            let packages = lock.packages.iter().filter(|it| renewal.keeps(&it.name));
            Lock { packages: packages.cloned().collect() }
        });
        Self { lock, crates_locks: true, renewal }
    }

    /// Whether `policies.lock` holds this very version of a package.
    pub(crate) fn hold(&self, package: &Package) -> bool {
        self.lock.iter().any(|lock| lock.packages.iter().any(|it| it.is(package)))
    }
}

impl Renewal {
    /// Whether a package stays as it was chosen before.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        match self {
            Self::Nothing => true,
            Self::These(names) => !names.contains(name),
            Self::Everything => false,
        }
    }
}

/// Where the lock of a policies folder is, or would be.
pub(crate) fn path(policies: &Path) -> PathBuf {
    policies.join(POLICIES_LOCK)
}

/// The lock of a policies folder, where it has one.
pub(crate) fn read(policies: &Path) -> Result<Option<Lock>, LockError> {
    let path = path(policies);
    // A broken link is an error rather than no lock.
    if fs_err::symlink_metadata(&path).is_err() { Ok(None) } else { Lock::read(&path).map(Some) }
}

/// The file's text for a lock in which the policies from elsewhere have their sources.
pub(crate) fn text(lock: &Lock) -> String {
    lock::text(HEADER, &lock.packages)
}

/// The lock of a generated workspace, with the sources of the policies from elsewhere.
pub(crate) fn with_sources(mut lock: Lock, policies: &Policies) -> Lock {
    for it in &policies.crates {
        let Origin::Remote { source, checksum } = &it.origin else { continue };
        let is_it = |package: &&mut Package| {
            package.source.is_none() && package.name == it.name && package.version == it.version
        };
        if let Some(package) = lock.packages.iter_mut().find(is_it) {
            package.source.clone_from(source);
            package.checksum.clone_from(checksum);
        }
    }
    lock
}
