use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process;

use assert_cmd::Command;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::support::{Folder, Loaded, Nix, built, run, with_policies};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/house-rules");
const BAD: &str = "kind: Pod\nspec: {hostNetwork: true}\n";

/// A user's flake, with this repository's policies under a unique name. The program is that of this
/// repository's flake, which other tests build; with a revision or other parts it would be compiled
/// again, so how it is laid out with these is only evaluated.
fn own_flake() -> (Folder, String) {
    let tag = process::id();
    let flake = format!(
        "{{
          inputs.policy-engine.url = \"github:policy-engine/policy-engine\";
          outputs = {{ policy-engine, ... }}: let
            engineOf = {{ revision, features }}: policy-engine.lib.mkPolicyEngine {{
              inherit features revision;
              system = \"x86_64-linux\";
              policies = \"${{policy-engine}}/policies\";
              name = \"policy-tests\";
              tag = \"{tag}\";
              extraImageConfig = {{
                Labels.team = \"platform\";
                Env = [ \"TEAM=platform\" \"NOTE=${{builtins.toFile \"note\" \"of the store\"}}\" ];
                ExposedPorts.\"9090/tcp\" = {{ }};
              }};
            }};
            engine = engineOf {{ revision = null; features = [ ]; }};
          in {{
            laidOut = (engineOf {{
              revision = \"c0ffee\";
              features = [ \"otlp\" \"-console\" ];
            }}).packages.default.src.buildPhase;
            packages.x86_64-linux = engine.packages // {{ inherit (engine.checks) image-contents; }};
          }};
        }}"
    );
    (Folder::new().file("flake.nix", &flake), format!("policy-tests:{tag}"))
}

fn built_by_user(nix: &Nix, folder: &Folder, package: &str) -> PathBuf {
    let mut command = nix.command_of_user(&["build", "--no-link", "--print-out-paths"]);
    built(command.arg(format!("path:{}#{package}", folder.path().display())).assert())
}

/// The repository's image, as a plain archive.
fn archive(nix: &Nix) -> Vec<u8> {
    let mut archive = Vec::new();
    let file = fs::File::open(nix.build("image", &[])).unwrap();
    GzDecoder::new(file).read_to_end(&mut archive).unwrap();
    archive
}

