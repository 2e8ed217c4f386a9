use std::fs::{self, File};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use super::{Folder, Http, until};

/// Debian's `docker-registry` (github.com/distribution/distribution), on this machine.
pub(crate) struct OciRegistry {
    process: Child,
    folder: Folder,
    port: u16,
}

impl OciRegistry {
    /// Starts one that everybody may push to.
    pub(crate) fn start() -> Self {
        Self::with("", "", Folder::new())
    }

    /// Starts one in a folder, with more in its configuration and in its part `http`.
    pub(crate) fn with(settings: &str, http: &str, folder: Folder) -> Self {
        let mut folder = folder;
        loop {
            // It cannot be told to take any port that is free; another may be faster.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut registry = Self::on(port, settings, http, folder);
            let mut ended = false;
            until("the registry listens", || {
                ended = registry.process.try_wait().unwrap().is_some();
                // By its own word: who takes connections there may be another.
                ended || registry.log().contains("msg=\"listening on ")
            });
            if !ended {
                return registry;
            }
            let log = registry.log();
            assert!(log.contains("address already in use"), "{log}");
            folder = std::mem::replace(&mut registry.folder, Folder::new());
        }
    }

    fn on(port: u16, settings: &str, http: &str, folder: Folder) -> Self {
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));
        let config = format!(
            "version: 0.1\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
             http: {{addr: '127.0.0.1:{port}', secret: s{http}}}\n{settings}\n",
            data.display()
        );
        fs::write(folder.path().join("config.yml"), config).unwrap();
        let log = File::create(log).unwrap();
        let process = Command::new("docker-registry")
            .args(["serve", "config.yml"])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { process, folder, port }
    }

    /// The address, such as `127.0.0.1:5000`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn http(&self) -> Http {
        Http::new(&format!("http://{}", self.address()))
    }

    /// The tags of a repository.
    pub(crate) fn tags(&self, repository: &str) -> Vec<String> {
        let tags = self.http().get(&format!("/v2/{repository}/tags/list")).json();
        let mut tags: Vec<String> =
            serde_json::from_value(tags["tags"].clone()).unwrap_or_default();
        tags.sort();
        tags
    }

    /// The changes of a repository in order, such as `PUT manifests/v1`.
    pub(crate) fn changes(&self, repository: &str) -> Vec<String> {
        let log = self.log();
        let lines = log.lines().filter(|line| line.contains(" HTTP/1.1\" 20"));
        let requests = lines.filter_map(|line| line.split('"').nth(1));
        let inside = format!(" /v2/{repository}/");
        let requests = requests.filter_map(|request| {
            let (method, rest) = request.strip_suffix(" HTTP/1.1")?.split_once(&inside)?;
            let is_change = matches!(method, "PATCH" | "POST" | "PUT");
            is_change.then(|| format!("{method} {}", rest.split('?').next().unwrap()))
        });
        requests.collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

impl Drop for OciRegistry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
