use maud::{Markup, html};
use serde_json::Value;

use super::prose::prose;

/// A name and what is known of it.
pub(in crate::html) type Fact<'a> = (&'a str, Markup);

/// Facts, one below the other.
pub(in crate::html) fn facts(facts: &[Fact<'_>]) -> Markup {
    list_of("facts", facts)
}

/// Numbers, one beside the other.
pub(in crate::html) fn figures(figures: &[Fact<'_>]) -> Markup {
    list_of("figures", figures)
}

fn list_of(class: &str, facts: &[Fact<'_>]) -> Markup {
    html! {
        dl class=(class) {
            @for (name, fact) in facts { div { dt { (name) } dd { (fact) } } }
        }
    }
}

/// Short texts, one below the other.
pub(in crate::html) fn list(texts: &[String]) -> Markup {
    html! { ul.plain { @for text in texts { li { (prose(text)) } } } }
}

/// A value as JSON.
pub(in crate::html) fn json(value: &Value) -> Markup {
    code_block(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// A value as JSON, once it is asked for.
pub(in crate::html) fn raw(summary: &str, value: &Value) -> Markup {
    html! { details { summary { (summary) } (json(value)) } }
}

fn code_block(text: &str) -> Markup {
    html! { pre { code { (text) } } }
}
