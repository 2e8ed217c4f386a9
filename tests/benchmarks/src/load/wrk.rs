//! `wrk`: with one thread, it asks a server as fast as it answers, over kept connections.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::servers::{Running, Server};
use crate::tools;

/// The results of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) per_second: f64,
    /// Milliseconds that 99 of 100 requests took at most.
    pub(crate) p99: f64,
}

/// Writes a server's request as a script.
pub(crate) fn script(server: &Server) -> io::Result<PathBuf> {
    let file = server.file("post.lua");
    let script = format!(
        "wrk.method = \"POST\"\nwrk.body = [[{}]]\n\
         wrk.headers[\"Content-Type\"] = \"application/json\"\n",
        server.body()
    );
    fs::write(&file, script)?;
    Ok(file)
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
