use maud::{Markup, html};

use super::page::{Page, to_json};
use super::parts::{Mark, facts, lines, mark, prose, verdict, violations};
use crate::model::{
    FieldKind, MarkedText, PolicyChoice, SettingsField, TrialPage, TrialResult, TriedSide,
};
use crate::number::{bytes, duration};

impl Page for TrialPage {
    fn title(&self) -> String {
        "Try it".to_owned()
    }

    fn json(&self) -> Vec<u8> {
        to_json(self)
    }

    fn html(&self) -> Markup {
        html! {
            p.lead { "What a policy decides on an input, now or with other settings. Nothing of it is counted, logged or changed, but what confinement refuses." }
            div.trial {
                (form(self))
                @if let Some(tried) = &self.result { (result(tried)) }
            }
        }
    }

    fn is_at_its_path(&self) -> bool {
        self.result.is_none() && self.problems.is_empty()
    }
}

fn form(page: &TrialPage) -> Markup {
    let form = &page.form;
    html! {
        form.stack method="post" action="/try#result" data-trial {
            div.row {
                (choice("policy", "Policy", &page.policies, &form.policy, None))
                (choice("other", "Beside it", &page.policies, &form.other, Some("none")))
            }
            div {
                label for="input" { "Input, as YAML or JSON" }
                textarea #input name="input" rows="14" data-drop spellcheck="false"
                    autocomplete="off" { (text(&form.input)) }
            }
            (problems(page))
            p.buttons {
                button.primary name="do" value="try" { "Try" }
                button name="do" value="compare" { "Compare" }
                button name="do" value="example" { "Fill in an example" }
            }
            (settings(page))
        }
    }
}

/// A newline at the beginning of a text area is not part of its text.
fn text(text: &str) -> Markup {
    html! { @if text.starts_with('\n') { "\n" } (text) }
}

fn choice(
    name: &str,
    label: &str,
    choices: &[PolicyChoice],
    chosen: &str,
    none: Option<&str>,
) -> Markup {
    let group = |is_served: bool, label: &str| {
        let group: Vec<&PolicyChoice> =
            choices.iter().filter(|choice| choice.is_served == is_served).collect();
        html! {
            @if !group.is_empty() {
                optgroup label=(label) {
                    @for choice in group {
                        option value=(choice.value) selected[choice.value == chosen] { (choice.label) }
                    }
                }
            }
        }
    };
    html! {
        label {
            span { (label) }
            select name=(name) {
                @if let Some(none) = none { option value="" { (none) } }
                (group(true, "Served, with their settings"))
                (group(false, "In this program"))
            }
        }
    }
}

/// What is wrong, or that nothing is where that was asked.
fn problems(page: &TrialPage) -> Markup {
    html! {
        div data-part="problems" {
            @if !page.problems.is_empty() {
                div.alert role="alert" {
                    ul.plain { @for problem in &page.problems { li { (prose(problem)) } } }
                }
            } @else if page.settings_are_valid {
                p role="status" { (mark(Mark::Good, "the settings are valid")) }
            }
        }
    }
}

fn settings(page: &TrialPage) -> Markup {
    let form = &page.form;
    let is_open = !form.settings.is_empty()
        || !form.other_settings.is_empty()
        || page.fields.iter().any(|field| !field.value.is_empty());
    html! {
        details open[is_open] {
            summary { "Other settings" }
            div data-part="fields" {
                @if !page.fields.is_empty() {
                    fieldset {
                        legend.vh { "Settings, by their schema" }
                        @for field in &page.fields { (field_of(field)) }
                    }
                }
            }
            (settings_text("settings", "In place of its own, as YAML or JSON; what is filled in above is set over them", &form.settings))
            (settings_text("other_settings", "Settings of the policy beside it, in place of its own", &form.other_settings))
            p.buttons { button name="do" value="check" { "Check the settings" } }
            div data-part="configuration" {
                @if let Some(yaml) = &page.configuration {
                    h2 { "Configuration" }
                    pre data-copy { code { (yaml) } }
                }
            }
        }
    }
}

