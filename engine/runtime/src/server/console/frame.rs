use std::time::SystemTime;

use hyper::http::request::Parts;
use policy_console::Frame;

use crate::server::console_state::{Console, timestamp};
use crate::server::state::{App, AppState};

/// What is around each page.
pub(super) fn frame(app: &App, console: &Console, state: &AppState, head: &Parts) -> Frame {
    let refused = console.reloads.last_refused().map(|reload| {
        let mistakes = match reload.mistakes.len() {
            1 => "a mistake".to_owned(),
            several => format!("{several} mistakes"),
        };
        format!("The reload at {} was refused, for {mistakes}: see Server.", reload.at)
    });
    let skipped = state.policies.skipped().len();
    // The page of policies names them.
    let skipped = (skipped > 0 && head.uri.path() != "/").then(|| match skipped {
        1 => "One policy is configured and not served.".to_owned(),
        several => format!("{several} policies are configured and not served."),
    });
    let pending = console.reloads.pending().into_iter();
    let pending =
        pending.map(|name| format!("`{name}` has changed: restart the server to apply it."));
    let ending = (!app.is_ready()).then(|| "The server is ending.".to_owned());
    Frame {
        path: head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        instance: console.host.clone(),
        now: timestamp(SystemTime::now()),
        takes_trials: console.config.try_it,
        notices: [ending, refused, skipped].into_iter().flatten().chain(pending).collect(),
    }
}

/// What is around a page for those who are not let in: nothing of this server.
pub(super) fn bare_frame(head: &Parts) -> Frame {
    Frame {
        path: head.uri.path().to_owned(),
        version: String::new(),
        instance: String::new(),
        now: String::new(),
        takes_trials: false,
        notices: Vec::new(),
    }
}
