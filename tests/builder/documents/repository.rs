use std::fs;
use std::net::TcpStream;
use std::process;

use serde_json::Value;

use super::coverage::Scene;
use super::script::Script;
use crate::support::{DockerTag, Shell, WORK_DIR, document_block, on_path, repository, run, until};

/// The pages with what is evaluated, and with what is answered.
const EVAL: &str = "docs/src/how-to/eval.md";
const SERVE: &str = "docs/src/how-to/serve.md";

/// The address of the documents' server.
const SERVED: &str = "127.0.0.1:8181";

/// A clone is built into an image, which is inspected and verified.
#[test]
fn readme_commands_for_this_repository_run() {
    let mut script = Script::new(Scene::Repository);
    let revision = repository().same_revision();
    let mut shell = Shell::new(WORK_DIR, &revision).with_repository();
    let here = shell.here();
    shell.runs(&script.takes("cargo image"));
    let archive = fs::read(here.join("policy-engine.tar")).unwrap();
    assert!(archive == fs::read(&repository().archive).unwrap());

    fs::copy(here.join("policy-engine.tar"), here.join("old.tar")).unwrap();
    let inspected = shell.runs(&script.takes("policy-builder inspect policy-engine.tar"));
    let inspected = String::from_utf8(inspected.get_output().stdout.clone()).unwrap();
    assert!(inspected.contains(&repository().image.digests[0]), "{inspected}");
    let sbom = shell.runs(&script.takes("policy-builder inspect")).get_output().stdout.clone();
    assert_eq!(serde_json::from_slice::<Value>(&sbom).unwrap()["bomFormat"], "CycloneDX");
    shell.runs(&script.takes("policy-builder diff"));
    shell.runs(&script.takes("policy-builder verify"));

    let pod = document_block(EVAL, "yaml", "kind: Pod");
    fs::write(here.join("pod.yaml"), &pod).unwrap();
    fs::create_dir(here.join("manifests")).unwrap();
    fs::write(here.join("manifests/pod.yaml"), pod).unwrap();
    shell.before("policy-engine", &repository().program(), "");
    let denied = shell.command(&script.takes("policy-engine eval")).assert().code(2);
    assert!(String::from_utf8_lossy(&denied.get_output().stdout).contains("hostNetwork"));
    script.ends();
}

/// The image in Docker evaluates and serves.
#[test]
#[cfg_attr(not(all(has_docker, has_curl)), ignore = "needs a Docker engine and curl")]
fn readme_docker_commands_run() {
    let mut script = Script::new(Scene::Docker);
    let mut shell = Shell::new(WORK_DIR, &[]);
    let here = shell.here();
    fs::copy(&repository().archive, here.join("policy-engine.tar")).unwrap();
    fs::write(here.join("pod.yaml"), document_block(EVAL, "yaml", "kind: Pod")).unwrap();
    let _tag = DockerTag::take(DockerTag::ENGINE);
    shell.runs(&script.takes("docker load"));
    let denied = shell.command(&script.takes("docker run --rm -i")).assert().code(2);
    assert!(String::from_utf8_lossy(&denied.get_output().stdout).contains("hostNetwork"));

    assert!(
        TcpStream::connect(SERVED).is_err(),
        "the documented server cannot listen on {SERVED}: another program does; end that one, or \
         leave this test out by POLICY_ENGINE_WITHOUT=docker"
    );
    // Docker may have no network of its own here.
    let name = format!("policy-readme-{}", process::id());
    let options = format!("shift; set -- run --network host --name {name} \"$@\"\n");
    shell.before("docker", &on_path("docker"), &options);
    let container = Container(name);
    let words = script.takes("docker run --rm -p");
    let mut serving = shell.started(&words);
    until("it serves", || {
        assert!(serving.try_wait().unwrap().is_none(), "`{words}` has ended");
        TcpStream::connect(SERVED).is_ok()
    });
    let answer = shell.runs(&script.takes("curl")).get_output().stdout.clone();
    let expected = document_block(SERVE, "json", "\"result\"");
    assert_eq!(String::from_utf8(answer).unwrap().trim_end(), expected.trim_end());
    drop(container);
    serving.wait().unwrap();
    script.ends();
}

/// A container, which is removed at the end.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        run("docker", &["rm", "--force", &self.0]);
    }
}
