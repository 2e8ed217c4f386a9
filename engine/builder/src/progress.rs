use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressStyle};
use policy_text::{escape_keeping_colors, escape_line};
use serde::Serialize;

/// How long one phase took.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub(crate) took: Duration,
}

/// Tells what is going on, on standard error: a moving line on a terminal, plain lines elsewhere.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    /// Without a terminal, a line each.
    tells_phases: bool,
    phases: RefCell<Vec<Phase>>,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let moves =
            io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|it| it != "dumb");
        let bar = moves.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, tells_phases: true, phases: RefCell::default() }
    }

    /// For work that is done again and again: only what comes of it stays to be read.
    pub(crate) fn without_phases() -> Self {
        Self { tells_phases: false, ..Self::new() }
    }

    /// Runs one phase of the work and keeps how long it took.
    pub(crate) fn phase<T, E>(
        &self,
        name: &'static str,
        what: &str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.bar {
            Some(bar) => {
                bar.enable_steady_tick(Duration::from_millis(100));
                bar.set_prefix(name);
                bar.set_message(escape_line(what).into_owned());
            }
            None if self.tells_phases => self.line(&format!("{name}: {what}")),
            None => {}
        }
        let start = Instant::now();
        let result = work();
        self.phases.borrow_mut().push(Phase { name, took: start.elapsed() });
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.set_message("");
        }
        result
    }

    /// One more crate is compiled.
    pub(crate) fn compiled(&self, name: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(escape_line(name).into_owned());
        }
    }

    /// A line that stays; what a compiler coloured in it is coloured.
    pub(crate) fn line(&self, text: &str) {
        let write = || {
            // With standard error closed there is nobody to tell.
            let _ = writeln!(io::stderr(), "{}", escape_keeping_colors(text));
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Whether colours are wanted on standard error: as the command line's own words have it, by
    /// `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM` and whether it is a terminal.
    pub(crate) fn colours() -> bool {
        AutoStream::choice(&io::stderr()) != ColorChoice::Never
    }

    /// Takes the moving line away and gives the phases so far.
    pub(crate) fn finish(&self) -> Vec<Phase> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.phases.borrow().clone()
    }
}

fn milliseconds<S: serde::Serializer>(took: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}
