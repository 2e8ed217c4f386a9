use std::path::PathBuf;

use super::finding::Finding;
use super::rules::{Reason, Rules};

/// The outcome of vetting.
#[derive(Debug, Default)]
pub(crate) struct VetOutcome {
    /// The crates that were vetted: their names, and the paths of their manifests.
    pub(super) crates: Vec<(String, PathBuf)>,
    /// The findings that are not allowed, sorted by location.
    pub(super) findings: Vec<Finding>,
    /// The findings that are allowed, with their reasons.
    pub(super) allowed: Vec<(Finding, Reason)>,
    /// Notes beside the findings.
    pub(super) notes: Vec<String>,
}

impl VetOutcome {
    pub(super) fn new(
        crates: Vec<(String, PathBuf)>,
        mut found: Vec<Finding>,
        rules: &Rules,
        mut notes: Vec<String>,
    ) -> Self {
        found.sort();
        found.dedup();
        // `File::open` is found as that and as a use of `File`.
        let is_part = |type_: &Finding, function: &Finding| match (&type_.item, &function.item) {
            (Some(short), Some(long)) => {
                type_.place == function.place && long.starts_with(&format!("{short}::"))
            }
            _ => false,
        };
        found.dedup_by(|next, before| {
            let covered = is_part(before, next);
            if covered {
                std::mem::swap(next, before);
            }
            covered
        });
        for allowance in &rules.allow {
            if !found.iter().any(|found| allowance.is_for(found)) {
                let item = allowance.item.as_ref().map(|item| format!(", item `{item}`"));
                // What it depends on may do it, which is not seen here.
                let unless = if allowance.what.is_at_run_time() {
                    ", unless what it is linked with does it at run time"
                } else {
                    ""
                };
                notes.push(format!(
                    "`policies.toml` allows crate `{}` what it does not do (`{}`{}): take it \
                     out{unless}",
                    allowance.crate_name,
                    allowance.what,
                    item.unwrap_or_default()
                ));
            }
        }
        let mut outcome = Self { crates, notes, ..Self::default() };
        for found in found {
            match rules.allow.iter().find(|allowance| allowance.is_for(&found)) {
                Some(allowance) => outcome.allowed.push((found, allowance.reason.clone())),
                None => outcome.findings.push(found),
            }
        }
        outcome
    }
}
