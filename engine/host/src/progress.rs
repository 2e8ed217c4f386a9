//! Progress of a program, on standard error.

use std::cell::RefCell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anstream::{AutoStream, ColorChoice};
use indicatif::{ProgressBar, ProgressStyle};
use policy_text::{escape_keeping_colors, escape_line};
use serde::Serialize;

/// The duration of one phase.
#[derive(Debug, Clone, Serialize)]
pub struct PhaseTiming {
    /// The name of the phase, as a verb: `compile`.
    pub name: &'static str,
    /// The time that it took.
    #[serde(rename = "milliseconds", serialize_with = "milliseconds")]
    pub duration: Duration,
}

/// Reports progress on standard error: a moving line on a terminal, plain lines elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    /// Without a terminal, each phase gets a line.
    prints_phases: bool,
    phases: RefCell<Vec<PhaseTiming>>,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// Creates a reporter for the terminal, if standard error is one.
    #[must_use]
    pub fn new() -> Self {
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let bar = (io::stderr().is_terminal() && !is_dumb).then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {wide_msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, prints_phases: true, phases: RefCell::default() }
    }

    /// Creates a reporter for repeated work, which prints no line for a phase.
    #[must_use]
    pub fn without_phases() -> Self {
        Self { prints_phases: false, ..Self::new() }
    }

    /// Runs one phase of the work and records its duration.
    ///
    /// # Errors
    /// The errors of `work`.
    pub fn phase<T, E>(
        &self,
        name: &'static str,
        subject: &str,
        work: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.bar {
            Some(bar) => {
                bar.enable_steady_tick(Duration::from_millis(100));
                bar.set_prefix(name);
                bar.set_message(escape_line(subject).into_owned());
            }
            None if self.prints_phases => self.line(&format!("{name}: {subject}")),
            None => {}
        }
        let start = Instant::now();
        let result = work();
        self.phases.borrow_mut().push(PhaseTiming { name, duration: start.elapsed() });
        if let Some(bar) = &self.bar {
            bar.disable_steady_tick();
            bar.set_message("");
        }
        result
    }

    /// Shows the step of the phase that runs now, such as the crate that is compiled.
    pub fn step(&self, name: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(escape_line(name).into_owned());
        }
    }

    /// Prints a line that stays. Colours of a compiler's message stay, too.
    pub fn line(&self, text: &str) {
        // At once, so that nothing comes between that an engine writes beside it.
        let line = format!("{}\n", escape_keeping_colors(text));
        let write = || {
            // Standard error may be closed.
            let _ = io::stderr().write_all(line.as_bytes());
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Returns whether standard error gets colours, by `NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`,
    /// `TERM` and whether it is a terminal. The command line's own messages follow the same rule.
    #[must_use]
    pub fn colours() -> bool {
        AutoStream::choice(&io::stderr()) != ColorChoice::Never
    }

    /// Clears the moving line and returns the timings so far.
    pub fn finish(&self) -> Vec<PhaseTiming> {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.phases.borrow().clone()
    }
}

fn milliseconds<S: serde::Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
