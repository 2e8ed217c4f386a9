//! Known vulnerabilities, from a copy of `RustSec`'s advisory database on this machine.
//!
//! The format is that of github.com/RustSec/advisory-db: `crates/PACKAGE/ID.md`, Markdown that
//! begins with a block of TOML. `RustSec`'s own library reads it as well, for forty crates more
//! than this program has.

use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};
use serde::Deserialize;

use super::VetError;
use super::dependencies::{brought_by, is_the_apis};
use super::finding::{Capability, Finding, SourceLocation};
use super::manifests::linked;
use crate::steps::discover::Policies;
use policy_cargo::cargo_home;
use policy_cargo::lockfile::{Lock, Package};

/// The note where there is none.
pub(super) const NONE: &str = "known vulnerabilities are not looked for without a copy of \
    github.com/RustSec/advisory-db: name one with `--advisory-db`, or have `cargo audit` or \
    `cargo deny` fetch it";

/// Copies of the database.
pub(super) struct Database {
    folders: Vec<PathBuf>,
}

/// One advisory, as far as it is used here.
#[derive(Debug, Deserialize)]
pub(super) struct Advisory {
    pub(super) advisory: Head,
    #[serde(default)]
    versions: Versions,
}

#[derive(Debug, Deserialize)]
pub(super) struct Head {
    pub(super) id: String,
    /// The kind of an advisory that is no vulnerability, such as `unmaintained`.
    pub(super) informational: Option<String>,
    /// The day on which it was taken back.
    withdrawn: Option<String>,
    /// In place of the heading, in old ones.
    pub(super) title: Option<String>,
    /// Its names elsewhere, such as that of the CVE.
    #[serde(default)]
    pub(super) aliases: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<VersionReq>,
    #[serde(default)]
    unaffected: Vec<VersionReq>,
}

impl Database {
    /// The copy that the user names, or those that `cargo audit` and `cargo deny` keep.
    pub(super) fn locate(given: Option<&Path>) -> Result<Option<Self>, VetError> {
        let is_database = |folder: &Path| folder.join("crates").is_dir();
        if let Some(folder) = given {
            return if is_database(folder) {
                Ok(Some(Self { folders: vec![folder.to_owned()] }))
            } else {
                Err(VetError::NoDatabase(folder.to_owned()))
            };
        }
        let mut folders = Vec::new();
        if let Some(home) = cargo_home() {
            folders.push(home.join("advisory-db"));
            let several = fs_err::read_dir(home.join("advisory-dbs")).into_iter().flatten();
            folders.extend(several.filter_map(|entry| Some(entry.ok()?.path())));
        }
        folders.retain(|folder| is_database(folder));
        folders.sort();
        Ok((!folders.is_empty()).then_some(Self { folders }))
    }

    /// The vulnerabilities of what the crates of the folder are linked with, and notes on what is
    /// known of it beside. What `policy-api` is linked with is the engine's to look after.
    pub(super) fn check(
        &self,
        policies: &Policies,
        lock: &Lock,
    ) -> Result<(Vec<Finding>, Vec<String>), VetError> {
        let (mut findings, mut notes) = (Vec::new(), Vec::new());
        for policy in linked(policies, lock) {
            for package in brought_by(policy, lock) {
                if !package.is_from_registry() || is_the_apis(&package, lock) {
                    continue;
                }
                for advisory in self.advisories_for(&package.name, &package.version)? {
                    let Package { name, version, .. } = &package;
                    let Head { id, informational, title, .. } = &advisory.advisory;
                    let title = title.as_deref().unwrap_or("no title");
                    if let Some(kind) = informational {
                        notes.push(format!(
                            "crate `{}` is linked with `{name}` {version}, of which {id} says \
                             `{kind}`: {title}",
                            policy.name
                        ));
                        continue;
                    }
                    let place = SourceLocation::file(policy.manifest.path.clone());
                    findings.push(Finding {
                        detail: format!(
                            "`{name}` {version} has {id} ({title}; {})",
                            advisory.versions.remedy()
                        ),
                        ..Finding::named(place, &policy.name, Capability::Advisory, id)
                    });
                }
            }
        }
        notes.sort();
        Ok((findings, notes))
    }

    /// The advisories for this version of a package.
    pub(super) fn advisories_for(
        &self,
        name: &str,
        version: &Version,
    ) -> Result<Vec<Advisory>, VetError> {
        let mut found: Vec<Advisory> = Vec::new();
        for folder in &self.folders {
            let Ok(entries) = fs_err::read_dir(folder.join("crates").join(name)) else {
                continue;
            };
            let mut files = Vec::new();
            for entry in entries {
                files.push(entry?.path());
            }
            files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
            files.sort();
            for file in files {
                let advisory = Advisory::read(&file)?;
                let is_known = found.iter().any(|found| found.advisory.id == advisory.advisory.id);
                if advisory.is_about(version) && !is_known {
                    found.push(advisory);
                }
            }
        }
        Ok(found)
    }
}

impl Advisory {
    fn read(path: &Path) -> Result<Self, VetError> {
        let wrong = |reason: &str| VetError::Advisory {
            path: path.to_owned(),
            reason: reason.trim_end().replace('\n', " "),
        };
        let text = fs_err::read_to_string(path)?;
        let block =
            text.trim_start().strip_prefix("```toml").and_then(|text| text.split_once("\n```"));
        let (toml, description) =
            block.ok_or_else(|| wrong("it does not begin with a block of TOML"))?;
        let mut advisory: Self =
            toml_edit::de::from_str(toml).map_err(|error| wrong(&error.to_string()))?;
        let heading = description.lines().find_map(|line| line.strip_prefix("# "));
        advisory.advisory.title = heading.map(str::to_owned).or(advisory.advisory.title);
        Ok(advisory)
    }

    fn is_about(&self, version: &Version) -> bool {
        let Versions { patched, unaffected } = &self.versions;
        let is_safe = patched.iter().chain(unaffected).any(|range| range.matches(version));
        self.advisory.withdrawn.is_none() && !is_safe
    }
}

impl Versions {
    /// The remedy.
    fn remedy(&self) -> String {
        let patched: Vec<_> = self.patched.iter().map(|range| format!("`{range}`")).collect();
        if patched.is_empty() {
            return "no version is without it".to_owned();
        }
        format!("corrected in {}", patched.join(", "))
    }
}
