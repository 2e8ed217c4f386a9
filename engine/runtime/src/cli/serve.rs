use super::Failure;
use super::args::ConfigArgs;
use crate::exit::Outcome;
use crate::program::Program;
use crate::registry::Registry;
use crate::server::{self, ServeError};

pub(super) fn run(
    args: ConfigArgs,
    program: &Program,
    registry: Registry,
) -> Result<Outcome, Failure> {
    server::run(program, registry, args.sources()).map_err(|error| match error {
        ServeError::Config(mistakes) => Failure::Config(mistakes),
        ServeError::Start(problems) => Failure::Several(problems),
    })
}
