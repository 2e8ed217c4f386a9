//! The entries of `[policies]`: Cargo's dependencies, without the keys that a policy cannot have.

use std::path::PathBuf;

use semver::VersionReq;
use toml_edit::{Item, TableLike, Value};

use crate::steps::discover::policies_file::PoliciesFile;
use crate::steps::engine::POLICY_API;
use policy_cargo::lockfile::has_secret;
use policy_cargo::manifest::is_package_name;

/// A policy that `policies.toml` names.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key in the file.
    pub(crate) key: String,
    /// The package's name.
    pub(crate) package: String,
    /// The required versions.
    pub(crate) version: Option<VersionReq>,
    pub(super) place: EntrySource,
    /// The crate's features that are wanted beside the default ones.
    pub(crate) features: Vec<String>,
    pub(crate) default_features: bool,
    /// The entry itself, as Cargo reads it.
    pub(super) dependency: Value,
}

/// The source of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EntrySource {
    /// A registry that Cargo's configuration names; crates.io without a name.
    Registry(Option<String>),
    Git,
    /// A folder as the file has it: relative to the file's folder.
    Folder(PathBuf),
}

/// The entries of the file, in its order; none where it has no such table.
pub(crate) fn entries(file: &PoliciesFile) -> Result<Vec<Entry>, EntryError> {
    let Some(item) = file.table("policies") else { return Ok(Vec::new()) };
    let wrong =
        |key: &str, problem| EntryError { path: file.path.clone(), key: key.into(), problem };
    let table = item.as_table_like().ok_or_else(|| wrong("policies", EntryProblem::NoTable))?;
    let mut entries: Vec<Entry> = Vec::new();
    for (key, item) in table.iter() {
        let entry = read(key, item).map_err(|problem| wrong(key, problem))?;
        if let Some(first) = entries.iter().find(|found| found.package == entry.package) {
            return Err(wrong(
                key,
                EntryProblem::Twice { first: first.key.clone(), of: entry.package },
            ));
        }
        entries.push(entry);
    }
    Ok(entries)
}

fn read(key: &str, item: &Item) -> Result<Entry, EntryProblem> {
    let dependency = item.clone().into_value().map_err(|_| EntryProblem::Kind)?;
    let mut fields = Fields::default();
    if let Some(version) = item.as_str() {
        fields.version = Some(version.to_owned());
    } else {
        fields.read(item.as_table_like().ok_or(EntryProblem::Kind)?)?;
    }
    let package = fields.package.take().unwrap_or_else(|| key.to_owned());
    if !is_package_name(&package) {
        return Err(EntryProblem::Name(package));
    }
    if package == POLICY_API {
        return Err(EntryProblem::Api);
    }
    let version = fields.version.as_ref().map(|version| {
        version.parse().map_err(|error| EntryProblem::Version { found: version.clone(), error })
    });
    Ok(Entry {
        key: key.to_owned(),
        package,
        version: version.transpose()?,
        place: fields.place()?,
        features: fields.features,
        default_features: fields.default_features.unwrap_or(true),
        dependency,
    })
}

/// The fields of an entry.
#[derive(Debug, Default)]
struct Fields {
    version: Option<String>,
    package: Option<String>,
    registry: Option<String>,
    git: Option<String>,
    path: Option<String>,
    /// Which of a repository's revisions: the keys that are there.
    revision: Vec<&'static str>,
    features: Vec<String>,
    default_features: Option<bool>,
}

impl Fields {
    fn read(&mut self, table: &dyn TableLike) -> Result<(), EntryProblem> {
        for (key, item) in table.iter() {
            let typed = |expected| EntryProblem::Type { field: key.to_owned(), expected };
            let text = || item.as_str().map(str::to_owned).ok_or_else(|| typed("text"));
            match key {
                "version" => self.version = Some(text()?),
                "package" => self.package = Some(text()?),
                "registry" => self.registry = Some(text()?),
                "git" => self.git = Some(text()?),
                "path" => self.path = Some(text()?),
                "rev" => text().map(|_| self.revision.push("rev"))?,
                "branch" => text().map(|_| self.revision.push("branch"))?,
                "tag" => text().map(|_| self.revision.push("tag"))?,
                "features" => {
                    let names = item.as_array().map(|names| names.iter().map(Value::as_str));
                    let names = names.and_then(Iterator::collect::<Option<Vec<_>>>);
                    let names = names.ok_or_else(|| typed("a list of names"))?;
                    self.features = names.into_iter().map(str::to_owned).collect();
                }
                "default-features" => {
                    let value = item.as_bool().ok_or_else(|| typed("`true` or `false`"))?;
                    self.default_features = Some(value);
                }
                _ => return Err(EntryProblem::Unknown(key.to_owned())),
            }
        }
        Ok(())
    }

