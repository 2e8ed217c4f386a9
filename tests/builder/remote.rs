use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Folder, SparseRegistry, sentence};

/// A library that would register a policy, were it compiled.
const LIBRARY: &str = "policy_api::register!(Anything);\n";

/// A registry `house` with a policy that takes its API from there, where it is not, and one that
/// takes it from crates.io.
fn house() -> SparseRegistry {
    let registry = SparseRegistry::start();
    registry.publish("digits 1.0.3", &[], "");
    registry.publish("geo 1.2.0", &["policy-api 0.1", "digits 1"], LIBRARY);
    registry.publish("quota 0.3.1", &["crates.io:policy-api 0.1", "geo 1"], LIBRARY);
    registry
}

fn folder(registry: &SparseRegistry, file: &str) -> Folder {
    let folder =
        Folder::with_registry(&[("modest 1.0.0", "")]).engine("", &[]).with_house(registry);
    folder.file("policies/policies.toml", &format!("[policies]\n{file}\n"))
}

fn read(folder: &Folder, file: &str) -> String {
    fs::read_to_string(folder.path().join(file)).unwrap()
}

/// The packages of the workspace that is laid out, as Cargo itself resolves them without asking
/// anyone: name, and where it comes from.
fn packages(folder: &Folder) -> Vec<(String, Option<String>)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let resolved = Command::new(cargo)
        .args(["metadata", "--locked", "--offline", "--format-version", "1"])
        .current_dir(folder.path().join("workspace"))
        .env("CARGO_HOME", folder.path().join("cargo-home"))
        .output()
        .unwrap();
    assert!(resolved.status.success(), "{}", String::from_utf8_lossy(&resolved.stderr));
    let resolved: Value = serde_json::from_slice(&resolved.stdout).unwrap();
    let packages = resolved["packages"].as_array().unwrap().iter();
    let mut packages: Vec<_> = packages
        .map(|policy| {
            let name = policy["name"].as_str().unwrap().to_owned();
            (name, policy["source"].as_str().map(str::to_owned))
        })
        .collect();
    packages.sort();
    packages
}

fn generate_locked(folder: &Folder) -> assert_cmd::Command {
    let mut command = folder.generate();
    command.arg("--locked");
    command
}

/// The output of `discover`.
fn discovered(folder: &Folder, arguments: &[&str]) -> String {
    let discover = ["discover", "--engine", "source"];
    let done = folder.at_home(&[&discover, arguments].concat()).assert().success();
    String::from_utf8(done.get_output().stdout.clone()).unwrap()
}

fn refused(folder: &Folder) -> String {
    let failed = folder.generate().assert().code(1).stdout("");
    sentence(&String::from_utf8(failed.get_output().stderr.clone()).unwrap())
}

#[test]
fn registry_policies_are_part_of_the_program() {
    let registry = house();
    let folder = folder(
        &registry,
        "geo = { version = \"1\", registry = \"house\", default-features = false }\n\
         shares = { version = \"0.3\", registry = \"house\", package = \"quota\" }",
    );
    // Around Cargo's folder is someone's workspace, which is none of theirs.
    let folder = folder.file("Cargo.toml", "[workspace]\n[patch.crates-io]\nx.path = \"x\"\n");
    folder.generate().assert().success().stdout("workspace\n");

    let program = read(&folder, "workspace/program/Cargo.toml");
    for line in [
        "geo = { path = \"../policies/geo-1.2.0\", default-features = false }\n",
        "quota = { path = \"../policies/quota-0.3.1\" }\n",
    ] {
        assert!(program.contains(line), "{program}");
    }
    for (policy, version) in [("geo", "1.2.0"), ("quota", "0.3.1")] {
        let place = format!("workspace/policies/{policy}-{version}");
        let manifest = read(&folder, &format!("{place}/Cargo.toml"));
        assert!(manifest.contains("{ path = \"../../engine/api\" }\n"), "{manifest}");
        let mut files: Vec<_> = fs::read_dir(folder.path().join(&place)).unwrap().collect();
        files.sort_by_key(|entry| entry.as_ref().unwrap().file_name());
        let files: Vec<_> = files.into_iter().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(files, ["Cargo.toml", "src"], "{place}");
    }
    // Each package once: `geo` is the one that is laid out for `quota` as well.
    let packages = packages(&folder);
    let source = Some(registry.index());
    let here = |name: &str| (name.to_owned(), None);
    assert_eq!(
        packages,
        [
            ("digits".to_owned(), source),
            here("geo"),
            here("policy-api"),
            here("policy-engine"),
            here("policy-engine-program"),
            here("quota"),
        ]
    );

    let index = registry.index();
    assert_eq!(
        discovered(&folder, &[]),
        format!("policy   geo 1.2.0  ({index})\npolicy   quota 0.3.1  ({index})\n")
    );
    let json: Value = serde_json::from_str(&discovered(&folder, &["--format", "json"])).unwrap();
    assert_eq!(json["policies"][0], json!({"crate": "geo", "version": "1.2.0", "source": index}));
}

