//! From an edited policy to an image, as users and as Go's would do it, and the image's size.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::edits::{self, Policies};
use crate::report::Report;
use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::setup::Setup;
use crate::{programs, tools};

/// Other forms of the image: what is asked for, and the megabytes that it may have. The last one has
/// the engine compiled again.
const FORMS: [(&str, [&str; 2], f64); 2] = [
    ("image of all policies, compressed by zstd", ["--compression", "zstd"], 2.9),
    ("image of all policies without TLS", ["--engine-features", "-tls"], 2.4),
];

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let mut policies = Policies::copy()?;
    let report = setup.scratch("report.json");
    let mut build = programs::builder(setup.effort, "image", &policies.path(), &setup.work)?;
    build.arg("--report").arg(&report).arg("--output").arg(setup.scratch("image.tar"));
    // What every build after the first one finds.
    tools::output(&mut build)?;
    let go = match go_image(setup) {
        Ok(_) => Some(()),
        Err(error) => tools::skipped("Go", &error)?,
    };
    let mut rows = Vec::new();
    let mut packing = Vec::new();
    for (place, most) in [(edits::SMALL, 0.4), (edits::LARGE, 0.6)].iter().take(setup.of(2, 1)) {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..setup.of(3, 1) {
            policies.edit(place)?;
            ours.push(timed(|| tools::output(&mut build))?.as_secs_f64());
            packing.push(Report::read(&report)?.milliseconds("pack"));
            if go.is_some() {
                theirs.push(go_image(setup)?.as_secs_f64());
            }
        }
        if go.is_some() {
            rows.push(Row::beside(
                format!("`{}` edited, to a new release image", place.policy),
                "`go build -a`, and packed",
                (&ours, &theirs),
                "s",
                Goal::AtMost(*most),
            ));
        }
    }
    rows.push(Row::alone("packing an image", median(&packing), "ms", Goal::AtMost(60.0)));
    let megabytes = Report::read(&report)?.megabytes();
    let what = "image of all policies, compressed";
    rows.push(Row::alone(what, megabytes, "MB", Goal::AtMost(3.6)));
    for (what, options, most) in FORMS.iter().take(setup.of(2, 1)) {
        let mut build = programs::builder(setup.effort, "image", &policies.path(), &setup.work)?;
        build.args(options).arg("--report").arg(&report);
        tools::output(build.arg("--oci-layout").arg(setup.scratch("layout")))?;
        let megabytes = Report::read(&report)?.megabytes();
        rows.push(Row::alone(*what, megabytes, "MB", Goal::AtMost(*most)));
    }
    Ok(rows)
}

fn timed<T>(action: impl FnOnce() -> io::Result<T>) -> io::Result<Duration> {
    let start = Instant::now();
    action()?;
    Ok(start.elapsed())
}

/// Everything compiled again, as the builder of that design does each time (with what Go's cache has
/// in a quick run), and the program packed as one compressed layer: less than its image, which has
/// Alpine below it.
fn go_image(setup: &Setup) -> io::Result<Duration> {
    let (program, layer) = (setup.scratch("engine"), setup.scratch("layer.tar.gz"));
    let folder = program.parent().unwrap_or(Path::new("."));
    let mut build = programs::go_build(&program)?;
    timed(|| {
        tools::output(build.args(setup.of(&["-a", "."][..], &["."])))?;
        let mut pack = Command::new("tar");
        pack.arg("-czf").arg(layer).arg("-C").arg(folder).arg("engine");
        tools::output(&mut pack)
    })
}
