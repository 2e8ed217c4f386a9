//! The same engine linked statically against musl and against glibc, whose allocators differ most
//! where several threads allocate.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use policy_benchmarks::Cases;
use serde::Deserialize;

use crate::load::Asked;
use crate::results::{Goal, Row};
use crate::servers::Server;
use crate::setup::Setup;
use crate::{paths, programs, tools};

const AGAINST: &str = "static glibc";

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let engine = |libc| {
        let target = format!("{}-unknown-linux-{libc}", std::env::consts::ARCH);
        programs::engine(setup, Some(&target))
    };
    let programs = [engine("musl")?, engine("gnu")?];
    let mut rows = vec![in_process(setup, &programs)?];
    let [musl, glibc] = programs;
    let (mut musl, mut glibc) =
        (Asked::start(Server::ours(musl)?)?, Asked::start(Server::ours(glibc)?)?);
    for connections in [16, 256] {
        for server in [&mut musl, &mut glibc] {
            server.loads.clear();
        }
        for _ in 0..setup.of(7, 1) {
            for server in [&mut musl, &mut glibc] {
                server.ask(&loader, connections, setup.of(2, 1))?;
            }
        }
        rows.push(Row::beside(
            format!("HTTP decisions, {connections} connections, static musl"),
            AGAINST,
            (&musl.each(|load| load.per_second), &glibc.each(|load| load.per_second)),
            "/s",
            Goal::AtLeast(0.97),
        ));
    }
    Ok(rows)
}

/// The relevant part of what `bench --format json` prints.
#[derive(Deserialize)]
struct Bench {
    documents: Vec<Document>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    cpu_nanoseconds: f64,
}

/// By the programs' own `bench`, as nothing else has their allocators.
fn in_process(setup: &Setup, programs: &[PathBuf; 2]) -> io::Result<Row> {
    let cases = Cases::read(&paths::own("cases/http-authz.json"))?;
    let (settings, inputs) = (setup.scratch("settings.json"), setup.scratch("inputs.jsonl"));
    fs::write(&settings, cases.settings.get())?;
    let lines = cases.cases.iter().map(|case| format!("{}\n", case.input));
    fs::write(&inputs, lines.collect::<String>())?;
    let mut rates = [Vec::new(), Vec::new()];
    for _ in 0..setup.of(11, 1) {
        for (program, rates) in programs.iter().zip(&mut rates) {
            rates.push(per_second(program, &settings, &inputs, setup.of("1s", "100ms"))?);
        }
    }
    let [musl, glibc] = &rates;
    let what = "decisions in process, static musl";
    Ok(Row::beside(what, AGAINST, (musl, glibc), "/s", Goal::AtLeast(0.97)))
}

fn per_second(program: &Path, settings: &Path, inputs: &Path, time: &str) -> io::Result<f64> {
    let mut command = Command::new(program);
    command.args(["bench", "http-authz", "--format", "json", "--time", time, "--settings"]);
    let bench: Bench = serde_json::from_str(&tools::output(command.arg(settings).arg(inputs))?)?;
    let nanoseconds: f64 = bench.documents.iter().map(|document| document.cpu_nanoseconds).sum();
    #[expect(clippy::cast_precision_loss, reason = "there are few cases")]
    let decisions = bench.documents.len() as f64;
    Ok(decisions / nanoseconds * 1e9)
}
