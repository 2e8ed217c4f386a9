//! The command line: `image` does the whole job; `discover`, `generate`, `vet` and `build` stop
//! earlier, and `watch` serves what comes of it. `new` and `add` write folders to begin with, `lock`
//! writes down the versions that they take. `push` takes an image to registries, `sign` signs it; `inspect`, `diff`
//! and `verify` judge one. `pack`, `label`, `base` and `index` serve those who compile with another
//! tool. `builder-image` makes an image of all this, `completions` help to write it; `version` says what
//! this program is made of.

mod add;
mod args;
mod base;
mod build;
mod builder_image;
mod completions;
mod diff;
mod discover;
mod engine_archive;
mod failure;
mod format;
mod generate;
mod image;
mod index;
mod inspect;
mod label;
mod loader;
mod lock;
mod man;
mod new;
mod options;
mod pack;
mod push;
pub(crate) mod report;
mod run;
mod setup;
mod sign;
mod verify;
mod version;
mod vet;
mod watch;

use std::borrow::Cow;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Arg, CommandFactory, FromArgMatches};
use policy_text::escape;

use crate::container;
use args::{Args, Command};
use failure::{Failure, print, print_document};
use policy_host::atomic;
use policy_host::signals;

/// The exit status of a failure.
const FAILED: u8 = 1;
/// The exit status of an invalid command line (`EX_USAGE` of `sysexits.h`).
const USAGE: u8 = 64;

/// Runs the command line. The exit status is 0 for success, 1 for a failure, and 64 for an invalid
/// command line.
pub(crate) fn main() -> ExitCode {
    signals::install();
    if container::image().is_some() {
        atomic::set_denied_help(container::DENIED_HELP);
    }
    let command = without_empty_variables(Args::command());
    let matches = command.try_get_matches();
    let args = match matches.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => args,
        Err(error) => {
            let asked_for =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let printed = print_of_clap(&error).is_ok();
            return match (asked_for, printed) {
                (true, true) => ExitCode::SUCCESS,
                (true, false) => ExitCode::from(FAILED),
                (false, _) => ExitCode::from(USAGE),
            };
        }
    };
    let done = match args.command {
        Command::New(args) => args.run(),
        Command::Add(args) => args.run(),
        Command::Discover(args) => args.run(),
        Command::Generate(args) => args.run(),
        Command::Vet(args) => args.run(),
        Command::Build(args) => args.run(),
        Command::Image(args) => args.run(),
        Command::Pack(args) => args.run(),
        Command::Push(args) => args.run(),
        Command::Sign(args) => args.run(),
        Command::Label(args) => args.run(),
        Command::Base(args) => args.run(),
        Command::Index(args) => args.run(),
        Command::Lock(args) => args.run(),
        Command::Inspect(args) => args.run(),
        Command::Verify(args) => args.run(),
        Command::Diff(args) => return ended(args.run()),
        Command::Completions(args) => args.run(Args::command()),
        Command::BuilderImage(args) => args.run(),
        Command::Watch(args) => args.run(),
        Command::Setup(args) => args.run(),
        Command::Run(args) => args.run(),
        Command::Version(args) => args.run(),
        Command::EngineArchive(args) => args.run(),
        Command::Man(args) => args.run(Args::command()),
    };
    ended(done.map(|()| ExitCode::SUCCESS))
}

/// Treats an empty variable like none, for scripts and CI that pass one on.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &Arg| {
        let variable = arg.get_env().and_then(std::env::var_os);
        variable.is_some_and(|value| value.is_empty())
    };
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(None::<&str>) } else { arg })
        .mut_subcommands(without_empty_variables)
}

fn ended(done: Result<ExitCode, Failure>) -> ExitCode {
    match done {
        Ok(status) => status,
        Err(failure) => {
            // What an interruption itself brought about is no news. With standard error closed
            // there is nobody left to tell.
            let _ = signals::critical_section(|| {
                let line = format!("error: {}\n", escape(&failure.to_string()));
                io::stderr().write_all(line.as_bytes())
            });
            ExitCode::from(FAILED)
        }
    }
}

/// Prints in colours where they are wanted, unless the text quotes what a terminal would act on.
fn print_of_clap(error: &clap::Error) -> io::Result<()> {
    match escape(&error.render().to_string()) {
        Cow::Borrowed(_) => error.print(),
        Cow::Owned(text) => io::stderr().write_all(text.as_bytes()),
    }
}
