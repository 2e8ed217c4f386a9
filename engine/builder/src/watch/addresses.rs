//! The addresses that an engine is to listen on. Only the engine knows them: by flags, environment
//! and file.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use policy_text::escape_keeping_colors;
use serde::Deserialize;
use serde_json::Value;

use super::error::StartError;
use policy_host::signals;

/// A setting of `serve`, as `policy-engine config` prints it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RequestedSockets {
    pub(super) addresses: Vec<Address>,
    /// The permissions of unix sockets.
    pub(super) unix_socket_mode: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// One of the settings that it prints as JSON.
#[derive(Deserialize)]
struct Setting {
    path: String,
    value: Value,
}

/// Asks a program.
///
/// # Errors
/// When it refuses its configuration; what it says of that is on standard error then.
pub(super) fn wanted(
    program: &Path,
    serve_flags: &[String],
) -> Result<RequestedSockets, StartError> {
    let mut command = Command::new(program);
    command.args(["config", "--format", "json"]).args(serve_flags);
    let output = signals::output(&mut command).map_err(StartError::NotStarted)?;
    // Its warnings are for the user as well; with standard error closed there is nobody to tell.
    let said = String::from_utf8_lossy(&output.stderr);
    let _ = io::stderr().write_all(escape_keeping_colors(&said).as_bytes());
    if !output.status.success() {
        return Err(StartError::Refused(output.status));
    }
    let settings: Vec<Setting> =
        serde_json::from_slice(&output.stdout).map_err(StartError::NotUnderstood)?;
    Ok(requested_sockets(&settings))
}

fn requested_sockets(settings: &[Setting]) -> RequestedSockets {
    let values = |name| {
        settings.iter().filter(move |setting| setting.path == name).map(|setting| &setting.value)
    };
    let texts = |name| {
        values(name).flat_map(|value| match value {
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<Vec<_>>(),
        })
    };
    let addresses = ["listen", "diagnostic-listen"].into_iter().flat_map(texts);
    let mode = texts("unix-socket-mode").find_map(|mode| u32::from_str_radix(mode, 8).ok());
    RequestedSockets {
        addresses: addresses.filter_map(address).collect(),
        unix_socket_mode: mode.unwrap_or(0o600),
    }
}

/// An address as the engine's configuration writes it, which the engine has checked.
fn address(text: &str) -> Option<Address> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    match scheme {
        "unix" => Some(Address::Unix(rest.into())),
        _ => rest.parse().ok().map(Address::Tcp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_listen_addresses_become_sockets() {
        let settings = r#"[
            {"path": "config", "value": null, "from": {"kind": "default"}},
            {"path": "listen", "value": ["127.0.0.1:1", "https://[::]:2", "unix:///s"]},
            {"path": "diagnostic-listen", "value": "http://0.0.0.0:0"},
            {"path": "unix-socket-mode", "value": "0660"}
        ]"#;
        let wanted = requested_sockets(&serde_json::from_str::<Vec<_>>(settings).unwrap());
        let tcp = |text: &str| Address::Tcp(text.parse().unwrap());
        let addresses =
            [tcp("127.0.0.1:1"), tcp("[::]:2"), Address::Unix("/s".into()), tcp("0.0.0.0:0")];
        assert_eq!(
            wanted,
            RequestedSockets { addresses: addresses.into(), unix_socket_mode: 0o660 }
        );
    }
}
