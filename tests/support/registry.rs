use std::fmt::Write;
use std::fs;

use assert_cmd::Command;

use super::{Folder, SparseRegistry};

/// The checksum of every crate of the registry.
const CHECKSUM: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A folder with an engine of no code, and with a registry of crates without any, which stands for
/// crates.io by Cargo's configuration: what is resolved there needs no network.
impl Folder {
    pub(crate) fn with_registry(crates: &[(&str, &str)]) -> Self {
        let folder = Self::new();
        let registry = folder.path().join("registry");
        let config = format!(
            "source.crates-io.replace-with = \"here\"\nsource.here.directory = \"{}\"\n",
            registry.display()
        );
        let mut folder = folder.file("cargo-home/config.toml", &config);
        for (package, dependencies) in crates {
            let (name, version) = package.split_once(' ').unwrap();
            let place = format!("registry/{name}-{version}");
            let manifest = format!(
                "[package]\nname = \"{name}\"\nversion = \"{version}\"\n\n\
                 [dependencies]\n{dependencies}\n"
            );
            let checksum = format!("{{\"files\":{{}},\"package\":\"{CHECKSUM}\"}}");
            folder = folder
                .file(&format!("{place}/Cargo.toml"), &manifest)
                .file(&format!("{place}/src/lib.rs"), "")
                .file(&format!("{place}/.cargo-checksum.json"), &checksum);
        }
        folder
    }

    /// Adds an engine with these dependencies, which is locked to these packages.
    pub(crate) fn engine(self, dependencies: &str, locked: &[&str]) -> Self {
        let package = |name: &str, dependencies: &str| {
            format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n\
                 [dependencies]\n{dependencies}\n"
            )
        };
        let runtime = format!("policy-api = {{ path = \"../api\" }}\n{dependencies}");
        let names: Vec<_> = locked.iter().filter_map(|package| package.split(' ').next()).collect();
        let lock = format!(
            "{}\n[[package]]\nname = \"policy-engine\"\nversion = \"0.1.0\"\n\
             dependencies = {names:?}\n",
            lock(locked)
        );
        let api = package("policy-api", "") + "\n[features]\nschemars = []\n";
        self.file("source/engine/api/Cargo.toml", &api)
            .file("source/engine/api/src/lib.rs", "")
            .file("source/engine/runtime/Cargo.toml", &package("policy-engine", &runtime))
            .file("source/engine/runtime/src/lib.rs", "")
            .file("source/Cargo.lock", &lock)
    }

    /// Adds a policy crate that is locked to these packages.
    pub(crate) fn locked(self, name: &str, dependencies: &str, locked: &[&str]) -> Self {
        self.policy_with(name, dependencies, "")
            .file(&format!("policies/{name}/Cargo.lock"), &lock(locked))
    }

    /// `policy-builder generate`, with what is here only.
    pub(crate) fn generate(&self) -> Command {
        let mut command = self.at_home(&["generate", "--engine", "source"]);
        command.args(["--target", "x86_64-unknown-linux-musl", "--output", "workspace"]);
        command
    }

    /// The builder with a Cargo that knows the registries here only.
    pub(crate) fn at_home(&self, arguments: &[&str]) -> Command {
        let mut command = self.builder(arguments);
        command.env("CARGO_HOME", self.path().join("cargo-home"));
        command
    }

    /// Adds a registry that Cargo knows as `house`.
    pub(crate) fn with_house(self, registry: &SparseRegistry) -> Self {
        let config = fs::read_to_string(self.path().join("cargo-home/config.toml")).unwrap();
        let house = format!("registries.house.index = \"{}\"\n", registry.index());
        self.file("cargo-home/config.toml", &(config + &house))
    }

    /// `policy-builder vet`, with what is here only.
    pub(crate) fn vet(&self) -> Command {
        let mut command = self.builder(&["vet", "--engine", "source", "--work-dir", "work"]);
        command.env("CARGO_HOME", self.path().join("cargo-home"));
        command
    }
}

fn lock(packages: &[&str]) -> String {
    let mut lock = "version = 4\n".to_owned();
    for package in packages {
        let (name, version) = package.split_once(' ').unwrap();
        let source = "registry+https://github.com/rust-lang/crates.io-index";
        write!(
            lock,
            "\n[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"{source}\"\n\
             checksum = \"{CHECKSUM}\"\n"
        )
        .unwrap();
    }
    lock
}
