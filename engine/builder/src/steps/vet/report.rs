//! The report of vetting, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::json;
use toml_edit::Value as Toml;

use super::finding::{Capability, Finding};
use super::outcome::VetOutcome;

impl VetOutcome {
    /// Checks that nothing was found that is not allowed.
    pub(crate) fn passes(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// For people: a line for each finding, then what would allow them.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (allowed, reason) in &self.allowed {
            let _ = writeln!(text, "{}; allowed: {}", line(allowed), reason.text());
        }
        for finding in &self.findings {
            let _ = writeln!(text, "{}: {}", line(finding), finding.what.why());
        }
        if self.passes() {
            text.push_str(if text.is_empty() { "nothing found\n" } else { "nothing else found\n" });
        } else {
            text.push_str("\nTo let them pass, in `policies.toml`, with the reason:\n");
        }
        let mut items: BTreeMap<(&str, Capability), Vec<_>> = BTreeMap::new();
        for finding in &self.findings {
            items
                .entry((&finding.crate_name, finding.what))
                .or_default()
                .push(finding.item.as_deref());
        }
        for ((crate_name, what), mut items) in items {
            items.sort_unstable();
            items.dedup();
            let item = match *items {
                [Some(item)] => Some(item),
                _ => None,
            };
            let _ = write!(text, "\n{}", allowance(crate_name, what, item));
            if let [Some(_), .., Some(_)] = *items {
                let items = items.into_iter().flatten().map(|item| format!("`{item}`"));
                let items = items.collect::<Vec<_>>().join(", ");
                let _ = writeln!(text, "# for all of it; `item` names one of {items}");
            }
        }
        text
    }

    /// For programs: what is in [`Self::text`], and what would allow each finding.
    pub(crate) fn json(&self) -> serde_json::Value {
        let findings = self.findings.iter().map(|finding| ReportedFinding {
            allow: Some(allowance(&finding.crate_name, finding.what, finding.item.as_deref())),
            ..ReportedFinding::new(finding)
        });
        let allowed = self.allowed.iter();
        let allowed = allowed.map(|(allowed, reason)| ReportedFinding {
            reason: Some(reason.text()),
            ..ReportedFinding::new(allowed)
        });
        json!({
            "findings": findings.collect::<Vec<_>>(),
            "allowed": allowed.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    /// The number of findings, and what to do.
    pub(crate) fn sentence(&self) -> String {
        let mut crates: Vec<_> = self.findings.iter().map(|finding| &finding.crate_name).collect();
        crates.sort();
        crates.dedup();
        let crates: Vec<_> = crates.into_iter().map(|name| format!("`{name}`")).collect();
        format!(
            "vetting found forbidden capabilities in {}\nhelp: change the crates, or allow it in \
             `policies.toml` with a reason; `--no-vet` builds without vetting",
            crates.join(", ")
        )
    }
}

/// One finding, as `--format json` shows it.
#[derive(Serialize)]
struct ReportedFinding<'a> {
    #[serde(rename = "crate")]
    crate_name: &'a str,
    what: Capability,
    item: Option<&'a str>,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    detail: &'a str,
    why: &'static str,
    /// The entry to write into `policies.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<String>,
    /// The reason why it is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> ReportedFinding<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            crate_name: &finding.crate_name,
            what: finding.what,
            item: finding.item.as_deref(),
            file: finding.place.file.display().to_string(),
            line: finding.place.position.map(|(line, _)| line),
            column: finding.place.position.map(|(_, column)| column),
            detail: &finding.detail,
            why: finding.what.why(),
            allow: None,
            reason: None,
        }
    }
}

fn line(finding: &Finding) -> String {
    format!(
        "{}: crate `{}`: {}: {}",
        finding.place, finding.crate_name, finding.what, finding.detail
    )
}

/// The entry to write into `policies.toml`.
fn allowance(crate_name: &str, what: Capability, item: Option<&str>) -> String {
    let mut text =
        format!("[[vet.allow]]\ncrate = {}\nwhat = \"{what}\"\n", Toml::from(crate_name));
    if let Some(item) = item {
        let _ = writeln!(text, "item = {}", Toml::from(item));
    }
    text.push_str("reason = \"\"\n");
    text
}
