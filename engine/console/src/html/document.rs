use maud::{DOCTYPE, Markup, html};

use super::page::Page;
use super::parts::{prose, time};
use crate::link;
use crate::model::Frame;

/// A square with a corner cut off, in the colour of links.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 \
                    16'%3E%3Cpath fill='%233b6fb6' d='M2 2h8l4 4v8H2z'/%3E%3C/svg%3E";

/// The HTML document of a page.
pub fn document(frame: &Frame, page: &dyn Page) -> String {
    around(frame, &page.title(), &page.html(), page.is_at_its_path()).into_string()
}

fn around(frame: &Frame, title: &str, content: &Markup, is_at_its_path: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · policy-engine" }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href="/assets/console.css";
                script src="/assets/console.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.home href="/" { "policy-engine" }
                    (navigation(frame))
                    // Shown by the script, where a page has parts that it keeps up to date.
                    div.live hidden { span role="status" {} button type="button" { "Pause" } }
                }
                main #main tabindex="-1" {
                    div data-live="notices" {
                        @for notice in &frame.notices { p.alert role="alert" { (prose(notice)) } }
                    }
                    h1 { (title) }
                    (content)
                }
                footer data-live="footer" {
                    span { "policy-engine " (frame.version) }
                    span { (frame.instance) }
                    span { (time(&frame.now)) }
                    @if is_at_its_path { a href=(link::as_json(&frame.path)) { "This page as JSON" } }
                }
            }
        }
    }
}

fn navigation(frame: &Frame) -> Markup {
    let path = frame.path.split('?').next().unwrap_or_default();
    let pages = [
        ("/", "Policies", path.starts_with("/policies/")),
        ("/decisions", "Decisions", path.starts_with("/decisions/")),
        ("/try", "Try it", false),
        ("/replay", "Replay", false),
        ("/server", "Server", false),
    ];
    html! {
        nav aria-label="Console" {
            @for (href, name, is_within) in pages {
                @let current = if path == href { Some("page") } else { is_within.then_some("true") };
                @if href != "/try" || frame.takes_trials {
                    a href=(href) aria-current=[current] { (name) }
                }
            }
        }
    }
}
