//! The kinds of servers, and how each is started.

use std::path::Path;
use std::process::Command;

use crate::paths;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `policy-engine serve`, as `cargo image` builds it.
    Ours,
    /// hyper with a constant answer.
    Bare,
    /// The design that this project began with, in Go.
    Go,
    Cerbos,
    /// OPA's own server.
    Opa,
    CedarAgent,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "policy-engine",
            Self::Bare => "bare hyper",
            Self::Go => "Go `net/http`",
            Self::Cerbos => "Cerbos 0.55.0",
            Self::Opa => "OPA 1.20.2",
            Self::CedarAgent => "cedar-agent 0.2.0",
        }
    }

    /// The arguments of its program, in a folder with the files of [`super::Server`]. None logs each
    /// request, and none tells its maker anything.
    pub(super) fn arguments(self, command: &mut Command, folder: &Path, port: u16) {
        let address = format!("127.0.0.1:{port}");
        match self {
            Self::Ours => command.args(["serve", "--listen", &address, "--config", "config.json"]),
            Self::Bare | Self::Go => command.arg(address),
            Self::Cerbos => command
                .args(["server", "--log-level=error", "--debug-listen-addr="])
                .arg(format!("--set=server.httpListenAddr={address}"))
                // It asks itself there.
                .arg(format!("--set=server.grpcListenAddr=unix:{}/grpc", folder.display()))
                .args(["--set=telemetry.disabled=true", "--set=storage.driver=disk"])
                .arg(format!(
                    "--set=storage.disk.directory={}",
                    paths::own("peers/policies/cerbos").display()
                )),
            Self::Opa => command
                .args(["run", "--server", "--addr", &address, "--log-level", "error"])
                .args(["--disable-telemetry", "settings.json"])
                .arg(paths::own("peers/policies/rbac.rego")),
            Self::CedarAgent => command
                .args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--log-level", "warn"])
                .args(["--data", "data.json", "--policies", "policies.json"]),
        };
    }
}
