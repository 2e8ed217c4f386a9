//! The packages that a program is going to be linked with, told before it is compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::command::resolve;
use super::lockfile::{CRATES_IO, Lock, Package};
use super::{Cargo, CargoError, PackageId};

/// The packages that are linked into a program for one target with its features, itself among them,
/// each with those that it uses itself.
///
/// A lock tells of every target and feature, and `cargo metadata` of every feature of a workspace's
/// members. `cargo tree` tells what is compiled, as it resolves features like a build does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DependencyTree {
    packages: BTreeMap<PackageId, BTreeSet<PackageId>>,
}

impl DependencyTree {
    /// Has Cargo print that of the program of a workspace whose lock is complete. It downloads the
    /// packages that are missing.
    ///
    /// # Errors
    /// When Cargo does not start or fails.
    pub fn print(
        cargo: &Cargo,
        workspace: &Path,
        program: &str,
        triple: &str,
    ) -> Result<Vec<u8>, CargoError> {
        let mut command = cargo.command("tree", workspace)?;
        command
            .args(["--locked", "--quiet", "--charset", "ascii", "--color", "never"])
            .args(["--package", program, "--target", triple])
            // What runs when something is compiled is in no program.
            .args(["--edges", "normal,no-proc-macro"])
            .args(["--prefix", "depth", "--format", FORMAT]);
        resolve(&mut command)
    }

    /// Reads what Cargo printed for a workspace.
    ///
    /// # Errors
    /// When the workspace's lock cannot be read, or what was printed is not understood.
    pub fn read(printed: &[u8], workspace: &Path) -> Result<Self, CargoError> {
        let lock = Lock::read(&workspace.join("Cargo.lock"))
            .map_err(|error| CargoError::Tree(error.to_string()))?;
        Self::parse(&String::from_utf8_lossy(printed), &lock)
    }

    fn parse(printed: &str, lock: &Lock) -> Result<Self, CargoError> {
        let mut tree = Self::default();
        let mut trail: Vec<PackageId> = Vec::new();
        for line in printed.lines() {
            let not_understood =
                || CargoError::Tree(format!("expected a package of the lock, found `{line}`"));
            let (depth, rest) = line.split_once('\t').ok_or_else(not_understood)?;
            let depth: usize = depth.parse().map_err(|_| not_understood())?;
            // Behind the second one is only whether its dependencies were printed before.
            let (package, _) = rest.split_once('\t').ok_or_else(not_understood)?;
            let id = package_id(package, lock).ok_or_else(not_understood)?;
            trail.truncate(depth);
            if let Some(user) = trail.last() {
                tree.packages.entry(user.clone()).or_default().insert(id.clone());
            }
            tree.packages.entry(id.clone()).or_default();
            trail.push(id);
        }
        Ok(tree)
    }

    /// The packages, sorted, with what each uses itself.
    pub fn packages(&self) -> impl Iterator<Item = (&PackageId, &BTreeSet<PackageId>)> {
        self.packages.iter()
    }

    /// The packages that the one of this name in a folder is linked with, itself among them.
    #[must_use]
    pub fn linked_with(&self, name: &str) -> BTreeSet<&PackageId> {
        let is_start = |id: &&PackageId| id.name == name && id.source.is_none();
        let mut next: Vec<_> = self.packages.keys().filter(is_start).collect();
        let mut found = BTreeSet::new();
        while let Some(id) = next.pop() {
            if found.insert(id) {
                next.extend(self.packages.get(id).into_iter().flatten());
            }
        }
        found
    }
}

/// A package, between tabs: they are in no name, version or path.
const FORMAT: &str = "\t{p}\t";

/// The package that Cargo shows as `NAME vVERSION`, with the source behind that in brackets where it
/// is not crates.io, and `(proc-macro)`.
fn package_id(shown: &str, lock: &Lock) -> Option<PackageId> {
    let mut parts = shown.splitn(3, ' ');
    let (name, version) = (parts.next()?, parts.next()?.strip_prefix('v')?);
    let source = parts.next().unwrap_or_default();
    let is_it = |package: &&Package| package.name == name && package.version.to_string() == version;
    let mut found = lock.packages.iter().filter(is_it);
    let first = found.next()?;
    let found = match found.next() {
        None => first,
        // Several sources have it.
        Some(_) => lock.packages.iter().filter(is_it).find(|package| is_from(package, source))?,
    };
    Some(PackageId {
        name: name.to_owned(),
        version: version.to_owned(),
        source: found.source.clone(),
    })
}

/// Checks whether a package comes from the source that is shown: nothing for crates.io,
/// `(registry NAME)`, `(URL#REVISION)`, the revision shortened, or `(FOLDER)`.
fn is_from(package: &Package, shown: &str) -> bool {
    let shown = shown.strip_prefix('(').and_then(|rest| rest.split(')').next());
    let source = package.source.as_deref();
    match (source, shown) {
        (Some(CRATES_IO), None) => true,
        (Some(source), Some(shown)) => match source.strip_prefix("git+") {
            Some(url) => url.starts_with(shown),
            None => source != CRATES_IO && shown.starts_with("registry "),
        },
        (None, Some(shown)) => Path::new(shown).is_absolute(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, source: Option<&str>) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".parse().unwrap(),
            source: source.map(str::to_owned),
            checksum: None,
            dependencies: Vec::new(),
        }
    }

    fn lock() -> Lock {
        let git = "git+https://example.com/both?tag=v1#c0ffee00c0ffee00";
        Lock {
            packages: vec![
                package("program", None),
                package("geo", None),
                package("both", None),
                package("both", Some(CRATES_IO)),
                package("both", Some("sparse+https://example.com/index/")),
                package("both", Some(git)),
            ],
        }
    }

    const PRINTED: &str = "0\tprogram v1.0.0 (/w/program)\t\n\
                           1\tboth v1.0.0 (/w/both)\t\n\
                           2\tboth v1.0.0\t\n\
                           1\tgeo v1.0.0 (/w/geo)\t\n\
                           2\tboth v1.0.0 (https://example.com/both?tag=v1#c0ffee00)\t\n\
                           3\tboth v1.0.0 (registry `house`)\t\n\
                           2\tboth v1.0.0 (/w/both)\t (*)\n";

    #[test]
    fn packages_of_one_name_are_told_apart_by_their_sources() {
        let tree = DependencyTree::parse(PRINTED, &lock()).unwrap();
        let shown = tree.linked_with("geo").into_iter().map(|id| {
            let source = id.source.as_deref().unwrap_or("folder");
            format!("{} {}", id.name, source.split_once(':').map_or(source, |(kind, _)| kind))
        });
        assert_eq!(
            shown.collect::<Vec<_>>(),
            [
                "both folder",
                "both git+https",
                "both registry+https",
                "both sparse+https",
                "geo folder"
            ]
        );
        assert_eq!(tree.packages().count(), 6);
        let (_, used) = tree.packages().find(|(id, _)| id.name == "program").unwrap();
        assert_eq!(used.iter().map(|id| id.name.as_str()).collect::<Vec<_>>(), ["both", "geo"]);
    }

    #[test]
    fn unknown_output_is_an_error() {
        for printed in ["program v1.0.0\n", "x\tprogram v1.0.0\t\n", "0\tother v1.0.0\t\n"] {
            let error = DependencyTree::parse(printed, &lock()).unwrap_err().to_string();
            let expected =
                "failed to read what `cargo tree` prints: expected a package of the lock, ";
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
