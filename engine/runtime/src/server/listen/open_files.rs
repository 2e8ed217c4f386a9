use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::debug;

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
