//! Logged decisions that are made once more: how long a million of them takes, and how much memory.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use policy_benchmarks::Cases;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::setup::Setup;
use crate::{paths, process, programs, tools};

/// The policies that decided, each with its cases.
const POLICIES: [(&str, &str); 2] =
    [("http-authz", "cases/http-authz.json"), ("pod-security-restricted", "cases/pods.json")];

/// A decision as `eval` prints it.
#[derive(Deserialize)]
struct Decision {
    policy: String,
    version: String,
    verdict: String,
    output: Box<RawValue>,
}

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let program = programs::engine(setup, None)?;
    let decisions = setup.of(1_000_000, 20_000);
    let (configuration, log) = write(setup, &program, decisions)?;
    tools::output(Command::new("gzip").args(["--fast", "--keep", "--force"]).arg(&log))?;
    let packed = log.with_extension("jsonl.gz");
    let mut rows = Vec::new();
    for (what, log) in [("replayed", &log), ("replayed, of gzip", &packed)] {
        let runs: Vec<(f64, f64)> = (0..setup.of(3, 1))
            .map(|_| replay(setup, &program, &configuration, log, decisions))
            .collect::<io::Result<_>>()?;
        let (times, memory): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
        let row =
            |what: String, value, unit, most| Row::alone(what, value, unit, Goal::AtMost(most));
        let count = setup.of("a million decisions", "20\u{a0}000 decisions");
        rows.push(row(format!("{count} of a log {what}"), median(&times), "s", 10.0));
        rows.push(row("memory, the most for it".to_owned(), median(&memory), "MB", 64.0));
    }
    Ok(rows)
}

/// Writes a configuration, and a log of so many decisions by it.
fn write(setup: &Setup, program: &Path, decisions: usize) -> io::Result<(PathBuf, PathBuf)> {
    let mut policies = serde_json::Map::new();
    let mut events = Vec::new();
    for (policy, file) in POLICIES {
        let cases = Cases::read(&paths::own(file))?;
        let settings = setup.scratch("settings.json");
        let inputs = setup.scratch("inputs.jsonl");
        fs::write(&settings, cases.settings.get())?;
        let lines = cases.cases.iter().map(|case| format!("{}\n", case.input));
        fs::write(&inputs, lines.collect::<String>())?;
        let mut eval = Command::new(program);
        eval.args(["eval", policy, "--format", "json", "--settings"]).arg(&settings).arg(&inputs);
        // Some are denied, which is its exit status.
        let output = eval.stderr(Stdio::inherit()).output()?;
        for (case, line) in cases.cases.iter().zip(output.stdout.split(|byte| *byte == b'\n')) {
            let decision: Decision = serde_json::from_slice(line)?;
            events.push(event(&case.input, &decision));
        }
        let settings: &RawValue = &cases.settings;
        policies.insert(policy.to_owned(), json!({ "settings": settings }));
    }
    let configuration = setup.scratch("replay.json");
    fs::write(&configuration, json!({ "policies": policies }).to_string())?;
    let log = setup.scratch("replay.jsonl");
    let mut out = BufWriter::new(File::create(&log)?);
    for (number, event) in (0..decisions).zip(events.iter().cycle()) {
        writeln!(out, "{}", event.replace("NUMBER", &format!("{number:012}")))?;
    }
    out.flush()?;
    Ok((configuration, log))
}

/// An event as the engine logs it, with `NUMBER` in its id.
fn event(input: &RawValue, decision: &Decision) -> String {
    let Decision { policy, version, verdict, output } = decision;
    format!(
        "{{\"labels\":{{\"id\":\"6a1b5c6e-0d4e-4d2b-9f0e-6f4f0c6f7a11\",\"version\":\"0.1.0\",\
         \"region\":\"eu-1\"}},\"decision_id\":\"0f6f2d6c-7e0f-4b39-8f1d-NUMBER\",\
         \"path\":\"{policy}\",\"input\":{input},\"result\":{output},\
         \"requested_by\":\"10.0.0.7:51514\",\"timestamp\":\"2026-11-26T13:00:00.123456789Z\",\
         \"metrics\":{{\"timer_rego_query_eval_ns\":2412}},\"custom\":{{\"id\":\"{policy}\",\
         \"policy\":\"{policy}\",\"version\":\"{version}\",\"mode\":\"enforce\",\
         \"verdict\":\"{verdict}\",\"request_id\":\"a-NUMBER\"}}}}"
    )
}

/// The seconds that a replay takes, and its memory in megabytes.
fn replay(
    setup: &Setup,
    program: &Path,
    configuration: &Path,
    log: &Path,
    decisions: usize,
) -> io::Result<(f64, f64)> {
    let told = setup.scratch("told.json");
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg("replay")
        .arg(log)
        .arg("--config")
        .arg(configuration)
        .stdout(File::create(&told)?)
        .spawn()?;
    let mut memory = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        memory = memory.max(process::megabytes(child.id(), "VmHWM").unwrap_or_default());
        sleep(Duration::from_millis(5));
    };
    let took = started.elapsed().as_secs_f64();
    let told: serde_json::Value = serde_json::from_slice(&fs::read(told)?)?;
    if !status.success() || told.get("decisions") != Some(&json!(decisions)) {
        return Err(io::Error::other(format!("a replay ended with {status}: {told:#}")));
    }
    Ok((took, memory))
}
