//! Handing an image's archive to a container engine.

use std::env;
use std::path::Path;
use std::process::Command;

use policy_host::signals;

/// The container engines that load archives, the preferred first.
const ENGINES: [&str; 2] = ["docker", "podman"];

/// A container engine of this machine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Loader {
    pub(super) engine: &'static str,
}

impl Loader {
    /// The first of them that is on the `PATH`, to load this archive.
    pub(super) fn find(archive: &Path) -> Result<Self, LoadError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let is_there =
            |engine: &&str| env::split_paths(&path).any(|dir| dir.join(engine).is_file());
        let engine = ENGINES.into_iter().find(is_there);
        let engine = engine.ok_or_else(|| LoadError::NoEngine(archive.display().to_string()))?;
        Ok(Self { engine })
    }

    /// Has it load an archive.
    pub(super) fn load(self, archive: &Path) -> Result<(), LoadError> {
        let mut command = Command::new(self.engine);
        let output = signals::output(command.args(["load", "--input"]).arg(archive));
        let problem = match output {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => {
                let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                if words.is_empty() { output.status.to_string() } else { words }
            }
            Err(error) => error.to_string(),
        };
        let (engine, archive) = (self.engine, archive.display().to_string());
        Err(LoadError::Refused { engine, archive, problem })
    }
}

/// An image that is written but not loaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoadError {
    #[error(
        "neither `docker` nor `podman` is on the `PATH` to load the image\nhelp: build it without \
         `--load`, and run `docker load --input {0}` or `podman load --input {0}` where there is one"
    )]
    NoEngine(String),
    #[error(
        "failed to load the image by `{engine}`: {problem}\nhelp: it is in `{archive}`: once \
         `{engine} info` succeeds, run `{engine} load --input {archive}`"
    )]
    Refused { engine: &'static str, archive: String, problem: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_says_where_the_image_is() {
        let error = LoadError::Refused {
            engine: "docker",
            archive: "policy-engine.tar".to_owned(),
            problem: "no daemon".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "failed to load the image by `docker`: no daemon\nhelp: it is in `policy-engine.tar`: \
             once `docker info` succeeds, run `docker load --input policy-engine.tar`"
        );
    }
}
