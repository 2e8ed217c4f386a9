//! Latencies over HTTP at fixed rates, as clients see them that do not wait for each other.

use std::io;

use crate::load::oha::{self, Latencies};
use crate::results::{Goal, Row};
use crate::servers::{self, Kind, Server};
use crate::setup::Setup;
use crate::table::number;
use crate::tools;

const CONNECTIONS: u32 = 32;

/// Requests a second.
const RATES: [u32; 2] = [5_000, 20_000];

/// A percentile, its name, and its goals beside bare hyper and beside Go.
type Percentile = (&'static str, fn(&Latencies) -> f64, Goal, Goal);

const PERCENTILES: [Percentile; 3] = [
    ("median", |latencies| latencies.p50, Goal::None, Goal::None),
    ("99th percentile", |latencies| latencies.p99, Goal::AtMost(1.15), Goal::None),
    ("99.9th percentile", |latencies| latencies.p999, Goal::None, Goal::AtMost(1.0)),
];

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let loader = tools::oha()?;
    let servers = servers::all(setup)?;
    let running: Vec<_> = servers.iter().map(Server::start).collect::<io::Result<_>>()?;
    let mut rows = Vec::new();
    for rate in RATES {
        let mut measured: Vec<Vec<Latencies>> = servers.iter().map(|_| Vec::new()).collect();
        for _ in 0..setup.of(5, 1) {
            for ((server, running), measured) in servers.iter().zip(&running).zip(&mut measured) {
                let seconds = setup.of(3, 1);
                measured.push(oha::load(&loader, server, running, CONNECTIONS, rate, seconds)?);
            }
        }
        let Some((ours, theirs)) = measured.split_first() else { continue };
        for (server, theirs) in servers.iter().skip(1).zip(theirs) {
            rows.extend(beside(server.kind, rate, ours, theirs));
        }
    }
    Ok(rows)
}

/// All percentiles beside those of the two servers that there are goals for, and one beside others.
fn beside(kind: Kind, rate: u32, ours: &[Latencies], theirs: &[Latencies]) -> Vec<Row> {
    let rows = PERCENTILES.into_iter().filter_map(|(name, of, beside_bare, beside_go)| {
        let goal = match kind {
            Kind::Bare => beside_bare,
            Kind::Go => beside_go,
            _ if name == "99th percentile" => Goal::AtMost(1.0),
            _ => return None,
        };
        let each = |latencies: &[Latencies]| latencies.iter().map(of).collect::<Vec<_>>();
        let what = format!("HTTP decisions at {} a second, {name}", number(f64::from(rate)));
        Some(Row::beside(what, kind.name(), (&each(ours), &each(theirs)), "ms", goal))
    });
    rows.collect()
}
