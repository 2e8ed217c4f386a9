use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use super::discovery::found_by_nix;
use crate::support::{Folder, Nix, SparseRegistry, built};

/// Such a library is laid out and not compiled.
const LIBRARY: &str = "policy_api::register!(Anything);\n";

const TARGET: &str = "x86_64-unknown-linux-musl";

/// A Cargo that fetches by Git, which `tests/build.rs` found: not every one does.
const CARGO_WITH_GIT: Option<&str> = option_env!("POLICY_TESTS_CARGO_WITH_GIT");

/// A user's flake with these policies from elsewhere, and more arguments.
fn flake(policies: &str, arguments: &str) -> Folder {
    let flake = format!(
        "{{
          inputs.policy-engine.url = \"github:policy-engine/policy-engine\";
          outputs = {{ policy-engine, ... }}: {{
            packages.x86_64-linux = (policy-engine.lib.mkPolicyEngine {{
              system = \"x86_64-linux\";
              policies = ./policies;
              target = \"{TARGET}\";
              {arguments}
            }}).packages;
          }};
        }}"
    );
    Folder::new()
        .file("flake.nix", &flake)
        .file("policies/policies.toml", &format!("[policies]\n{policies}"))
}

/// A home for Cargo with this configuration, and with the crates that are at hand as links: what is
/// fetched from elsewhere is gone with it.
fn cargo_home(configuration: &str) -> Folder {
    let home = Folder::new().file("config.toml", configuration);
    let own = std::env::var_os("CARGO_HOME")
        .map_or_else(|| std::env::home_dir().unwrap().join(".cargo"), Into::into);
    for part in ["cache", "index", "src"] {
        let part = Path::new("registry").join(part);
        fs::create_dir_all(home.path().join(&part)).unwrap();
        for entry in fs::read_dir(own.join(&part)).unwrap() {
            let entry = entry.unwrap();
            symlink(entry.path(), home.path().join(&part).join(entry.file_name())).unwrap();
        }
    }
    home
}

/// A flake and a home of Cargo's to work on its policies with.
struct Both {
    flake: Folder,
    home: Folder,
    cargo: Option<&'static str>,
}

impl Both {
    /// What a command of the builder prints.
    fn builder(&self, arguments: &[&str]) -> String {
        let mut command = self.flake.builder(arguments);
        command.env("CARGO_HOME", self.home.path()).arg("--policies").arg(self.policies());
        if let Some(cargo) = self.cargo {
            command.env("CARGO", cargo);
        }
        String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
    }

    fn policies(&self) -> PathBuf {
        self.flake.path().join("policies")
    }

    /// The files of the workspace that the builder lays out by Cargo, and by Nix.
    fn workspaces(&self) -> [BTreeMap<PathBuf, Vec<u8>>; 2] {
        let by_cargo = Folder::new();
        let workspace = by_cargo.path().join("workspace");
        self.builder(&["generate", "--target", TARGET, "--output", workspace.to_str().unwrap()]);
        let mut build = Nix::find().command_of_user(&["build", "--no-link", "--print-out-paths"]);
        let flake = format!("path:{}#registration", self.flake.path().display());
        [files(&workspace), files(&built(build.arg(flake).assert()))]
    }
}

/// The files of a workspace, but for the engine's: Nix leaves its tests out.
fn files(workspace: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = Folder::new().copy(workspace, "").contents();
    files.retain(|file, _| !file.starts_with("engine"));
    files
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn policies_of_registries_and_folders_are_laid_out_as_by_cargo() {
    let registry = SparseRegistry::start();
    registry.publish("digits 1.0.3", &[], "");
    registry.publish("geo 1.2.0", &["policy-api 0.1", "digits 1"], LIBRARY);
    let index = registry.index();
    let address = index.trim_start_matches("sparse+").trim_end_matches('/');
    let flake = flake(
        "hours.path = \"../elsewhere/hours\"\ngeo = { version = \"1\", registry = \"house\" }\n",
        &format!(
            "registries.house = {{
               index = \"{index}\";
               dl = \"{address}/crates/{{crate}}-{{version}}.crate\";
             }};"
        ),
    )
    .file(
        "elsewhere/hours/Cargo.toml",
        "[package]\nname = \"hours\"\nversion = \"1.0.0\"\n[dependencies]\npolicy-api = \"0.1\"\n\
         clock = { path = \"../clock\" }\n",
    )
    .file("elsewhere/hours/src/lib.rs", LIBRARY)
    .file("elsewhere/clock/Cargo.toml", "[package]\nname = \"clock\"\nversion = \"0.1.0\"\n")
    .file("elsewhere/clock/src/lib.rs", "");
    let home = cargo_home(&format!("registries.house.index = \"{index}\"\n"));
    let both = Both { flake, home, cargo: None };
    both.builder(&["lock"]);

    let discovered = both.builder(&["discover", "--format", "json"]);
    let discovered: Value = serde_json::from_str(&discovered).unwrap();
    assert_eq!(discovered["policies"].as_array().unwrap().len(), 2);
    let found = found_by_nix([both.policies().as_path()].into_iter());
    assert_eq!(found, [discovered]);

    let [by_cargo, by_nix] = both.workspaces();
    assert!(by_cargo.contains_key(Path::new("policies/geo-1.2.0/src/lib.rs")), "{by_cargo:?}");
    assert_eq!(by_nix, by_cargo);
}

/// The policy has a neighbour, and inherits from the workspace around both.
#[test]
#[cfg_attr(
    not(all(has_nix, has_cargo_git)),
    ignore = "needs Nix with flakes and a Cargo that fetches by Git"
)]
fn policies_of_git_repositories_are_laid_out_as_by_cargo() {
    let repository = Folder::new()
        .file("Cargo.toml", "[workspace]\nmembers = [\"zones\", \"libs/shared\", \"api\"]\nresolver = \"3\"\n[workspace.package]\nversion = \"2.1.0\"\n[workspace.dependencies]\nshared.path = \"libs/shared\"\n")
        .file("zones/Cargo.toml", "[package]\nname = \"zones\"\nversion.workspace = true\n[dependencies]\npolicy-api = { path = \"../api\" }\nshared.workspace = true\n")
        .file("zones/src/lib.rs", LIBRARY)
        .file("libs/shared/Cargo.toml", "[package]\nname = \"shared\"\nversion = \"0.4.0\"\n")
        .file("libs/shared/src/lib.rs", "")
        .file("api/Cargo.toml", "[package]\nname = \"policy-api\"\nversion = \"0.1.9\"\n")
        .file("api/src/lib.rs", "");
    for arguments in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "."],
        &["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "1"],
    ] {
        let mut git = Command::new("git");
        git.current_dir(repository.path()).args(arguments).assert().success();
    }
    let url = format!("file://{}", repository.path().display());
    let flake = flake(&format!("zones = {{ git = \"{url}\", branch = \"main\" }}\n"), "");
    let both = Both { flake, home: cargo_home(""), cargo: CARGO_WITH_GIT };
    both.builder(&["lock"]);

    // crane fills in what a manifest inherits, in words of its own.
    let [mut by_cargo, mut by_nix] = both.workspaces();
    let manifest = Path::new("policies/zones-2.1.0/Cargo.toml");
    for workspace in [&mut by_cargo, &mut by_nix] {
        let manifest = String::from_utf8(workspace.insert(manifest.into(), Vec::new()).unwrap());
        let manifest = manifest.unwrap();
        assert!(manifest.contains("\"../shared-0.4.0\"") && manifest.contains("\"2.1.0\""));
    }
    assert_eq!(by_nix, by_cargo);
}
