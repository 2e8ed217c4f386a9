//! The recorded results: `results/results.json`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::{fs, io, thread};

use serde::{Deserialize, Serialize};

use crate::groups::Group;
use crate::paths;
use crate::rounds::{median, ratio};

/// Every group's latest rows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Results {
    pub(crate) groups: BTreeMap<Group, Measured>,
}

/// A group's rows, and what they were measured on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}

/// The machine of a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) rustc: String,
}

/// One comparison, or one figure with a bound of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    /// The name of the measurement.
    pub(crate) what: String,
    /// Beside what; empty where there is a bound only.
    pub(crate) against: String,
    pub(crate) ours: Quantity,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) theirs: Option<Quantity>,
    /// The figure of the goal: the ratio, or our own figure.
    pub(crate) figure: f64,
    pub(crate) goal: Goal,
}

/// A number and its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) unit: String,
}

/// The goal of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// No goal: the figure is for context.
    None,
}

impl Goal {
    /// True if a figure meets the goal; `None` without a goal.
    pub(crate) fn is_met(self, figure: f64) -> Option<bool> {
        match self {
            Self::AtLeast(least) => Some(figure >= least),
            Self::AtMost(most) => Some(figure <= most),
            Self::None => None,
        }
    }
}

impl Quantity {
    pub(crate) fn new(value: f64, unit: &str) -> Self {
        Self { value, unit: unit.to_owned() }
    }
}

impl Row {
    /// A figure with a bound of its own.
    pub(crate) fn alone(what: impl Into<String>, value: f64, unit: &str, goal: Goal) -> Self {
        Self {
            what: what.into(),
            against: String::new(),
            ours: Quantity::new(value, unit),
            theirs: None,
            figure: value,
            goal,
        }
    }

    /// Rounds of ours beside those of something else: the medians, and that of the ratios.
    pub(crate) fn beside(
        what: impl Into<String>,
        against: impl Into<String>,
        (ours, theirs): (&[f64], &[f64]),
        unit: &str,
        goal: Goal,
    ) -> Self {
        Self {
            what: what.into(),
            against: against.into(),
            ours: Quantity::new(median(ours), unit),
            theirs: Some(Quantity::new(median(theirs), unit)),
            figure: ratio(ours, theirs),
            goal,
        }
    }
}

impl Results {
    pub(crate) fn read() -> io::Result<Self> {
        match fs::read(file()) {
            Ok(text) => Ok(serde_json::from_slice(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn write(&self) -> io::Result<()> {
        fs::create_dir_all(paths::own("results"))?;
        fs::write(file(), serde_json::to_string_pretty(self)? + "\n")
    }

    /// The rows of all groups.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.groups.values().flat_map(|group| group.rows.clone()).collect()
    }

    pub(crate) fn replace(&mut self, group: Group, machine: &Machine, rows: Vec<Row>) {
        self.groups.insert(group, Measured { machine: machine.clone(), rows });
    }
}

fn file() -> PathBuf {
    paths::own("results/results.json")
}

impl Machine {
    pub(crate) fn of_this() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model =
            cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            processor: model.map_or("unknown processor", |(_, name)| name).trim().to_owned(),
            cores: thread::available_parallelism().map_or(1, Into::into),
            rustc: rustc(),
        }
    }
}

/// The compiler's version, as `1.95.0`.
pub(crate) fn rustc() -> String {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).arg("--version").output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.split_whitespace().nth(1).unwrap_or("unknown").to_owned()
}