#[test]
#[cfg_attr(not(all(has_nix, has_docker)), ignore = "needs Nix with flakes and a Docker engine")]
fn docker_loads_and_runs_the_nix_image() {
    let nix = Nix::find();
    let (flake, name) = own_flake();
    let image = Loaded::load("docker", &built_by_user(nix, &flake, "image"), &name);
    assert_eq!(image.said, format!("Loaded image: {name}"));

    let config = &image.inspected()["Config"];
    assert_eq!(config["User"], "1000:1000");
    assert_eq!(config["Labels"]["team"], "platform");
    assert_eq!(config["Labels"]["org.opencontainers.image.title"], "policy-engine");
    let policies = config["Labels"]["policy-engine.policies"].as_str().unwrap();
    assert!(policies.contains(r#""name":"pod-security-restricted""#), "{policies}");
    let environment = config["Env"].as_array().unwrap();
    assert!(environment.contains(&json!("TEAM=platform")), "{environment:?}");
    assert!(environment.contains(&json!("SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt")));
    assert!(environment.contains(&json!("POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:8181")));
    assert_eq!(config["ExposedPorts"], json!({"8181/tcp": {}, "9090/tcp": {}}));
    // The file that the configuration names is in the image, and is expected there.
    built_by_user(nix, &flake, "image-contents");
    let mut evaluated = nix.command_of_user(&["eval", "--raw"]);
    let laid_out = evaluated.arg(format!("path:{}#laidOut", flake.path().display())).assert();
    let laid_out = laid_out.success().get_output().stdout.clone();
    let laid_out = String::from_utf8(laid_out).unwrap();
    assert!(laid_out.contains(" --revision c0ffee "), "{laid_out}");
    assert!(laid_out.contains(" --engine-features otlp,-console "), "{laid_out}");

    let denied = image.ran(&["eval", "pod-security-restricted"], BAD).code(2).stderr("");
    let decision: Value = serde_json::from_slice(&denied.get_output().stdout).unwrap();
    assert_eq!(decision["output"]["violations"][0]["check"], "hostNamespaces");
    image.ran(&["eval", "pod-security-baseline"], "kind: Pod\nspec: {}\n").code(0).stderr("");
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn streamed_image_equals_the_archive() {
    let nix = Nix::find();
    let streamed = nix.command(&["run", ".#image-stream"]).assert().success();
    assert!(streamed.get_output().stdout == archive(nix), "the stream differs from the archive");
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn nix_run_evaluates_a_policy() {
    let nix = Nix::find();
    let mut command = nix.command(&["run"]);
    let asked = command.args([".", "--", "eval", "pod-security-restricted"]).write_stdin(BAD);
    let denied = asked.assert().code(2);
    assert!(String::from_utf8_lossy(&denied.get_output().stdout).contains("hostNamespaces"));
}

#[test]
#[cfg_attr(not(all(has_nix, has_skopeo)), ignore = "needs Nix with flakes and skopeo")]
fn oci_layout_has_the_configuration_of_the_archive() {
    let nix = Nix::find();
    let inspected = |image: String| -> Value {
        let output = run("skopeo", &["inspect", "--config", &image]);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let layout = inspected(format!("oci:{}:latest", nix.build("oci", &[]).display()));
    // Unpacked: older skopeos do not read every archive that is compressed as a whole.
    let folder = Folder::new();
    let path = folder.path().join("image.tar");
    fs::write(&path, archive(nix)).unwrap();
    let archive = inspected(format!("docker-archive:{}", path.display()));
    assert_eq!(layout["config"], archive["config"]);
    assert_eq!(layout["created"], archive["created"]);
    assert_eq!(layout["architecture"], archive["architecture"]);
}

/// The image of a folder that brings a third-party crate with its lock, and its checks.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn overridden_policies_input_replaces_the_repositorys() {
    let nix = Nix::find();
    let folder = Folder::new().copy(Path::new(FIXTURE), "policies");
    let mounted = with_policies(&folder.path().join("policies"));
    let mounted = mounted.each_ref().map(String::as_str);
    let program = nix.build("default", &mounted).join("bin/policy-engine");
    let listed = Command::new(program).args(["list", "--format", "json"]).assert().success();
    let listed: Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|policy| &policy["name"]).collect();
    assert_eq!(names, ["fingerprint", "greeting", "greeting", "moody"]);
    for check in ["closure", "image-contents", "reported", "policies", "suites"] {
        nix.build(&format!("checks.x86_64-linux.{check}"), &mounted);
    }
}

/// Whoever builds the program again would otherwise get another log.
#[test]
fn log_of_the_compilation_is_in_no_order_of_time() {
    let log = Nix::find().build("default^log", &[]);
    let messages = fs::read_to_string(log.join("messages.json")).unwrap();
    assert!(messages.lines().count() > 100, "{messages}");
    assert!(messages.lines().is_sorted());
}

/// The program and the image are each built once more, and Nix compares the bytes.
#[test]
#[ignore = "a proof of minutes, which CONTRIBUTING.md has a command for"]
fn rebuild_gives_the_same_bytes() {
    let nix = Nix::find();
    for attribute in ["default", "image"] {
        // `--rebuild` compares with what has been built.
        nix.build(attribute, &[]);
        nix.build(attribute, &["--rebuild"]);
    }
}

/// `policy-builder image` runs beside the derivation that makes `oci`, in the same sandbox: the
/// compiler and the linker are the same.
#[test]
#[ignore = "a proof of minutes, which CONTRIBUTING.md has a command for"]
fn policy_builder_makes_the_image_of_nix() {
    Nix::find().build("hydraJobs.tests.same-image.x86_64-linux", &[]);
}
