use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;

use super::{root, skipped};

/// A folder of what a package manager installs, made once and again when what it is to hold has
/// changed.
struct Installed {
    folder: PathBuf,
    /// A copy of this file stands for what is there.
    wanted: PathBuf,
}

/// Python with the packages of `tests/engine/serve/clients/requirements.txt`; where they cannot be had,
/// says so.
pub(crate) fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = |venv: &Path| {
        done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
        let mut pip = Command::new(venv.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg("requirements.txt");
        done(pip.current_dir(clients()))
    };
    PYTHON
        .get_or_init(|| Installed::new("python", "requirements.txt").with("python3", install))
        .as_deref()
}

/// The folder in which Node.js finds the packages of `tests/engine/serve/clients/package.json`; where they
/// cannot be had, says so.
pub(crate) fn node_modules() -> Option<&'static Path> {
    static MODULES: OnceLock<Option<PathBuf>> = OnceLock::new();
    let install = |folder: &Path| {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
        fs::copy(clients().join("package.json"), folder.join("package.json"))
            .map_err(|error| error.to_string())?;
        done(Command::new("node").arg("--version"))?;
        done(Command::new("npm").args(["install", "--no-audit", "--no-fund"]).current_dir(folder))
    };
    MODULES.get_or_init(|| Installed::new("node", "package.json").with("node", install)).as_deref()
}

/// Where clients' scripts are.
pub(crate) fn clients() -> PathBuf {
    root().join("tests/engine/serve/clients")
}

impl Installed {
    fn new(name: &str, wanted: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(name);
        Self { folder, wanted: clients().join(wanted) }
    }

    fn with(self, what: &str, install: impl Fn(&Path) -> Result<(), String>) -> Option<PathBuf> {
        let wanted = fs::read_to_string(self.wanted).unwrap();
        let there = self.folder.join("installed");
        if fs::read_to_string(&there).is_ok_and(|there| there == wanted) {
            return Some(self.folder);
        }
        if let Err(reason) = install(&self.folder) {
            let required =
                env::var_os("POLICY_ENGINE_REQUIRE_CLIENTS").is_some_and(|value| value == "1");
            assert!(!required, "POLICY_ENGINE_REQUIRE_CLIENTS is 1, and of {what}: {reason}");
            skipped(&format!("clients in {what}"), &reason);
            return None;
        }
        fs::write(there, wanted).unwrap();
        Some(self.folder)
    }
}

fn done(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => {
            Err(format!("failed to start `{}`: {error}", command.get_program().display()))
        }
    }
}
