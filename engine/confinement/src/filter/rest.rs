//! The filter of the threads that do the rest: a list of what is forbidden. It tells nobody.

use libc::sock_filter;

use super::calls;
use super::program::{Action, Rule, Test, compile};
use crate::call::Number;

/// What the rest keeps, of what a filter can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Makes sockets.
    pub(crate) sockets: bool,
    /// Starts programs.
    pub(crate) processes: bool,
}

/// Calls of attacks that the rest makes: it ends the process, and makes zones.
const KEPT: [Number; 2] = [libc::SYS_exit_group, libc::SYS_seccomp];

/// Forbidden beside attacks.
const FORBIDDEN: [Number; 8] = [
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_perf_event_open,
];

/// The filter of the rest, for this process.
pub(crate) fn rest_filter(kept: Kept) -> Vec<sock_filter> {
    let refuse = Action::Errno(libc::EPERM);
    let refused = |call: Number| Rule::always(call, refuse);
    let mut rules: Vec<_> = calls::ATTACKS
        .concat()
        .into_iter()
        .filter(|call| !KEPT.contains(call))
        .chain(FORBIDDEN)
        .map(refused)
        .collect();
    if !kept.sockets {
        rules.push(refused(libc::SYS_socket));
    }
    if !kept.processes {
        rules.extend(calls::STARTS.concat().into_iter().map(refused));
        rules.push(refused(libc::SYS_pidfd_send_signal));
        let thread = vec![(0, Test::With(libc::CLONE_THREAD.unsigned_abs()))];
        rules.push(allowed_when(libc::SYS_clone, vec![thread], refuse));
        // Its flags are in memory, where no filter sees them. C libraries then use `clone`.
        rules.push(Rule::always(libc::SYS_clone3, Action::Errno(libc::ENOSYS)));
        let own = rustix::process::getpid().as_raw_nonzero().get().unsigned_abs();
        for call in [libc::SYS_kill, libc::SYS_tgkill] {
            rules.push(allowed_when(call, vec![vec![(0, Test::Is(own))]], refuse));
        }
        let abort = vec![(1, Test::Is(libc::SIGABRT.unsigned_abs()))];
        rules.push(allowed_when(libc::SYS_tkill, vec![abort], refuse));
        // The GNU C library loads code to look names up.
        if cfg!(target_env = "musl") {
            for call in [libc::SYS_mmap, libc::SYS_mprotect] {
                let no_code = vec![(2, Test::Without(libc::PROT_EXEC.unsigned_abs()))];
                rules.push(allowed_when(call, vec![no_code], refuse));
            }
        }
    }
    compile(&rules, Action::Allow)
}

fn allowed_when(
    call: Number,
    cases: Vec<Vec<super::program::Condition>>,
    otherwise: Action,
) -> Rule {
    let cases = cases.into_iter().map(|conditions| (conditions, Action::Allow)).collect();
    Rule { call, cases, otherwise }
}
