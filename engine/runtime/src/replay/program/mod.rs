//! The program that logged questions are put to.

mod against;
mod connection;
mod launched;
mod other;
mod target;
mod this;

use std::time::Duration;

use policy_api::Verdict;

use super::ReplayError;
use crate::confinement::Zone;
use crate::policies::PoliciesByPath;

pub(crate) use against::Against;
pub(crate) use launched::ServeOptions;
pub(crate) use other::OtherProgram;
pub(crate) use target::Target;
pub(crate) use this::ThisProgram;

/// A program that answers questions from many threads.
pub(crate) trait Program: Send + Sync {
    fn policies(&self) -> &PoliciesByPath<Target>;

    /// Where the threads run that ask it.
    fn zone(&self) -> Zone;

    /// A way to ask it, for one thread.
    ///
    /// # Errors
    /// Where it cannot be reached.
    fn asker(&self) -> Result<Box<dyn Ask + '_>, ReplayError>;

    /// How many threads ask it, on a machine with so many processors.
    fn threads(&self, processors: usize) -> usize {
        processors
    }
}

/// A way to ask a program.
pub(crate) trait Ask {
    /// Puts a question, and writes the policy's answer to `output`, as JSON text.
    ///
    /// # Errors
    /// Where the program is gone. That a policy has no answer is an answer.
    fn ask(
        &mut self,
        target: &Target,
        question: &Question<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Asked, ReplayError>;
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question<'a> {
    /// JSON text.
    pub(crate) input: &'a str,
    pub(crate) request_id: &'a str,
}

/// What came of a question.
#[derive(Debug)]
pub(crate) struct Asked {
    /// The verdict of the output, or why there is none.
    pub(crate) verdict: Result<Option<Verdict>, String>,
    /// True if the output is the policy's own.
    pub(crate) is_whole: bool,
    /// The time that the policy took, where it is known.
    pub(crate) elapsed: Option<Duration>,
}
