//! The command line: one file a command.

mod args;
mod completions;
mod config;
mod describe;
mod eval;
mod list;
mod output;
mod schema;
mod serve;
mod validate;
mod version;

use std::borrow::Cow;
use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use policy_text::{escape, escape_line};

use crate::documents::located::ConfigErrors;
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::program::Program;
use crate::server::Signals;
use crate::system::stack;
use crate::telemetry::logging;
use args::{Args, Command};
use policy_text::redact_url;

/// Runs the command line of a generated program.
///
/// Exit status: 0 when everything was allowed or nothing was a verdict, 2 when something was
/// denied, 1 when something could not be decided or done (it wins over 2), 64 when the command
/// line makes no sense, 78 when the configuration is not as it must be.
#[must_use]
pub fn main(program: &Program) -> ExitCode {
    let signals = serve::listen(env::args_os());
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let asked_for =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let printed = print_of_clap(error).is_ok();
            return match (asked_for, printed) {
                (true, true) => Outcome::Allowed,
                (true, false) => Outcome::Failed,
                (false, _) => Outcome::Usage,
            }
            .code();
        }
    };
    let done = stack::ample(|| run(program, args, signals)).unwrap_or_else(|error| {
        Err(Failure::Message(format!("cannot start a thread for the work: {error}")))
    });
    match done {
        Ok(outcome) => outcome,
        Err(Failure::BrokenPipe) => Outcome::Failed,
        Err(Failure::Message(message)) => {
            print_error(&message);
            Outcome::Failed
        }
        Err(Failure::Usage(message)) => {
            print_error(&message);
            Outcome::Usage
        }
        Err(Failure::Config(mistakes)) => {
            for mistake in mistakes.iter() {
                print_error(&mistake.to_string());
            }
            Outcome::Config
        }
        Err(Failure::Messages(messages)) => {
            for message in &messages {
                print_error(message);
            }
            Outcome::Failed
        }
    }
    .code()
}

fn run(
    program: &Program,
    args: Args,
    signals: Option<io::Result<Signals>>,
) -> Result<Outcome, Failure> {
    let log = logging::init(args.log, matches!(args.command, Command::Serve(_)));
    let registry = Registry::linked().map_err(Failure::message)?;
    // It has the decision log write to standard output, which nothing else may hold then.
    if let Command::Serve(args) = args.command {
        let outcome = serve::run(args, program, registry, signals);
        if let Some(log) = log {
            log.end();
        }
        return outcome;
    }
    let mut out = output::Plain::new(BufWriter::new(io::stdout().lock()));
    let outcome = match args.command {
        Command::List(args) => list::run(&args, &registry, &mut out),
        Command::Describe(args) => describe::run(&args, &registry, &mut out),
        Command::Schema(args) => schema::run(&args, &registry, &mut out),
        Command::Validate(args) => validate::run(&args, &registry, &mut out),
        Command::Eval(args) => eval::run(&args, &registry, &mut out),
        Command::Serve(_) => Ok(Outcome::Allowed),
        Command::Config(args) => config::run(args, &registry, &mut out),
        Command::Version(args) => version::run(&args, program, &registry, &mut out),
        Command::Completions(args) => completions::run(&args, &mut out),
    }?;
    out.flush()?;
    Ok(outcome)
}

/// In colours where they are wanted, unless it quotes what a terminal would act on; without
/// passwords of URLs.
fn print_of_clap(error: clap::Error) -> io::Result<()> {
    let secret = |text: &str| matches!(redact_url(text), Cow::Owned(_));
    let arguments: Vec<_> =
        env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let error = if arguments.iter().any(|argument| secret(argument)) {
        let shown = arguments.iter().map(|argument| redact_url(argument).into_owned());
        Args::try_parse_from(shown).err().unwrap_or(error)
    } else {
        error
    };
    match escape(&error.render().to_string()) {
        Cow::Borrowed(_) => error.print(),
        Cow::Owned(text) => io::stderr().write_all(text.as_bytes()),
    }
}

/// Why a command stops.
enum Failure {
    /// For a reason to be told.
    Message(String),
    /// Because the command line makes no sense, in a way to be told.
    Usage(String),
    /// Because the configuration is not as it must be, in all these ways.
    Config(ConfigErrors),
    /// For all these reasons, each to be told.
    Messages(Vec<String>),
    /// Whoever read the output has gone, as `head` does: there is nobody to tell.
    BrokenPipe,
}

impl Failure {
    fn message(reason: impl std::fmt::Display) -> Self {
        Self::Message(reason.to_string())
    }
}

impl From<ConfigErrors> for Failure {
    fn from(mistakes: ConfigErrors) -> Self {
        Self::Config(mistakes)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Message(format!("cannot write to standard output: {error}"))
        }
    }
}

/// Prints an error to standard error, and its help on a line of its own.
fn print_error(message: &str) {
    let (message, help) = match message.split_once("\nhelp: ") {
        Some((message, help)) => (message, format!("\nhelp: {}", escape_line(help))),
        None => (message, String::new()),
    };
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(io::stderr(), "error: {}{help}", escape_line(message));
}
