//! Decisions in process: every engine in a process of its own, all of them taking turns.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::{env, fs};

use policy_benchmarks::{Cases, Order};
use serde_json::value::RawValue;

use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::setup::Setup;
use crate::{paths, programs, tools};

/// A measured program that waits for orders.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    decisions: usize,
}

impl Process {
    /// Starts it, and makes sure that it gives every case's verdict.
    pub(crate) fn start(mut command: Command, cases: &Cases) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let missing = || io::Error::other("no pipe to a subject");
        let orders = child.stdin.take().ok_or_else(missing)?;
        let mut answers = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        let verdicts: Vec<bool> = serde_json::from_str(&line)?;
        let expected: Vec<bool> = cases.cases.iter().map(|case| case.allowed).collect();
        let mut pairs = verdicts.iter().zip(&expected);
        if verdicts.len() != expected.len() || pairs.any(|(verdict, expected)| verdict != expected)
        {
            return Err(io::Error::other(format!(
                "{command:?} decides otherwise: {verdicts:?}, expected {expected:?}"
            )));
        }
        Ok(Self { child, orders, answers, decisions: expected.len() })
    }

    /// Nanoseconds until each thread has decided all cases so many times.
    fn run(&mut self, Order { rounds, threads }: Order) -> io::Result<f64> {
        writeln!(self.orders, "{rounds} {threads}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        line.trim().parse().map_err(io::Error::other)
    }

    /// The number of rounds that take about this many milliseconds.
    fn rounds_in(&mut self, milliseconds: f64) -> io::Result<u32> {
        let mut rounds = 1u32;
        loop {
            let took = self.run(Order { rounds, threads: 1 })? / 1e6;
            if took >= milliseconds / 2.0 || rounds >= 1 << 28 {
                return Ok(rounds);
            }
            rounds *= 2;
        }
    }

    /// Microseconds per decision of one thread while so many decide.
    fn microseconds(&mut self, order: Order) -> io::Result<f64> {
        let took = self.run(order)?;
        #[expect(clippy::cast_precision_loss, reason = "there are few cases")]
        let decisions = self.decisions as f64 * f64::from(order.rounds);
        Ok(took / 1e3 / decisions)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `http-authz`, against code by hand and engines that others use.
pub(crate) fn requests(setup: &Setup) -> io::Result<Vec<Row>> {
    let effort = setup.effort;
    let file = paths::own("cases/http-authz.json");
    let policy = "http-authz";
    let peers = [
        (
            "by hand, with `serde_json`",
            Goal::AtMost(1.3),
            Some(ours(effort, "floor", policy, &file)),
        ),
        ("casbin 2.20.0", Goal::AtLeast(3.0), peer(effort, "casbin", policy, &file)),
        ("cedar-policy 4.14.1", Goal::AtLeast(8.0), peer(effort, "cedar", policy, &file)),
        ("regorus 0.14.1", Goal::AtLeast(50.0), peer(effort, "regorus", policy, &file)),
        ("OPA 1.20.2", Goal::AtLeast(100.0), Some(opa(policy, &file))),
    ];
    against("one decision, `http-authz`", policy, &file, effort, peers)
}

/// `pod-security-restricted`, against the same in Rego.
pub(crate) fn pods(setup: &Setup) -> io::Result<Vec<Row>> {
    let effort = setup.effort;
    let file = pod_cases(setup)?;
    let policy = "pod-security-restricted";
    let peers = [
        ("regorus 0.14.1", Goal::AtLeast(20.0), peer(effort, "regorus", policy, &file)),
        ("OPA 1.20.2", Goal::None, Some(opa(policy, &file))),
    ];
    against("one decision, `pod-security-restricted`", policy, &file, effort, peers)
}

/// Measures the same number of decisions on each of two threads as on one.
pub(crate) fn threads(setup: &Setup) -> io::Result<Vec<Row>> {
    let file = paths::own("cases/http-authz.json");
    let effort = setup.effort;
    let cases = Cases::read(&file)?;
    let mut process = Process::start(ours(effort, "ours", "http-authz", &file)?, &cases)?;
    let rounds = process.rounds_in(effort.of(200.0, 5.0))?;
    let (mut one, mut two) = (Vec::new(), Vec::new());
    for _ in 0..effort.of(15, 1) {
        one.push(1.0 / process.microseconds(Order { rounds, threads: 1 })?);
        two.push(2.0 / process.microseconds(Order { rounds, threads: 2 })?);
    }
    Ok(vec![Row {
        what: "decisions a second, two threads".to_owned(),
        against: "one thread".to_owned(),
        ours: Quantity::new(median(&two) * 1e6, "/s"),
        theirs: Some(Quantity::new(median(&one) * 1e6, "/s")),
        figure: ratio(&two, &one),
        goal: Goal::AtLeast(1.95),
    }])
}

/// Rounds in turns, and each peer's time beside ours: at most so many times the floor's, and at
/// least so many times shorter than another engine's.
fn against<const N: usize>(
    what: &str,
    policy: &str,
    file: &Path,
    effort: Effort,
    peers: [(&str, Goal, Option<io::Result<Command>>); N],
) -> io::Result<Vec<Row>> {
    let cases = Cases::read(file)?;
    let mut ours = Process::start(self::ours(effort, "ours", policy, file)?, &cases)?;
    let slice = effort.of(150.0, 2.0);
    let our_rounds = ours.rounds_in(slice)?;
    let mut measured = Vec::new();
    for (name, goal, command) in peers {
        let mut process = match command {
            Some(Ok(command)) => Process::start(command, &cases)?,
            Some(Err(error)) => {
                tools::skipped::<()>(name, &error)?;
                continue;
            }
            None => {
                crate::say(&format!("{name} is not part of a quick run"));
                continue;
            }
        };
        let rounds = process.rounds_in(slice)?;
        measured.push((name, goal, process, rounds, Vec::new()));
    }
    let mut our_times = Vec::new();
    for _ in 0..effort.of(15, 1) {
        our_times.push(ours.microseconds(Order { rounds: our_rounds, threads: 1 })?);
        for (_, _, process, rounds, times) in &mut measured {
            times.push(process.microseconds(Order { rounds: *rounds, threads: 1 })?);
        }
    }
    let row = |(name, goal, _, _, times): (&str, Goal, Process, u32, Vec<f64>)| Row {
        what: what.to_owned(),
        against: name.to_owned(),
        ours: Quantity::new(median(&our_times), "\u{b5}s"),
        theirs: Some(Quantity::new(median(&times), "\u{b5}s")),
        figure: match goal {
            Goal::AtMost(_) => ratio(&our_times, &times),
            Goal::AtLeast(_) | Goal::None => ratio(&times, &our_times),
        },
        goal,
    };
    Ok(measured.into_iter().map(row).collect())
}

/// This crate's own program, compiled as the engine is.
fn ours(effort: Effort, engine: &str, policy: &str, cases: &Path) -> io::Result<Command> {
    let program = programs::in_process(effort)?;
    Ok(subject(program, &[engine, policy], cases))
}

/// A peer in Rust: none where there is no time to compile it.
fn peer(effort: Effort, engine: &str, policy: &str, cases: &Path) -> Option<io::Result<Command>> {
    let full = effort == Effort::Full;
    full.then(|| Ok(subject(programs::peers()?, &[engine, policy], cases)))
}

fn opa(policy: &str, cases: &Path) -> io::Result<Command> {
    let package = tools::opa()?;
    let script = paths::own("opa/subject.py");
    let mut command = subject("python3".into(), &[&script.to_string_lossy(), policy], cases);
    command.env("PYTHONPATH", package);
    Ok(command)
}

fn subject(program: PathBuf, arguments: &[&str], cases: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).arg(cases);
    command
}

/// The cases of Kubernetes' own tests for the latest version, where they are: in the folder that
/// `POD_SECURITY_CASES` names. Else a few of this repository.
fn pod_cases(setup: &Setup) -> io::Result<PathBuf> {
    let own = paths::own("cases/pods.json");
    let folder = env::var_os("POD_SECURITY_CASES")
        .map_or_else(|| paths::root().join("../shared/pod-security"), PathBuf::from)
        .join("restricted/v1.37");
    if !folder.is_dir() {
        crate::say(&format!("SKIPPED: upstream's pods: nothing at `{}`", folder.display()));
        return Ok(own);
    }
    let mut cases = Cases { settings: RawValue::from_string("{}".to_owned())?, cases: Vec::new() };
    for (part, allowed) in [("pass", true), ("fail", false)] {
        let mut files: Vec<_> = fs::read_dir(folder.join(part))?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file)?;
            let pod: serde_json::Value = serde_saphyr::from_str(&text).map_err(io::Error::other)?;
            let input = RawValue::from_string(pod.to_string())?;
            cases.cases.push(policy_benchmarks::Case { allowed, input });
        }
    }
    let file = setup.scratch("pods.json");
    fs::write(&file, serde_json::to_vec(&cases)?)?;
    Ok(file)
}
