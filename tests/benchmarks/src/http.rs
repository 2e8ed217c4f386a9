//! Decisions over HTTP: `wrk` with one thread asks every server in turn, over kept connections.

use std::io;
use std::path::Path;
use std::process::Command;

use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::servers::{self, Kind, Running, Server};
use crate::tools;

/// The results of one run of `wrk`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    /// Milliseconds that 99 of 100 requests took at most.
    pub(crate) p99: f64,
}

/// A server, what it holds, and the rounds that it was asked in.
struct Subject {
    server: Server,
    running: Running,
    at_rest: f64,
}

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let mut subjects = Vec::new();
    for server in servers::all(effort, work)? {
        let running = server.start()?;
        let at_rest = running.megabytes("VmRSS")?;
        subjects.push(Subject { server, running, at_rest });
    }
    let mut rows = Vec::new();
    for connections in [16, 256] {
        let mut loads: Vec<Vec<Load>> = subjects.iter().map(|_| Vec::new()).collect();
        for _ in 0..effort.of(7, 1) {
            for (subject, loads) in subjects.iter().zip(&mut loads) {
                let script = subject.server.script()?;
                loads.push(load(&loader, &subject.running, &script, connections, effort.of(3, 1))?);
            }
        }
        rows.extend(throughput(connections, &subjects, &loads));
    }
    rows.extend(memory(&subjects)?);
    Ok(rows)
}

/// Asks a server for some seconds.
pub(crate) fn load(
    loader: &Path,
    running: &Running,
    script: &Path,
    connections: u32,
    seconds: u32,
) -> io::Result<Load> {
    let mut command = Command::new(loader);
    command.args(["--threads", "1", "--latency", "--connections", &connections.to_string()]);
    command.args(["--duration", &format!("{seconds}s"), "--script"]).arg(script);
    parse(&tools::output(command.arg(&running.url))?)
}

/// Reads what `wrk` printed; an answer that is not one is an error.
fn parse(text: &str) -> io::Result<Load> {
    if let Some(line) =
        text.lines().find(|line| line.contains("Non-2xx") || line.contains("errors"))
    {
        return Err(io::Error::other(format!("under load: {}", line.trim())));
    }
    let field = |name: &str| text.lines().find_map(|line| line.trim().strip_prefix(name));
    let per_second = field("Requests/sec:").and_then(|text| text.trim().parse().ok());
    let p99 = field("99%").and_then(|text| milliseconds(text.trim()));
    per_second
        .zip(p99)
        .map(|(per_second, p99)| Load { per_second, p99 })
        .ok_or_else(|| io::Error::other(format!("`wrk` printed something else: {text}")))
}

fn milliseconds(text: &str) -> Option<f64> {
    let (number, scale) = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)]
        .into_iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, scale)))?;
    Some(number.parse::<f64>().ok()? * scale)
}

fn throughput(connections: u32, subjects: &[Subject], loads: &[Vec<Load>]) -> Vec<Row> {
    let each = |loads: &Vec<Load>, of: fn(&Load) -> f64| loads.iter().map(of).collect::<Vec<_>>();
    let Some((ours, theirs)) = loads.split_first() else { return Vec::new() };
    let our_rate = each(ours, |load| load.per_second);
    let our_p99 = each(ours, |load| load.p99);
    let mut rows = Vec::new();
    for (subject, loads) in subjects.iter().skip(1).zip(theirs) {
        let rate = each(loads, |load| load.per_second);
        let goal = match subject.server.kind {
            Kind::Bare => 0.8,
            Kind::Go => 1.5,
            Kind::CedarAgent | Kind::Ours => 3.0,
        };
        rows.push(Row {
            what: format!("HTTP decisions, {connections} connections"),
            against: subject.server.kind.name().to_owned(),
            ours: Quantity::new(median(&our_rate), "/s"),
            theirs: Some(Quantity::new(median(&rate), "/s")),
            figure: ratio(&our_rate, &rate),
            goal: Goal::AtLeast(goal),
        });
        let p99 = each(loads, |load| load.p99);
        rows.push(Row {
            what: format!("their 99th percentile, {connections} connections"),
            against: subject.server.kind.name().to_owned(),
            ours: Quantity::new(median(&our_p99), "ms"),
            theirs: Some(Quantity::new(median(&p99), "ms")),
            figure: ratio(&our_p99, &p99),
            goal: if subject.server.kind == Kind::Go { Goal::AtMost(1.0) } else { Goal::None },
        });
    }
    rows
}

fn memory(subjects: &[Subject]) -> io::Result<Vec<Row>> {
    let Some((ours, theirs)) = subjects.split_first() else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for (what, of) in [
        ("memory at rest", (|subject| Ok(subject.at_rest)) as fn(&Subject) -> io::Result<f64>),
        ("memory, the most under that load", |subject| subject.running.megabytes("VmHWM")),
    ] {
        let our_memory = of(ours)?;
        for subject in theirs {
            let memory = of(subject)?;
            rows.push(Row {
                what: what.to_owned(),
                against: subject.server.kind.name().to_owned(),
                ours: Quantity::new(our_memory, "MB"),
                theirs: Some(Quantity::new(memory, "MB")),
                figure: our_memory / memory,
                goal: Goal::AtMost(1.0),
            });
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Running 3s test @ http://127.0.0.1:1/\n  Latency Distribution\n     \
                        50%  190.00us\n     99%    3.80ms\n  100 requests in 3.00s\n\
                        Requests/sec:  65723.12\n";

    #[test]
    fn output_of_wrk_is_parsed() {
        let load = parse(TEXT).unwrap();
        assert!((load.per_second - 65_723.12).abs() < 1e-9);
        assert!((load.p99 - 3.8).abs() < 1e-9);
        assert!((milliseconds("190.00us").unwrap() - 0.19).abs() < 1e-9);
        assert!((milliseconds("1.20s").unwrap() - 1200.0).abs() < 1e-9);
    }

    #[test]
    fn error_responses_fail_the_measurement() {
        let text = format!("{TEXT}  Non-2xx or 3xx responses: 12\n");
        let error = parse(&text).unwrap_err().to_string();
        assert_eq!(error, "under load: Non-2xx or 3xx responses: 12");
    }
}
