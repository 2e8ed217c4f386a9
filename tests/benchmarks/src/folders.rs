//! Folders of 1, 10 and 100 policies: what each one more costs to build, to list, to start and to ask.

use std::path::Path;
use std::process::Command;
use std::time::Instant;
use std::{fs, io};

use tempfile::TempDir;

use crate::load::wrk;
use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median};
use crate::servers::Server;
use crate::setup::Setup;
use crate::{paths, programs, tools};

/// A folder, and the program that was built from it.
pub(crate) struct Built {
    folder: TempDir,
    /// To build it, with what the work folder has.
    pub(crate) seconds: f64,
}

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let build = |count| build(setup.effort, count, &setup.work);
    // The engine and what it depends on, which every folder's build then finds.
    build(0)?;
    let counts = setup.of([1, 10, 100], [1, 2, 3]);
    let [few, some, many] = counts;
    let [one, ten, hundred] = [build(few)?, build(some)?, build(many)?];
    let each = |more: &Built, fewer: &Built, policies: u32| {
        (more.seconds - fewer.seconds) / f64::from(policies)
    };
    let (first, last) = (each(&ten, &one, some - few), each(&hundred, &ten, many - some));
    let mut rows = vec![Row {
        what: format!("build time of each policy more, {} to {many}", some + 1),
        against: format!("{} to {some}", few + 1),
        ours: Quantity::new(last, "s"),
        theirs: Some(Quantity::new(first, "s")),
        figure: last / first,
        goal: Goal::AtMost(1.25),
    }];
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for _ in 0..setup.of(51, 1) {
        short.push(list(&one)?);
        long.push(list(&hundred)?);
    }
    let what = format!("`list` of {many} policies");
    rows.push(Row::beside(what, "of one", (&long, &short), "ms", Goal::AtMost(2.0)));
    let servers = [server(&one)?, server(&hundred)?];
    let [_, hundred] = &servers;
    let mut starts = Vec::new();
    for _ in 0..setup.of(25, 1) {
        starts.push(hundred.start()?.took.as_secs_f64() * 1e3);
    }
    let what = format!("start to first answer with {many} policies");
    rows.push(Row::alone(what, median(&starts), "ms", Goal::AtMost(10.0)));
    rows.push(decisions(setup, &servers, many)?);
    Ok(rows)
}

fn server(built: &Built) -> io::Result<Server> {
    Server::ours(built.folder.path().join("policy-engine"))
}

/// Over HTTP, so that finding the policy counts.
fn decisions(setup: &Setup, servers: &[Server; 2], many: u32) -> io::Result<Row> {
    let loader = tools::wrk()?;
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..setup.of(7, 1) {
        for (server, rates) in servers.iter().zip(&mut rates) {
            let script = wrk::script(server)?;
            let load = wrk::load(&loader, &server.start()?, &script, 16, setup.of(2, 1))?;
            rates.push(load.per_second);
        }
    }
    let [one, hundred] = &rates;
    let what = format!("HTTP decisions beside {many} policies");
    Ok(Row::beside(what, "beside one", (hundred, one), "/s", Goal::AtLeast(0.95)))
}

/// `http-authz`, which is asked, and so many small policies.
pub(crate) fn build(effort: Effort, count: u32, work: &Path) -> io::Result<Built> {
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
    let mut command = programs::builder(effort, "build", &policies, work)?;
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
