use std::time::SystemTime;

use hyper::http::request::Parts;
use policy_console::Frame;

use crate::server::console_state::Console;
use crate::server::console_state::timestamp;
use crate::server::state::{App, AppState};

/// What is around each page.
pub(super) fn frame(app: &App, console: &Console, state: &AppState, head: &Parts) -> Frame {
    let refused = console.reloads.last_refused().map(|reload| {
        let mistakes = match reload.mistakes.len() {
            1 => "a mistake".to_owned(),
            several => format!("{several} mistakes"),
        };
        format!(
            "The configuration was loaded at {} and has {mistakes}; the former is in force.",
            reload.at
        )
    });
    let skipped = state.policies.skipped().len();
    let skipped = (skipped > 0).then(|| match skipped {
        1 => "One policy is configured and not served.".to_owned(),
        several => format!("{several} policies are configured and not served."),
    });
    let ending = (!app.is_ready()).then(|| "The server is ending.".to_owned());
    Frame {
        path: head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: console.host.clone(),
        now: timestamp(SystemTime::now()),
        keeps_decisions: console.config.decisions.is_some(),
        takes_trials: console.config.try_it,
        notices: [ending, refused, skipped].into_iter().flatten().collect(),
    }
}
