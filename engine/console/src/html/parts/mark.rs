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
    /// A cross that does not stand out.
    Muted,
}

/// A word with a shape, which says the same.
pub(in crate::html) fn mark(mark: Mark, word: &str) -> Markup {
    let class = match mark {
        Mark::Good => "mark good",
        Mark::Bad => "mark bad",
        Mark::Warning => "mark warning",
        Mark::Neutral => "mark neutral",
        Mark::Muted => "mark muted",
    };
    html! { span class=(class) { (word) } }
}

/// A verdict of a policy in a mode: a denial that is only monitored does not look like a real one.
pub(in crate::html) fn verdict(kind: ResultKind, mode: &str) -> Markup {
    let is_monitored = is_monitored(kind, mode);
    let shape = match kind {
        ResultKind::Allowed => Mark::Good,
        ResultKind::Denied if is_monitored => Mark::Muted,
        ResultKind::Denied => Mark::Bad,
        ResultKind::Answered => Mark::Neutral,
        ResultKind::Failed => Mark::Warning,
    };
    html! {
        (mark(shape, verdict_word(kind)))
        @if is_monitored { " " span.mode.monitor { "monitored" } }
    }
}

/// It denies, and is answered as allowed.
pub(in crate::html) fn is_monitored(kind: ResultKind, mode: &str) -> bool {
    kind == ResultKind::Denied && mode == "monitor"
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
