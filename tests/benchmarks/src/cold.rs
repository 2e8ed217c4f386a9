//! The first build on a machine that has nothing but the crates' sources, and that of a second folder.

use std::io;
use std::time::Instant;

use crate::report::Report;
use crate::results::{Goal, Row};
use crate::rounds::Effort;
use crate::setup::Setup;
use crate::{folders, paths, programs, tools};

/// Phases of the build that take long, and what they do.
const PHASES: [(&str, &str); 2] = [("compile", "compiling the program"), ("vet", "vetting")];

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    tools::output(tools::cargo().args(["fetch", "--locked"]))?;
    let (work, report) = (setup.scratch("work"), setup.scratch("report.json"));
    let policies = paths::root().join("policies");
    let mut image = programs::builder(Effort::Full, "image", &policies, &work)?;
    image.arg("--report").arg(&report).arg("--output").arg(setup.scratch("image.tar"));
    // The builder is compiled, too.
    image.env("CARGO_TARGET_DIR", setup.scratch("target"));
    let start = Instant::now();
    tools::output(&mut image)?;
    let seconds = start.elapsed().as_secs_f64();
    let report = Report::read(&report)?;
    let what = "`cargo image`, cold, crates downloaded";
    let mut rows = vec![Row::alone(what, seconds, "s", Goal::None)];
    for (phase, does) in PHASES {
        let seconds = report.milliseconds(phase) / 1e3;
        rows.push(Row::alone(format!("of it, {does}"), seconds, "s", Goal::None));
    }
    let builder = seconds - report.total_milliseconds() / 1e3;
    rows.push(Row::alone("of it, compiling the builder", builder, "s", Goal::None));
    programs::compile_builder()?;
    let second = folders::build(Effort::Full, 1, &work)?;
    let what = "a second policies folder, to its program";
    rows.push(Row::alone(what, second.seconds, "s", Goal::AtMost(10.0)));
    Ok(rows)
}