    fn place(&mut self) -> Result<EntrySource, EntryProblem> {
        if let (None, [field, ..]) = (&self.git, self.revision.as_slice()) {
            return Err(EntryProblem::NoRepository(field));
        }
        if let [first, second, ..] = self.revision.as_slice() {
            return Err(EntryProblem::Both(first, second));
        }
        match (self.git.take(), self.path.take(), self.registry.take()) {
            (Some(_), Some(_), _) => Err(EntryProblem::Both("git", "path")),
            (Some(_), _, Some(_)) => Err(EntryProblem::Both("git", "registry")),
            (_, Some(_), Some(_)) => Err(EntryProblem::Both("path", "registry")),
            (Some(url), None, None) if has_secret(&url) => Err(EntryProblem::Secret),
            (Some(_), None, None) => Ok(EntrySource::Git),
            (None, Some(path), None) => Ok(EntrySource::Folder(path.into())),
            (None, None, registry) if self.version.is_some() => Ok(EntrySource::Registry(registry)),
            (None, None, _) => Err(EntryProblem::Nowhere),
        }
    }
}

/// An error in an entry.
#[derive(Debug, thiserror::Error)]
#[error("`{}`: policy `{key}`: {problem}", path.display())]
pub(crate) struct EntryError {
    path: PathBuf,
    key: String,
    problem: EntryProblem,
}

