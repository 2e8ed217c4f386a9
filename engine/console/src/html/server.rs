use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{Column, Mark, facts, figures, list, mark, prose, table, time};
use super::policy::grant_list;
use crate::model::{
    Build, Certificate, Confinement, DecisionLog, Limit, LinkedCrate, Listener, Reload, ServerPage,
    Setting, Unit,
};
use crate::number::{bytes, count, counted, percent, period};

/// Certificates that expire within these days are near their end.
const FEW_DAYS: i64 = 30;

impl Page for ServerPage {
    fn title(&self) -> String {
        "Server".to_owned()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            div data-live="server" {
                (figures(&[
                    ("State", if self.is_ready { mark(Mark::Good, "ready") } else { mark(Mark::Bad, "not ready") }),
                    ("Started", time(&self.started)),
                    ("Up for", html! { (period(self.uptime_seconds)) }),
                ]))
                div.pairs {
                    (limits(&self.limits))
                    (listeners(&self.listeners))
                    (certificates(&self.certificates))
                    (decision_log(self.decision_log.as_ref()))
                    (confinement(&self.confinement))
                    (reloads(&self.reloads))
                }
            }
            (settings(&self.settings))
            (build(&self.build))
        }
    }
}

fn limits(limits: &[Limit]) -> Markup {
    let columns = [
        Column::Text("Limit"),
        Column::Number("Used"),
        Column::Number("Of"),
        Column::Number("Part"),
    ];
    let rows = html! {
        @for limit in limits {
            @let number = |number: u64| match limit.unit {
                Unit::Count => count(number),
                Unit::Bytes => bytes(number),
            };
            tr {
                th scope="row" { code { (limit.setting) } }
                td.n { (number(limit.used)) }
                td.n { (number(limit.limit)) }
                td.n { (bar(limit)) span.part { (percent(limit.used, limit.limit)) } }
            }
        }
    };
    html! {
        section {
            h2 { "Limits" }
            (table("Limits", &columns, &rows))
        }
    }
}

/// The used part of a limit, which the numbers beside it tell as well.
fn bar(limit: &Limit) -> Markup {
    let used = u128::from(limit.used) * 100 / u128::from(limit.limit.max(1));
    let used = used.min(100).max(u128::from(limit.used > 0));
    html! {
        svg.bar.near[used >= 80] aria-hidden="true" viewBox="0 0 100 1" preserveAspectRatio="none" {
            rect width="100" height="1" {}
            rect.used width=(used) height="1" {}
        }
    }
}

fn listeners(listeners: &[Listener]) -> Markup {
    let columns = [Column::Text("Address"), Column::Text("Serves"), Column::Text("Asks for")];
    let rows = html! {
        @for listener in listeners {
            tr {
                th scope="row" { code { (listener.url) } }
                td { (listener.serves) }
                td { @if listener.asks_for.is_empty() { span.muted { "nothing" } } (listener.asks_for.join(" and ")) }
            }
        }
    };
    html! { section { h2 { "Listeners" } (table("Listeners", &columns, &rows)) } }
}

fn certificates(certificates: &[Certificate]) -> Markup {
    let columns = [Column::Text("Certificate"), Column::Text("Valid to"), Column::Text("Left")];
    let rows = html! {
        @for certificate in certificates {
            tr {
                th scope="row" { code { (certificate.file) } }
                td { (time(&certificate.not_after)) }
                td { (days_left(certificate.days_left)) }
            }
        }
    };
    html! {
        @if !certificates.is_empty() {
            section { h2 { "Certificates" } (table("Certificates", &columns, &rows)) }
        }
    }
}

fn days_left(days: i64) -> Markup {
    match days {
        ..0 => mark(Mark::Bad, "expired"),
        0 => mark(Mark::Bad, "expires within a day"),
        1..FEW_DAYS => mark(Mark::Warning, &format!("expires in {}", in_days(days))),
        _ => mark(Mark::Good, &in_days(days)),
    }
}

fn in_days(days: i64) -> String {
    counted(days.unsigned_abs(), "day", "days")
}

