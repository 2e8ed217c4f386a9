use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use super::coverage::Scene;
use super::script::Script;
use crate::platforms;
use crate::support::{Folder, OciRegistry, Shell, WORK_DIR, repository, run};

/// `registry.example.com`, which a proxy serves on this machine.
struct Registry {
    _server: OciRegistry,
    certificate: String,
    proxy: String,
    _folder: Folder,
}

impl Registry {
    fn start() -> Self {
        let folder = Folder::new();
        let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let (certificate, key) = (place("tls.crt"), place("tls.key"));
        let words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
                     -subj /CN=r -addext subjectAltName=DNS:registry.example.com \
                     -addext basicConstraints=critical,CA:FALSE";
        let files = ["-keyout", &key, "-out", &certificate];
        run("openssl", &[&words.split_whitespace().collect::<Vec<_>>()[..], &files].concat());
        let tls = format!(", tls: {{certificate: {certificate}, key: {key}}}");
        let server = OciRegistry::with("", &tls, Folder::new());
        let proxy = proxy_to(server.address());
        Self { _server: server, certificate, proxy, _folder: folder }
    }

    /// Makes the registry known to the commands of a shell.
    fn is_known_to(&self, shell: &mut Shell) {
        shell.set("SSL_CERT_FILE", &self.certificate);
        shell.set("HTTPS_PROXY", &format!("http://{}", self.proxy));
        shell.set("NO_PROXY", "");
        shell.set("DOCKER_CONFIG", shell.beside("docker").to_str().unwrap());
    }
}

/// A proxy that has one way only, whatever it is asked for: gives its address.
fn proxy_to(server: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for client in listener.incoming() {
            let server = server.clone();
            // Whoever hangs up is dealt with by those who are still there.
            thread::spawn(move || tunnel(client?, &server));
        }
    });
    address
}

fn tunnel(mut client: TcpStream, server: &str) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    assert!(line.starts_with("CONNECT registry.example.com:443 "), "{line}");
    while !line.trim().is_empty() {
        line.clear();
        reader.read_line(&mut line)?;
    }
    let mut server = TcpStream::connect(server)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut answers, mut back) = (server.try_clone()?, client);
    let answered = thread::spawn(move || {
        let copied = io::copy(&mut answers, &mut back);
        back.shutdown(std::net::Shutdown::Write)?;
        copied
    });
    io::copy(&mut reader, &mut server)?;
    server.shutdown(std::net::Shutdown::Write)?;
    answered.join().unwrap()?;
    Ok(())
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_openssl)),
    ignore = "needs `docker-registry` and OpenSSL"
)]
fn readme_push_command_runs() {
    let mut script = Script::new(Scene::Push);
    let registry = Registry::start();
    let mut shell = Shell::new(WORK_DIR, &[]);
    registry.is_known_to(&mut shell);
    fs::copy(&repository().archive, shell.here().join("policy-engine.tar")).unwrap();
    let pushed = shell.runs(&script.takes("policy-builder push")).get_output().stdout.clone();
    let digest = &repository().image.digests[0];
    assert_eq!(
        String::from_utf8(pushed).unwrap(),
        format!("registry.example.com/policies@{digest}\n")
    );
    script.ends();
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_openssl)),
    ignore = "needs `docker-registry` and OpenSSL"
)]
fn documented_commands_sign_an_image_and_demand_it() {
    let mut script = Script::new(Scene::Sign);
    let registry = Registry::start();
    let mut shell = Shell::new(WORK_DIR, &[]);
    registry.is_known_to(&mut shell);
    fs::copy(&repository().archive, shell.here().join("policy-engine.tar")).unwrap();
    for beginning in ["openssl genpkey", "openssl pkey", "policy-builder push"] {
        shell.runs(&script.takes(beginning));
    }
    let mut printed = |beginning: &str| {
        let output = shell.runs(&script.takes(beginning)).get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    let digest = &repository().image.digests[0];
    let signed = printed("policy-builder sign");
    let beginning = format!("signed     registry.example.com/policies:v1\ndigest     {digest}\n");
    assert!(signed.starts_with(&beginning), "{signed}");
    let verified = printed("policy-builder verify");
    assert!(verified.contains(&format!("digest    {digest}, signed by the key sha256:")));
    assert!(verified.contains("\nsigned    provenance\n"), "{verified}");
    script.ends();
}

#[test]
#[cfg_attr(
    not(all(has_skopeo, has_docker_registry, has_openssl, has_arm64)),
    ignore = "needs skopeo, `docker-registry`, OpenSSL and a toolchain and an emulator for linux/arm64"
)]
fn readme_commands_for_two_platforms_run() {
    let mut script = Script::new(Scene::Platforms);
    let cargo = platforms::compile();
    let registry = Registry::start();
    let mut shell = Shell::new(WORK_DIR, &repository().same_revision()).with_repository();
    shell.set("CARGO", cargo.to_str().unwrap());
    registry.is_known_to(&mut shell);
    shell.runs(&script.takes("policy-builder image"));
    assert!(Path::new(&shell.here()).join("policy-engine/index.json").is_file());
    shell.runs(&script.takes("skopeo"));
    script.ends();
}
