//! Reading and writing `Cargo.lock` files.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use semver::Version;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table};

/// crates.io, as lock files have it whatever takes its place.
pub const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A lock file.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    /// Its packages, in the file's order.
    pub packages: Vec<Package>,
}

/// A package that a lock file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// The package's name.
    pub name: String,
    /// The locked version.
    pub version: Version,
    /// The registry or Git repository that it comes from; `None` when it lies in a folder.
    pub source: Option<String>,
    /// The SHA-256 of the registry's archive.
    pub checksum: Option<String>,
    /// The dependencies: a name, with version and source where there are several of that name.
    pub dependencies: Vec<String>,
}

/// Versions that may stand for one another have one key.
pub type Key = (String, Option<String>, (u64, u64, u64));

/// The compatible range of a version. Cargo gives a program one version of each range.
#[must_use]
pub fn compatible_range(version: &Version) -> (u64, u64, u64) {
    match (version.major, version.minor) {
        (0, 0) => (0, 0, version.patch),
        (0, minor) => (0, minor, 0),
        (major, _) => (major, 0, 0),
    }
}

impl Lock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// When the file cannot be read or is no lock file.
    pub fn read(path: &Path) -> Result<Self, LockError> {
        let wrong =
            |reason: &str| LockError::Wrong { path: path.to_owned(), reason: reason.to_owned() };
        let text = fs_err::read_to_string(path)?;
        let document: DocumentMut =
            text.parse().map_err(|error: toml_edit::TomlError| wrong(error.message()))?;
        let tables = document.get("package").and_then(Item::as_array_of_tables);
        let mut packages = Vec::new();
        for table in tables.into_iter().flat_map(ArrayOfTables::iter) {
            let name = text_of(table, "name").ok_or_else(|| wrong("a package has no name"))?;
            let version = text_of(table, "version")
                .and_then(|version| version.parse().ok())
                .ok_or_else(|| wrong(&format!("package `{name}` has no version")))?;
            let dependencies = table.get("dependencies").and_then(Item::as_array);
            let dependencies = dependencies.into_iter().flatten();
            packages.push(Package {
                name,
                version,
                source: text_of(table, "source"),
                checksum: text_of(table, "checksum"),
                dependencies: dependencies
                    .filter_map(|dependency| dependency.as_str().map(str::to_owned))
                    .collect(),
            });
        }
        Ok(Self { packages })
    }

    /// The packages that do not lie in folders: those that have to be pinned.
    pub fn pins(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.source.is_some())
    }

    /// The lock without some packages that the crate of this name, which lies in a folder, would be
    /// linked with.
    #[must_use]
    pub fn without(&self, name: &str, dependencies: &BTreeSet<String>) -> Self {
        let mut packages = self.packages.clone();
        for package in
            packages.iter_mut().filter(|package| package.name == name && package.source.is_none())
        {
            package.dependencies.retain(|dependency| {
                let name = dependency.split_once(' ').map_or(dependency.as_str(), |(name, _)| name);
                !dependencies.contains(name)
            });
        }
        Self { packages }
    }

    /// The packages that are linked with the crate of this name in a folder, itself first; nothing
    /// behind a package that is not to be `entered`.
    pub fn linked_with(&self, name: &str, entered: impl Fn(&Package) -> bool) -> Vec<&Package> {
        let starts =
            self.packages.iter().filter(|package| package.name == name && package.source.is_none());
        let mut found: Vec<_> = starts.collect();
        let mut next = 0;
        while let Some(package) = found.get(next).copied() {
            next += 1;
            if !entered(package) {
                continue;
            }
            for dependency in &package.dependencies {
                let depended_on =
                    self.packages.iter().filter(|package| package.is_meant_by(dependency));
                for package in depended_on {
                    if !found.contains(&package) {
                        found.push(package);
                    }
                }
            }
        }
        found
    }
}

/// A lock of these packages as Cargo writes it, below what is to stand at its beginning.
pub fn text<'a>(header: &str, packages: impl IntoIterator<Item = &'a Package>) -> String {
    let mut text = format!("{header}version = 4\n");
    for Package { name, version, source, checksum, dependencies } in packages {
        let _ = write!(text, "\n[[package]]\nname = {name:?}\nversion = \"{version}\"\n");
        if let Some(source) = source {
            let _ = writeln!(text, "source = {source:?}");
        }
        if let Some(checksum) = checksum {
            let _ = writeln!(text, "checksum = {checksum:?}");
        }
        if !dependencies.is_empty() {
            text.push_str("dependencies = [\n");
            for dependency in dependencies {
                let _ = writeln!(text, " {dependency:?},");
            }
            text.push_str("]\n");
        }
    }
    text
}

/// Checks whether an address, or a source of a lock file, holds a secret.
#[must_use]
pub fn has_secret(url: &str) -> bool {
    user_info(url).is_some()
}

/// An address, or a source of a lock file, as everybody may see it.
#[must_use]
pub fn without_secret(url: &str) -> String {
    match user_info(url) {
        Some((before, after)) => format!("{before}{after}"),
        None => url.to_owned(),
    }
}

/// Splits an address around its user and password. The mere user of SSH is no secret, and belongs
/// to the address; that of HTTP often is a token.
fn user_info(url: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    // Cargo reads `https:/` as it does `https://`.
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let is_path = scheme.ends_with("file");
    let is_ssh_user = scheme.ends_with("ssh") && !user.contains(':');
    if is_path || is_ssh_user {
        return None;
    }
    let before = url.strip_suffix(rest)?;
    Some((before, rest.strip_prefix(user)?.strip_prefix('@')?))
}

