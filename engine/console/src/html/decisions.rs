use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{decision_table, verdict_word};
use crate::model::{Choices, DecisionsPage, Filter, KeptDecisions, ResultKind};
use crate::number::{bytes, count, counted};

/// What keeps decisions.
const CONFIGURATION: &str = "console:\n  listen: ADDRESS\n  decisions: 16MiB";

impl Page for DecisionsPage {
    fn title(&self) -> String {
        "Decisions".to_owned()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        match &self.kept {
            None => off(),
            Some(kept) => html! {
                (filter_form(&self.filter, &self.choices))
                div data-live="decisions" { (found(self, kept)) }
            },
        }
    }
}

fn off() -> Markup {
    html! {
        div.empty {
            p { "Decisions are not kept. Give them memory in the configuration, and the last ones are shown here:" }
            pre data-copy { code { (CONFIGURATION) } }
            p.muted { "They are kept as the decision log would have them: erased and masked by its rules." }
        }
    }
}

fn filter_form(filter: &Filter, choices: &Choices) -> Markup {
    let verdicts =
        [ResultKind::Allowed, ResultKind::Denied, ResultKind::Failed, ResultKind::Answered];
    let verdicts = verdicts.map(|kind| verdict_word(kind).to_owned());
    let modes = ["enforce", "monitor"].map(str::to_owned);
    let verdict = filter.verdict.map(verdict_word);
    html! {
        form.filter role="search" action="/decisions" aria-label="Filter" {
            (choice("verdict", "Verdict", &verdicts, verdict))
            (choice("policy", "Policy", &choices.policies, filter.policy.as_deref()))
            // Only a link chooses it.
            @if let Some(version) = &filter.version {
                (choice("version", "Version", std::slice::from_ref(version), Some(version)))
            }
            (choice("check", "Check", &choices.checks, filter.check.as_deref()))
            (choice("mode", "Mode", &modes, filter.mode.as_deref()))
            label.grow {
                span { "Text" }
                input type="search" name="text" value=[filter.text.as_deref()];
            }
            button { "Filter" }
            @if *filter != Filter::default() { a href="/decisions" { "Show all" } }
        }
    }
}

/// A choice among values, or of any. One that is not among them stays chosen.
fn choice(name: &str, label: &str, values: &[String], chosen: Option<&str>) -> Markup {
    let unknown = chosen.filter(|chosen| !values.iter().any(|value| value == chosen));
    html! {
        label {
            span { (label) }
            select name=(name) {
                option value="" { "any" }
                @for value in values.iter().map(String::as_str).chain(unknown) {
                    option selected[Some(value) == chosen] { (value) }
                }
            }
        }
    }
}

fn found(page: &DecisionsPage, kept: &KeptDecisions) -> Markup {
    html! {
        @if !page.decisions.is_empty() {
            (decision_table("Decisions", &page.decisions))
            @if page.has_more { p.muted { "Older ones match, too. Narrow the filter to see them." } }
        } @else if kept.decisions == 0 {
            p.empty { "No decision is kept yet. The next ones will be here." }
        } @else {
            p.empty { "No decision that is kept matches. " a href="/decisions" { "Show all" } }
        }
        p.muted {
            (counted(kept.decisions, "decision is", "decisions are")) " kept, in "
            (bytes(kept.bytes)) " of " (bytes(kept.max_bytes)) "."
            @if kept.passed_over > 0 {
                " " (counted(kept.passed_over, "was", "were")) " not kept: more than "
                (count(kept.max_per_second))
                " of a kind came in a second, or they were too large."
            }
        }
    }
}