fn decision_log(log: Option<&DecisionLog>) -> Markup {
    html! {
        section {
            h2 { "Decision log" }
            @match log {
                None => p.muted { "Off. " code { "decision-log" } " in the configuration turns it on." },
                Some(log) => {
                    (figures(&[
                        ("Goes to", html! { code { (log.to) } }),
                        ("Written", html! { (count(log.written)) }),
                        ("Queued", html! { (count(log.queued)) }),
                        ("Failures", html! { span.bad[log.failures > 0] { (count(log.failures)) } }),
                    ]))
                    @let lost = log.dropped.iter().filter(|dropped| dropped.events > 0);
                    @if lost.clone().count() == 0 { p { (mark(Mark::Good, "no event was lost")) } }
                    @else {
                        ul.plain {
                            @for dropped in lost {
                                li { (mark(Mark::Bad, &counted(dropped.events, "event lost: ", "events lost: "))) (prose(&dropped.reason)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn confinement(confinement: &Confinement) -> Markup {
    let columns = [Column::Text("Policy"), Column::Text("Call"), Column::Number("Times")];
    let rows = html! {
        @for violated in &confinement.violations {
            tr {
                th scope="row" { (violated.id) }
                td { code { (violated.call) } }
                td.n { (count(violated.count)) }
            }
        }
    };
    let sum =
        confinement.violations.iter().fold(0, |sum: u64, next| sum.saturating_add(next.count));
    html! {
        section {
            h2 { "Confinement" }
            (facts(&[
                ("Mode", html! { (confinement.mode) }),
                ("The kernel lacks", html! {
                    @if confinement.missing.is_empty() { "nothing" }
                    @else { (list(&confinement.missing)) }
                }),
                ("Violations", html! {
                    @if confinement.violations.is_empty() { (mark(Mark::Good, "none")) }
                    @else { (mark(Mark::Bad, &counted(sum, "call", "calls"))) }
                }),
            ]))
            @if !confinement.violations.is_empty() {
                (table("Calls that policies made and may not", &columns, &rows))
            }
        }
    }
}

fn reloads(reloads: &[Reload]) -> Markup {
    let columns = [Column::Text("Time"), Column::Text("Result"), Column::Text("Mistakes")];
    let rows = html! {
        @for reload in reloads {
            tr {
                th scope="row" { (time(&reload.at)) }
                td {
                    @if reload.mistakes.is_empty() { (mark(Mark::Good, "taken")) }
                    @else { (mark(Mark::Bad, "not taken")) }
                }
                td.prose { @if !reload.mistakes.is_empty() { (list(&reload.mistakes)) } }
            }
        }
    };
    html! {
        section {
            h2 { "Reloads" }
            @if reloads.is_empty() { p.muted { "None since the server started." } }
            @else { (table("Reloads", &columns, &rows)) }
        }
    }
}

fn settings(settings: &[Setting]) -> Markup {
    let (defaults, set): (Vec<&Setting>, Vec<&Setting>) =
        settings.iter().partition(|setting| setting.from == "default");
    html! {
        section data-rows {
            h2 { "Settings" }
            // The script shows it, and leaves the rows that have the text.
            label.narrow hidden { span { "Only with" } input type="search" autocomplete="off"; }
            @if set.is_empty() { p.muted { "All are defaults." } }
            @else { (setting_table("Settings", &set)) }
            @if !defaults.is_empty() {
                details {
                    summary { (counted(defaults.len() as u64, "default", "defaults")) }
                    (setting_table("Defaults", &defaults))
                }
            }
        }
    }
}

fn setting_table(caption: &str, settings: &[&Setting]) -> Markup {
    let columns = [Column::Text("Setting"), Column::Text("Value"), Column::Text("From")];
    let rows = html! {
        @for setting in settings {
            tr {
                th scope="row" { code { (setting.path) } }
                td.prose {
                    @match &setting.value {
                        Some(value) => code { (value) },
                        None => span.muted { "not set" },
                    }
                }
                td { (setting.from) }
            }
        }
    };
    table(caption, &columns, &rows)
}

fn build(build: &Build) -> Markup {
    let mut known = vec![
        ("Engine", html! { (build.engine) }),
        ("Policy API", html! { (build.api) }),
        ("Target", html! { code { (build.target) } }),
    ];
    if let Some(revision) = &build.revision {
        known.push(("Revision", html! { code { (revision) } }));
    }
    if let Some(digest) = &build.digest {
        known.push(("Digest", html! { code { (digest) } }));
    }
    html! {
        section {
            h2 { "Build" }
            (facts(&known))
            @for linked in &build.crates { (linked_crate(linked)) }
        }
    }
}

fn linked_crate(linked: &LinkedCrate) -> Markup {
    html! {
        h3 { "Grants of " (linked.name) " " span.muted { (linked.version) } }
        (grant_list(&linked.grants))
    }
}
