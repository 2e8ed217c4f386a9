//! The table `[vet]` of `policies.toml`.
//!
//! ```toml
//! [[vet.allow]]
//! crate = "geo"
//! what = "files"
//! item = "std::fs::read"     # without it, everything of that kind
//! reason = "reads its map once, when it is configured"
//!
//! [vet.dependencies]
//! deny = ["openssl-sys", "foo@<1.2"]
//! allow = ["regex@1"]        # with it, nothing else
//! ```

use std::path::{Path, PathBuf};
use std::str::FromStr;

use semver::VersionReq;
use serde::Deserialize;
use toml_edit::DocumentMut;

use super::finding::{Capability, Finding};
use crate::steps::discover::policies_file::{PoliciesFile, PoliciesFileError};
use crate::steps::workspace::{AdvisoryStatus, AllowedAdvisory};
use policy_cargo::lockfile::Package;

const TABLE: &str = "vet";

/// The rules of vetting.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    #[serde(default)]
    pub(super) allow: Vec<Allowance>,
    #[serde(default)]
    pub(super) dependencies: DependencyRules,
}

/// Something that a crate may do.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Allowance {
    #[serde(rename = "crate")]
    pub(super) crate_name: String,
    pub(super) what: Capability,
    pub(super) item: Option<String>,
    pub(super) reason: Reason,
    /// What an advisory means for the program.
    pub(super) status: Option<AdvisoryStatus>,
}

/// Something that a crate may do while the program runs.
#[derive(Debug, Clone)]
pub(crate) struct AtRunTime<'a> {
    pub(crate) crate_name: &'a str,
    /// The kind, as `policies.toml` has it.
    pub(crate) what: String,
    pub(crate) item: Option<&'a str>,
    pub(crate) reason: &'a str,
}

/// The reason; it is never empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Reason(String);

/// The dependencies that policies may have.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DependencyRules {
    /// Nothing else, where there is such a list.
    pub(super) allow: Option<Vec<PackageRange>>,
    #[serde(default)]
    pub(super) deny: Vec<PackageRange>,
}

/// A package, or some versions of it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct PackageRange {
    name: String,
    versions: VersionReq,
}

/// `policies.toml`, for as long as its [`Rules`] are read.
#[derive(Deserialize)]
struct File {
    vet: Rules,
}

impl Rules {
    /// Reads those of a policies folder; there are none where it has no `policies.toml`.
    pub(crate) fn read(policies: &Path) -> Result<Self, RulesError> {
        let file = PoliciesFile::read(policies)?;
        let Some(table) = file.table(TABLE) else { return Ok(Self::default()) };
        let mut document = DocumentMut::new();
        document.insert(TABLE, table.clone());
        let rules = toml_edit::de::from_document::<File>(document);
        let wrong = |reason| RulesError::Wrong { path: file.path, reason };
        let rules = match rules {
            Ok(File { vet }) => vet,
            Err(error) => return Err(wrong(error.to_string().trim_end().replace('\n', ", "))),
        };
        let has_status = |allowance: &&Allowance| {
            allowance.status.is_some() && allowance.what != Capability::Advisory
        };
        if let Some(Allowance { crate_name, what, .. }) = rules.allow.iter().find(has_status) {
            return Err(wrong(format!(
                "`status` is what an advisory means for the program, but `{crate_name}` is allowed \
                 `{what}`, in `vet.allow.status`"
            )));
        }
        Ok(rules)
    }

    /// The advisories that are allowed.
    pub(crate) fn advisories(&self) -> impl Iterator<Item = AllowedAdvisory> {
        let allowed = self.allow.iter().filter(|allowance| allowance.what == Capability::Advisory);
        allowed.map(|allowance| AllowedAdvisory {
            crate_name: allowance.crate_name.clone(),
            id: allowance.item.clone(),
            status: allowance.status.unwrap_or_default(),
            reason: allowance.reason.text().to_owned(),
        })
    }

    /// What `[vet.allow]` lets crates do while the program runs.
    pub(crate) fn at_run_time(&self) -> impl Iterator<Item = AtRunTime<'_>> {
        let allowed = self.allow.iter().filter(|allowance| allowance.what.is_at_run_time());
        allowed.map(|allowance| AtRunTime {
            crate_name: &allowance.crate_name,
            what: allowance.what.to_string(),
            item: allowance.item.as_deref(),
            reason: allowance.reason.text(),
        })
    }

    /// Checks whether a finding is allowed.
    pub(super) fn allow_it(&self, found: &Finding) -> bool {
        self.allow.iter().any(|allowance| allowance.is_for(found))
    }
}

