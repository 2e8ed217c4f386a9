use std::ffi::OsString;
use std::io;

use super::Failure;
use super::args::ConfigSourceArgs;
use super::confined::Unconfined;
use crate::exit::Outcome;
use crate::server::{self, ServeError, Signals};

/// Listens for signals where these arguments look as if they asked for `serve`, before anything
/// else is done with them: whoever starts a server may have it end at once.
pub(super) fn listen(args: impl Iterator<Item = OsString>) -> Option<io::Result<Signals>> {
    let command = args.skip(1).find(|arg| !arg.as_encoded_bytes().starts_with(b"-"));
    command.is_some_and(|command| command == "serve").then(Signals::listen)
}

pub(super) fn run(
    args: ConfigSourceArgs,
    policies: Unconfined<'_>,
    signals: Option<io::Result<Signals>>,
) -> Result<Outcome, Failure> {
    let signals = signals
        .unwrap_or_else(Signals::listen)
        .map_err(|error| Failure::message(format_args!("failed to listen for signals: {error}")))?;
    let Unconfined { program, registry, mode, earlier } = policies;
    server::run(program, registry, args.sources(mode), signals, &earlier).map_err(|error| {
        match error {
            ServeError::Config(mistakes) => Failure::Config(mistakes),
            ServeError::Start(problems) => Failure::Messages(problems),
        }
    })
}
