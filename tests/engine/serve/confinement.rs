use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use serde_json::{Value, json};

use super::reload::load;
use crate::support::wire::{Connection, figure, get, post};
use crate::support::{Folder, Server, hostile_engine, until};

/// The exit status of an engine that a policy has attacked.
const ATTACKED: i32 = 70;

const EPERM: i64 = -1;

/// Attempts that are refused, by the call that is.
fn refused() -> Vec<(Value, &'static str)> {
    vec![
        (json!({"open": "/etc/passwd"}), "openat"),
        (json!({"open": "/proc/self/mem"}), "openat"),
        (json!({"connect": 1}), "socket"),
        (json!("fork"), "clone"),
        (json!("vfork"), if cfg!(target_arch = "x86_64") { "fork" } else { "clone" }),
        (json!("exec"), "execve"),
        (json!("memfd-exec"), "memfd_create"),
        (json!("code"), "mmap"),
        (json!("kill-self"), "kill"),
        (json!("kill-parent"), "tgkill"),
        (json!("io-uring"), "io_uring_setup"),
        (json!("thread"), "clone"),
    ]
}

/// Attempts that end the process, by the call that does.
fn attacks() -> [(Value, &'static str); 5] {
    [
        (json!("ptrace"), "ptrace"),
        (json!("read-memory"), "process_vm_readv"),
        (json!("notifications"), "ioctl"),
        (json!("seccomp"), "seccomp"),
        (json!("exit"), "exit_group"),
    ]
}

/// A server with one grant or none.
fn server(grant: &str, args: &[&str]) -> Server {
    Server::from_command(hostile_engine(grant, args))
}

/// What the policy answers to an attempt: what the kernel returned, or the message of an error.
fn attempt(server: &Server, attempt: &Value) -> Result<i64, String> {
    asked(server, &json!({"attempt": attempt}))
}

fn attempt_on_thread(server: &Server, attempt: &Value) -> Result<i64, String> {
    asked(server, &json!({"attempt": attempt, "on_thread": true}))
}

fn asked(server: &Server, input: &Value) -> Result<i64, String> {
    let reply = post(server, "/v1/data/hostile", &json!({"input": input}).to_string());
    let body = reply.json();
    match reply.status {
        200 => Ok(body["result"]["returned"].as_i64().unwrap()),
        500 => Err(body["message"].as_str().unwrap().to_owned()),
        _ => panic!("{reply:?}"),
    }
}

fn violations(server: &Server, call: &str) -> u64 {
    let series =
        format!("policy_engine_confinement_violations_total{{call=\"{call}\",id=\"hostile\"}}");
    figure(server, &series)
}

/// The lines logged of violations: level, policy, call.
fn told(server: &Server) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let lines = server.log_lines();
    let told = lines.iter().filter(|line| line["call"].is_string());
    told.map(|line| (text(&line["level"]), text(&line["id"]), text(&line["call"]))).collect()
}

#[test]
fn what_a_policy_may_not_do_is_refused_and_told_and_others_are_answered() {
    let server = server("", &[]);
    for (what, call) in refused() {
        let before = violations(&server, call);
        let message = attempt(&server, &what).unwrap_err();
        let expected = format!("policy `hostile`: made the system call `{call}`");
        assert!(message.starts_with(&expected), "{what}: {message}");
        assert!(violations(&server, call) > before, "{what}");
        let line = ("ERROR".to_owned(), "hostile".to_owned(), call.to_owned());
        until("it is told", || told(&server).contains(&line));
        assert_eq!(attempt(&server, &json!("nothing")), Ok(0), "{what}");
    }
    let folder = Folder::new();
    let file = folder.path().join("made");
    attempt(&server, &json!({"create": file})).unwrap_err();
    assert!(!file.exists());
    // Programs make threads and processes by it; C libraries then take the way that can be judged.
    assert_eq!(attempt(&server, &json!("clone3")), Ok(-38));
    get(&server, "/health/ready").expect(200);
    assert_eq!(figure(&server, "policy_engine_requests_in_flight"), 0);
}

#[test]
fn attack_ends_the_process_which_names_the_policy_and_the_call() {
    for (what, call) in attacks() {
        let server = server("", &[]);
        let _asked = server.begin("/v1/data/hostile", &json!({"input": {"attempt": what}}));
        assert_eq!(server.wait().code(), Some(ATTACKED), "{what}");
        let line = ("ERROR".to_owned(), "hostile".to_owned(), call.to_owned());
        until("it is told", || told(&server).contains(&line));
    }
}

fn ended_by(what: &str) -> ExitStatus {
    let server = server("", &[]);
    let _asked = server.begin("/v1/data/hostile", &json!({"input": {"attempt": what}}));
    server.wait()
}

