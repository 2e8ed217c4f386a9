use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

use super::root;

/// The inputs that have a stand-in, for machines where they cannot be fetched.
const INPUTS: [&str; 3] = ["crane", "nixpkgs", "rust-overlay"];

/// The real Nix, on this repository's flake or on one that has it as an input.
pub(crate) struct Nix {
    /// A Nix that shows a Debian's tools to builds gets the stand-ins. Any other gets the inputs
    /// that the flake is locked to.
    has_stand_ins: bool,
}

impl Nix {
    /// The Nix on the `PATH`.
    pub(crate) fn find() -> &'static Self {
        static NIX: OnceLock<Nix> = OnceLock::new();
        NIX.get_or_init(|| {
            let mut show = Command::new("nix");
            let shown = show.args(["config", "show", "sandbox-paths"]).assert().success();
            let paths = String::from_utf8_lossy(&shown.get_output().stdout).into_owned();
            Self { has_stand_ins: paths.split_whitespace().any(|path| path == "/usr") }
        })
    }

    /// `nix SUBCOMMAND…`, with import from derivation forbidden and the stand-ins in place.
    pub(crate) fn command(&self, subcommand: &[&str]) -> Command {
        self.command_within(subcommand, "")
    }

    /// `nix SUBCOMMAND…` for a flake that has this one as its input `policy-engine`.
    pub(crate) fn command_of_user(&self, subcommand: &[&str]) -> Command {
        let mut command = self.command_within(subcommand, "policy-engine/");
        command.args(["--override-input", "policy-engine"]).arg(root());
        command
    }

    fn command_within(&self, subcommand: &[&str], prefix: &str) -> Command {
        let mut command = Command::new("nix");
        command.current_dir(root()).args(subcommand).args(self.options(prefix));
        command
    }

    /// The options of every subcommand, where the flake's inputs are called with this prefix.
    pub(crate) fn options(&self, prefix: &str) -> Vec<String> {
        let mut options =
            ["--option", "allow-import-from-derivation", "false"].map(str::to_owned).to_vec();
        for input in INPUTS.iter().filter(|_| self.has_stand_ins) {
            let stand_in = root().join("tests/nix/stand-in").join(input);
            options.extend(["--override-input".to_owned(), format!("{prefix}{input}")]);
            options.push(format!("path:{}", stand_in.display()));
        }
        options
    }

    /// Builds an output of this repository's flake and gives its path.
    pub(crate) fn build(&self, attribute: &str, arguments: &[&str]) -> PathBuf {
        let mut command = self.command(&["build", "--no-link", "--print-out-paths"]);
        built(command.arg(format!(".#{attribute}")).args(arguments).assert())
    }

    /// The value of a function of an output of this repository's flake.
    pub(crate) fn eval(&self, attribute: &str, function: &str, arguments: &[&str]) -> Value {
        let mut command = self.command(&["eval", "--json"]);
        command.arg(format!(".#{attribute}")).args(["--apply", function]).args(arguments);
        serde_json::from_slice(&command.assert().success().get_output().stdout).unwrap()
    }

    /// The error of Nix where evaluation must fail, without the traces around it.
    pub(crate) fn refuses(&self, attribute: &str, arguments: &[&str]) -> String {
        let mut command = self.command(&["eval", "--raw"]);
        let failed = command.arg(format!(".#{attribute}")).args(arguments).assert().failure();
        let said = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
        super::sentence(&said)
    }
}

/// The path that `nix build --print-out-paths` prints.
pub(crate) fn built(done: Assert) -> PathBuf {
    let printed = done.success().get_output().stdout.clone();
    PathBuf::from(String::from_utf8(printed).unwrap().trim_end())
}

/// `--override-input policies`, with a folder in the placeholder's place.
pub(crate) fn with_policies(policies: &Path) -> [String; 3] {
    // It is a URL.
    let folder = format!("path:{}", policies.display()).replace(' ', "%20");
    ["--override-input".to_owned(), "policies".to_owned(), folder]
}