fn settings_text(name: &str, label: &str, value: &str) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            textarea id=(name) name=(name) rows="4" spellcheck="false" autocomplete="off" { (text(value)) }
        }
    }
}

fn field_of(field: &SettingsField) -> Markup {
    let name = field.name.as_str();
    let described = (!field.description.is_empty()).then(|| format!("{name}-about"));
    let described = described.as_deref();
    let value = field.value.as_str();
    let default = field.default.as_deref().unwrap_or_default();
    let unset =
        if default.is_empty() { "not set".to_owned() } else { format!("default: {default}") };
    html! {
        div.field data-key=(name) {
            label for=(name) {
                (field.path)
                @if field.required { span.muted { " required" } }
            }
            @match &field.kind {
                FieldKind::Switch => (select(name, described, &unset, &["true", "false"], value)),
                FieldKind::Choice(choices) => {
                    (select(name, described, &unset, &choices.iter().map(String::as_str).collect::<Vec<_>>(), value))
                },
                FieldKind::Json => {
                    textarea id=(name) name=(name) rows="3" spellcheck="false" autocomplete="off"
                        placeholder=(default) aria-describedby=[described] { (text(value)) }
                },
                FieldKind::Text | FieldKind::Number | FieldKind::Secret => {
                    @let (kind, mode) = match field.kind {
                        FieldKind::Number => ("text", Some("decimal")),
                        FieldKind::Secret => ("password", None),
                        _ => ("text", None),
                    };
                    input id=(name) name=(name) type=(kind) inputmode=[mode] value=(value)
                        placeholder=(default) spellcheck="false" autocomplete="off"
                        aria-describedby=[described];
                },
            }
            @if let Some(id) = described { p.muted id=(id) { (prose(&field.description)) } }
        }
    }
}

fn select(
    name: &str,
    described: Option<&str>,
    unset: &str,
    choices: &[&str],
    chosen: &str,
) -> Markup {
    html! {
        select id=(name) name=(name) aria-describedby=[described] {
            option value="" { (unset) }
            @for choice in choices { option selected[*choice == chosen] { (choice) } }
        }
    }
}

fn result(result: &TrialResult) -> Markup {
    let others = result.other.as_ref().map_or(&[][..], |other| &other.violations);
    html! {
        section.result #result tabindex="-1" {
            h2.vh { "Result" }
            @if let Some(other) = &result.other {
                @if result.differences.is_empty() {
                    p { "Both decide the same." }
                } @else {
                    ul.differences { @for difference in &result.differences { li { (prose(difference)) } } }
                }
                div.sides { (side(&result.side, &result.input)) (side(other, &result.input)) }
            } @else {
                (side(&result.side, &result.input))
            }
            h3 { "Input" }
            (lines(&result.input, &result.side.violations, others))
        }
    }
}

/// What one policy decided.
fn side(side: &TriedSide, input: &MarkedText) -> Markup {
    let mut known = Vec::new();
    if let Some(time) = side.microseconds {
        known.push(("Took", html! { (duration(time / 1e6)) }));
    }
    if let Some(allocated) = side.allocated_bytes {
        known.push(("Allocated", html! { (bytes(allocated)) }));
    }
    known.push(("Settings", html! { code { (side.settings_digest) } }));
    html! {
        div {
            p.verdict {
                (verdict(side.verdict, side.mode)) " "
                span.muted { (side.policy) "@" (side.version) " " (side.settings_from) }
            }
            @if let Some(error) = &side.error { pre { code { (error) } } }
            @if !side.violations.is_empty() {
                (violations(&side.violations, side.omitted_violations, Some(input)))
            }
            (facts(&known))
            @if let Some(output) = &side.output {
                details { summary { "Output" } pre { code { (output) } } }
            }
        }
    }
}
