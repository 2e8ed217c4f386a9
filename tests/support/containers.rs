use std::env;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

use super::skipped;

/// Whether a program that a machine may lack answers; where it does not, says so.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    let reason = match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => format!("failed to start `{program}`: {error}"),
    };
    skipped(program, &reason);
    false
}

/// Whether Docker answers, which it must where `POLICY_ENGINE_REQUIRE_DOCKER` is 1.
pub(crate) fn docker_answers() -> bool {
    let answers = answers("docker", &["info"]);
    let required = env::var_os("POLICY_ENGINE_REQUIRE_DOCKER").is_some_and(|value| value == "1");
    assert!(answers || !required, "Docker does not answer, and POLICY_ENGINE_REQUIRE_DOCKER is 1");
    answers
}

/// Whether a client that a test uses is there, which it must where `POLICY_ENGINE_REQUIRE_CLIENTS`
/// is 1.
pub(crate) fn client_answers(program: &str, arguments: &[&str]) -> bool {
    let answers = answers(program, arguments);
    let required = env::var_os("POLICY_ENGINE_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
    assert!(answers || !required, "there is no {program}, and POLICY_ENGINE_REQUIRE_CLIENTS is 1");
    answers
}

/// Runs a program that must do what it is told.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).assert().success().get_output().clone()
}

/// An image in an engine's store, which is taken out again at the end.
pub(crate) struct Loaded {
    engine: &'static str,
    name: String,
    /// What the engine said when it was put in.
    pub(crate) said: String,
}

impl Loaded {
    /// Has Docker or Podman load an archive that holds the image `name`.
    pub(crate) fn load(engine: &'static str, archive: &Path, name: &str) -> Self {
        let output = run(engine, &["load", "--input", archive.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Self { engine, name: name.to_owned(), said }
    }

    pub(crate) fn inspected(&self) -> Value {
        let inspected = run(self.engine, &["image", "inspect", &self.name]).stdout;
        let mut inspected: Value = serde_json::from_slice(&inspected).unwrap();
        inspected[0].take()
    }

    /// Runs its program, with this on standard input.
    pub(crate) fn ran(&self, arguments: &[&str], input: &str) -> Assert {
        Command::new(self.engine)
            .args(["run", "--rm", "--interactive", "--network", "none", &self.name])
            .args(arguments)
            .write_stdin(input)
            .assert()
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let _ = Command::new(self.engine).args(["rmi", "--force", &self.name]).output();
    }
}
