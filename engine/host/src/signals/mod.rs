//! The end of the program: by Ctrl-C, by the system, or by the program that started it.
//!
//! One thread waits for signals. A signal ends the children, removes the temporary files, and ends
//! the program. Children and temporary files are listed in one place behind one lock, and the holder
//! of that lock cannot be interrupted: a file is either listed or not yet created.

mod child;
mod live;
mod scratch_dir;
mod temp_path;

use std::ffi::c_int;
use std::io::{self, IsTerminal as _, Write as _};
use std::process;
use std::sync::OnceLock;
use std::thread;

use rustix::process::Signal;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;
use signal_hook::low_level;

pub use child::{Child, output, output_interactive, spawn, spawn_interactive};
pub use live::critical_section;
pub use scratch_dir::ScratchDir;
pub(crate) use temp_path::TEMP_PREFIX;
pub use temp_path::TempPath;

/// The signals that ask a program to end.
const ENDING: [c_int; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

/// The handler that signals call instead of ending the program.
static ON_SHUTDOWN: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// Calls `handler` for every signal that asks for the end, for a program that then ends by itself.
///
/// Children are ended all the same, also those that are started later; from the second signal on
/// they are killed. The first handler stays.
pub fn on_shutdown(handler: impl Fn() + Send + Sync + 'static) {
    let _ = ON_SHUTDOWN.set(Box::new(handler));
}

/// Returns whether a signal has asked for the end since [`on_shutdown`].
#[must_use]
pub fn is_shutting_down() -> bool {
    live::lock().is_shutting_down()
}

/// Starts the thread that handles signals. Without it a signal ends the program and leaves its
/// children and temporary files.
pub fn install() {
    let ignored = ignored();
    // `nohup` starts programs that are to ignore a signal.
    let handled = ENDING.into_iter().chain([SIGTSTP, SIGCONT]);
    let handled = handled.filter(|signal| ignored & (1 << (signal - 1)) == 0);
    let Ok(signals) = Signals::new(handled) else { return };
    let _ = thread::Builder::new().name("signals".to_owned()).spawn(|| handle(signals));
}

fn handle(mut signals: Signals) {
    // A second one ends the program at once.
    let mut pending = Vec::new();
    while pending.is_empty() {
        for signal in signals.wait() {
            match signal {
                // The terminal does not signal children: they are in groups of their own.
                SIGTSTP => {
                    live::lock().signal(Signal::STOP);
                    let _ = low_level::emulate_default_handler(SIGTSTP);
                }
                SIGCONT => live::lock().signal(Signal::CONT),
                signal => match ON_SHUTDOWN.get() {
                    Some(handler) => {
                        live::lock().begin_shutdown();
                        handler();
                    }
                    None => pending.push(signal),
                },
            }
        }
    }
    let signal = pending.first().copied().unwrap_or(SIGTERM);
    let mut repeated = || signals.pending().any(|signal| ENDING.contains(&signal));
    // Held to the end, so that nothing is started or created any more.
    let mut live = live::lock();
    live.end_children(|| pending.len() > 1 || repeated());
    live.remove_temp_paths();
    if io::stderr().is_terminal() {
        // Clears the line of the progress bar.
        let _ = io::stderr().write_all(b"\r\x1b[K");
    }
    process::exit(128 + signal)
}

/// The signals that this program was started to ignore, a bit each; none where the system does not
/// list them.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
