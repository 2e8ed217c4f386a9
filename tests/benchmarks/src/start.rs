//! The time from a server's start to its first response: rollouts and cold functions wait for it.

use std::io;

use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::servers::{self, Kind};
use crate::setup::Setup;

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let servers = servers::all(setup)?;
    let mut times: Vec<Vec<f64>> = servers.iter().map(|_| Vec::new()).collect();
    for _ in 0..setup.of(25, 1) {
        for (server, times) in servers.iter().zip(&mut times) {
            times.push(server.start()?.took.as_secs_f64() * 1e3);
        }
    }
    let Some((ours, theirs)) = times.split_first() else { return Ok(Vec::new()) };
    let what = "start to first answer";
    let mut rows = vec![Row::alone(what, median(ours), "ms", Goal::AtMost(10.0))];
    for (server, times) in servers.iter().skip(1).zip(theirs) {
        let kind = server.kind;
        let goal = if kind == Kind::Bare { Goal::None } else { Goal::AtMost(1.0) };
        rows.push(Row::beside(what, kind.name(), (ours, times), "ms", goal));
        if kind == Kind::Bare {
            let later: Vec<_> = ours.iter().zip(times).map(|(ours, bare)| ours - bare).collect();
            let what = format!("{what}, later than {}", kind.name());
            rows.push(Row::alone(what, median(&later), "ms", Goal::AtMost(0.5)));
        }
    }
    Ok(rows)
}
