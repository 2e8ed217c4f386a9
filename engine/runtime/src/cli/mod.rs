//! The command line: one file a command.

mod args;
mod bench;
mod completions;
mod config;
mod confined;
mod describe;
mod eval;
mod failure;
mod list;
mod output;
mod percent;
mod replay;
mod report;
mod schema;
mod serve;
mod test;
mod validate;
mod version;

use std::borrow::Cow;
use std::env;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser};
use policy_text::escape;

use crate::confinement::{self, EarlierThreads};
use crate::exit::Outcome;
use crate::policies::Registry;
use crate::program::Program;
use crate::server::Signals;
use crate::system::stack::{self, JobSender};
use crate::telemetry::logging;
use args::{Args, Command};
use confined::Unconfined;
use failure::{ErrorMessage, Failure, print_error};
use policy_text::redact_url;

/// Runs the command line of a generated program.
///
/// Exit status: 0 when everything was allowed or nothing was a verdict, 2 when something was
/// denied, 1 when something could not be decided or done (it wins over 2), 64 for an invalid
/// command line, 78 for an invalid configuration.
#[must_use]
pub fn main(program: &Program) -> ExitCode {
    let earlier = EarlierThreads::at_the_beginning();
    let signals = serve::listen(env::args_os());
    let args = match parsed_args() {
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
    let done =
        stack::ample(|main| run(program, args, signals, earlier, main)).unwrap_or_else(|error| {
            Err(Failure::message(format_args!("failed to start a thread for the work: {error}")))
        });
    // What policies have may have something to do when it is dropped.
    confinement::finish();
    match done {
        Ok(outcome) => outcome,
        Err(Failure::BrokenPipe) => Outcome::Failed,
        Err(Failure::Message(message)) => {
            message.print();
            Outcome::Failed
        }
        Err(Failure::Usage(message)) => {
            message.print();
            Outcome::Usage
        }
        Err(Failure::Config(errors)) => {
            for error in errors.iter() {
                print_error(&error.to_string(), None);
            }
            Outcome::Config
        }
        Err(Failure::Messages(messages)) => {
            for message in &messages {
                print_error(message, None);
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
    mut earlier: EarlierThreads,
    main: JobSender,
) -> Result<Outcome, Failure> {
    let log = logging::init(args.log, matches!(args.command, Command::Serve(_)));
    let registry = Registry::linked().map_err(Failure::message)?;
    earlier.push(move |job| main.send(job));
    if let Some(log) = log.clone() {
        let ended = log.clone();
        earlier.set_write_log(move || ended.end());
        earlier.push(move |job| log.run(job));
    }
    let policies = Unconfined { program, registry, mode: args.confinement, earlier };
    // It has the decision log write to standard output, which nothing else may hold then.
    if let Command::Serve(args) = args.command {
        let outcome = serve::run(args, policies, signals);
        if let Some(log) = log {
            confinement::finish();
            log.end();
        }
        return outcome;
    }
    let mut out = output::Plain::new(BufWriter::new(io::stdout().lock()));
    let outcome = match args.command {
        Command::List(args) => list::run(&args, &policies.registry, &mut out),
        Command::Describe(args) => {
            describe::run(&args, program, &policies.confine()?.registry, &mut out)
        }
        Command::Schema(args) => schema::run(&args, &policies.confine()?.registry, &mut out),
        Command::Validate(args) => validate::run(&args, &policies.confine()?.registry, &mut out),
        Command::Eval(args) => eval::run(&args, &policies.confine()?, &mut out),
        Command::Test(args) => test::run(&args, &policies.confine()?, &mut out),
        // What it measures must not be what confines it.
        Command::Bench(args) => bench::run(&args, &policies.registry, &mut out),
        Command::Replay(args) => replay::run(&args, policies, &mut out),
        Command::Serve(_) => Ok(Outcome::Allowed),
        Command::Config(args) => config::run(args, policies, &mut out),
        Command::Version(args) => version::run(&args, program, &policies.registry, &mut out),
        Command::Completions(args) => completions::run(&args, &mut out),
    }?;
    out.flush()?;
    Ok(outcome)
}

/// The arguments, and what the environment says of the log: a variable that is empty is as one that is
/// not set.
fn parsed_args() -> Result<Args, clap::Error> {
    let mut command = Args::command();
    if env::var_os(args::LOG_VARIABLE).is_some_and(|value| value.is_empty()) {
        command = command.mut_arg("log", |log| log.env(None::<&str>));
    }
    let matches = command.try_get_matches()?;
    Args::from_arg_matches(&matches).map_err(|error| error.format(&mut Args::command()))
}

/// Prints an error in colours where they are wanted, unless it quotes what a terminal acts on;
/// without passwords of URLs.
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
