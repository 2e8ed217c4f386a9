use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

/// Connections for diagnostics, beside those for decisions: a server that accepts no
/// more of those is still seen to be alive.
pub(super) const DIAGNOSTIC_CONNECTIONS: usize = 64;

/// Open files that are not connections for decisions: listening sockets, logs, files that are read,
/// what the runtime needs, and the connections for diagnostics.
const OTHERS: u64 = 64 + DIAGNOSTIC_CONNECTIONS as u64;

/// Raises the limit of open files as far as the system allows. Each connection is one, and the usual
/// limit of 1024 is for programs that use `select`.
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

/// The number of connections that the limit of open files allows, `wanted` at most. Warns where it
/// is fewer.
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

/// The files that are left for connections: half of them where there are few.
fn left_by_others(files: u64) -> u64 {
    files.saturating_sub(OTHERS).max(files / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_few_files_are_for_connections() {
        assert_eq!([4096, 200, 64, 1, 0].map(left_by_others), [3968, 100, 32, 1, 1]);
    }
}
