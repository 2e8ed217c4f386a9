//! The HTML of pages, one file each, and the frame around them.

use maud::{DOCTYPE, Markup, html};
use serde::Serialize;

use crate::model::{
    DecisionPage, DecisionsPage, Frame, PoliciesPage, PolicyPage, ProblemPage, ReplayPage,
    ServerPage, TrialPage,
};

/// A page of the console.
pub trait Page: Serialize {
    /// The page's title.
    fn title(&self) -> String;

    /// The page's content.
    fn html(&self) -> Markup;
}

/// The HTML document of a page.
pub fn document(frame: &Frame, page: &impl Page) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (page.title()) " · policy-engine" }
                link rel="stylesheet" href="/assets/console.css";
                script src="/assets/console.js" defer {}
            }
            body {
                @for notice in &frame.notices { p { (notice) } }
                main data-live="page" { h1 { (page.title()) } (page.html()) }
            }
        }
    };
    document.into_string()
}

/// Stands for pages that are still to be written.
macro_rules! plain {
    ($($page:ty, $title:literal;)*) => {$(
        impl Page for $page {
            fn title(&self) -> String {
                $title.to_owned()
            }

            fn html(&self) -> Markup {
                let text = serde_json::to_string_pretty(self).unwrap_or_default();
                html! { pre { (text) } }
            }
        }
    )*};
}

plain![
    PoliciesPage, "Policies";
    PolicyPage, "Policy";
    DecisionsPage, "Decisions";
    DecisionPage, "Decision";
    TrialPage, "Try it";
    ServerPage, "Server";
    ReplayPage, "Replay";
    ProblemPage, "Problem";
];
