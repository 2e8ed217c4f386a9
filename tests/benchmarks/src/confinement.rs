//! The price of confinement: the same server, with it and without.

use std::io;
use std::path::Path;

use crate::asked::Asked;
use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::servers::Server;
use crate::{builds, tools};

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let program = builds::engine(work, None)?;
    let servers = [Server::ours(program.clone())?, Server::ours_unconfined(program)?];
    let mut starts = [Vec::new(), Vec::new()];
    for _ in 0..effort.of(51, 1) {
        for (server, starts) in servers.iter().zip(&mut starts) {
            starts.push(server.start()?.took.as_secs_f64() * 1e3);
        }
    }
    let [with, without] = &starts;
    let later: Vec<_> = with.iter().zip(without).map(|(with, without)| with - without).collect();
    let later = Quantity::new(median(&later), "ms");
    let against = "without confinement".to_owned();
    let mut rows = vec![Row {
        what: "start to first answer, later as it is confined".to_owned(),
        against: String::new(),
        figure: later.value,
        ours: later,
        theirs: None,
        goal: Goal::AtMost(1.0),
    }];
    let [with, without] = servers;
    let (mut with, mut without) = (Asked::start(with)?, Asked::start(without)?);
    for connections in [1, 16] {
        for server in [&mut with, &mut without] {
            server.loads.clear();
        }
        for _ in 0..effort.of(15, 1) {
            for server in [&mut with, &mut without] {
                server.ask(&loader, connections, effort.of(2, 1))?;
            }
        }
        let (with, without) =
            (with.each(|load| load.per_second), without.each(|load| load.per_second));
        rows.push(Row {
            what: format!("HTTP decisions, confined, {connections} connections"),
            against: against.clone(),
            ours: Quantity::new(median(&with), "/s"),
            theirs: Some(Quantity::new(median(&without), "/s")),
            figure: ratio(&with, &without),
            goal: Goal::AtLeast(0.99),
        });
    }
    Ok(rows)
}