/// A Cargo that fetches by Git, which `tests/build.rs` found: not every one does.
const CARGO_WITH_GIT: Option<&str> = option_env!("POLICY_TESTS_CARGO_WITH_GIT");

/// Runs the real Git.
fn git(repository: &Path, arguments: &[&str]) -> String {
    let done = Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .current_dir(repository)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// A repository with a policy that shares a crate and a version with its workspace; its API is in
/// the same repository.
fn repository(folder: Folder) -> (Folder, PathBuf) {
    let folder = folder
        .file("repository/Cargo.toml", "[workspace]\nmembers = [\"zones\", \"shared\", \"api\"]\nresolver = \"3\"\n[workspace.package]\nversion = \"2.1.0\"\n[workspace.dependencies]\nshared.path = \"shared\"\n")
        .file("repository/zones/Cargo.toml", "[package]\nname = \"zones\"\nversion.workspace = true\n[dependencies]\npolicy-api = { path = \"../api\" }\nshared.workspace = true\n")
        .file("repository/zones/src/lib.rs", LIBRARY)
        .file("repository/shared/Cargo.toml", "[package]\nname = \"shared\"\nversion = \"0.4.0\"\n")
        .file("repository/shared/src/lib.rs", "// first\n")
        .file("repository/api/Cargo.toml", "[package]\nname = \"policy-api\"\nversion = \"0.1.9\"\n")
        .file("repository/api/src/lib.rs", "");
    let repository = folder.path().join("repository");
    git(&repository, &["init", "--quiet", "--initial-branch", "main"]);
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "--quiet", "--message", "first"]);
    (folder, repository)
}

#[test]
#[cfg_attr(not(has_cargo_git), ignore = "needs a Cargo that fetches by Git")]
fn git_policies_bring_path_dependencies_of_their_repository() {
    let cargo = CARGO_WITH_GIT.unwrap();
    let run = |mut command: assert_cmd::Command| command.env("CARGO", cargo).assert().success();
    let (folder, repository) = repository(Folder::with_registry(&[]).engine("", &[]));
    let url = format!("file://{}", repository.display());
    let first = git(&repository, &["rev-parse", "HEAD"]);
    let folder = folder.file(
        "policies/policies.toml",
        &format!("[policies.zones]\ngit = \"{url}\"\nbranch = \"main\"\n"),
    );
    run(folder.at_home(&["lock", "--engine", "source"]));
    let source = format!("source = \"git+{url}?branch=main#{first}\"\n");
    let lock = read(&folder, "policies/policies.lock");
    assert_eq!(lock.matches(&source).count(), 2, "{lock}");

    // The branch goes on, and the repository is away: the lock says which revision it is.
    let folder = folder.file("repository/shared/src/lib.rs", "// second\n");
    git(&repository, &["commit", "--quiet", "--all", "--message", "second"]);
    let second = git(&repository, &["rev-parse", "HEAD"]);
    run(generate_locked(&folder)).stderr("");
    assert_eq!(read(&folder, "workspace/policies/shared-0.4.0/src/lib.rs"), "// first\n");
    assert!(!read(&folder, "workspace/policies/zones-2.1.0/Cargo.toml").contains("workspace"));
    assert!(packages(&folder).iter().all(|(_, source)| source.is_none()));

    run(folder.at_home(&["lock", "--engine", "source", "--update", "zones"])).stdout(
        format!(
            "moved shared 0.4.0 (git {url}?branch=main#{first}) -> 0.4.0 (git {url}?branch=main#{second})\n\
             moved zones 2.1.0 (git {url}?branch=main#{first}) -> 2.1.0 (git {url}?branch=main#{second})\n\
             `policies/policies.lock` is written: 5 packages\n"
        ));
    run(generate_locked(&folder)).stderr("");
    assert_eq!(read(&folder, "workspace/policies/shared-0.4.0/src/lib.rs"), "// second\n");
}

