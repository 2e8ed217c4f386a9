use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Open files that are no connection for decisions: listening sockets, logs, files that are read,
/// what the runtime needs, and the connections for diagnostics.
const OTHERS: u64 = 64 + super::DIAGNOSTIC_CONNECTIONS as u64;

/// Takes all open files that the system grants: each connection is one, and the customary limit of
/// 1024 is for programs that cannot count further.
pub(super) fn raise_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => debug!(from = ?limit.current, to = ?limit.maximum, "more files may be open"),
        Err(error) => debug!(limit = ?limit.current, %error, "no more files may be open"),
    }
}

/// As many connections as there are wanted, or as there may be open files for; that it is fewer is
/// told.
pub(super) fn connections(wanted: usize) -> usize {
    let Some(files) = getrlimit(Resource::Nofile).current else { return wanted };
    let allowed = usize::try_from(left_by_others(files)).unwrap_or(usize::MAX);
    if allowed < wanted {
        warn!(
            "`limits.connections` is {wanted}, but this process may open only {files} files: \
             {allowed} connections are accepted at a time. Raise the limit (`ulimit -n`, or \
             `LimitNOFILE=` of systemd), or lower `limits.connections`"
        );
    }
    allowed.min(wanted)
}

/// Where there are few, the others have half of them.
fn left_by_others(files: u64) -> u64 {
    files.saturating_sub(OTHERS).max(files / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_keep_their_files() {
        assert_eq!([4096, 200, 64, 1, 0].map(left_by_others), [3968, 100, 32, 1, 1]);
    }
}
