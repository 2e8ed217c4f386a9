//! The server at rest: what it takes of a machine that asks it nothing.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::process;
use crate::programs;
use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::servers::Server;
use crate::setup::Setup;

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let server = Server::ours(programs::engine(setup, None)?)?;
    let (mut wake_ups, mut milliseconds) = (Vec::new(), Vec::new());
    for _ in 0..setup.of(3, 1) {
        // It has made a decision, so that whatever watches over policies was awake once.
        let running = server.start()?;
        thread::sleep(setup.of(Duration::from_secs(2), Duration::from_millis(200)));
        let start = Instant::now();
        let woken = process::wake_ups(running.id())?;
        let worked = process::processor_milliseconds(running.id())?;
        thread::sleep(setup.of(Duration::from_secs(10), Duration::from_millis(500)));
        let seconds = start.elapsed().as_secs_f64();
        wake_ups.push((process::wake_ups(running.id())? - woken) / seconds);
        milliseconds.push((process::processor_milliseconds(running.id())? - worked) / seconds);
    }
    Ok(vec![
        Row::alone("wake-ups at rest", median(&wake_ups), "/s", Goal::AtMost(2.0)),
        Row::alone("processor time at rest", median(&milliseconds), "ms/s", Goal::AtMost(0.0)),
    ])
}
