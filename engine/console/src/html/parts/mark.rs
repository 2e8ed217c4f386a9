use maud::{Markup, html};

use crate::model::ResultKind;

/// A shape that the stylesheet draws before a word.
#[derive(Debug, Clone, Copy)]
pub(in crate::html) enum Mark {
    /// A disc.
    Good,
    /// A cross.
    Bad,
    /// A triangle.
    Warning,
    /// A ring.
    Neutral,
}

/// A word with a shape, which says the same.
pub(in crate::html) fn mark(mark: Mark, word: &str) -> Markup {
    let class = match mark {
        Mark::Good => "mark good",
        Mark::Bad => "mark bad",
        Mark::Warning => "mark warning",
        Mark::Neutral => "mark neutral",
    };
    html! { span class=(class) { (word) } }
}

/// A verdict.
pub(in crate::html) fn verdict(kind: ResultKind) -> Markup {
    let shape = match kind {
        ResultKind::Allowed => Mark::Good,
        ResultKind::Denied => Mark::Bad,
        ResultKind::Answered => Mark::Neutral,
        ResultKind::Failed => Mark::Warning,
    };
    mark(shape, verdict_word(kind))
}

/// A verdict's word.
pub(in crate::html) fn verdict_word(kind: ResultKind) -> &'static str {
    match kind {
        ResultKind::Allowed => "allowed",
        ResultKind::Denied => "denied",
        ResultKind::Answered => "answered",
        ResultKind::Failed => "failed",
    }
}

/// A mode, which stands out where denials are not enforced.
pub(in crate::html) fn mode(mode: &str) -> Markup {
    let class = if mode == "monitor" { "mode monitor" } else { "mode" };
    html! { span class=(class) { (mode) } }
}
