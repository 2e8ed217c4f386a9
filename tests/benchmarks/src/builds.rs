//! From sources to a program and an image, as users and as Go's would do it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, io};

use serde::Deserialize;
use tempfile::TempDir;

use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::{paths, tools};

/// The relevant fields of the builder's `--report`.
#[derive(Debug, Deserialize)]
pub(crate) struct Report {
    image: Option<Image>,
    phases: Vec<Phase>,
}

#[derive(Debug, Deserialize)]
struct Image {
    /// In bytes, compressed.
    size: u64,
}

#[derive(Debug, Deserialize)]
struct Phase {
    name: String,
    milliseconds: f64,
}

impl Report {
    /// Milliseconds that a phase took.
    fn milliseconds(&self, name: &str) -> f64 {
        let phase = self.phases.iter().find(|phase| phase.name == name);
        phase.map_or(f64::NAN, |phase| phase.milliseconds)
    }
}

/// The repository's policies as a program: for a target, or as `cargo image` chooses it.
pub(crate) fn engine(work: &Path, target: Option<&str>) -> io::Result<PathBuf> {
    let program = paths::target().join(format!("policy-engine-{}", target.unwrap_or("default")));
    let mut command = builder("build", &paths::root().join("policies"), work);
    command.arg("--output").arg(&program);
    if let Some(target) = target {
        command.args(["--target", target]);
    }
    tools::output(&mut command)?;
    Ok(program)
}

/// The builder, as `cargo image` runs it: from this repository, by Cargo.
pub(crate) fn builder(subcommand: &str, policies: &Path, work: &Path) -> Command {
    let mut command = tools::cargo();
    // The builder's own place, so that it is the one that users have.
    command.env_remove("CARGO_TARGET_DIR");
    command.args(["run", "--quiet", "--locked", "--package", "policy-builder", "--", subcommand]);
    command.arg("--policies").arg(policies).arg("--work-dir").arg(work);
    command
}

/// A copy of the repository's policies, to be edited.
pub(crate) struct Policies {
    folder: TempDir,
    edits: u32,
}

/// A place in a policy's sources where an edit changes what it says.
pub(crate) struct Place {
    policy: &'static str,
    file: &'static str,
    words: &'static str,
}

/// A message of `http-authz`, a small policy, without settings.
pub(crate) const SMALL: Place = Place {
    policy: "http-authz",
    file: "http-authz/src/decision.rs",
    words: "the settings define no `roles`, so every request is denied",
};

/// A message of `pod-security`, the largest crate.
const LARGE: Place = Place {
    policy: "pod-security",
    file: "pod-security/src/checks/privileged.rs",
    words: "a container may not be privileged",
};

impl Policies {
    pub(crate) fn copy() -> io::Result<Self> {
        let folder = TempDir::new()?;
        let from = paths::root().join("policies");
        let mut command = Command::new("cp");
        command.arg("-r").arg(from).arg(folder.path().join("policies"));
        tools::output(&mut command)?;
        // What the crates inherit from.
        fs::copy(paths::root().join("Cargo.toml"), folder.path().join("Cargo.toml"))?;
        fs::copy(paths::root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
        Ok(Self { folder, edits: 0 })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("policies")
    }

    /// Changes what a policy says, and gives the new words.
    pub(crate) fn edit(&mut self, place: &Place) -> io::Result<String> {
        let original = fs::read_to_string(paths::root().join("policies").join(place.file))?;
        let Place { policy, file, words } = place;
        if !original.contains(words) {
            return Err(io::Error::other(format!("`{policy}` no longer says `{words}`")));
        }
        self.edits += 1;
        let edited = format!("{words}, by edit {}", self.edits);
        fs::write(self.path().join(file), original.replace(words, &edited))?;
        Ok(edited)
    }
}

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    let mut policies = Policies::copy()?;
    let folder = policies.folder.path().to_owned();
    let report = folder.join("report.json");
    let mut build = builder("image", &policies.path(), work);
    build.arg("--report").arg(&report).arg("--output").arg(folder.join("image.tar"));
    // What every build after the first one finds.
    tools::output(&mut build)?;
    let go = match go_image(&folder, effort) {
        Ok(_) => Some(()),
        Err(error) => tools::skipped("Go", &error)?,
    };
    let mut rows = Vec::new();
    let (mut packing, mut size) = (Vec::new(), 0);
    for place in [SMALL, LARGE].iter().take(effort.of(2, 1)) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..effort.of(3, 1) {
            policies.edit(place)?;
            ours.push(timed(|| tools::output(&mut build))?.as_secs_f64());
            let report: Report = serde_json::from_slice(&fs::read(&report)?)?;
            packing.push(report.milliseconds("pack"));
            size = report.image.map_or(0, |image| image.size);
            if go.is_some() {
                theirs.push(go_image(&folder, effort)?.as_secs_f64());
            }
        }
        if go.is_some() {
            rows.push(against_go(place.policy, &ours, &theirs));
        }
    }
    rows.extend(of_image(&packing, size));
    Ok(rows)
}

fn against_go(policy: &str, ours: &[f64], theirs: &[f64]) -> Row {
    Row {
        what: format!("`{policy}` edited, to a new release image"),
        against: "`go build -a`, and packed".to_owned(),
        ours: Quantity::new(median(ours), "s"),
        theirs: Some(Quantity::new(median(theirs), "s")),
        figure: ratio(ours, theirs),
        goal: Goal::AtMost(0.5),
    }
}

fn of_image(packing: &[f64], size: u64) -> [Row; 2] {
    #[expect(clippy::cast_precision_loss, reason = "an image is not that large")]
    let megabytes = size as f64 / 1e6;
    let absolute = |what: &str, value: f64, unit: &str, most: f64| Row {
        what: what.to_owned(),
        against: String::new(),
        ours: Quantity::new(value, unit),
        theirs: None,
        figure: value,
        goal: Goal::AtMost(most),
    };
    [
        absolute("packing an image", median(packing), "ms", 100.0),
        absolute("image of all policies, compressed", megabytes, "MB", 2.0),
    ]
}

fn timed<T>(action: impl FnOnce() -> io::Result<T>) -> io::Result<Duration> {
    let start = Instant::now();
    action()?;
    Ok(start.elapsed())
}

/// The server in Go, compiled with what Go's cache has.
pub(crate) fn go_server() -> io::Result<PathBuf> {
    let program = paths::target().join("go-server");
    tools::output(go_build(&program)?.arg("."))?;
    Ok(program)
}

fn go_build(program: &Path) -> io::Result<Command> {
    let mut command = Command::new(tools::go()?);
    command.current_dir(paths::own("go")).env("CGO_ENABLED", "0").env("GOFLAGS", "-trimpath");
    command.env("GOTOOLCHAIN", "local").env("GOCACHE", paths::target().join("go-cache"));
    command.args(["build", "-ldflags", "-s -w", "-o"]).arg(program);
    Ok(command)
}

/// Everything compiled again, as the builder of that design does each time (with what Go's cache has
/// in a quick run), and the program packed as one compressed layer: less than its image, which has
/// Alpine below it.
fn go_image(folder: &Path, effort: Effort) -> io::Result<Duration> {
    let (program, layer) = (folder.join("engine"), folder.join("layer.tar.gz"));
    let mut build = go_build(&program)?;
    timed(|| {
        tools::output(build.args(effort.of(&["-a", "."][..], &["."])))?;
        let mut pack = Command::new("tar");
        pack.arg("-czf").arg(layer).arg("-C").arg(folder).arg("engine");
        tools::output(&mut pack)
    })
}
