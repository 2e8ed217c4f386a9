//! The price of a shadow for those who are answered: the same server, with one and without.

use std::io;
use std::path::Path;

use crate::asked::Asked;
use crate::http::Load;
use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::servers::{Running, Server};
use crate::{builds, tools};

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let program = builds::engine(work, None)?;
    let mut with = Asked::start(Server::ours_with_shadow(program.clone())?)?;
    let mut without = Asked::start(Server::ours(program)?)?;
    let mut rows = Vec::new();
    // With one connection the machine has room, and with many it has none.
    for connections in [1, 256] {
        let before = Shadowed::read(&with.running)?;
        for server in [&mut with, &mut without] {
            server.loads.clear();
        }
        for _ in 0..effort.of(7, 1) {
            for server in [&mut with, &mut without] {
                server.ask(&loader, connections, effort.of(3, 1))?;
            }
        }
        let share = Shadowed::read(&with.running)?.share_since(&before);
        let row = |what: &str, unit: &str, figure: fn(&Load) -> f64, goal| {
            let (with, without) = (with.each(figure), without.each(figure));
            Row {
                what: format!("{what}, {connections} connections"),
                against: "without a shadow".to_owned(),
                ours: Quantity::new(median(&with), unit),
                theirs: Some(Quantity::new(median(&without), unit)),
                figure: ratio(&with, &without),
                goal,
            }
        };
        let rate = |load: &Load| load.per_second;
        rows.push(row("HTTP decisions with a shadow", "/s", rate, Goal::AtLeast(0.95)));
        rows.push(row("their 99th percentile", "ms", |load| load.p99, Goal::None));
        rows.push(Row {
            what: format!("of them put to the shadow, {connections} connections"),
            against: String::new(),
            ours: Quantity::new(share, "%"),
            theirs: None,
            figure: share,
            goal: Goal::None,
        });
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
