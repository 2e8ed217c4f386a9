//! Instructions per decision, which no other load on the machine changes: kept in `counts.json` by
//! the compiler that they are of, and not to rise unnoticed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::{fs, io};

use policy_benchmarks::Cases;

use crate::rounds::Effort;
use crate::{paths, programs, results, say, tools};

/// So much of a rise is a change of the compiler's mind; more is one of ours.
const TOLERATED: f64 = 1.02;

/// glibc chooses how to copy and compare by what the processor has, which is some percents of it
/// all: on every x86-64 it is to choose what the oldest of them would run.
const PLAIN: &str = "-AVX2,-AVX2_Usable,-AVX512F,-AVX512F_Usable,-AVX512VL,-ERMS,-FSRM,-BMI2,\
                     -SSSE3,-SSE4_1,-SSE4_2,-AVX_Fast_Unaligned_Load";

/// Policies, and files of cases.
const COUNTED: [(&str, &str); 3] = [
    ("http-authz", "http-authz"),
    ("http-authz", "http-authz-envoy"),
    ("pod-security-restricted", "pods"),
];

/// Instructions per decision, by the compiler's version and the processor's kind, such as
/// `1.95.0 x86_64`, then by the file of cases.
type Kept = BTreeMap<String, BTreeMap<String, u64>>;

/// Counts, and compares with what is kept or keeps it.
pub(crate) fn run(record: bool) -> io::Result<()> {
    if tools::on_path("valgrind").is_none() {
        tools::debian("valgrind")?;
    }
    let program = programs::in_process(Effort::Full)?;
    let mut counted = BTreeMap::new();
    for (policy, cases) in COUNTED {
        counted.insert(cases.to_owned(), per_decision(&program, policy, cases)?);
    }
    let file = paths::own("counts.json");
    let mut kept: Kept = serde_json::from_slice(&fs::read(&file)?)?;
    let compiler = format!("{} {}", results::rustc(), std::env::consts::ARCH);
    if record {
        kept.insert(compiler, counted);
        return fs::write(file, serde_json::to_string_pretty(&kept)? + "\n");
    }
    let Some(kept) = kept.get(&compiler) else {
        let known: Vec<_> = kept.keys().map(String::as_str).collect();
        say(&format!(
            "SKIPPED: no counts are kept for Rust {compiler}, only for {}; `cargo benchmarks counts \
             --record` keeps them",
            known.join(", ")
        ));
        return Ok(());
    };
    compare(kept, &counted)
}

fn compare(kept: &BTreeMap<String, u64>, counted: &BTreeMap<String, u64>) -> io::Result<()> {
    let mut risen = Vec::new();
    for (cases, now) in counted {
        let before = kept.get(cases).copied().unwrap_or(0);
        let told = format!("{cases}: {now} instructions a decision, {before} are kept");
        say(&told);
        if number(*now) > number(before) * TOLERATED {
            risen.push(told);
        }
    }
    if risen.is_empty() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{} of more than 2%: {}; make it fast again, or say why in the commit that runs `cargo \
         benchmarks counts --record`",
        if risen.len() == 1 { "a rise" } else { "rises" },
        risen.join("; ")
    )))
}

fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The difference of two runs: what starting takes is in both.
fn per_decision(program: &Path, policy: &str, name: &str) -> io::Result<u64> {
    let cases = paths::own(&format!("cases/{name}.json"));
    let count = Cases::read(&cases)?.cases.len() as u64;
    let total = |rounds| instructions(program, policy, &cases, rounds);
    Ok((total(210)? - total(10)?) / (200 * count))
}

/// All instructions of a run, as callgrind counts them.
fn instructions(program: &Path, policy: &str, cases: &Path, rounds: u32) -> io::Result<u64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    command.args(["ours", policy]).arg(cases);
    command.env("GLIBC_TUNABLES", format!("glibc.cpu.hwcaps={PLAIN}"));
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut orders) = child.stdin.take() {
        writeln!(orders, "{rounds} 1")?;
    }
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected = text.lines().find_map(|line| line.split_once("Collected : "));
    collected
        .filter(|_| output.status.success())
        .and_then(|(_, count)| count.trim().parse().ok())
        .ok_or_else(|| io::Error::other(format!("valgrind counted nothing: {text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(count: u64) -> BTreeMap<String, u64> {
        [("http-authz".to_owned(), count)].into()
    }

    #[test]
    fn rise_above_two_percent_is_refused() {
        assert!(compare(&counted(1000), &counted(1020)).is_ok());
        assert!(compare(&counted(1000), &counted(400)).is_ok());
        assert_eq!(
            compare(&counted(1000), &counted(1021)).unwrap_err().to_string(),
            "a rise of more than 2%: http-authz: 1021 instructions a decision, 1000 are kept; make \
             it fast again, or say why in the commit that runs `cargo benchmarks counts --record`"
        );
    }

    #[test]
    fn case_without_a_recorded_count_is_refused() {
        assert!(compare(&BTreeMap::new(), &counted(1)).is_err());
    }
}
