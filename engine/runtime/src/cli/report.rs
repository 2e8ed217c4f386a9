//! What the reports of all commands have in common.

use policy_api::Severity;
use policy_report::{Finding, Rule, Tool};

use crate::documents::Document;
use crate::policies::{Entry, reasons};

/// This program.
pub(super) const TOOL: Tool = Tool { name: "policy-engine", version: env!("CARGO_PKG_VERSION") };

/// The rules of a policy: its declared checks, after the policy itself, which denies where no check
/// is named.
pub(super) fn rules(policy: &Entry) -> Vec<Rule> {
    let name = policy.name();
    let itself = Rule {
        id: name.to_owned(),
        summary: policy.registration.description.to_owned(),
        severity: severity(Severity::default()),
        link: None,
    };
    let checks = policy.registration.checks.iter().map(|check| Rule {
        id: format!("{name}/{}", check.id),
        summary: check.summary.to_owned(),
        severity: severity(check.severity),
        link: check.link.map(str::to_owned),
    });
    std::iter::once(itself).chain(checks).collect()
}

fn severity(severity: Severity) -> policy_report::Severity {
    match severity {
        Severity::Low => policy_report::Severity::Low,
        Severity::Medium => policy_report::Severity::Medium,
        Severity::High => policy_report::Severity::High,
        Severity::Critical => policy_report::Severity::Critical,
    }
}

/// The reasons of an output, each with the place of what offends.
pub(super) fn findings(output: &str, document: &Document<'_>) -> Vec<Finding> {
    let reasons = reasons(output);
    // The document is read once more for its places, and only if one is asked for.
    let places = reasons.iter().any(|reason| reason.field.is_some());
    let places = places.then(|| document.places()).flatten();
    // A policy names fields of the object that an `AdmissionReview` asks about.
    let object = places.as_ref().map(|places| places.find("request.object").unwrap_or(places));
    let findings = reasons.into_iter().map(|reason| Finding {
        place: object.zip(reason.field.as_deref()).map(|(object, field)| object.nearest(field).at),
        check: reason.check,
        field: reason.field,
        message: reason.message,
    });
    findings.collect()
}
