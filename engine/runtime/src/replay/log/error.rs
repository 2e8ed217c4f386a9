use std::io;

use crate::documents::tree::Position;

/// The reason why the rest of a log is not read.
#[derive(Debug, thiserror::Error)]
pub(in crate::replay) enum LogError {
    #[error("failed to read `{log}`: {error}")]
    Unreadable { log: String, error: io::Error },
    #[error("`{log}` is a folder: expected a decision log\nhelp: name the logs in it, such as `{}/*.jsonl`", log.trim_end_matches('/'))]
    Folder { log: String },
    #[error(
        "`{log}` line {} column {}: expected an event, which is a JSON object; the rest of the log \
         is not read", place.0, place.1
    )]
    NoEvent { log: String, place: Position },
    #[error(
        "`{log}` line {} column {}: the log ends within an event that begins here", place.0, place.1
    )]
    Unfinished { log: String, place: Position },
    #[error(
        "`{log}` line {} column {}: an event is longer than {limit} bytes, the most that is read of \
         one; the rest of the log is not read", place.0, place.1
    )]
    TooLong { log: String, place: Position, limit: usize },
}
