//! The servers that are measured: each on a port of its own, with the same decisions to make.

mod kind;
mod protocol;
mod running;
mod server;

use std::io;
use std::path::PathBuf;

pub(crate) use kind::Kind;
pub(crate) use running::{Running, free_port};
pub(crate) use server::Server;

use crate::rounds::Effort;
use crate::setup::Setup;
use crate::{programs, tools};

/// How a server's program is had.
type Install = fn(&Setup) -> io::Result<PathBuf>;

/// All servers that can be had here, ours first. Each has given the verdict of every case.
pub(crate) fn all(setup: &Setup) -> io::Result<Vec<Server>> {
    let ours = Server::ours(programs::engine(setup, None)?)?;
    let bare = Server::new(Kind::Bare, programs::bare_server(setup.effort)?)?;
    let mut servers = vec![ours, bare];
    let peers: [(Kind, Install); 4] = [
        (Kind::Go, programs::go_server),
        (Kind::Cerbos, |_| tools::cerbos()),
        (Kind::Opa, |_| tools::opa_server()),
        (Kind::CedarAgent, |_| tools::cedar_agent()),
    ];
    for (kind, program) in peers {
        // Minutes to compile: not for a short run.
        if setup.effort == Effort::Quick && matches!(kind, Kind::Opa | Kind::CedarAgent) {
            crate::say(&format!("{} is not part of a quick run", kind.name()));
            continue;
        }
        match program(setup) {
            Ok(program) => servers.push(Server::new(kind, program)?),
            Err(error) => drop(tools::skipped::<()>(kind.name(), &error)?),
        }
    }
    for server in &servers {
        server.check()?;
    }
    Ok(servers)
}
