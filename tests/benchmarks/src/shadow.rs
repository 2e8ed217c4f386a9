//! The price of a shadow for those who are answered: the same server, with one and without.

use std::io;

use crate::load::Asked;
use crate::load::wrk::Load;
use crate::results::{Goal, Row};
use crate::servers::{Running, Server};
use crate::setup::Setup;
use crate::{programs, tools};

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let program = programs::engine(setup, None)?;
    let mut with = Asked::start(Server::ours_with_shadow(program.clone())?)?;
    let mut without = Asked::start(Server::ours(program)?)?;
    let mut rows = Vec::new();
    // With one connection the machine has room, and with many it has none.
    for connections in [1, 256] {
        let before = Shadowed::read(&with.running)?;
        for server in [&mut with, &mut without] {
            server.loads.clear();
        }
        for _ in 0..setup.of(5, 1) {
            for server in [&mut with, &mut without] {
                server.ask(&loader, connections, setup.of(3, 1))?;
            }
        }
        let share = Shadowed::read(&with.running)?.share_since(&before);
        let row = |what: &str, unit: &str, figure: fn(&Load) -> f64, goal| {
            let rounds = (&*with.each(figure), &*without.each(figure));
            let what = format!("{what}, {connections} connections");
            Row::beside(what, "without a shadow", rounds, unit, goal)
        };
        let rate = |load: &Load| load.per_second;
        rows.push(row("HTTP decisions with a shadow", "/s", rate, Goal::AtLeast(0.95)));
        rows.push(row("their 99th percentile", "ms", |load| load.p99, Goal::None));
        let what = format!("of them put to the shadow, {connections} connections");
        rows.push(Row::alone(what, share, "%", Goal::None));
    }
    Ok(rows)
}

/// The questions of the sample so far.
struct Shadowed {
    put: f64,
    shed: f64,
}

impl Shadowed {
    fn read(running: &Running) -> io::Result<Self> {
        Ok(Self {
            put: running.metric("policy_engine_shadow_decisions_total")?,
            shed: running.metric("policy_engine_shadow_shed_total")?,
        })
    }

    /// The share that was put to the shadow, in percent.
    fn share_since(&self, before: &Self) -> f64 {
        let (put, shed) = (self.put - before.put, self.shed - before.shed);
        100.0 * put / (put + shed)
    }
}
