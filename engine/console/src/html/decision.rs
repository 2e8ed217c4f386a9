use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{facts, is_monitored, lines, list, mode, raw, time, verdict, violations, words};
use crate::link;
use crate::model::DecisionPage;
use crate::number::{bytes, duration};

impl Page for DecisionPage {
    fn title(&self) -> String {
        format!("Decision {}", self.decision.decision_id)
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            div.lead-row {
                p.verdict {
                    (verdict(self.decision.verdict, &self.decision.mode))
                    @if is_monitored(self.decision.verdict, &self.decision.mode) {
                        " " span.muted { "answered as allowed" }
                    }
                    @if let Some(code) = &self.decision.error_code {
                        " " span.muted { (words(code)) }
                    }
                }
                @if let Some(href) = self.try_href.as_deref().and_then(link::local) {
                    a.button href=(href) { "Try it again" }
                }
            }
            div.split {
                div {
                    @if let Some(error) = &self.error {
                        section { h2 { "Error" } pre { code { (error) } } }
                    }
                    @if !self.violations.is_empty() {
                        section { h2 { "Violations" } (reasons(self)) }
                    }
                    (input(self))
                    @if let Some(result) = &self.result {
                        section {
                            h2 { "Output" }
                            // Its violations have been told above.
                            details open[self.violations.is_empty()] {
                                summary { "JSON" }
                                pre { code { (result) } }
                            }
                        }
                    }
                    section {
                        h2.vh { "Event" }
                        (raw("Event of the decision log", &self.event))
                    }
                }
                aside aria-label="Facts" { (about(self)) }
            }
        }
    }
}

fn about(page: &DecisionPage) -> Markup {
    let decision = &page.decision;
    let mut known = vec![
        ("Time", time(&decision.timestamp)),
        (
            "Policy",
            html! {
                a href=(link::policy(&decision.id)) { (decision.id) } br; span.muted { (decision.policy) "@" (decision.version) }
            },
        ),
        ("Mode", mode(&decision.mode)),
        ("Path", html! { code { (page.path) } }),
        ("Asked by", html! { (decision.requested_by) }),
    ];
    let times = [("Took", decision.microseconds), ("CPU", page.cpu_microseconds)];
    for (name, microseconds) in times {
        if let Some(microseconds) = microseconds {
            known.push((name, html! { (duration(microseconds / 1e6)) }));
        }
    }
    if let Some(allocated) = page.allocated_bytes {
        known.push(("Allocated", html! { (bytes(allocated)) }));
    }
    let ids =
        [("Request", &decision.request_id), ("Trace", &page.trace_id), ("Span", &page.span_id)];
    for (name, id) in ids {
        if let Some(id) = id {
            known.push((name, html! { code { (id) } }));
        }
    }
    let hidden = [("Erased", &page.erased), ("Masked", &page.masked), ("Too large", &page.omitted)];
    for (name, pointers) in hidden {
        if !pointers.is_empty() {
            known.push((name, list(pointers)));
        }
    }
    facts(&known)
}

impl DecisionPage {
    /// The reason why there is no input.
    fn without_input(&self) -> &'static str {
        let has = |pointers: &[String]| pointers.iter().any(|pointer| pointer == "/input");
        if has(&self.omitted) {
            "It was not kept: it was too large."
        } else if has(&self.erased) {
            "It was erased by the rules of the decision log."
        } else {
            "It is not in the event."
        }
    }
}

fn reasons(page: &DecisionPage) -> Markup {
    violations(&page.violations, page.omitted_violations, page.input.as_ref())
}

fn input(page: &DecisionPage) -> Markup {
    html! {
        section {
            h2 { "Input" }
            @match &page.input {
                Some(text) => (lines(text, &page.violations, &[])),
                None => p.muted { (page.without_input()) },
            }
        }
    }
}
