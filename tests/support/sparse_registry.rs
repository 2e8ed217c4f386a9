use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::digest;

/// The prefix of a dependency that is on crates.io.
const CRATES_IO: &str = "crates.io:";

/// A sparse registry, served on loopback: files by HTTP, as Cargo asks for them.
pub(crate) struct SparseRegistry {
    files: TempDir,
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl SparseRegistry {
    pub(crate) fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config =
            json!({ "dl": format!("http://{address}/crates/{{crate}}-{{version}}.crate") });
        fs::write(files.path().join("config.json"), config.to_string()).unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (root, is_stopped) = (files.path().to_owned(), Arc::clone(&stopped));
        let server = thread::spawn(move || {
            for client in listener.incoming() {
                if is_stopped.load(Ordering::SeqCst) {
                    return;
                }
                let root = root.clone();
                // A client that goes away ends nothing but its own response.
                thread::spawn(move || client.and_then(|client| respond(&client, &root)));
            }
        });
        Self { files, address, stopped, server: Some(server) }
    }

    /// The index, as Cargo's configuration names it.
    pub(crate) fn index(&self) -> String {
        format!("sparse+http://{}/", self.address)
    }

    /// Publishes a crate `NAME VERSION`, as `cargo publish` packs it, with dependencies that are
    /// each a name, or one with `crates.io:` in front, and a requirement.
    pub(crate) fn publish(&self, package: &str, dependencies: &[&str], library: &str) {
        let (name, version) = package.split_once(' ').unwrap();
        let mut manifest = format!(
            "[package]\nedition = \"2024\"\nname = \"{name}\"\nversion = \"{version}\"\nautobins = false\n\n\
             [lib]\nname = \"{}\"\npath = \"src/lib.rs\"\n",
            name.replace('-', "_")
        );
        let mut listed = Vec::new();
        for dependency in dependencies {
            let (name, requirement) = dependency.split_once(' ').unwrap();
            let (name, registry) = match name.strip_prefix(CRATES_IO) {
                Some(name) => (name, json!("https://github.com/rust-lang/crates.io-index")),
                None => (name, Value::Null),
            };
            write!(manifest, "\n[dependencies.{name}]\nversion = \"{requirement}\"\n").unwrap();
            if registry.is_null() {
                writeln!(manifest, "registry-index = \"{}\"", self.index()).unwrap();
            }
            listed.push(json!({
                "name": name, "req": requirement, "registry": registry, "features": [],
                "optional": false, "default_features": true, "target": null, "kind": "normal",
            }));
        }
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (file, text) in [
            ("Cargo.toml", manifest.as_str()),
            ("Cargo.toml.orig", "# as its author wrote it\n"),
            (".cargo_vcs_info.json", "{}"),
            ("src/lib.rs", library),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            let path = format!("{name}-{version}/{file}");
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        let archive = archive.into_inner().unwrap().finish().unwrap();
        let line = json!({
            "name": name, "vers": version, "deps": listed, "features": {}, "yanked": false,
            "cksum": digest(&archive).trim_start_matches("sha256:"),
        });
        let path = self.files.path().join(format!("crates/{name}-{version}.crate"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, archive).unwrap();
        self.change(name, |index| index + &format!("{line}\n"));
    }

    pub(crate) fn yank(&self, package: &str) {
        let (name, version) = package.split_once(' ').unwrap();
        let version = format!("\"vers\":\"{version}\"");
        let yanked = |line: &str| {
            let is_meant = line.contains(&version);
            let state = if is_meant { "\"yanked\":true" } else { "\"yanked\":false" };
            line.replace("\"yanked\":false", state) + "\n"
        };
        self.change(name, |index| index.lines().map(yanked).collect());
    }

    /// Changes the index of a crate, which has a line a version.
    fn change(&self, name: &str, change: impl FnOnce(String) -> String) {
        let place = match name.len() {
            1 | 2 => name.len().to_string(),
            3 => format!("3/{}", name.get(..1).unwrap()),
            _ => format!("{}/{}", name.get(..2).unwrap(), name.get(2..4).unwrap()),
        };
        let path = self.files.path().join(place).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, change(fs::read_to_string(&path).unwrap_or_default())).unwrap();
    }

    /// Stops answering.
    pub(crate) fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            self.stopped.store(true, Ordering::SeqCst);
            let _ = TcpStream::connect(self.address);
            server.join().unwrap();
        }
    }
}

impl Drop for SparseRegistry {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Responds to one request with a file, unless Cargo has it already.
fn respond(mut client: &TcpStream, root: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(client).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = PathBuf::from(request.split(' ').nth(1).unwrap_or_default());
    let mut has = String::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("if-none-match")
        {
            value.clone_into(&mut has);
        }
    }
    let body = fs::read(root.join(path.strip_prefix("/").unwrap_or(&path)));
    let (status, body) = match body {
        Ok(body) if has == format!("\"{}\"", digest(&body)) => ("304 Not Modified", Vec::new()),
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    write!(
        client,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\nETag: \"{}\"\r\n\r\n",
        body.len(),
        digest(&body)
    )?;
    client.write_all(&body)
}