#[derive(Debug, thiserror::Error)]
enum EntryProblem {
    #[error("expected a table of policies, such as `geo = \"1.2\"` below `[policies]`")]
    NoTable,
    #[error("expected a version, such as `\"1.2\"`, or a table with `version`, `git` or `path`")]
    Kind,
    #[error(
        "unknown key `{0}`: expected `version`, `registry`, `git`, `rev`, `branch`, `tag`, `path`, \
         `package`, `features` or `default-features`"
    )]
    Unknown(String),
    #[error("`{field}` is to be {expected}")]
    Type { field: String, expected: &'static str },
    #[error("the version `{found}` is not a requirement such as `1.2`: {error}")]
    Version { found: String, error: semver::Error },
    #[error(
        "`{0}` is not a package's name\nhelp: use letters, digits, `-` and `_`, a letter first"
    )]
    Name(String),
    #[error(
        "every policy gets the engine's `policy-api`, whatever is written here\nhelp: remove \
             it"
    )]
    Api,
    #[error("`{0}` and `{1}` are both there\nhelp: keep one of them")]
    Both(&'static str, &'static str),
    #[error("`{0}` is there without `git`\nhelp: name its repository")]
    NoRepository(&'static str),
    #[error(
        "the address in `git` holds a user or a password, which would go into lock files and \
         images\nhelp: remove it, and use Git's or Cargo's own credentials"
    )]
    Secret,
    #[error("it has no source\nhelp: add `version`, `git` or `path`")]
    Nowhere,
    #[error(
        "`{first}` is the package `{of}` as well, and a program has one version of a policy \
         crate\nhelp: keep one of them"
    )]
    Twice { first: String, of: String },
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn parsed(text: &str) -> Result<Vec<Entry>, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("policies.toml"), text).unwrap();
        let file = PoliciesFile::read(folder.path()).unwrap();
        let path = format!("{}/", folder.path().display());
        entries(&file).map_err(|error| error.to_string().replace(&path, ""))
    }

    #[test]
    fn entries_are_read_as_cargo_dependencies() {
        let entries = parsed(
            r#"
            [policies]
            geo = "1.2"
            quota = { version = "=2.0.1", registry = "house", default-features = false }
            next = { git = "https://example.com/p", rev = "c0ffee", package = "hours" }
            local = { path = "../local", version = "1" }
            [policies.zones]
            version = "0.3"
            features = ["strict"]
            "#,
        );
        let shown = |entry: Entry| {
            let version = entry.version.map(|version| version.to_string()).unwrap_or_default();
            (entry.key, entry.package, version, entry.place, entry.features, entry.default_features)
        };
        let text = str::to_owned;
        assert_eq!(
            entries.unwrap().into_iter().map(shown).collect::<Vec<_>>(),
            [
                (text("geo"), text("geo"), text("^1.2"), EntrySource::Registry(None), vec![], true),
                (
                    text("quota"),
                    text("quota"),
                    text("=2.0.1"),
                    EntrySource::Registry(Some(text("house"))),
                    vec![],
                    false
                ),
                (text("next"), text("hours"), String::new(), EntrySource::Git, vec![], true),
                (
                    text("local"),
                    text("local"),
                    text("^1"),
                    EntrySource::Folder("../local".into()),
                    vec![],
                    true
                ),
                (
                    text("zones"),
                    text("zones"),
                    text("^0.3"),
                    EntrySource::Registry(None),
                    vec![text("strict")],
                    true
                ),
            ]
        );
        assert!(parsed("").unwrap().is_empty() && parsed("[vet]").unwrap().is_empty());
    }

    /// The pages of the book that show the file.
    #[test]
    fn documented_entries_are_read() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src");
        for page in ["reference/policies-toml.md", "how-to/remote.md"] {
            let text = std::fs::read_to_string(format!("{docs}/{page}")).unwrap();
            let blocks =
                text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
            let found: usize = blocks.map(|block| parsed(block).unwrap().len()).sum();
            assert!(found > 0, "{page}");
        }
    }

    #[test]
    fn invalid_entries_are_refused() {
        let keys = "expected `version`, `registry`, `git`, `rev`, `branch`, `tag`, `path`, \
                    `package`, `features` or `default-features`";
        for (entry, problem) in [
            ("{ workspace = true }", format!("unknown key `workspace`: {keys}")),
            ("{ version = \"1\", optional = true }", format!("unknown key `optional`: {keys}")),
            (
                "1",
                "expected a version, such as `\"1.2\"`, or a table with `version`, `git` or `path`"
                    .into(),
            ),
            ("{ version = 1 }", "`version` is to be text".into()),
            ("{ version = \"1\", features = \"a\" }", "`features` is to be a list of names".into()),
            (
                "{ version = \"1\", default-features = 1 }",
                "`default-features` is to be `true` or `false`".into(),
            ),
            (
                "\"new\"",
                "the version `new` is not a requirement such as `1.2`: unexpected character 'n' \
                 while parsing major version number"
                    .into(),
            ),
            (
                "{ version = \"1\", package = \"a b\" }",
                "`a b` is not a package's name\nhelp: use letters, digits, `-` and `_`, a letter \
                 first"
                    .into(),
            ),
            (
                "{ version = \"1\", package = \"policy-api\" }",
                "every policy gets the engine's `policy-api`, whatever is written here\nhelp: \
                 remove it"
                    .into(),
            ),
            (
                "{ git = \"u\", path = \"p\" }",
                "`git` and `path` are both there\nhelp: keep one of them".into(),
            ),
            (
                "{ git = \"u\", rev = \"a\", tag = \"b\" }",
                "`rev` and `tag` are both there\nhelp: keep one of them".into(),
            ),
            (
                "{ version = \"1\", branch = \"a\" }",
                "`branch` is there without `git`\nhelp: name its repository".into(),
            ),
            (
                "{ git = \"https://user:TOKEN@example.com/p\" }",
                "the address in `git` holds a user or a password, which would go into lock files \
                 and images\nhelp: remove it, and use Git's or Cargo's own credentials"
                    .into(),
            ),
            ("{}", "it has no source\nhelp: add `version`, `git` or `path`".into()),
        ] {
            assert_eq!(
                parsed(&format!("[policies]\ngeo = {entry}\n")).unwrap_err(),
                format!("`policies.toml`: policy `geo`: {problem}")
            );
        }
        assert_eq!(
            parsed("policies = 1").unwrap_err(),
            "`policies.toml`: policy `policies`: expected a table of policies, such as `geo = \
             \"1.2\"` below `[policies]`"
        );
        assert_eq!(
            parsed("[policies]\na = \"1\"\nb = { version = \"2\", package = \"a\" }").unwrap_err(),
            "`policies.toml`: policy `b`: `a` is the package `a` as well, and a program has one \
             version of a policy crate\nhelp: keep one of them"
        );
    }
}
