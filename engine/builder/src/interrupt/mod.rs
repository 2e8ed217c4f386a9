//! Being asked to end: by Ctrl-C, by the system, or by whoever started this program.
//!
//! One thread waits for signals. When one comes it ends the children, removes what is half done,
//! and ends the program. All of that is written down in one place, [`live`], and whoever holds
//! that place cannot be interrupted: so a file is either written down there or not made yet.

mod child;
mod folder;
mod live;
mod temporary;

use std::ffi::c_int;
use std::io::{self, IsTerminal as _, Write as _};
use std::process;
use std::sync::OnceLock;
use std::thread;

use rustix::process::Signal;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

pub(crate) use child::{output, output_of_asking, spawn, spawn_asking};
pub(crate) use folder::TemporaryFolder;
pub(crate) use live::whole;
pub(crate) use temporary::Temporary;

/// Those that ask a program to end.
const ENDING: [c_int; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// What signals do instead of ending the program.
static INSTEAD: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// Has every signal that asks for the end be told from now on, for a program that ends by itself
/// then. Children end all the same, and so do those that are started later: from the second signal
/// on at once.
pub(crate) fn instead(tell: impl Fn() + Send + Sync + 'static) {
    // Whoever came first is told.
    let _ = INSTEAD.set(Box::new(tell));
}

/// Whether there was such a signal.
pub(crate) fn is_told() -> bool {
    live::lock().is_refusing()
}

/// Lets signals end the program as they should. Without this they end it all the same.
pub(crate) fn watch() {
    let ignored = ignored();
    // What is to be ignored stays so: `nohup` is there for it.
    let heeded = ENDING.into_iter().chain([SIGTSTP, SIGCONT]);
    let heeded = heeded.filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let Ok(signals) = Signals::new(heeded) else { return };
    let _ = thread::Builder::new().name("signals".to_owned()).spawn(|| heed(signals));
}

fn heed(mut signals: Signals) {
    // A second one is not waited for by anything.
    let mut pending = Vec::new();
    while pending.is_empty() {
        for signal in signals.wait() {
            match signal {
                // Children are not in the terminal's own group, so they are told.
                SIGTSTP => {
                    live::lock().signal(Signal::STOP);
                    let _ = low_level::emulate_default_handler(SIGTSTP);
                }
                SIGCONT => live::lock().signal(Signal::CONT),
                signal => match INSTEAD.get() {
                    Some(tell) => {
                        live::lock().refuse();
                        tell();
                    }
                    None => pending.push(signal),
                },
            }
        }
    }
    let signal = pending.first().copied().unwrap_or(SIGTERM);
    let mut again = || signals.pending().any(|signal| ENDING.contains(&signal));
    // Held to the end: nothing begins any more.
    let mut live = live::lock();
    live.end_children(|| pending.len() > 1 || again());
    live.remove_temporaries();
    if io::stderr().is_terminal() {
        // What was to move there.
        let _ = io::stderr().write_all(b"\r\x1b[K");
    }
    process::exit(128 + signal)
}

/// The signals that whoever started this program has it ignore, a bit each; none where the system
/// does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
