use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{Folder, Unpacked, WORK_DIR, builder, cargo, root, run};

/// The builder and a user who never saw the repository: the program is no longer in its target
/// folder, and home and cache are new.
struct Stranger {
    folder: Folder,
}

impl Stranger {
    fn new() -> Self {
        let folder = Folder::new().file("home/.keep", "");
        let program = PathBuf::from(builder(folder.path()).get_program());
        // Not by this process: what another test starts meanwhile would hold the file open for writing,
        // and no program can be started that is.
        run("cp", &[program.to_str().unwrap(), folder.path().to_str().unwrap()]);
        Self { folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A program that is run in a folder, as that user runs it.
    fn command(&self, program: &Path, folder: &str) -> Command {
        let mut command = Command::new(program);
        // None of what others set, as for the builder in other tests.
        let others = builder(Path::new("."));
        let others = others.get_envs().filter(|(_, value)| value.is_none());
        for (name, _) in others {
            command.env_remove(name);
        }
        command
            .current_dir(self.path(folder))
            .env("CARGO_HOME", kept("CARGO_HOME", ".cargo"))
            .env("RUSTUP_HOME", kept("RUSTUP_HOME", ".rustup"))
            .env("HOME", self.path("home"))
            .env_remove("XDG_CACHE_HOME")
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_TARGET_DIR")
            .env_remove("POLICY_ENGINE_SOURCE");
        command
    }

    fn builder(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(&self.path("policy-builder"), folder);
        command.args(arguments);
        command
    }

    /// The folder that the engine is unpacked to.
    fn engine(&self) -> PathBuf {
        let cache = self.path("home/.cache/policy-builder");
        let entries = fs::read_dir(cache).unwrap().map(|entry| entry.unwrap().path());
        let mut engines: Vec<_> = entries.filter(|path| path.is_dir()).collect();
        assert_eq!(engines.len(), 1, "{engines:?}");
        engines.remove(0)
    }

    /// The manifest of the `policy-api` that Cargo takes in a folder, for tests and for editors.
    fn policy_api(&self, folder: &str) -> PathBuf {
        let mut command = self.command(Path::new(&cargo()), folder);
        let metadata = command.args(["metadata", "--format-version", "1", "--offline"]);
        let metadata = metadata.assert().success().get_output().stdout.clone();
        let metadata: Value = serde_json::from_slice(&metadata).unwrap();
        let mut packages = metadata["packages"].as_array().unwrap().iter();
        let api = packages.find(|package| package["name"] == "policy-api").unwrap();
        api["manifest_path"].as_str().unwrap().into()
    }
}

/// A folder of this machine's Rust, which a new home does not have.
fn kept(variable: &str, in_home: &str) -> PathBuf {
    let given = env::var_os(variable).map(PathBuf::from);
    given.unwrap_or_else(|| env::home_dir().unwrap().join(in_home))
}

/// It links a program with the real engine, which only the embedded sources can show to be complete.
#[test]
fn new_folder_is_tested_and_built_without_a_checkout() {
    let stranger = Stranger::new();
    stranger.builder("", &["new", "ours"]).assert().success();
    // With what is at hand, whatever is newest today.
    fs::copy(root().join("Cargo.lock"), stranger.path("ours/Cargo.lock")).unwrap();
    assert_eq!(stranger.policy_api("ours"), stranger.engine().join("engine/api/Cargo.toml"));

    let mut image = stranger.builder("ours", &["image", "--work-dir", WORK_DIR, "--no-vet"]);
    let built = image.assert().success().get_output().clone();
    let told = String::from_utf8(built.stderr).unwrap();
    // Neither Cargo's lock nor its configuration is news; another test may build at the same time.
    let is_note = |line: &&str| line.starts_with("note:") && !line.contains("waiting for another");
    assert_eq!(told.lines().find(is_note), None, "{told}");
    assert!(built.stdout.starts_with(b"policy    working-hours 1.0.0"));
    let image = Unpacked::read(&stranger.path("ours/policy-engine.tar"));
    assert!(!image.layers().is_empty());
    let here = stranger.folder.path().to_str().unwrap();
    for (path, bytes) in Folder::contents(&stranger.folder) {
        let is_committed = path.starts_with("ours") && !path.starts_with("ours/.cargo");
        let is_text = path
            .extension()
            .is_some_and(|end| ["toml", "lock", "md", "rs"].iter().any(|text| end == *text));
        if is_committed && is_text {
            assert!(!String::from_utf8_lossy(&bytes).contains(here), "{}", path.display());
        }
    }
}

#[test]
fn setup_has_cargo_find_policy_api_in_a_fresh_clone() {
    let stranger = Stranger::new();
    stranger.builder("", &["new", "ours"]).assert().success();
    fs::copy(root().join("Cargo.lock"), stranger.path("ours/Cargo.lock")).unwrap();
    let (config, ignore) =
        (stranger.path("ours/.cargo/config.toml"), stranger.path("ours/.gitignore"));
    let (written, ignored) = (fs::read(&config).unwrap(), fs::read(&ignore).unwrap());
    // A clone has nothing that is ignored.
    fs::remove_dir_all(stranger.path("ours/.cargo")).unwrap();
    let set_up = stranger.builder("ours", &["setup"]).assert().success();
    let told = String::from_utf8(set_up.get_output().stdout.clone()).unwrap();
    let api = stranger.engine().join("engine/api");
    assert_eq!(
        told,
        format!(
            "written   .cargo/config.toml\n\
             by        .cargo/config.toml, Cargo takes policy-api from {}\n",
            api.display()
        )
    );
    assert_eq!((fs::read(&config).unwrap(), fs::read(&ignore).unwrap()), (written, ignored));
    assert_eq!(stranger.policy_api("ours"), api.join("Cargo.toml"));

    // What others wrote there stays.
    fs::write(&config, "[alias]\nt = \"test\"\n").unwrap();
    fs::write(&ignore, "target").unwrap();
    stranger.builder("", &["setup", "ours"]).assert().success();
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.starts_with("[alias]\nt = \"test\"\n\n[patch.crates-io]\n"), "{text}");
    assert_eq!(fs::read_to_string(&ignore).unwrap(), "target\n/.cargo/config.toml\n");
    stranger.builder("", &["setup", "home"]).assert().code(1).stdout("").stderr(
        "error: there is neither a `Cargo.toml` nor a folder `policies` in `home`\nhelp: name the \
         folder that has one, or start one with `policy-builder new`\n",
    );
}

#[test]
fn committed_configuration_gets_no_path_of_this_machine() {
    let stranger = Stranger::new();
    stranger.builder("", &["new", "ours"]).assert().success();
    let api = stranger.engine().join("engine/api");
    let config = stranger.path("ours/.cargo/config.toml");
    fs::write(&config, "[alias]\nt = \"test\"\n").unwrap();
    let git = |arguments: &[&str]| {
        stranger.command(Path::new("git"), "ours").args(arguments).assert().success()
    };
    git(&["init", "--quiet"]);
    git(&["add", "--force", ".cargo/config.toml"]);
    stranger.builder("ours", &["setup"]).assert().code(1).stdout("").stderr(format!(
        "error: failed to set up Cargo's configuration `.cargo/config.toml`: Git tracks it, and a \
         path of this machine would be committed\nhelp: have Git ignore it, or write this into a \
         `.cargo/config.toml` of a folder above:\n[patch.crates-io]\npolicy-api = {{ path = \"{}\" \
         }}\n",
        api.display()
    ));
    assert_eq!(fs::read_to_string(&config).unwrap(), "[alias]\nt = \"test\"\n");
}

#[test]
fn embedded_engine_is_mended_on_use() {
    let stranger = Stranger::new();
    stranger.builder("", &["new", "ours"]).assert().success();
    let file = stranger.engine().join("engine/api/src/lib.rs");
    let before = fs::read(&file).unwrap();
    fs::write(&file, "compile_error!(\"changed\");").unwrap();
    stranger.builder("ours", &["discover"]).assert().success();
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn two_builders_may_unpack_at_the_same_time() {
    let stranger = Stranger::new();
    stranger.builder("", &["new", "ours", "--policy-api", "0.1"]).assert().success();
    assert!(!stranger.path("home/.cache").exists());
    let started: Vec<_> = (0..4)
        .map(|_| {
            let prepared = stranger.builder("ours", &["discover"]);
            let mut command = std::process::Command::new(prepared.get_program());
            command.args(prepared.get_args()).current_dir(stranger.path("ours"));
            for (name, value) in prepared.get_envs() {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            command.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in started {
        assert!(child.wait().unwrap().success());
    }
    stranger.engine();
}

#[test]
fn missing_or_unwritable_cache_is_told() {
    let stranger = Stranger::new();
    let refused = |command: &mut Command| {
        let failed = command.assert().code(1).stdout("");
        String::from_utf8(failed.get_output().stderr.clone()).unwrap()
    };
    let mut discover = stranger.builder("", &["discover"]);
    assert_eq!(
        refused(discover.env_remove("HOME")),
        "error: failed to unpack the engine's sources: there is no folder to cache them in: neither \
         `XDG_CACHE_HOME` nor `HOME` is an absolute path\nhelp: set one of them, or name a checkout \
         of policy-engine with `--engine`\n"
    );
    let mut discover = stranger.builder("", &["discover"]);
    let told = refused(discover.env("XDG_CACHE_HOME", stranger.path("policy-builder")));
    assert!(
        told.ends_with(
            "\nhelp: have `XDG_CACHE_HOME` name a folder that can be written to, or name a checkout \
             of policy-engine with `--engine`\n"
        ),
        "{told}"
    );
}

#[test]
fn version_names_the_embedded_engine() {
    let stranger = Stranger::new();
    let mut command = stranger.builder("", &["version", "--format", "json"]);
    let version = command.assert().success().get_output().stdout.clone();
    let version: Value = serde_json::from_slice(&version).unwrap();
    assert_eq!(version["builder"], version["engine"]["version"]);
    let archive = stranger.path("engine.tar.gz");
    let output = ["engine-archive", "--format", "json", "--output", "engine.tar.gz"];
    let written = stranger.builder("", &output).assert().success().get_output().stdout.clone();
    let written: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(version["engine"]["digest"], written["digest"]);
    assert!(archive.is_file());
}

/// The program is the process that was started: its standard streams and its exit status are those
/// of the command.
#[test]
fn run_becomes_the_program() {
    let folder = Folder::new().small_engine();
    let run = |arguments: &[&str]| {
        let mut command =
            folder.builder(&["run", "--engine", "source", "--work-dir", "work", "--"]);
        command.args(arguments);
        command
    };
    let listed = run(&["list", "--format", "json"]).assert().success().get_output().clone();
    assert!(serde_json::from_slice::<Value>(&listed.stdout).is_ok(), "{listed:?}");
    let told = String::from_utf8(listed.stderr).unwrap();
    assert!(told.contains("compile"), "{told}");
    run(&["panic"]).assert().success().stdout("caught\n");
}

/// The engine, its API and Cargo's own answer of what they are made of serve both; the policy is another
/// crate to each of them, and so is the program.
#[test]
fn engine_that_run_compiled_serves_image_and_the_other_way_round() {
    let folder = Folder::new().small_engine();
    let base = ["--engine", "source", "--work-dir", "work"];
    let built = |name: &str| {
        let arguments = ["build", "--no-vet", "--output", name, "--report", "report.json"];
        folder.builder(&arguments).args(base).assert().success();
        let report: Value =
            serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
        (report["binary"]["crates"].clone(), fs::read(folder.path().join(name)).unwrap())
    };
    let run = || folder.builder(&["run"]).args(base).args(["--", "list"]).assert().success();
    run();
    let (crates, first) = built("first");
    assert_eq!(crates, json!({"fresh": 2, "cached": 2}));
    run();
    let (crates, second) = built("second");
    assert_eq!(crates["cached"], 3, "the policy as well: {crates}");
    assert!(first == second);
}

#[test]
fn image_is_loaded_by_the_first_container_engine() {
    let load = |folder: &Folder| {
        let mut command = folder.builder(&["image", "--engine", "source", "--work-dir", "work"]);
        command.args(["--no-vet", "--load"]);
        command
    };
    let log = "echo \"$0 $*\" | sed 's|.*/||' >> log\n";
    let folder = Folder::new()
        .small_engine()
        .script("bin/podman", log)
        .script("broken/docker", "echo 'no daemon' >&2; exit 1\n");
    let path = |first: &str| {
        let path = env::var("PATH").unwrap();
        format!("{}:{path}", folder.path().join(first).display())
    };
    let failed = load(&folder).env("PATH", path("broken")).assert().code(1).stdout("");
    let told = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(
        told.ends_with(
            "error: failed to load the image by `docker`: no daemon\nhelp: it is in \
             `policy-engine.tar`: once `docker info` succeeds, run `docker load --input \
             policy-engine.tar`\n"
        ),
        "{told}"
    );
    let folder = folder.script("bin/docker", log);
    let path = format!("{}:{}", folder.path().join("bin").display(), env::var("PATH").unwrap());
    let loaded = load(&folder).env("PATH", path).assert().success();
    let told = String::from_utf8(loaded.get_output().stdout.clone()).unwrap();
    assert!(told.contains("\nloaded    policy-engine:latest, linux/"), "{told}");
    assert!(told.ends_with(", by docker\n"), "{told}");
    let log = fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(log, "docker load --input policy-engine.tar\n");
    // Nothing is built where nothing could load it.
    let failed = load(&folder).env("PATH", folder.path().join("empty")).assert().code(1).stdout("");
    assert_eq!(
        String::from_utf8(failed.get_output().stderr.clone()).unwrap(),
        "error: neither `docker` nor `podman` is on the `PATH` to load the image\nhelp: build it \
         without `--load`, and run `docker load --input policy-engine.tar` or `podman load --input \
         policy-engine.tar` where there is one\n"
    );
}