/// A source of a lock file, for people: `(registry URL)`, `(git URL)` or `(a folder)`.
pub fn source_in_words(source: Option<&str>) -> String {
    let source = source.map(without_secret);
    match source.as_deref().map(|text| text.split_once('+').unwrap_or((text, ""))) {
        None => "(a folder)".to_owned(),
        Some(("git", url)) => format!("(git {url})"),
        Some((_, url)) => format!("(registry {url})"),
    }
}

fn text_of(table: &Table, key: &str) -> Option<String> {
    table.get(key)?.as_str().map(str::to_owned)
}

impl Package {
    /// The key that versions have in common which Cargo takes for one another.
    #[must_use]
    pub fn key(&self) -> Key {
        (self.name.clone(), self.source.clone(), compatible_range(&self.version))
    }

    /// The package without its dependencies: Cargo fills them in.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.dependencies.clear();
        self
    }

    /// The registry or repository, for people: `(registry URL)`, `(git URL)` or `(a folder)`.
    #[must_use]
    pub fn source_in_words(&self) -> String {
        source_in_words(self.source.as_deref())
    }

    /// Checks whether both are the same version of the same package.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.version == other.version && self.name == other.name && self.source == other.source
    }

    /// Checks whether it comes from a registry, as requirements without a path or a repository do.
    #[must_use]
    pub fn is_from_registry(&self) -> bool {
        let source = self.source.as_deref().unwrap_or_default();
        source.starts_with("registry+") || source.starts_with("sparse+")
    }

    fn is_meant_by(&self, dependency: &str) -> bool {
        let mut parts = dependency.splitn(3, ' ');
        let source = self.source.as_deref().unwrap_or_default();
        parts.next() == Some(&self.name)
            && parts.next().is_none_or(|version| version == self.version.to_string())
            && parts.next().is_none_or(|from| source.starts_with(from.trim_matches(['(', ')'])))
    }
}

/// An error in a lock file.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// A file is no lock file.
    #[error("`{}` is not a lock file that Cargo wrote: {reason}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The error, in words.
        reason: String,
    },
    /// A file cannot be read.
    #[error("failed to read a lock file: {0}")]
    Read(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(version: &str) -> Package {
        Package {
            name: "x".into(),
            version: version.parse().unwrap(),
            source: None,
            checksum: None,
            dependencies: Vec::new(),
        }
    }

    #[test]
    fn versions_that_cargo_unifies_share_a_key() {
        let same = |a, b| package(a).key() == package(b).key();
        assert!(same("1.0.0", "1.9.3"));
        assert!(same("0.3.0", "0.3.7"));
        assert!(!same("0.3.0", "0.4.0"));
        assert!(!same("0.0.1", "0.0.2"));
        assert!(!same("1.0.0", "2.0.0"));
    }

    #[test]
    fn sources_are_shown_without_credentials() {
        for (url, shown) in [
            ("git+https://u:TOKEN@example.com/p?rev=a@b#c", "git+https://example.com/p?rev=a@b#c"),
            ("https://TOKEN@example.com", "https://example.com"),
            ("sparse+https://u:a@b@example.com/", "sparse+https://example.com/"),
            ("ssh://git:TOKEN@example.com/p", "ssh://example.com/p"),
        ] {
            assert_eq!(without_secret(url), shown);
        }
        for url in [
            "git+ssh://git@example.com/p",
            "git@example.com:p",
            "file:///a@b/p",
            "registry+https://example.com/a@b",
            "words",
        ] {
            assert_eq!(without_secret(url), url);
        }
        assert_eq!(
            source_in_words(Some("git+https://u:TOKEN@example.com/p#c")),
            source_in_words(Some("git+https://example.com/p#c"))
        );
    }

    #[test]
    fn dependencies_resolve_to_the_locked_version_and_source() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Cargo.lock");
        let package = |name: &str, version: &str, source: &str, dependencies: &str| {
            format!(
                "[[package]]\nname = {name:?}\nversion = {version:?}\n{source}\n\
                 dependencies = [{dependencies}]\n"
            )
        };
        let git = "source = \"git+https://example.com/y#c0ffee\"";
        let text = [
            package("top", "1.0.0", "", "\"x\", \"y 1.0.0 (git+https://example.com/y)\""),
            package("x", "1.0.0", "", "\"y 2.0.0\""),
            package("y", "1.0.0", "source = \"registry+here\"", ""),
            package("y", "1.0.0", git, ""),
            package("y", "2.0.0", "", "\"top\""),
        ];
        std::fs::write(&path, text.concat()).unwrap();
        let lock = Lock::read(&path).unwrap();
        let found = |entered: fn(&Package) -> bool| {
            let found = lock.linked_with("top", entered).into_iter();
            let shown = |package: &Package| {
                let from = package.source.as_deref().map(|_| " from elsewhere").unwrap_or_default();
                format!("{} {}{from}", package.name, package.version)
            };
            found.map(shown).collect::<Vec<_>>()
        };
        assert_eq!(found(|_| true), ["top 1.0.0", "x 1.0.0", "y 1.0.0 from elsewhere", "y 2.0.0"]);
        assert_eq!(
            found(|found| found.name != "x"),
            ["top 1.0.0", "x 1.0.0", "y 1.0.0 from elsewhere"]
        );
        let without = lock.without("top", &BTreeSet::from(["x".to_owned(), "z".to_owned()]));
        let left = without.linked_with("top", |_| true);
        assert_eq!(
            left.iter().map(|package| package.name.as_str()).collect::<Vec<_>>(),
            ["top", "y"]
        );
    }
}