#[test]
fn abort_is_told_by_its_signal_and_calls_of_32_bit_programs_end_the_process() {
    assert_eq!(ended_by("abort").signal(), Some(6));
    #[cfg(target_arch = "x86_64")]
    assert_eq!(ended_by("old-call").signal(), Some(31));
}

#[test]
fn policy_that_tries_it_over_its_settings_is_not_configured() {
    let folder = Folder::new();
    let settings = [
        (json!({"thread": true}), "clone"),
        (json!({"attempt": {"open": "/etc/passwd"}}), "openat"),
    ];
    for (settings, call) in settings {
        let file = folder.path().join("config.json");
        fs::write(
            &file,
            json!({"policies": {"mine": {"policy": "hostile", "settings": settings}}}).to_string(),
        )
        .unwrap();
        let ended = hostile_engine("", &["--config", file.to_str().unwrap()]).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(78), "{said}");
        assert!(said.contains(&format!("made the system call `{call}`")), "{said}");
        assert!(said.contains("mine"), "{said}");
    }
}

#[test]
fn thread_that_a_policy_made_before_is_confined_as_the_policy_is() {
    let folder = Folder::new();
    let yaml = "policies: {hostile: {policy: hostile, settings: {thread: true}}}";
    let file = folder.path().join("config.yaml");
    fs::write(&file, yaml).unwrap();
    let server = server("threads", &["--config", file.to_str().unwrap()]);
    assert_eq!(attempt(&server, &json!("thread")), Ok(0));
    assert_eq!(attempt_on_thread(&server, &json!("thread")), Ok(0));
    for (what, call) in refused() {
        if call == "clone" {
            continue;
        }
        let before = violations(&server, call);
        assert_eq!(attempt_on_thread(&server, &what), Ok(EPERM), "{what}");
        assert!(violations(&server, call) > before, "{what}");
        let line = ("ERROR".to_owned(), "hostile".to_owned(), call.to_owned());
        until("it is told", || told(&server).contains(&line));
    }
    assert_eq!(attempt_on_thread(&server, &json!("fork")), Ok(EPERM));
    get(&server, "/health/ready").expect(200);
}

