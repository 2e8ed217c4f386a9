//! Answers to what zones ask, and word of their violations.

use std::fmt;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use seccompy::{
    ReceiveNotificationError, SeccompNotif, SeccompNotifResponse, SendResponseError,
    continue_syscall, fail_syscall, receive_notification, send_response,
};

use crate::call::Call;
use crate::filter::{Answer, judge};
use crate::grant::Grants;
use crate::mode::Mode;
use crate::subject::{Known, Subject, note_refused, running};

/// The exit status of a process that a violation ends: `EX_SOFTWARE` of BSD's sysexits.
pub const EXIT_STATUS: i32 = 70;

/// A call that a zone's list does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// Whose code made it. `None` for threads that run no subject's code: the program's own, and those
    /// that a subject started, unless only one subject of the zone starts threads.
    pub subject: Option<Subject>,
    /// The call.
    pub call: Call,
    /// The thread's id.
    pub thread: u32,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The call was not run, and failed with `EPERM`.
    Refused,
    /// It was run all the same: [`Mode::Warn`].
    Continued,
    /// The call was not run, and the process is about to end with [`EXIT_STATUS`].
    Ended,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused",
            Self::Continued => "continued",
            Self::Ended => "ended the process",
        })
    }
}

type OnViolation = dyn Fn(&Violation) + Send + Sync;

/// Answers what zones ask, on a thread for each that sleeps until then.
#[derive(Clone)]
pub struct Supervisor {
    on_violation: Arc<OnViolation>,
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").finish_non_exhaustive()
    }
}

impl Supervisor {
    /// A supervisor that passes violations on, while the thread that is the cause waits. On
    /// [`Outcome::Ended`] the process ends when the function returns.
    pub fn new(on_violation: impl Fn(&Violation) + Send + Sync + 'static) -> Self {
        Self { on_violation: Arc::new(on_violation) }
    }

    /// Answers a zone on a new thread, from when its listener is sent until the zone's last thread has
    /// ended.
    pub(crate) fn watch(&self, mode: Mode, grants: Grants) -> io::Result<SyncSender<OwnedFd>> {
        let on_violation = Arc::clone(&self.on_violation);
        let (sender, listeners) = sync_channel(1);
        let watch = move || {
            if let Ok(listener) = listeners.recv() {
                Watch { listener, mode, grants, on_violation, starters: Vec::new() }.run();
            }
        };
        thread::Builder::new().name("zone-watch".to_owned()).spawn(watch)?;
        Ok(sender)
    }
}

/// A zone, as its supervisor sees it.
struct Watch {
    listener: OwnedFd,
    mode: Mode,
    grants: Grants,
    on_violation: Arc<OnViolation>,
    /// The subjects that have started threads.
    starters: Vec<Subject>,
}

impl Watch {
    fn run(mut self) {
        while self.has_notification() {
            match receive_notification(self.listener.as_raw_fd()) {
                Ok(notification) => self.answer(&notification),
                // Its thread has ended, or a signal came.
                Err(
                    ReceiveNotificationError::Interrupted
                    | ReceiveNotificationError::Unknown(libc::EINTR | libc::EAGAIN),
                ) => {}
                Err(ReceiveNotificationError::Unknown(_)) => self.end_without_listener(),
            }
        }
    }

    /// Waits for a notification. `false` when the zone's last thread has ended.
    fn has_notification(&self) -> bool {
        loop {
            let mut waiting = [PollFd::new(&self.listener, PollFlags::IN)];
            match poll(&mut waiting, None) {
                Ok(_) => {
                    let [waiting] = &waiting;
                    return !waiting.revents().contains(PollFlags::HUP);
                }
                Err(Errno::INTR) => {}
                Err(_) => self.end_without_listener(),
            }
        }
    }

    /// Code of the process has closed or replaced the descriptor: calls would go on failing, but nobody
    /// would know.
    fn end_without_listener(&self) -> ! {
        let call = Call::new(libc::SYS_close);
        self.tell(&Violation { subject: None, call, thread: 0, outcome: Outcome::Ended });
        end()
    }

    fn answer(&mut self, notification: &SeccompNotif) {
        let thread = notification.pid;
        let call = Call::new(notification.data.nr.into());
        let known = running(thread);
        let answer = judge(call, notification.data.args, thread, known, self.grants);
        if answer == Answer::Continue {
            if let Known::Runs(subject) = known
                && call.number() == libc::SYS_clone
                && !self.starters.contains(&subject)
            {
                self.starters.push(subject);
            }
            return self.respond(notification, continue_syscall(*notification));
        }
        let outcome = match (self.mode, answer) {
            (Mode::Warn, _) => Outcome::Continued,
            (_, Answer::End) => Outcome::Ended,
            _ => Outcome::Refused,
        };
        let subject = match (known, self.starters.as_slice()) {
            (Known::Runs(subject), _) => Some(subject),
            (Known::Nothing, [starter]) => Some(*starter),
            _ => None,
        };
        self.tell(&Violation { subject, call, thread, outcome });
        match outcome {
            Outcome::Continued => self.respond(notification, continue_syscall(*notification)),
            Outcome::Ended => end(),
            Outcome::Refused => {
                note_refused(thread, call);
                self.respond(notification, refusal(*notification));
            }
        }
    }

    fn tell(&self, violation: &Violation) {
        // The thread goes on waiting for its answer, whatever the function does.
        drop(catch_unwind(AssertUnwindSafe(|| (self.on_violation)(violation))));
    }

    fn respond(&self, notification: &SeccompNotif, response: SeccompNotifResponse) {
        let listener = self.listener.as_raw_fd();
        match send_response(listener, response) {
            // Its thread has ended, or makes the call again after a signal.
            Ok(()) | Err(SendResponseError::Interrupted) => {}
            // The call cannot be continued (before Linux 5.5).
            Err(SendResponseError::Unknown(_)) => {
                drop(send_response(listener, refusal(*notification)));
            }
        }
    }
}

/// Ends the process at once. `std::process::exit` would wait for a thread that has called it already,
/// and that thread may be the one whose call is judged.
fn end() -> ! {
    signal_hook::low_level::exit(EXIT_STATUS)
}

fn refusal(notification: SeccompNotif) -> SeccompNotifResponse {
    fail_syscall(notification, u16::try_from(libc::EPERM).unwrap_or(1))
}
