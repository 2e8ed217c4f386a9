use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

/// Runs a program that must succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).assert().success().get_output().clone()
}

/// An image in a container engine's store, which is removed on drop.
pub(crate) struct Loaded {
    engine: &'static str,
    name: String,
    /// The words of the engine when it was put in.
    pub(crate) said: String,
}

impl Loaded {
    /// Loads into Docker or Podman an archive that holds the image `name`.
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

    /// Runs the image's program with `input` on standard input.
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
