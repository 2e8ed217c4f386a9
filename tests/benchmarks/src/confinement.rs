//! The price of confinement: the same server, with it and without.

use std::io;

use crate::load::Asked;
use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::servers::Server;
use crate::setup::Setup;
use crate::{programs, tools};

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let program = programs::engine(setup, None)?;
    let servers = [Server::ours(program.clone())?, Server::ours_unconfined(program)?];
    let mut starts = [Vec::new(), Vec::new()];
    for _ in 0..setup.of(51, 1) {
        for (server, starts) in servers.iter().zip(&mut starts) {
            starts.push(server.start()?.took.as_secs_f64() * 1e3);
        }
    }
    let [with, without] = &starts;
    let later: Vec<_> = with.iter().zip(without).map(|(with, without)| with - without).collect();
    let what = "start to first answer, later as it is confined";
    let mut rows = vec![Row::alone(what, median(&later), "ms", Goal::AtMost(1.0))];
    let [with, without] = servers;
    let (mut with, mut without) = (Asked::start(with)?, Asked::start(without)?);
    for connections in [1, 16] {
        for server in [&mut with, &mut without] {
            server.loads.clear();
        }
        for _ in 0..setup.of(9, 1) {
            for server in [&mut with, &mut without] {
                server.ask(&loader, connections, setup.of(2, 1))?;
            }
        }
        rows.push(Row::beside(
            format!("HTTP decisions, confined, {connections} connections"),
            "without confinement",
            (&with.each(|load| load.per_second), &without.each(|load| load.per_second)),
            "/s",
            Goal::AtLeast(0.99),
        ));
    }
    Ok(rows)
}
