//! The supervisor's answers to what a zone's filter leaves to it.

use super::calls;
use super::zone::{NOT_THREAD, THREAD, word};
use crate::call::Call;
use crate::grant::{Grant, Grants};
use crate::subject::Known;

/// The letter of seccomp's own commands to `ioctl`.
const SECCOMP_COMMANDS: u64 = 0x21;

/// The supervisor's answer to a call that the filter leaves to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is no violation.
    Continue,
    /// A violation that the caller is told.
    Refuse,
    /// A violation that ends the process.
    End,
}

/// Judges a call of a thread in a zone.
pub(crate) fn judge(
    call: Call,
    arguments: [u64; 6],
    thread: u32,
    known: Known,
    grants: Grants,
) -> Answer {
    let number = call.number();
    let low = |at: usize| arguments.get(at).map_or(0, |value| value & u64::from(u32::MAX));
    let by_policy = matches!(known, Known::Runs(_));
    match number {
        libc::SYS_clone => {
            let is_thread = low(0) & u64::from(word(THREAD)) == u64::from(word(THREAD))
                && low(0) & u64::from(word(NOT_THREAD)) == 0;
            answer(is_thread && (!by_policy || grants.contains(Grant::Threads)))
        }
        // As it starts, a runtime makes a pair by which signals wake it.
        libc::SYS_socketpair => answer(!by_policy && low(0) == u64::from(word(libc::AF_UNIX))),
        libc::SYS_tkill => {
            answer(low(0) == u64::from(thread) && low(1) == u64::from(word(libc::SIGABRT)))
        }
        libc::SYS_ioctl if (low(1) >> 8) & 0xff == SECCOMP_COMMANDS => Answer::End,
        libc::SYS_prctl if low(0) == u64::from(word(libc::PR_SET_SECCOMP)) => Answer::End,
        number if calls::ATTACKS.iter().any(|list| list.contains(&number)) => Answer::End,
        _ => Answer::Refuse,
    }
}

fn answer(is_allowed: bool) -> Answer {
    if is_allowed { Answer::Continue } else { Answer::Refuse }
}
