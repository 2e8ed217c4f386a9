//! The reader of YAML is held to Kubernetes' own.

mod generate;
mod words;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::env;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use policy_engine::{Source, documents};
use serde::Deserialize;
use serde_json::Value;

use crate::support::root;
use generate::{Random, manifest};

/// The default of `POLICY_ENGINE_YAML_SEED`.
const SEED: u64 = 12;
/// The number of texts: the default of `POLICY_ENGINE_YAML_TEXTS`.
const TEXTS: usize = 25_000;
/// The most of the texts read by Kubernetes that may be refused, in percent. Many are odd on
/// purpose; one that nothing is odd about is never refused.
const MOST_REFUSED: usize = 20;

/// The result of Kubernetes' reader for a document: JSON, or the error.
#[derive(Debug, Deserialize)]
struct KubernetesResult {
    json: Option<Value>,
    error: Option<String>,
}

/// A process that reads YAML as Kubernetes does.
struct Kubernetes {
    process: Child,
    to: Option<BufWriter<ChildStdin>>,
    from: BufReader<ChildStdout>,
}

impl Kubernetes {
    fn start() -> Self {
        let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kubernetes-yaml");
        let source = root().join("tests/engine/yaml/reader/main.go");
        let built = Command::new("go")
            .args(["build", "-o"])
            .args([&program, &source])
            .envs([("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", "")])
            .status();
        assert!(built.unwrap().success());
        let mut process =
            Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let to = process.stdin.take().map(BufWriter::new);
        let from = BufReader::new(process.stdout.take().unwrap());
        Self { process, to, from }
    }

    fn read(&mut self, text: &str) -> Vec<KubernetesResult> {
        let to = self.to.as_mut().unwrap();
        to.write_all(&u32::try_from(text.len()).unwrap().to_be_bytes()).unwrap();
        to.write_all(text.as_bytes()).unwrap();
        to.flush().unwrap();
        let mut length = [0; 4];
        self.from.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.from.read_exact(&mut answer).unwrap();
        serde_json::from_slice(&answer).unwrap()
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.to.take());
        let _ = self.process.wait();
    }
}

/// The results of both readers for a text.
#[derive(Debug, PartialEq)]
enum Comparison {
    /// Read by both as equal JSON.
    Same,
    /// Refused by both.
    Refused,
    /// Refused by this reader alone, with this message.
    RefusedHere(String),
}

/// Compares the two readers; an error is a breach of the law: the same JSON, or a refusal.
fn compare(kubernetes: &mut Kubernetes, text: &str) -> Result<Comparison, String> {
    let source = Source::new("a.yaml", text);
    let ours: Vec<_> = documents(&source).collect();
    let theirs = kubernetes.read(text);
    let their_error = theirs.iter().find_map(|document| document.error.clone());
    if let Some(error) = ours.iter().find_map(|document| document.as_ref().err()) {
        return Ok(match their_error {
            Some(_) => Comparison::Refused,
            None => Comparison::RefusedHere(error.to_string()),
        });
    }
    if let Some(error) = their_error {
        return Err(format!("is read here, and refused there: {error}"));
    }
    let ours: Vec<Value> = ours
        .iter()
        .map(|document| serde_json::from_slice(&document.as_ref().unwrap().json).unwrap())
        .collect();
    let theirs: Vec<Value> = theirs
        .into_iter()
        .filter_map(|document| document.json)
        .filter(|json| !json.is_null())
        .map(positive_zero)
        .collect();
    if ours == theirs {
        Ok(Comparison::Same)
    } else {
        Err(format!("is {ours:?} here, and there {theirs:?}"))
    }
}

/// Replaces -0 by 0, which are equal to the types of Kubernetes.
fn positive_zero(json: Value) -> Value {
    match json {
        Value::Number(number) if number.as_f64() == Some(0.0) => Value::from(0),
        Value::Array(elements) => elements.into_iter().map(positive_zero).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, positive_zero(value))).collect()
        }
        other => other,
    }
}

fn setting<T: std::str::FromStr>(variable: &str, otherwise: T) -> T {
    env::var(variable).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// The results of many texts.
#[derive(Default)]
struct Tally {
    texts: usize,
    same: usize,
    refused: usize,
    /// The count and the first text of each message.
    refused_here: BTreeMap<String, (usize, String)>,
    /// Texts that are read otherwise than by Kubernetes, and those that nothing is odd about and
    /// that are refused.
    wrong: Vec<String>,
}

impl Tally {
    fn add(&mut self, text: String, is_plain: bool, comparison: Result<Comparison, String>) {
        self.texts += 1;
        match comparison {
            Ok(Comparison::Same) => self.same += 1,
            Ok(Comparison::Refused) if !is_plain => self.refused += 1,
            Ok(Comparison::RefusedHere(error)) if !is_plain => {
                self.refused_here.entry(kind(&error)).or_insert((0, text)).0 += 1;
            }
            Ok(refused) => self.wrong.push(format!("{text:?} has nothing odd: {refused:?}")),
            Err(difference) => self.wrong.push(format!("{text:?} {difference}")),
        }
    }

    /// Written past the harness, so that it is seen of tests that pass, too.
    fn print(&self, seed: u64) {
        let mut out = std::io::stdout().lock();
        let here = self.refused_here();
        writeln!(
            out,
            "POLICY_ENGINE_YAML_SEED={seed}: of {} texts {} were read alike, {} refused by both \
             readers, {here} by this one alone:",
            self.texts, self.same, self.refused
        )
        .unwrap();
        let mut kinds: Vec<_> = self.refused_here.iter().collect();
        kinds.sort_by_key(|(_, (count, _))| Reverse(*count));
        for (kind, (count, first)) in kinds {
            let shown: String = first.chars().take(80).collect();
            writeln!(out, "{count:6} {kind}, such as {shown:?}").unwrap();
        }
    }

    fn refused_here(&self) -> usize {
        self.refused_here.values().map(|(count, _)| count).sum()
    }
}

/// Some seconds of CI show that policies see the object that a cluster gets.
#[test]
#[cfg_attr(not(has_go_yaml), ignore = "needs Go with Kubernetes' YAML library")]
fn random_manifests_are_read_as_kubernetes_reads_them_or_refused() {
    let mut kubernetes = Kubernetes::start();
    let seed = setting("POLICY_ENGINE_YAML_SEED", SEED);
    let mut random = Random(seed);
    let mut tally = Tally::default();
    for _ in 0..setting("POLICY_ENGINE_YAML_TEXTS", TEXTS) {
        let (text, is_plain) = manifest(&mut random);
        let comparison = compare(&mut kubernetes, &text);
        tally.add(text, is_plain, comparison);
    }
    tally.print(seed);
    tally.wrong.sort_by_key(String::len);
    assert!(
        tally.wrong.is_empty(),
        "with POLICY_ENGINE_YAML_SEED={seed}, {} texts are read wrongly:\n{}",
        tally.wrong.len(),
        tally.wrong[..tally.wrong.len().min(20)].join("\n")
    );
    let (same, here) = (tally.same, tally.refused_here());
    assert!(
        here * 100 <= (same + here) * MOST_REFUSED,
        "{here} of {} texts that Kubernetes reads are refused",
        same + here
    );
    assert!(same * 3 > tally.texts, "too few texts are read at all: {same} of {}", tally.texts);
}

/// A complaint without its place and what the user wrote.
fn kind(error: &str) -> String {
    let message = error.split_once(": ").map_or(error, |(_, message)| message);
    message
        .split('`')
        .enumerate()
        .map(|(index, part)| if index % 2 == 1 { "…" } else { part })
        .collect()
}
