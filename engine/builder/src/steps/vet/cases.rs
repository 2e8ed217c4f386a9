//! The outcome of vetting in the forms of `policy-report`.

use std::path::Path;

use policy_report::{Case, Outcome, Report, Rule, Severity, Tool, Words};

use super::finding::{Capability, Finding};
use super::outcome::VetOutcome;

/// The group of the rules' ids: `vet/files`, `vet/network`, …
const GROUP: &str = "vet";

impl VetOutcome {
    /// A case for each crate in which nothing was found, and for each file in which something was.
    pub(crate) fn report(&self) -> Report {
        let clean = self
            .crates
            .iter()
            .filter(|(name, _)| !self.findings.iter().any(|finding| finding.crate_name == *name));
        let clean = clean.map(|(name, manifest)| case(name, manifest, Outcome::Passed));
        let same = |one: &Finding, next: &Finding| {
            one.place.file == next.place.file && one.crate_name == next.crate_name
        };
        let found = self.findings.chunk_by(same).filter_map(|findings| {
            let Finding { crate_name, place, .. } = findings.first()?;
            let listed = findings.iter().map(reported).collect();
            Some(case(crate_name, &place.file, Outcome::Failed(listed)))
        });
        let mut cases: Vec<_> = clean.chain(found).collect();
        cases.sort_by(|one, next| (&one.file, &one.name).cmp(&(&next.file, &next.name)));
        Report {
            tool: Tool { name: "policy-builder", version: env!("CARGO_PKG_VERSION") },
            words: Words {
                command: "vet",
                passed: "passed",
                failed: "forbidden",
                broken: "failed",
            },
            rules: Capability::ALL.iter().copied().map(rule).collect(),
            cases,
        }
    }
}

fn case(crate_name: &str, file: &Path, outcome: Outcome) -> Case {
    Case {
        file: file.display().to_string(),
        name: format!("crate {crate_name}"),
        judge: GROUP.to_owned(),
        rule: GROUP.to_owned(),
        place: None,
        outcome,
    }
}

fn reported(finding: &Finding) -> policy_report::Finding {
    policy_report::Finding {
        check: Some(finding.what.to_string()),
        field: None,
        message: format!("{}: {}", finding.detail, finding.what.why()),
        place: finding.place.position,
    }
}

fn rule(capability: Capability) -> Rule {
    Rule {
        id: format!("{GROUP}/{capability}"),
        summary: capability.why().to_owned(),
        severity: Severity::High,
        link: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::vet::finding::SourceLocation;
    use crate::steps::vet::rules::Rules;

    #[test]
    fn every_crate_and_file_is_a_case() {
        let crates = ["clean", "dirty"]
            .map(|name| (name.to_owned(), format!("policies/{name}/Cargo.toml").into()));
        let place = |file: &str, line| SourceLocation {
            file: format!("policies/dirty/{file}").into(),
            position: Some((line, 5)),
        };
        let found = vec![
            Finding::named(place("src/lib.rs", 7), "dirty", Capability::Files, "std::fs::read"),
            Finding::named(place("src/lib.rs", 9), "dirty", Capability::Unsafe, "unsafe"),
            Finding::named(place("src/a.rs", 1), "dirty", Capability::Network, "std::net"),
        ];
        let outcome = VetOutcome::new(crates.to_vec(), found, &Rules::default(), Vec::new());
        let report = outcome.report();
        let cases = report.cases.iter().map(|case| {
            let found = match &case.outcome {
                Outcome::Failed(findings) => findings.len(),
                _ => 0,
            };
            format!("{} {} {found}", case.file, case.name)
        });
        assert_eq!(
            cases.collect::<Vec<_>>(),
            [
                "policies/clean/Cargo.toml crate clean 0",
                "policies/dirty/src/a.rs crate dirty 1",
                "policies/dirty/src/lib.rs crate dirty 2",
            ]
        );
        let mut sarif = Vec::new();
        report.write(policy_report::Format::Sarif, &mut sarif).unwrap();
        let sarif: serde_json::Value = serde_json::from_slice(&sarif).unwrap();
        let result = &sarif["runs"][0]["results"][0];
        assert_eq!(result["ruleId"], "vet/network");
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 1);
    }
}
