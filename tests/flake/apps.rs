use std::path::Path;

use assert_cmd::Command;

use crate::support::{Folder, Nix};

/// A program that takes the place of one that the app should bring.
const FOREIGN: &str = "echo \"error: ${0##*/} is not the app's own\" >&2\nexit 1\n";

/// `nix run` of an app of this repository's flake.
fn run(app: &str, arguments: &[&str]) -> Command {
    let mut command = Nix::find().command(&["run"]);
    command.arg(format!(".#{app}")).arg("--").args(arguments);
    command
}

/// An app that was run before, started in a folder.
fn run_in(folder: &Path, app: &str, arguments: &[&str]) -> Command {
    let nix = Nix::find();
    let program = nix.eval(&format!("apps.x86_64-linux.{app}.program"), "program: program", &[]);
    let mut command = nix.command(&["shell", ".#builder"]);
    command.args(["--command", "sh", "-c", "cd \"$0\" && exec \"$@\""]).arg(folder);
    command.arg(program.as_str().unwrap()).args(arguments);
    command
}

fn said(command: &mut Command) -> String {
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

/// Cargo prefers what is in `~/.cargo/bin`, and follows variables and configuration.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn vet_app_brings_its_own_tools_and_finds_the_folder_of_the_checkout() {
    let mut folder = Folder::new()
        .small_engine()
        .file("flake.nix", "{ }")
        .file("home/.cargo/config.toml", "build.rustc-wrapper = \"/nowhere\"\n");
    for program in ["cargo", "cargo-clippy", "clippy-driver", "rustc", "rustup"] {
        folder = folder.script(&format!("home/.cargo/bin/{program}"), FOREIGN);
    }
    let inside = folder.path().join("policies/small/src");
    run("vet", &["--help"]).assert().success();
    let mut command = run_in(&inside, "vet", &["--format", "json"]);
    command
        .env("HOME", folder.path().join("home"))
        .env("POLICY_ENGINE_SOURCE", folder.path().join("source"))
        .envs(["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"].map(|name| (name, "/nowhere")));
    let findings: serde_json::Value = serde_json::from_str(&said(&mut command)).unwrap();
    assert_eq!(findings["findings"], serde_json::json!([]), "{findings}");
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn apps_have_help_in_the_words_of_nix_run() {
    for (app, usage) in [("vet", "[DIR] [OPTIONS]"), ("watch", "[DIR] [OPTIONS]")] {
        let help = said(&mut run(app, &["--help"]));
        assert!(help.contains(&format!("Usage: nix run .#{app} -- {usage}\n")), "{help}");
        assert!(help.contains("`policies` beside the `flake.nix`"), "{help}");
        assert!(help.contains(&format!("Usage: policy-builder {app} ")), "{help}");
    }
}
