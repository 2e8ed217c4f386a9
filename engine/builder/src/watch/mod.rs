//! Serving policies during development.
//!
//! [`files`] reports saves, and [`policy_host::signals`] when to end. Each save starts a build, and
//! [`server`] starts the engine that comes of it: [`addresses`] asks that engine where it is to
//! listen, [`sockets`] outlive every engine, and [`engine`] is one that runs. The former engine ends
//! once the new one is ready, so clients find the same sockets open all the time.

mod addresses;
mod engine;
mod error;
mod event;
mod files;
mod server;
mod sockets;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::steps::engine::Engine;
use crate::steps::{Build, BuildError, BuildOptions};
use error::StartError;
pub(crate) use error::WatchError;
use event::Event;
use policy_host::progress::Progress;
use policy_host::signals;
use server::Server;

/// The interval of checks whether the engine still runs.
const LOOK: Duration = Duration::from_millis(200);

/// Builds and serves, again with each save, until it is told to end.
///
/// # Errors
/// Fails when it cannot watch at all. What is wrong with a policy is printed, and waits for the
/// next save.
pub(crate) fn run(options: &BuildOptions<'_>, serve_flags: &[String]) -> Result<(), WatchError> {
    let (tell, events) = mpsc::channel();
    let end = tell.clone();
    // Nobody is there to be told when all has ended.
    signals::on_shutdown(move || drop(end.send(Event::End)));
    let source = Engine::locate(options.engine)?;
    let _watcher = files::watch(options.policies, &source, tell)?;
    let mut server = Server::new(serve_flags).map_err(WatchError::TempDir)?;
    let mut saved = "the first build".to_owned();
    loop {
        let progress = Progress::without_phases();
        round(&saved, options, &mut server, &progress);
        match next(&events, &mut server, &progress) {
            Event::Saved(path) => saved = path,
            Event::End => break,
        }
    }
    server.end(&events);
    Ok(())
}

/// From what was saved to an engine that serves it.
fn round(saved: &str, options: &BuildOptions<'_>, server: &mut Server, progress: &Progress) {
    let start = Instant::now();
    let outcome = Build::new(options, progress).map_err(RoundError::from).and_then(|build| {
        // Another build may put its program in the same place, once this one has ended.
        let Some(binary) = build.run_quick()? else { return Ok(None) };
        // Another command may have compiled the save already.
        let is_new = !server.runs(&binary.path);
        let compiled = start.elapsed();
        if is_new {
            server.replace(&binary.path)?;
        }
        Ok(is_new.then_some(compiled))
    });
    progress.finish();
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    match outcome {
        _ if signals::is_shutting_down() => {}
        Ok(Some(compiled)) => progress.line(&format!(
            "watch: {saved}: compiled in {}, served after {}",
            seconds(compiled),
            seconds(start.elapsed())
        )),
        Ok(None) => progress.line(&format!("watch: {saved}: nothing of it is in the program")),
        Err(error) => {
            progress.line(&format!("error: {error}"));
            progress.line(if server.serves() {
                "watch: the engine from before goes on serving"
            } else {
                "watch: nothing is served: waiting for the next save"
            });
        }
    }
}

/// Waits for the next event; of several saves in a row, the last.
fn next(events: &Receiver<Event>, server: &mut Server, progress: &Progress) -> Event {
    loop {
        match events.recv_timeout(LOOK) {
            Ok(Event::Saved(path)) => return last(events, path),
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return Event::End,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = server.has_ended() {
                    progress.line(&format!(
                        "error: the engine ended by itself ({status}): nothing is served until the \
                         next save"
                    ));
                }
            }
        }
    }
}

/// The last of several saves in a row, of which one has come. Something that is saved all the time
/// does not put it off for ever.
fn last(events: &Receiver<Event>, mut saved: String) -> Event {
    let latest = Instant::now() + files::LONGEST;
    while Instant::now() < latest {
        match events.recv_timeout(files::PAUSE) {
            Ok(Event::Saved(path)) => saved = path,
            Ok(Event::End) | Err(RecvTimeoutError::Disconnected) => return Event::End,
            Err(RecvTimeoutError::Timeout) => break,
        }
    }
    Event::Saved(saved)
}

/// An error of one round.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    Start(#[from] StartError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_saves_do_not_postpone_the_build() {
        let (tell, events) = mpsc::channel();
        let saving = std::thread::spawn(move || {
            for _ in 0..1000 {
                if tell.send(Event::Saved("lib.rs".to_owned())).is_err() {
                    return;
                }
                std::thread::sleep(files::PAUSE / 10);
            }
            let _ = tell.send(Event::End);
        });
        assert!(matches!(last(&events, "first".to_owned()), Event::Saved(_)));
        drop(events);
        saving.join().unwrap();
    }
}
