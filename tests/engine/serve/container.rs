use std::net::{SocketAddr, TcpStream};
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::wire::{Connection, posted};
use crate::support::{Folder, Loaded, repository, run, until};

/// The repository's image in Docker, under a unique name.
struct Image {
    _loaded: Loaded,
    name: String,
}

/// A container of it that serves. It is removed with this.
struct Container {
    name: String,
    address: SocketAddr,
}

impl Image {
    fn load() -> Self {
        static TAGS: AtomicUsize = AtomicUsize::new(0);
        let folder = Folder::new();
        let tag = format!("serve-{}-{}", process::id(), TAGS.fetch_add(1, Ordering::Relaxed));
        let names = ["--repo", "policy-tests", "--tag", &tag];
        repository().packed_again(&folder).args(names).assert().success();
        let name = format!("policy-tests:{tag}");
        let archive = folder.path().join("policy-engine.tar");
        Self { _loaded: Loaded::load("docker", &archive, &name), name }
    }

    /// Runs the image's own command with these options of Docker.
    fn serve(&self, options: &[&str]) -> Container {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut container = Container { name: self.name.replace(':', "-"), address };
        let listen = format!("POLICY_ENGINE_LISTEN={address}");
        let fixed =
            ["run", "--detach", "--name", &container.name, "--network", "host", "--env", &listen];
        run("docker", &[&fixed, options, &[&self.name]].concat());
        // The port that the system gave it.
        until("it serves", || match container.served() {
            Some(address) => {
                container.address = address;
                true
            }
            None => false,
        });
        container
    }
}

impl Container {
    fn inspected(&self, format: &str) -> String {
        let output = run("docker", &["inspect", "--format", format, &self.name]);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The address that it logs when it serves.
    fn served(&self) -> Option<SocketAddr> {
        let log = self.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let mut serving = lines.filter(|line| line["message"] == "serving");
        let address = serving.next()?["address"].as_str()?.strip_prefix("http://")?.parse();
        Some(address.unwrap())
    }

    fn log(&self) -> String {
        let output = run("docker", &["logs", &self.name]);
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "--force", &self.name]).output();
    }
}

/// The first request in the README.
fn is_answered_as_the_readme_says(container: &Container) {
    let body = r#"{"input": {
  "kind": "Pod", "spec": {"hostNetwork": true}}}"#;
    let mut connection = Connection::at(container.address);
    let reply = connection.post("/v1/data/pod-security-baseline", body).expect(200);
    assert_eq!(
        reply.body,
        r#"{"result":{"allowed":false,"violations":[{"check":"hostNamespaces","field":"spec.hostNetwork","message":"`hostNetwork` is `true`: a pod may not share namespaces of the host"}]}}"#
    );
    connection.get("/health/ready").expect(200);
}

#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn image_serves_and_drains_on_docker_stop() {
    let image = Image::load();
    let container = image.serve(&[]);
    is_answered_as_the_readme_says(&container);

    // One that is kept alive, and one whose body is not there yet.
    let mut kept = Connection::at(container.address);
    kept.get("/health").expect(200);
    let mut in_flight = Connection::at(container.address);
    let body = r#"{"input": {"kind": "Pod", "spec": {}}}"#;
    let request = posted("/v1/data/pod-security-baseline", body);
    let (most, last) = request.split_at(request.len() - 1);
    in_flight.send(most);
    let told = Instant::now();
    let mut stop = Command::new("docker").args(["stop", &container.name]).spawn().unwrap();
    until("nobody is let in", || TcpStream::connect(container.address).is_err());
    in_flight.send(last);
    let reply = in_flight.reply().expect(200);
    assert_eq!(reply.body, r#"{"result":{"allowed":true,"violations":[]}}"#);
    assert_eq!(kept.rest(), "");
    assert!(stop.wait().unwrap().success());
    // Docker would kill it after ten seconds.
    assert!(told.elapsed() < Duration::from_secs(9), "{:?}", told.elapsed());
    assert_eq!(container.inspected("{{.State.ExitCode}}"), "0");
    let log = container.log();
    assert!(log.lines().last().unwrap().contains(r#""message":"ended""#), "{log}");
}

#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn image_serves_read_only_without_capabilities_as_any_user() {
    let image = Image::load();
    for user in ["12345", "12345:12345"] {
        let container = image.serve(&[
            "--read-only",
            "--cap-drop",
            "ALL",
            "--security-opt",
            "no-new-privileges",
            "--user",
            user,
            "--memory",
            "128m",
            "--pids-limit",
            "64",
        ]);
        is_answered_as_the_readme_says(&container);
        run("docker", &["stop", &container.name]);
        assert_eq!(container.inspected("{{.State.ExitCode}}"), "0", "{}", container.log());
    }
}
