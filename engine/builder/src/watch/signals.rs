use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Event;
use crate::compile::running;

static TOLD: AtomicBool = AtomicBool::new(false);

/// Has every signal that asks for the end be an event from now on. A compilation that runs is
/// ended at once.
pub(super) fn listen(events: Sender<Event>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::spawn(move || {
        for _ in signals.forever() {
            TOLD.store(true, Ordering::Relaxed);
            running::end();
            if events.send(Event::End).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Whether there was one.
pub(super) fn told() -> bool {
    TOLD.load(Ordering::Relaxed)
}