/// What a policy has may have destructors.
#[test]
fn policy_that_is_dropped_is_confined_and_holds_up_nobody() {
    let folder = Folder::new();
    let yaml = |at_end: Value| {
        let settings = json!({"at_end": at_end});
        json!({"policies": {"hostile": {"settings": settings}}}).to_string()
    };
    let file = folder.path().join("config.yaml");
    fs::write(&file, yaml(json!("hang"))).unwrap();
    let server = server("", &["--config", file.to_str().unwrap()]);
    for at_end in [json!("panic"), json!({"open": "/etc/passwd"}), json!("hang"), json!("panic")] {
        load(&server, &folder, &yaml(at_end), "ok");
        assert_eq!(attempt(&server, &json!("nothing")), Ok(0));
    }
    let line = ("ERROR".to_owned(), "hostile".to_owned(), "openat".to_owned());
    until("it is told", || told(&server).contains(&line));
    assert_eq!(violations(&server, "openat"), 1);
    let panicked = server.logged("a policy panicked while it was dropped");
    assert_eq!(panicked["policy"], "hostile");
    // A payload that panics when it is dropped.
    let message = attempt(&server, &json!("panic")).unwrap_err();
    assert!(message.contains("the policy panicked: it gave no message, at "), "{message}");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn policy_is_dropped_in_its_zone_and_before_the_end() {
    let folder = Folder::new();
    let [made, input] = ["made", "input.json"].map(|name| folder.path().join(name));
    fs::write(&input, r#"{"attempt": "nothing"}"#).unwrap();
    let eval = |confinement: &str, attempt: Value| {
        let mut eval = Command::new(hostile_engine("", &[]).get_program());
        eval.env_clear().args(["eval", "hostile", "--confinement", confinement]);
        eval.arg(format!("--set=attempt={attempt}"));
        eval.arg(format!("--set=at_end={}", json!({"create": made}))).arg(&input);
        eval.output().unwrap().status.code()
    };
    // It is refused over its settings, and is dropped at once.
    assert_eq!(eval("enforce", json!({"open": "/etc/passwd"})), Some(1));
    assert_eq!(eval("enforce", json!("nothing")), Some(0));
    assert!(!made.exists());
    assert_eq!(eval("off", json!("nothing")), Some(0));
    assert!(made.exists());
}

/// Its author's code makes it.
#[test]
fn schema_that_does_not_end_holds_up_no_request() {
    let server = server("", &[]);
    let asked: Vec<_> = (0..64)
        .map(|_| {
            let mut connection = Connection::to(&server);
            connection.send("GET /v1/policies/hostile HTTP/1.1\r\nhost: a\r\n\r\n");
            connection
        })
        .collect();
    get(&server, "/health/ready").expect(200);
    assert_eq!(attempt(&server, &json!("nothing")), Ok(0));
    for mut connection in asked {
        let found = connection.reply().expect(200).json();
        assert_eq!(found["result"]["input_schema"], Value::Null);
    }
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn grant_gives_what_its_word_says_and_no_more() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let attempts = [
        ("files", json!({"open": "/etc/passwd"})),
        ("network", json!({"connect": port})),
        ("processes", json!("fork")),
        ("threads", json!("thread")),
    ];
    for grant in ["files", "network", "processes", "threads"] {
        let server = server(grant, &[]);
        for (needs, what) in &attempts {
            let tried = attempt(&server, what);
            // A program opens files as it starts.
            if *needs == grant || (*needs, grant) == ("files", "processes") {
                assert!(tried.is_ok_and(|returned| returned >= 0), "{grant} for {what}");
            } else {
                let message = tried.unwrap_err();
                assert!(
                    message.contains(&format!("allow `{needs}`")) || *needs == "processes",
                    "{message}"
                );
            }
        }
        for always in [json!("kill-parent"), json!("io-uring")] {
            if (grant, &always) != ("processes", &json!("kill-parent")) {
                attempt(&server, &always).unwrap_err();
            }
        }
    }
}

#[test]
fn warn_tells_what_would_be_refused_and_off_tells_nothing() {
    let warned = server("", &["--set", "confinement=warn"]);
    let open = json!({"open": "/etc/passwd"});
    for what in [&open, &json!("thread"), &json!("fork"), &json!("io-uring")] {
        assert!(attempt(&warned, what).unwrap() >= 0 || *what == json!("io-uring"), "{what}");
    }
    assert_eq!(violations(&warned, "openat"), 1);
    let line = ("WARN".to_owned(), "hostile".to_owned(), "openat".to_owned());
    until("it is told", || told(&warned).contains(&line));
    let off = server("", &["--set", "confinement=off"]);
    assert!(attempt(&off, &open).unwrap() >= 0);
    assert_eq!(told(&off), []);
    let status = fs::read_to_string(format!("/proc/{}/status", off.pid())).unwrap();
    assert!(status.contains("NoNewPrivs:\t0\nSeccomp:\t0\n"), "{status}");
}

#[test]
fn kernel_that_can_do_less_is_told_of_once_and_refuses_what_it_can() {
    let mut command = hostile_engine("", &[]);
    command.env("HOSTILE_KERNEL", "less");
    let server = Server::from_command(command);
    let warnings: Vec<_> = server
        .log_lines()
        .into_iter()
        .filter(|line| line["level"] == "WARN")
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("this kernel has no Landlock"), "{warnings:?}");
    assert!(warnings[0].contains("does not notify of system calls"), "{warnings:?}");
    for (what, call) in refused() {
        // Its own threads start threads in the zone, and nobody tells them from a policy's.
        if what != json!("thread") {
            assert_eq!(attempt(&server, &what), Ok(EPERM), "{what}");
            assert_eq!(violations(&server, call), 0);
        }
    }
    get(&server, "/health/ready").expect(200);
}

/// The confinement of all threads of a process, by their names, as the kernel tells it.
fn confined(server: &Server) -> Vec<(String, bool)> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    tasks
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("status")).ok())
        .map(|status| {
            let name = status.lines().next().unwrap().trim_start_matches("Name:\t").to_owned();
            (name, status.contains("NoNewPrivs:\t1\nSeccomp:\t2\n"))
        })
        .collect()
}

#[test]
fn no_thread_but_the_supervisors_is_unconfined() {
    let folder = Folder::new();
    let file = folder.path().join("config.yaml");
    fs::write(&file, "policies: {hostile: {shadow: {policy: hostile}}}\n").unwrap();
    let server = server("network", &["--config", file.to_str().unwrap()]);
    let unconfined = || {
        let threads = confined(&server);
        assert!(threads.iter().any(|(name, _)| name == "shadows"), "{threads:?}");
        let mut names: Vec<_> =
            threads.into_iter().filter(|(_, is)| !is).map(|(name, _)| name).collect();
        names.dedup();
        names
    };
    assert_eq!(unconfined(), ["zone-watch"]);
    let reloads = "policy_engine_reloads_total{outcome=\"ok\"}";
    server.signal("HUP");
    until("it is loaded again", || figure(&server, reloads) == 1);
    get(&server, "/health/ready").expect(200);
    assert_eq!(unconfined(), ["zone-watch"]);
}
