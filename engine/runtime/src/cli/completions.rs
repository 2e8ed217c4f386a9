use std::io::Write;

use clap::CommandFactory;

use super::Failure;
use super::args::{Args, CompletionsArgs};
use crate::exit::Outcome;

pub(super) fn run(args: &CompletionsArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    // The generator gives up loudly where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "policy-engine", &mut script);
    out.write_all(&script)?;
    Ok(Outcome::Allowed)
}
