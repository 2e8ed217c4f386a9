use maud::{Markup, html};

use super::page::Page;
use super::parts::{facts, lines, list, mode, raw, time, verdict, violations};
use crate::link;
use crate::model::DecisionPage;
use crate::number::{bytes, duration};

impl Page for DecisionPage {
    fn title(&self) -> String {
        format!("Decision {}", self.decision.decision_id)
    }

    fn html(&self) -> Markup {
        html! {
            p.verdict {
                (verdict(self.decision.verdict))
                @if self.decision.mode == "monitor" {
                    " " span.muted { "and answered as allowed, as the policy is in monitor mode" }
                }
            }
            div.split {
                aside aria-label="Facts" {
                    (about(self))
                    @if let Some(href) = self.try_href.as_deref().and_then(link::local) {
                        p { a.button href=(href) { "Try it again" } }
                    }
                }
                div {
                    @if let Some(error) = &self.error {
                        section { h2 { "Error" } pre { code { (error) } } }
                    }
                    @if !self.violations.is_empty() {
                        section { h2 { "Violations" } (violations(&self.violations)) }
                    }
                    (input(self))
                    @if let Some(result) = &self.result {
                        section { h2 { "Output" } pre { code { (result) } } }
                    }
                    section {
                        h2.vh { "Event" }
                        (raw("Event of the decision log", &self.event))
                    }
                }
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
                (decision.id) br; span.muted { (decision.policy) "@" (decision.version) }
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
    for (name, pointers) in [("Erased", &page.erased), ("Masked", &page.masked)] {
        if !pointers.is_empty() {
            known.push((name, list(pointers)));
        }
    }
    facts(&known)
}

fn input(page: &DecisionPage) -> Markup {
    html! {
        section {
            h2 { "Input" }
            @match &page.input {
                Some(text) => (lines(text, &page.violations)),
                None => p.muted { "It is not in the event." },
            }
        }
    }
}