impl Allowance {
    pub(super) fn is_for(&self, found: &Finding) -> bool {
        self.crate_name == found.crate_name
            && self.what == found.what
            && (self.item.is_none() || self.item == found.item)
    }
}

impl Reason {
    pub(super) fn text(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.trim() {
            "" => Err("`reason` is empty: write down why it is allowed"),
            reason => Ok(Self(reason.to_owned())),
        }
    }
}

impl PackageRange {
    pub(super) fn has(&self, package: &Package) -> bool {
        self.name == package.name && self.versions.matches(&package.version)
    }
}

impl FromStr for PackageRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, versions) = text.split_once('@').unwrap_or((text, "*"));
        let is_name =
            |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!("`{text}` is no package: expected `name` or `name@versions`"));
        }
        let versions = versions.parse().map_err(|error| {
            format!(
                "`{text}` names no versions after the `@`: {error}: expected such as `foo@<1.2`"
            )
        })?;
        Ok(Self { name: name.to_owned(), versions })
    }
}

impl TryFrom<String> for PackageRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// An error in the table.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RulesError {
    #[error(transparent)]
    File(#[from] PoliciesFileError),
    #[error("`{}`: {reason}", path.display())]
    Wrong { path: PathBuf, reason: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rules, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policies.toml"), text).unwrap();
        Rules::read(folder.path()).map_err(|error| {
            error.to_string().replace(&format!("{}/", folder.path().display()), "")
        })
    }

    #[test]
    fn both_toml_table_forms_are_read() {
        for text in [
            "[[vet.allow]]\ncrate = 'a'\nwhat = 'standard-streams'\nreason = 'why'\n",
            "vet.allow = [{ crate = 'a', what = 'standard-streams', reason = ' why ' }]",
        ] {
            let rules = read(text).unwrap();
            let [allowed] = &*rules.allow else { panic!("{rules:?}") };
            assert_eq!((&*allowed.crate_name, allowed.what), ("a", Capability::StandardStreams));
            assert_eq!(allowed.reason.text(), "why");
        }
        assert!(read("").unwrap().allow.is_empty());
    }

    /// The pages of the book that show the file.
    #[test]
    fn documented_rules_are_read() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src");
        for page in ["reference/policies-toml.md", "how-to/vet.md"] {
            let text = std::fs::read_to_string(format!("{docs}/{page}")).unwrap();
            let blocks =
                text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
            let found: usize = blocks.map(|block| read(block).unwrap().allow.len()).sum();
            assert!(found > 0, "{page}");
        }
    }

    #[test]
    fn every_error_names_file_and_key() {
        let mistakes = [
            (
                "[vet]\nalow = []",
                "unknown field `alow`, expected `allow` or `dependencies`, in `vet`",
            ),
            (
                "[[vet.allow]]\ncrate = 'a'\nwhat = 'filez'\nreason = 'x'",
                "unknown variant `filez`, expected one of `files`, `network`, `processes`, `threads`, \
                 `environment`, `standard-streams`, `unsafe`, `unstable-feature`, `hidden-code`, \
                 `build-script`, `procedural-macro`, `included-file`, `dependency`, `advisory`, in \
                 `vet.allow.what`",
            ),
            (
                "[[vet.allow]]\ncrate = 'a'\nwhat = 'files'",
                "missing field `reason`, in `vet.allow`",
            ),
            (
                "[[vet.allow]]\ncrate = 'a'\nwhat = 'files'\nreason = ' '",
                "`reason` is empty: write down why it is allowed, in `vet.allow.reason`",
            ),
            (
                "[[vet.allow]]\ncrate = 'a'\nwhat = 'files'\nreason = 'x'\nstatus = 'affected'",
                "`status` is what an advisory means for the program, but `a` is allowed `files`, in \
                 `vet.allow.status`",
            ),
            (
                "vet.dependencies.deny = ['foo@']",
                "`foo@` names no versions after the `@`: unexpected end of input while parsing major \
                 version number: expected such as `foo@<1.2`, in `vet.dependencies.deny`",
            ),
            (
                "vet.dependencies.allow = ['foo bar']",
                "`foo bar` is no package: expected `name` or `name@versions`, in \
                 `vet.dependencies.allow`",
            ),
        ];
        for (text, expected) in mistakes {
            assert_eq!(read(text).unwrap_err(), format!("`policies.toml`: {expected}"));
        }
    }
}
