//! Decisions over HTTP as fast as servers answer, and the memory that they take for it. Every
//! processor is busy, the generator's among them.

use std::io;

use crate::load::Asked;
use crate::results::{Goal, Row};
use crate::servers::{self, Kind};
use crate::setup::Setup;
use crate::tools;

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let mut subjects = Vec::new();
    let mut at_rest = Vec::new();
    for server in servers::all(setup)? {
        let asked = Asked::start(server)?;
        at_rest.push(asked.running.megabytes("VmRSS")?);
        subjects.push(asked);
    }
    let mut rows = Vec::new();
    for connections in [16, 256] {
        for subject in &mut subjects {
            subject.loads.clear();
        }
        for _ in 0..setup.of(5, 1) {
            for subject in &mut subjects {
                subject.ask(&loader, connections, setup.of(3, 1))?;
            }
        }
        rows.extend(throughput(connections, &subjects));
    }
    rows.extend(memory("memory at rest", &subjects, &at_rest));
    let most = subjects.iter().map(|subject| subject.running.megabytes("VmHWM"));
    let most = most.collect::<io::Result<Vec<_>>>()?;
    rows.extend(memory("memory, the most under that load", &subjects, &most));
    Ok(rows)
}

fn throughput(connections: u32, subjects: &[Asked]) -> Vec<Row> {
    let Some((ours, theirs)) = subjects.split_first() else { return Vec::new() };
    let rows = theirs.iter().flat_map(|subject| {
        let kind = subject.server.kind;
        let (rate, p99) = match kind {
            Kind::Bare => (Goal::AtLeast(0.9), Goal::AtMost(1.3)),
            Kind::Go => (Goal::AtLeast(1.5), Goal::AtMost(1.0)),
            _ => (Goal::AtLeast(3.0), Goal::None),
        };
        [
            Row::beside(
                format!("HTTP decisions, {connections} connections"),
                kind.name(),
                (&ours.each(|load| load.per_second), &subject.each(|load| load.per_second)),
                "/s",
                rate,
            ),
            Row::beside(
                format!("their 99th percentile, {connections} connections"),
                kind.name(),
                (&ours.each(|load| load.p99), &subject.each(|load| load.p99)),
                "ms",
                p99,
            ),
        ]
    });
    rows.collect()
}

fn memory(what: &str, subjects: &[Asked], megabytes: &[f64]) -> Vec<Row> {
    let Some((ours, theirs)) = megabytes.split_first() else { return Vec::new() };
    let rows = subjects.iter().skip(1).zip(theirs).map(|(subject, theirs)| {
        let kind = subject.server.kind;
        // It holds no policy.
        let goal = if kind == Kind::Bare { Goal::None } else { Goal::AtMost(1.0) };
        Row::beside(what, kind.name(), (&[*ours], &[*theirs]), "MB", goal)
    });
    rows.collect()
}
