use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::wire::Connection;
use crate::support::{Folder, Server, StopsOthers, WORK_DIR, builder, until_within};

/// The time limit of a compilation. The first takes a minute or two on an idle machine.
const PATIENCE: Duration = Duration::from_mins(20);

/// The time between two requests of a client. Without it, clients have a processor that compilers need.
const BETWEEN: Duration = Duration::from_millis(1);

const QUESTION: &str = r#"{"input": "allowed"}"#;

/// A policy that always answers this.
fn policy(answer: &str) -> String {
    format!(
        "use policy_api::{{Context, Error, NoSettings, Policy}};

pub struct Says;

impl Policy for Says {{
    type Settings = NoSettings;
    type Input<'a> = policy_api::Verdict;
    type Output<'a> = &'static str;

    fn validate(_: NoSettings) -> Result<Self, Error> {{
        Ok(Self)
    }}

    fn execute<'a>(&'a self, _: Self::Input<'a>, _: &Context<'a>) -> Result<&'static str, Error> {{
        Ok({answer})
    }}
}}

policy_api::register!(Says);
"
    )
}

/// `policy-builder watch` in a folder, once it serves.
fn watch(folder: &Folder, serve_flags: &[&str]) -> Server {
    let as_tests_run_it = builder(folder.path());
    let mut command = Command::new(as_tests_run_it.get_program());
    for (name, value) in as_tests_run_it.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(folder.path()).args(["watch", "--work-dir", WORK_DIR, "--"]);
    command.args(serve_flags);
    Server::within(PATIENCE, command)
}

/// The number of log lines of the watcher that contain these words.
fn times_logged(watcher: &Server, words: &str) -> usize {
    let lines = watcher.log_lines();
    lines.iter().filter_map(|line| line.as_str()).filter(|line| line.contains(words)).count()
}

/// True if one log line of the watcher contains these words.
fn has_logged(watcher: &Server, words: &str) -> bool {
    times_logged(watcher, words) > 0
}

fn ask(address: SocketAddr) -> String {
    Connection::at(address).post("/v1/data/says", QUESTION).expect(200).body
}

/// Sends requests over one connection as long as the server keeps it open. Returns all answers.
fn post_on_kept_connections(
    address: SocketAddr,
    stop: &AtomicBool,
    asked: &AtomicU64,
) -> BTreeSet<String> {
    let _stops = StopsOthers(stop);
    let mut answers = BTreeSet::new();
    let mut connection = Connection::at(address);
    while !stop.load(Ordering::Relaxed) {
        let reply = connection.post("/v1/data/says", QUESTION).expect(200);
        if reply.header("connection") == Some("close") {
            connection = Connection::at(address);
        }
        answers.insert(reply.body);
        asked.fetch_add(1, Ordering::Relaxed);
        thread::sleep(BETWEEN);
    }
    answers
}

/// Sends requests over a new connection each.
fn post_on_new_connections(
    address: SocketAddr,
    stop: &AtomicBool,
    asked: &AtomicU64,
) -> BTreeSet<String> {
    let _stops = StopsOthers(stop);
    let mut answers = BTreeSet::new();
    while !stop.load(Ordering::Relaxed) {
        answers.insert(ask(address));
        asked.fetch_add(1, Ordering::Relaxed);
        thread::sleep(BETWEEN);
    }
    answers
}

/// Edits the policies while other threads send requests.
fn edit_policies(watcher: &Server, folder: &Folder, source: &Path) {
    let address = watcher.address();
    let until = |what: &str, so: &mut dyn FnMut() -> bool| until_within(PATIENCE, what, so);
    fs::write(source, policy("\"two\"")).unwrap();
    until("the second is served", &mut || ask(address) == r#"{"result":"two"}"#);

    fs::write(source, policy("2")).unwrap();
    until("it is told", &mut || has_logged(watcher, "the engine from before goes on serving"));
    for words in
        ["error[E0308]: mismatched types", "policy crate `says` (`policies/says`) does not compile"]
    {
        assert!(has_logged(watcher, words), "{words}: {:?}", watcher.log_lines());
    }
    assert_eq!(ask(address), r#"{"result":"two"}"#);

    let times_served = || times_logged(watcher, "served after");
    let before = times_served();
    fs::write(source, policy("\"three\"")).unwrap();
    until("the third is served", &mut || ask(address) == r#"{"result":"three"}"#);
    // It lets go of the work folder before it says so. Stopped earlier, it would hold it for ever.
    until("it is told", &mut || times_served() > before);

    // Another command compiles the save first: there is nothing left to compile for the watcher.
    watcher.signal("STOP");
    fs::write(source, policy("\"four\"")).unwrap();
    let mut run = builder(folder.path());
    run.args(["run", "--work-dir", WORK_DIR, "--", "version"]).timeout(PATIENCE);
    run.assert().success();
    watcher.signal("CONT");
    until("the fourth is served", &mut || ask(address) == r#"{"result":"four"}"#);

    let crates = folder.path().join("policies");
    fs::create_dir(crates.join("new")).unwrap();
    fs::write(crates.join("new/Cargo.toml"), "[package").unwrap();
    until("it is told", &mut || has_logged(watcher, "policies/new/Cargo.toml` is not"));
    assert_eq!(ask(address), r#"{"result":"four"}"#);

    fs::create_dir(crates.join("new/src")).unwrap();
    fs::write(crates.join("new/src/lib.rs"), policy("\"new\"")).unwrap();
    let manifest = fs::read_to_string(crates.join("says/Cargo.toml")).unwrap();
    fs::write(crates.join("new/Cargo.toml"), manifest.replace("says", "new")).unwrap();
    let is_there = || Connection::at(address).get("/v1/policies/new").status == 200;
    until("the new one is served", &mut || is_there());

    fs::remove_dir_all(crates.join("new")).unwrap();
    until("it is gone", &mut || !is_there());
}

#[test]
fn saved_change_is_served_on_the_same_socket_without_losing_requests() {
    let folder = Folder::new()
        .library("says", "policy-api = \"0.1\"", &policy("\"one\""))
        .file("policies/README.md", "Not a crate.\n");
    let socket = folder.path().join("socket");
    let unix = format!("unix://{}", socket.display());
    let watcher = watch(&folder, &["--listen", "127.0.0.1:0", "--listen", &unix]);
    let address = watcher.address();
    let source = folder.path().join("policies/says/src/lib.rs");
    assert_eq!(ask(address), r#"{"result":"one"}"#);

    let (stop, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let answers = thread::scope(|scope| {
        let (stop, asked) = (&stop, &asked);
        let clients = [
            scope.spawn(move || post_on_kept_connections(address, stop, asked)),
            scope.spawn(move || post_on_new_connections(address, stop, asked)),
        ];
        {
            let _stops = StopsOthers(stop);
            edit_policies(&watcher, &folder, &source);
        }
        clients.map(|client| client.join().unwrap())
    });
    let expected =
        ["four", "one", "three", "two"].map(|answer| format!(r#"{{"result":"{answer}"}}"#));
    for answers in answers {
        assert_eq!(answers, BTreeSet::from(expected.clone()));
    }
    assert!(asked.load(Ordering::Relaxed) > 0);
    UnixStream::connect(&socket).unwrap();

    // Nobody is left who could write to its log, or it would not end.
    watcher.signal("TERM");
    assert_eq!(watcher.wait().code(), Some(0));
    assert!(TcpStream::connect(address).is_err());
    assert!(!socket.exists());
}
