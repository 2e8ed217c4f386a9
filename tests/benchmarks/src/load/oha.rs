//! `oha`: asks a server at a fixed rate, over kept connections. The latency of a request is from when
//! it was due, so that a server that stalls is charged for every request that waited for it
//! ("coordinated omission").

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::servers::{Running, Server};
use crate::tools;

/// Latencies of one run, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Latencies {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

/// The relevant part of what `--output-format json` prints.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// In seconds; missing where nothing was answered.
    latency_percentiles: Percentiles,
    /// Answers by their status.
    status_code_distribution: BTreeMap<u16, u64>,
    error_distribution: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Percentiles {
    p50: Option<f64>,
    p99: Option<f64>,
    #[serde(rename = "p99.9")]
    p999: Option<f64>,
}

/// Requests that were on their way at the end of the time: no failure of the server's.
const AT_THE_END: &str = "aborted due to deadline";

/// Asks a server so many times a second for some seconds.
pub(crate) fn load(
    loader: &Path,
    server: &Server,
    running: &Running,
    connections: u32,
    rate: u32,
    seconds: u32,
) -> io::Result<Latencies> {
    let mut command = Command::new(loader);
    command.args(["-q", &rate.to_string(), "--latency-correction"]);
    command.args(["-c", &connections.to_string(), "-z", &format!("{seconds}s")]);
    command.args(["-m", "POST", "-T", "application/json", "-d", server.body()]);
    command.args(["--no-tui", "--output-format", "json"]);
    parse(&tools::output(command.arg(&running.url))?)
}

/// Reads what it printed; an answer that is not one is an error.
fn parse(text: &str) -> io::Result<Latencies> {
    let report: Report = serde_json::from_str(text)?;
    let statuses = report
        .status_code_distribution
        .into_iter()
        .map(|(status, count)| (format!("status {status}"), count, (200..300).contains(&status)));
    let errors = report.error_distribution.into_iter().map(|(error, count)| {
        let expected = error == AT_THE_END;
        (error, count, expected)
    });
    if let Some((what, count, _)) = statuses.chain(errors).find(|(_, _, expected)| !expected) {
        return Err(io::Error::other(format!("under load: {what}, {count} times")));
    }
    let Percentiles { p50: Some(p50), p99: Some(p99), p999: Some(p999) } =
        report.latency_percentiles
    else {
        return Err(io::Error::other("under load: no answers"));
    };
    Ok(Latencies { p50: p50 * 1e3, p99: p99 * 1e3, p999: p999 * 1e3 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(statuses: &str, errors: &str) -> String {
        format!(
            r#"{{"latencyPercentiles":{{"p10":0.0001,"p50":0.0002,"p99":0.001,"p99.9":0.0025}},
                "statusCodeDistribution":{statuses},"errorDistribution":{errors}}}"#
        )
    }

    #[test]
    fn report_of_oha_is_parsed() {
        let at_the_end = r#"{"aborted due to deadline":3}"#;
        let latencies = parse(&report(r#"{"200":19997}"#, at_the_end)).unwrap();
        assert!((latencies.p50 - 0.2).abs() < 1e-9);
        assert!((latencies.p99 - 1.0).abs() < 1e-9);
        assert!((latencies.p999 - 2.5).abs() < 1e-9);
    }

    #[test]
    fn error_responses_and_broken_connections_fail_the_measurement() {
        for (statuses, errors, told) in [
            (r#"{"200":1,"503":12}"#, "{}", "under load: status 503, 12 times"),
            (r#"{"200":1}"#, r#"{"connection error":2}"#, "under load: connection error, 2 times"),
        ] {
            assert_eq!(parse(&report(statuses, errors)).unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn nothing_answered_is_an_error() {
        let text = r#"{"latencyPercentiles":{"p50":null,"p99":null,"p99.9":null},
                       "statusCodeDistribution":{},"errorDistribution":{}}"#;
        assert_eq!(parse(text).unwrap_err().to_string(), "under load: no answers");
    }
}
