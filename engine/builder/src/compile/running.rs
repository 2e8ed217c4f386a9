//! The Cargo that compiles for `watch`, so that it can be ended with all that it has started.

use std::process::Child;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};

static STATE: Mutex<State> = Mutex::new(State { cargo: None, ended: false });

struct State {
    /// The leader of its process group.
    cargo: Option<Pid>,
    ended: bool,
}

/// Ends it, and any that is started from now on.
pub(crate) fn end() {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.ended = true;
    state.kill();
}

/// Says that it was started.
pub(super) fn started(cargo: &Child) {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    state.cargo = Some(Pid::from_child(cargo));
    if state.ended {
        state.kill();
    }
}

/// Says that it is about to be waited for, after which its number may be another's.
pub(super) fn finished() {
    STATE.lock().unwrap_or_else(PoisonError::into_inner).cargo = None;
}

impl State {
    fn kill(&self) {
        if let Some(cargo) = self.cargo {
            // It may have ended by itself.
            let _ = kill_process_group(cargo, Signal::TERM);
        }
    }
}
