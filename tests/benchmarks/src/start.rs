//! The time from a server's start to its first response: rollouts and cold functions wait for it.

use std::io;
use std::path::Path;

use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::servers;

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    let servers = servers::all(effort, work)?;
    let mut times: Vec<Vec<f64>> = servers.iter().map(|_| Vec::new()).collect();
    for _ in 0..effort.of(25, 1) {
        for (server, times) in servers.iter().zip(&mut times) {
            times.push(server.start()?.took.as_secs_f64() * 1e3);
        }
    }
    let Some((ours, theirs)) = times.split_first() else { return Ok(Vec::new()) };
    let what = "start to first answer".to_owned();
    let our_time = Quantity::new(median(ours), "ms");
    let mut rows = vec![Row {
        what: what.clone(),
        against: String::new(),
        figure: our_time.value,
        ours: our_time.clone(),
        theirs: None,
        goal: Goal::AtMost(10.0),
    }];
    rows.extend(servers.iter().skip(1).zip(theirs).map(|(server, times)| Row {
        what: what.clone(),
        against: server.kind.name().to_owned(),
        ours: our_time.clone(),
        theirs: Some(Quantity::new(median(times), "ms")),
        figure: ratio(ours, times),
        goal: Goal::AtMost(1.0),
    }));
    Ok(rows)
}
