//! The programs that keep credentials for Docker (github.com/docker/docker-credential-helpers).

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::super::secret::Secret;
use super::error::CredentialsError;
use super::login::Credentials;
use policy_host::signals;

/// People may have to unlock something first.
const TIMEOUT: Duration = Duration::from_mins(1);
/// Far more than any secret is long.
const MAX_ANSWER: u64 = 1 << 20;
/// The message of a helper that has no credentials: the protocol has no other sign.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user name of those who have an identity token in place of a password.
const TOKEN_USER: &str = "<token>";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperResponse {
    username: String,
    secret: String,
}

/// Asks a helper for what it keeps for a server.
pub(super) fn get(
    name: &str,
    server: &str,
    path: &Path,
) -> Result<Option<Credentials>, CredentialsError> {
    get_within(name, server, path, TIMEOUT)
}

fn get_within(
    name: &str,
    server: &str,
    path: &Path,
    timeout: Duration,
) -> Result<Option<Credentials>, CredentialsError> {
    let helper = format!("docker-credential-{name}");
    let (path, server_name) = (path.to_owned(), server.to_owned());
    let (status, said) = match run(Command::new(&helper).arg("get"), server, timeout) {
        Ok(Some(answer)) => answer,
        Ok(None) => {
            let within = timeout;
            return Err(CredentialsError::HelperHangs {
                helper,
                path,
                server: server_name,
                within,
            });
        }
        Err(reason) => return Err(CredentialsError::HelperStart { helper, path, reason }),
    };
    if !status.success() {
        let said = String::from_utf8_lossy(&said);
        let said = said.trim();
        if said.eq_ignore_ascii_case(NOT_FOUND) {
            return Ok(None);
        }
        // An error is on standard output, where an answer would be: that one is nobody's to read.
        let said = if said.contains('{') { "" } else { said };
        let said = super::super::quote::quoted(said);
        return Err(CredentialsError::HelperFailed {
            helper,
            path,
            status,
            server: server_name,
            said,
        });
    }
    let answer: HelperResponse = serde_json::from_slice(&said)
        .map_err(|_| CredentialsError::HelperAnswer { helper, path, server: server_name })?;
    let secret = Secret::new(answer.secret);
    Ok(match answer.username.as_str() {
        TOKEN_USER => Some(Credentials::IdentityToken(secret)),
        "" => None,
        user => Some(Credentials::Password { user: user.to_owned(), password: secret }),
    })
}

/// Runs a helper, with the server on its standard input; nothing when it takes too long.
fn run(
    helper: &mut Command,
    server: &str,
    timeout: Duration,
) -> std::io::Result<Option<(ExitStatus, Vec<u8>)>> {
    let deadline = Instant::now() + timeout;
    let mut child =
        signals::spawn_interactive(helper.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
    let (input, output) = (child.process.stdin.take(), child.process.stdout.take());
    if let Some(mut input) = input {
        // It may know without reading what it is asked for.
        match input.write_all(server.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        if let Some(output) = output {
            let _ = output.take(MAX_ANSWER).read_to_end(&mut said);
        }
        let _ = sender.send(said);
    });
    let said = receiver.recv_timeout(timeout).ok();
    match (said, child.wait_until(deadline)?) {
        (Some(said), Some(status)) => Ok(Some((status, said))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hanging_helper_is_killed() {
        let mut slow = Command::new("sleep");
        let answer = run(slow.arg("600"), "r.io", Duration::from_millis(50)).unwrap();
        assert!(answer.is_none());
    }

    #[test]
    fn missing_helper_is_named() {
        let path = Path::new("/me/config.json");
        let error = get_within("not-there", "r.io", path, TIMEOUT).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to start the credential helper `docker-credential-not-there`, which \
             `/me/config.json` names: No such file or directory (os error 2)\nhelp: install it, \
             or remove it from the file"
        );
    }
}
