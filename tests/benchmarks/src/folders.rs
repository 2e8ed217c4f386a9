//! Folders of 1, 10 and 100 policies: what each one more costs to build, to list and to ask.

use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{fs, io};

use tempfile::TempDir;

use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::servers::Server;
use crate::{builds, http, paths, tools};

/// A folder, and the program that was built from it.
struct Built {
    folder: TempDir,
    /// To build with everything but the policies compiled.
    seconds: f64,
}

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    // The engine and what it depends on, which every folder's build then finds.
    build(0, work)?;
    let [one, ten, hundred] = [build(1, work)?, build(10, work)?, build(100, work)?];
    let each = |more: &Built, fewer: &Built, count: f64| (more.seconds - fewer.seconds) / count;
    let (few, many) = (each(&ten, &one, 9.0), each(&hundred, &ten, 90.0));
    let mut rows = vec![Row {
        what: "build time of each policy more, 11 to 100".to_owned(),
        against: "2 to 10".to_owned(),
        ours: Quantity::new(many, "s"),
        theirs: Some(Quantity::new(few, "s")),
        figure: many / few,
        goal: Goal::AtMost(1.25),
    }];
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for _ in 0..effort.of(51, 1) {
        short.push(list(&one)?);
        long.push(list(&hundred)?);
    }
    rows.push(Row {
        what: "`list` of 100 policies".to_owned(),
        against: "of one".to_owned(),
        ours: Quantity::new(median(&long), "ms"),
        theirs: Some(Quantity::new(median(&short), "ms")),
        figure: ratio(&long, &short),
        goal: Goal::AtMost(2.0),
    });
    rows.push(decisions(effort, &one, &hundred)?);
    Ok(rows)
}

/// Over HTTP, so that finding the policy counts.
fn decisions(effort: Effort, one: &Built, hundred: &Built) -> io::Result<Row> {
    let loader = tools::wrk()?;
    let server = |built: &Built| Server::ours(built.folder.path().join("policy-engine"));
    let servers = [server(one)?, server(hundred)?];
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..effort.of(7, 1) {
        for (server, rates) in servers.iter().zip(&mut rates) {
            let script = server.script()?;
            let load = http::load(&loader, &server.start()?, &script, 16, effort.of(2, 1))?;
            rates.push(load.per_second);
        }
    }
    let [few, many] = &rates;
    Ok(Row {
        what: "HTTP decisions beside 100 policies".to_owned(),
        against: "beside one".to_owned(),
        ours: Quantity::new(median(many), "/s"),
        theirs: Some(Quantity::new(median(few), "/s")),
        figure: ratio(many, few),
        goal: Goal::AtLeast(0.95),
    })
}

/// `http-authz`, which is asked, and so many small policies.
fn build(count: u32, work: &Path) -> io::Result<Built> {
    let folder = TempDir::new()?;
    let policies = folder.path().join("policies");
    fs::create_dir(&policies)?;
    let mut copy = Command::new("cp");
    tools::output(copy.arg("-r").arg(paths::root().join("policies/http-authz")).arg(&policies))?;
    fs::copy(paths::root().join("Cargo.toml"), folder.path().join("Cargo.toml"))?;
    fs::copy(paths::root().join("Cargo.lock"), folder.path().join("Cargo.lock"))?;
    for index in 0..count {
        small(&policies.join(format!("small-{index}")), index)?;
    }
    let mut command = builds::builder("build", &policies, work);
    command.arg("--output").arg(folder.path().join("policy-engine"));
    let start = Instant::now();
    tools::output(&mut command)?;
    Ok(Built { folder, seconds: start.elapsed().as_secs_f64() })
}

/// A policy as people write them: typed settings, input and output.
fn small(folder: &Path, index: u32) -> io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"small-{index}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
         description = \"One of many\"\n\n[dependencies]\npolicy-api = \"0.1\"\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), include_str!("../cases/small-policy.rs"))
}

/// Milliseconds that `list` takes.
fn list(built: &Built) -> io::Result<f64> {
    let mut command = Command::new(built.folder.path().join("policy-engine"));
    let start = Instant::now();
    tools::output(command.args(["list", "--format", "json"]))?;
    Ok(start.elapsed().as_secs_f64() * 1e3)
}
