//! Threads of a zone.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use crate::allocator;
use crate::domain;
use crate::filter::FilterSupport;
use crate::filter::{Installed, install_zone};
use crate::grant::Grants;
use crate::mode::Mode;
use crate::supervisor::Supervisor;
use crate::support::Support;

/// A zone that runs.
#[derive(Debug)]
pub struct Zone<T> {
    /// Its first thread.
    pub thread: JoinHandle<T>,
    /// What confines it. `None` in [`Mode::Off`].
    pub confined: Option<Support>,
}

/// Runs `run` on a new thread that confines itself to what these grants allow, as far as this kernel
/// goes. The threads that it starts are in the zone, too.
///
/// The zone is inside of what the calling thread is confined to.
///
/// # Errors
/// Those of starting threads.
pub fn spawn_zone<T: Send + 'static>(
    supervisor: &Supervisor,
    mode: Mode,
    grants: Grants,
    thread: Builder,
    run: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Zone<T>> {
    if mode == Mode::Off {
        return Ok(Zone { thread: thread.spawn(run)?, confined: None });
    }
    let listeners = supervisor.watch(mode, grants)?;
    let (confined, receive) = mpsc::sync_channel(1);
    let thread = thread.spawn(move || {
        let (support, listener) = confine(grants, mode);
        if let Some(listener) = listener {
            drop(listeners.send(listener));
        }
        drop(listeners);
        let _ = confined.send(support);
        run()
    })?;
    let confined = receive.recv().map_err(io::Error::other)?;
    Ok(Zone { thread, confined: Some(confined) })
}

/// Confines the calling thread.
fn confine(grants: Grants, mode: Mode) -> (Support, Option<OwnedFd>) {
    allocator::prepare();
    let landlock = match mode {
        Mode::Enforce if domain::restrict_to_zone(grants).is_err() => 0,
        _ => domain::version(),
    };
    if seccompy::set_no_new_privileges().is_err() {
        return (Support { landlock, filter: FilterSupport::None }, None);
    }
    let installed = install_zone(grants, mode);
    let support = Support { landlock, filter: installed.support() };
    match installed {
        Installed::Told(listener) => (support, Some(listener)),
        Installed::Silent | Installed::None => (support, None),
    }
}
