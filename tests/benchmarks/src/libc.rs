//! The same engine linked statically against musl and against glibc, whose allocators differ most
//! where several threads allocate.

use std::io;
use std::path::Path;

use crate::results::{Goal, Quantity, Row};
use crate::rounds::{Effort, median, ratio};
use crate::servers::Server;
use crate::{builds, http, tools};

pub(crate) fn measure(effort: Effort, work: &Path) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let engine = |libc| {
        let target = format!("{}-unknown-linux-{libc}", std::env::consts::ARCH);
        Server::ours(builds::engine(work, Some(&target))?)
    };
    let servers = [engine("musl")?, engine("gnu")?];
    let [musl, glibc] = &servers;
    let running = [musl.start()?, glibc.start()?];
    let mut rows = Vec::new();
    for connections in [16, 256] {
        let mut rates = [Vec::new(), Vec::new()];
        for _ in 0..effort.of(11, 1) {
            for ((server, running), rates) in servers.iter().zip(&running).zip(&mut rates) {
                let script = server.script()?;
                let load = http::load(&loader, running, &script, connections, effort.of(2, 1))?;
                rates.push(load.per_second);
            }
        }
        let [musl, glibc] = &rates;
        rows.push(Row {
            what: format!("HTTP decisions, {connections} connections, static musl"),
            against: "static glibc".to_owned(),
            ours: Quantity::new(median(musl), "/s"),
            theirs: Some(Quantity::new(median(glibc), "/s")),
            figure: ratio(musl, glibc),
            goal: Goal::AtLeast(0.95),
        });
    }
    Ok(rows)
}
