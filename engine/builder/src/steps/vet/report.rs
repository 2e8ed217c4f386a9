//! What vetting came to, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::json;
use toml_edit::Value as Toml;

use super::finding::{Finding, What};
use super::outcome::VetOutcome;

impl VetOutcome {
    /// Whether nothing was found that is not allowed.
    pub(crate) fn passes(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// For people: a line for each finding, then what would allow them.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for (it, reason) in &self.allowed {
            let _ = writeln!(text, "{}; allowed: {}", line(it), reason.text());
        }
        for it in &self.findings {
            let _ = writeln!(text, "{}: {}", line(it), it.what.why());
        }
        if self.passes() {
            text.push_str(if text.is_empty() { "nothing found\n" } else { "nothing else found\n" });
        } else {
            text.push_str("\nTo let them pass, in `policies.toml`, with the reason:\n");
        }
        let mut items: BTreeMap<(&str, What), Vec<_>> = BTreeMap::new();
        for it in &self.findings {
            items.entry((&it.crate_name, it.what)).or_default().push(it.item.as_deref());
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
        let findings = self.findings.iter().map(|it| Reported {
            allow: Some(allowance(&it.crate_name, it.what, it.item.as_deref())),
            ..Reported::of(it)
        });
        let allowed = self.allowed.iter();
        let allowed = allowed
            .map(|(it, reason)| Reported { reason: Some(reason.text()), ..Reported::of(it) });
        json!({
            "findings": findings.collect::<Vec<_>>(),
            "allowed": allowed.collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }

    /// How much was found, and what to do.
    pub(crate) fn sentence(&self) -> String {
        let mut crates: Vec<_> = self.findings.iter().map(|it| &it.crate_name).collect();
        crates.sort();
        crates.dedup();
        let crates: Vec<_> = crates.into_iter().map(|name| format!("`{name}`")).collect();
        format!(
            "vetting found what policies have no business with, in {}: change that, or allow it in \
             `policies.toml` with a reason; `--no-vet` builds without vetting",
            crates.join(", ")
        )
    }
}

/// One finding, as `--format json` shows it.
#[derive(Serialize)]
struct Reported<'a> {
    #[serde(rename = "crate")]
    crate_name: &'a str,
    what: What,
    item: Option<&'a str>,
    file: String,
    line: Option<usize>,
    column: Option<usize>,
    detail: &'a str,
    why: &'static str,
    /// What to write into `policies.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    allow: Option<String>,
    /// Why it is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl<'a> Reported<'a> {
    fn of(it: &'a Finding) -> Self {
        Self {
            crate_name: &it.crate_name,
            what: it.what,
            item: it.item.as_deref(),
            file: it.place.file.display().to_string(),
            line: it.place.position.map(|(line, _)| line),
            column: it.place.position.map(|(_, column)| column),
            detail: &it.detail,
            why: it.what.why(),
            allow: None,
            reason: None,
        }
    }
}

fn line(it: &Finding) -> String {
    format!("{}: crate `{}`: {}: {}", it.place, it.crate_name, it.what, it.detail)
}

/// What to write into `policies.toml`.
fn allowance(crate_name: &str, what: What, item: Option<&str>) -> String {
    let mut text =
        format!("[[vet.allow]]\ncrate = {}\nwhat = \"{what}\"\n", Toml::from(crate_name));
    if let Some(item) = item {
        let _ = writeln!(text, "item = {}", Toml::from(item));
    }
    text.push_str("reason = \"\"\n");
    text
}
