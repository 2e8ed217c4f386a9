/// The reason why a replay ends before it has told anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error(
        "the logs name more than {limit} policies and versions, the most that are counted; replay \
         fewer logs at a time"
    )]
    TooManyPolicies { limit: usize },
    /// Another program cannot be asked.
    #[error("failed to ask `{program}`: {problem}")]
    Against { program: String, problem: String },
    #[error("failed to start a thread: {0}")]
    Thread(std::io::Error),
}
