use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::Deref;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::http::Http;
use super::{Folder, PATIENCE, until, until_within};

/// The stress engine, serving; it is killed in the end.
pub(crate) struct Server {
    child: Mutex<Child>,
    log: Lines,
    out: Lines,
    http: Http,
}

/// The lines that a process writes, collected while it does.
struct Lines {
    read: Arc<Mutex<Vec<String>>>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

/// The stress engine as a command, with nothing set by who runs the tests.
pub(crate) fn stress_engine(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stress-engine"));
    command.env_clear().args(args);
    command
}

/// The engine whose policy tries what it may not, with one grant or none, to serve.
pub(crate) fn hostile_engine(grant: &str, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hostile-engine"));
    command.env_clear().env("HOSTILE_GRANT", grant);
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(args);
    command
}

impl Server {
    /// Starts `serve` on a port that is free, with these arguments.
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = stress_engine(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(args);
        Self::from_command(command)
    }

    /// Starts `serve` with a configuration that is written to `config.yaml` in the folder.
    pub(crate) fn with_config(folder: &Folder, yaml: &str, args: &[&str]) -> Self {
        let file = folder.path().join("config.yaml");
        fs::write(&file, yaml).unwrap();
        Self::start(&[&["--config", file.to_str().unwrap()], args].concat())
    }

    /// Starts a command that serves, and waits until it does.
    pub(crate) fn from_command(command: Command) -> Self {
        Self::within(PATIENCE, command)
    }

    /// Starts a command that may take longer until it serves.
    pub(crate) fn within(patience: Duration, mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let log = Lines::collect(child.stderr.take().unwrap());
        let out = Lines::collect(child.stdout.take().unwrap());
        let mut server = Self { child: Mutex::new(child), log, out, http: Http::new("") };
        until_within(patience, "the server serves", || {
            let Some(line) = server.has_logged("serving") else {
                let ended = server.ended();
                assert!(ended.is_none(), "it ended: {:?}", server.log.all());
                return false;
            };
            server.http = Http::new(line["address"].as_str().unwrap());
            true
        });
        server
    }

    /// `http://127.0.0.1:PORT`: the first address that it listens on.
    pub(crate) fn url(&self) -> &str {
        self.http.url()
    }

    /// The first address that it listens on, to connect to.
    pub(crate) fn address(&self) -> SocketAddr {
        self.url().strip_prefix("http://").unwrap().parse().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.lock().unwrap().id()
    }

    /// Sends a request over a new connection, and does not wait for the response.
    pub(crate) fn begin(&self, path: &str, body: &impl Serialize) -> TcpStream {
        let body = serde_json::to_string(body).unwrap();
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        self.sent((head + &body).as_bytes())
    }

    fn sent(&self, request: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request).unwrap();
        stream
    }

    /// Sends bytes as they are, and gives all that comes back until the connection ends.
    pub(crate) fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.sent(request);
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }

    /// The value of the first line of `/metrics` with this beginning; NaN if there is none.
    pub(crate) fn metric(&self, line_prefix: &str) -> f64 {
        let metrics = self.get("/metrics").text();
        let line = metrics.lines().find(|line| line.starts_with(line_prefix));
        line.map_or(f64::NAN, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
    }

    /// The lines logged so far. One that is no JSON, such as the message of an abort, is a string.
    pub(crate) fn log_lines(&self) -> Vec<Value> {
        let parsed = |line: String| serde_json::from_str(&line).unwrap_or(Value::String(line));
        self.log.all().into_iter().map(parsed).collect()
    }

    /// The first line that it logs with this message.
    pub(crate) fn logged(&self, message: &str) -> Value {
        let mut found = None;
        until(&format!("it has logged `{message}`"), || {
            found = self.has_logged(message);
            found.is_some()
        });
        found.unwrap()
    }

    fn has_logged(&self, message: &str) -> Option<Value> {
        self.log_lines().into_iter().find(|line| line["message"] == message)
    }

    /// Sends a signal, by its name without `SIG`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end and for the end of its log.
    pub(crate) fn wait(&self) -> ExitStatus {
        let mut status = None;
        until("the server ends", || {
            status = self.ended();
            status.is_some()
        });
        self.log.end();
        self.out.end();
        status.unwrap()
    }

    fn ended(&self) -> Option<ExitStatus> {
        self.child.lock().unwrap().try_wait().unwrap()
    }
}

/// The client of its first address.
impl Deref for Server {
    type Target = Http;

    fn deref(&self) -> &Http {
        &self.http
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Lines {
    fn collect(pipe: impl Read + Send + 'static) -> Self {
        let read = Arc::<Mutex<Vec<String>>>::default();
        let written = Arc::clone(&read);
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                written.lock().unwrap().push(line);
            }
        });
        Self { read, reader: Mutex::new(Some(reader)) }
    }

    fn all(&self) -> Vec<String> {
        self.read.lock().unwrap().clone()
    }

    /// Waits until all writers have ended.
    fn end(&self) {
        let reader = self.reader.lock().unwrap().take();
        if let Some(reader) = reader {
            reader.join().unwrap();
        }
    }
}