#[test]
fn path_policies_are_built_with_the_engines_api() {
    let folder = Folder::with_registry(&[])
        .engine("", &[])
        .policy("mine")
        .file("policies/policies.toml", "[policies]\nhours.path = \"../elsewhere/hours\"\n")
        .file(
            "elsewhere/hours/Cargo.toml",
            "[package]\nname = \"hours\"\nversion = \"1.0.0\"\n[dependencies]\n\
             policy-api = { path = \"../nowhere/engine/api\" }\nclock = { path = \"../clock\" }\n",
        )
        .file("elsewhere/hours/src/lib.rs", LIBRARY)
        .file("elsewhere/clock/Cargo.toml", "[package]\nname = \"clock\"\nversion = \"0.1.0\"\n")
        .file("elsewhere/clock/src/lib.rs", "");
    folder.generate().assert().success().stderr("");
    assert!(read(&folder, "workspace/policies/hours-1.0.0/Cargo.toml").contains("../clock-0.1.0"));
    assert_eq!(packages(&folder).len(), 6);
    let found = discovered(&folder, &[]);
    let place = folder.path().join("elsewhere/clock");
    let clock = format!("support  clock 0.1.0  ({})\n", fs::canonicalize(place).unwrap().display());
    assert_eq!(
        found,
        format!(
            "policy   hours 1.0.0  (policies/../elsewhere/hours)\n\
             policy   mine 1.0.0  (policies/mine)\n{clock}"
        )
    );
}

#[test]
fn unavailable_remote_policy_is_named() {
    let registry = house();
    registry.publish("words 1.0.0", &[], "");
    let sentence = |file: &str| refused(&folder(&registry, file));
    let house = |package: &str, version: &str| {
        format!("{package} = {{ version = \"{version}\", registry = \"house\" }}")
    };
    for (file, starts, words) in [
        (
            house("geography", "1"),
            "failed to fetch policy `geography`, which `policies.toml` names: no matching package \
             named `geography` found",
            "required by package `policies-toml`",
        ),
        (
            house("geo", "2"),
            "failed to fetch policy `geo`, which `policies.toml` names: failed to select a version \
             for the requirement `geo = \"^2\"`",
            "candidate versions found which didn't match: 1.2.0",
        ),
        (
            "geo = { version = \"1\", registry = \"home\" }".to_owned(),
            "failed to fetch policy `geo`, which `policies.toml` names: ",
            "was not found in any configuration",
        ),
        (
            house("words", "1"),
            "`policies/policies.toml`: policy `words` leads to `",
            "which is words 1.0.0: a support crate, which registers no policy\nhelp: remove the \
             entry",
        ),
        (
            "hours.path = \"../hours\"".to_owned(),
            "`policies/policies.toml`: policy `hours` is to be in `policies/../hours`, where there \
             is no `Cargo.toml`\nhelp: correct its `path`, which is relative to the file's folder",
            "",
        ),
    ] {
        let refused = sentence(&file);
        assert!(refused.starts_with(starts) && refused.contains(words), "{refused}");
        assert!(!refused.contains("/tmp/policy-builder"), "{refused}");
    }

    let registered = folder(&registry, &house("geo", "1")).policy("geo");
    assert_eq!(
        refused(&registered),
        "`policies/policies.toml` names the policy `geo`, and the crate in \
         `policies/geo/Cargo.toml` has that name, too\nhelp: rename that one, or remove the entry"
    );
    let other = folder(&registry, "mine = { path = \"../mine\", version = \"2\" }")
        .policy("own")
        .file(
            "mine/Cargo.toml",
            "[package]\nname = \"mine\"\nversion = \"1.0.0\"\ndependencies.policy-api = \"0.1\"\n",
        )
        .file("mine/src/lib.rs", LIBRARY);
    assert_eq!(
        refused(&other),
        "`policies/policies.toml`: policy `mine` leads to `policies/../mine/Cargo.toml`, which is \
         mine 1.0.0: expected version `^2`\nhelp: change the entry's `version`"
    );
}
