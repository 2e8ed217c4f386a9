use serde_json::Value;

use crate::support::{Folder, Nix, root};

/// The outputs for systems that nothing is built for here.
const SYSTEMS: [&str; 3] = ["aarch64-darwin", "aarch64-linux", "x86_64-linux"];
const PACKAGES: [&str; 14] = [
    "builder",
    "builder-image",
    "default",
    "docs",
    "documents",
    "engine-artifacts",
    "image",
    "image-amd64",
    "image-arm64",
    "image-stream",
    "oci",
    "oci-index",
    "policy-builder",
    "registration",
];
const APPS: [&str; 6] = ["builder", "default", "image-stream", "push", "vet", "watch"];

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn flake_lock_has_every_input() {
    let mut command = assert_cmd::Command::new("nix");
    command.current_dir(root()).args(["flake", "metadata", "--json", "--no-update-lock-file"]);
    let metadata = command.assert().success().get_output().stdout.clone();
    let metadata: Value = serde_json::from_slice(&metadata).unwrap();
    let inputs = metadata["locks"]["nodes"]["root"]["inputs"].as_object().unwrap();
    let names: Vec<_> = inputs.keys().collect();
    assert_eq!(names, ["crane", "nixpkgs", "policies", "rust-overlay"]);
    for name in names {
        assert!(metadata["locks"]["nodes"][name]["locked"]["narHash"].is_string(), "{name}");
    }
}

/// The builder that derivations use stays as it is when the engine's sources change.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn only_the_kept_builder_embeds_the_engine() {
    let has_engine = "packages: map (name: builtins.pathExists (packages.${name}.src + \"/engine/api/src\")) \
         [ \"policy-builder\" \"builder\" ]";
    let found = Nix::find().eval("packages.x86_64-linux", has_engine, &[]);
    assert_eq!(found, serde_json::json!([true, false]));
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn every_system_has_every_package() {
    let nix = Nix::find();
    let shown = nix.command(&["flake", "show", "--json", "--all-systems"]).assert().success();
    let shown: Value = serde_json::from_slice(&shown.get_output().stdout).unwrap();
    for system in SYSTEMS {
        let names: Vec<_> = shown["packages"][system].as_object().unwrap().keys().collect();
        // It holds the tools of the machine that makes it, for containers.
        let is_there = |name: &&str| system.ends_with("-linux") || *name != "builder-image";
        let expected: Vec<_> = PACKAGES.into_iter().filter(is_there).collect();
        assert_eq!(names, expected, "{system}");
        let apps = shown["apps"][system].as_object().unwrap();
        assert_eq!(apps.keys().collect::<Vec<_>>(), APPS, "{system}");
        for (name, app) in apps {
            assert_eq!(app["type"], "app", "{name}");
            assert!(app["description"].is_string(), "{name}");
        }
        assert_eq!(shown["devShells"][system]["default"]["type"], "derivation");
        assert_eq!(shown["formatter"][system]["type"], "derivation");
    }
    let tests = ["nixos-module", "same-image"].map(|test| ["tests", test]);
    for job in tests.into_iter().chain([["packages", "engine-artifacts"], ["packages", "image"]]) {
        for system in ["aarch64-linux", "x86_64-linux"] {
            let shown = &shown["hydraJobs"][job[0]][job[1]][system];
            assert_eq!(shown["type"], "derivation", "{job:?} {system}");
        }
    }
    assert_eq!(shown["overlays"]["default"]["type"], "nixpkgs-overlay");
    assert_eq!(shown["nixosModules"]["default"]["type"], "nixos-module");
    assert_eq!(shown["templates"]["default"]["type"], "template");
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn every_package_has_a_description() {
    let without = "packages: builtins.filter (name: packages.${name}.meta.description or \"\" == \"\") \
                   (builtins.attrNames packages)";
    let without = Nix::find().eval("packages.x86_64-linux", without, &[]);
    assert_eq!(without, serde_json::json!([]));
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn flake_check_evaluates_every_system_in_an_empty_store() {
    let nix = Nix::find();
    let store = Folder::new();
    let mut command = nix.command(&["flake", "check", "--no-build", "--all-systems"]);
    command.arg("--store").arg(store.path()).assert().success();
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn checks_that_compile_nothing_pass() {
    let nix = Nix::find();
    for check in ["cached", "functions"] {
        nix.build(&format!("checks.x86_64-linux.{check}"), &[]);
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn image_targets_linux_on_every_build_system() {
    let nix = Nix::find();
    let how = "image: let d = image.program; in { inherit (d) CARGO_BUILD_TARGET; linker = \
               d.CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER or null; }";
    for (system, linker) in [
        ("aarch64-darwin", Some("rust-lld")),
        ("x86_64-linux", Some("rust-lld")),
        ("aarch64-linux", None),
    ] {
        let image = nix.eval(&format!("packages.{system}.image-arm64"), how, &[]);
        assert_eq!(image["CARGO_BUILD_TARGET"], "aarch64-unknown-linux-musl", "{system}");
        assert_eq!(image["linker"].as_str(), linker, "{system}");
    }
}

/// In a flake's reference a space is `%20`, as the README says.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn space_in_the_path_of_the_policies_changes_nothing() {
    let house_rules = root().join("tests/fixtures/house-rules");
    let folder = Folder::new().copy(&house_rules, "rules").copy(&house_rules, "our rules");
    let made_of = |name: &str| {
        let path = format!("path:{}/{name}", folder.path().display());
        let input = ["--override-input", "policies", &path];
        Nix::find().eval("registration", "registration: registration.drvPath", &input)
    };
    assert_eq!(made_of("our%20rules"), made_of("rules"));
}
