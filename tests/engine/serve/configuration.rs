use std::fs;
use std::net::TcpListener;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::{Folder, Server, stress_engine};

/// Everything that can be wrong at three levels: the file itself, its policies, their settings.
const MISTAKES: &str = "\
listen: [nowhere]
limits:
  body: 8MB!
  bdy: 1
policies:
  a: {policy: nothing}
  b: {policy: stress, settings: {refuse: true}}
  c: {policy: stress, settings: {panic: true}}
  d: {policy: stress, settings: {refuse: 7}}
  e: {policy: echo@2}
";

fn run(folder: &Folder, yaml: &str, args: &[&str], env: &[(&str, &str)]) -> Output {
    fs::write(folder.path().join("config.yaml"), yaml).unwrap();
    let (command, rest) = args.split_first().unwrap();
    let mut engine = stress_engine(&[command, "--config", "config.yaml"]);
    engine.args(rest).current_dir(folder.path()).envs(env.iter().copied()).output().unwrap()
}

#[test]
fn all_configuration_errors_are_reported_before_listening() {
    let folder = Folder::new();
    // Whoever binds it before the mistakes are told fails with another status.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("--listen={}", taken.local_addr().unwrap());
    let ended = run(
        &folder,
        MISTAKES,
        &["serve", &listen, "--set", "shutdown.grace=soon"],
        &[("POLICY_ENGINE_LIMITS_QUEUE", "-1")],
    );
    assert_eq!(ended.status.code(), Some(78));
    assert!(ended.stdout.is_empty());
    let said = String::from_utf8(ended.stderr).unwrap();
    let lines: Vec<_> = said.lines().collect();
    let expected = [
        ("`config.yaml` line 3 column 9: ", "`limits.body` is `8MB!`"),
        ("`config.yaml` line 4 column 3: ", "did you mean `limits.body`?"),
        ("`config.yaml` line 6 column 15: ", "`policies.a`: "),
        ("`config.yaml` line 7 column 33: ", "`refuse` is set: leave it out"),
        ("`config.yaml` line 8 column 33: ", "asked to panic over the settings"),
        ("`config.yaml` line 9 column ", "7"),
        ("`config.yaml` line 10 column 15: ", "1.2.0"),
        ("`POLICY_ENGINE_LIMITS_QUEUE` is `-1`", "expected a whole number"),
        ("`--set shutdown.grace=soon`", "expected a duration"),
    ];
    for (line, (place, what)) in lines.iter().zip(expected) {
        assert!(line.contains(place) && line.contains(what), "{place}{what}\n{said}");
    }
    assert_eq!(lines.len(), expected.len(), "{said}");
}

#[test]
fn invalid_policy_is_skipped_only_with_skip_invalid() {
    let folder = Folder::new();
    let yaml = "skip-invalid: false\npolicies: {b: {policy: stress, settings: {refuse: true}}}\n";
    let ended = run(&folder, yaml, &["serve", "--listen=127.0.0.1:0"], &[]);
    assert_eq!(ended.status.code(), Some(78));
    let server = Server::with_config(&folder, yaml, &["--skip-invalid"]);
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
fn config_command_shows_every_setting_with_its_origin() {
    let folder = Folder::new();
    let yaml = "\
listen: 127.0.0.1:1
limits: {body: 1KiB, queue: 7, in-flight: 3}
policies: {a: {policy: echo, timeout: 1s}}
";
    let arguments = ["config", "--format=json", "--set", "limits.queue=9", "--skip-invalid"];
    let env = [
        ("POLICY_ENGINE_LIMITS_IN_FLIGHT", "5"),
        ("POLICY_ENGINE_LIMITS_QUEUE", "8"),
        ("POLICY_ENGINE_TIMEOUT", ""),
        ("POLICY_ENGINE_LIMTS_BODY", "1"),
    ];
    let shown = run(&folder, yaml, &arguments, &env);
    assert_eq!(shown.status.code(), Some(0));
    let settings: Vec<Value> = serde_json::from_slice(&shown.stdout).unwrap();
    let setting = |path: &str| {
        let mut found = settings.iter().filter(|setting| setting["path"] == path);
        let (first, second) = (found.next().cloned(), found.next());
        assert!(second.is_none(), "{path} is there twice");
        first.map(|setting| (setting["value"].clone(), setting["from"].to_string()))
    };
    for (path, value, from) in [
        ("limits.body", json!("1KiB"), "config.yaml"),
        ("limits.in-flight", json!("5"), "POLICY_ENGINE_LIMITS_IN_FLIGHT"),
        ("limits.queue", json!("9"), "--set limits.queue"),
        ("limits.bodies", json!("256MiB"), "default"),
        ("timeout", json!("2s"), "default"),
        ("skip-invalid", json!("true"), "--skip-invalid"),
        ("policies.a.timeout", json!("1s"), "config.yaml"),
    ] {
        let (found, origin) = setting(path).unwrap_or_else(|| panic!("{path} in {settings:#?}"));
        assert_eq!(found, value, "{path}");
        assert!(origin.contains(from), "{path}: {origin}");
    }
    let warned = String::from_utf8(shown.stderr).unwrap();
    assert!(warned.contains("`POLICY_ENGINE_LIMTS_BODY`"), "{warned}");

    let table = run(&folder, yaml, &["config"], &env);
    let table = String::from_utf8(table.stdout).unwrap();
    let row = table.lines().find(|line| line.starts_with("limits.in-flight ")).unwrap();
    let row: Vec<_> = row.split_whitespace().collect();
    assert_eq!(row, ["limits.in-flight", "5", "POLICY_ENGINE_LIMITS_IN_FLIGHT"]);
    assert_eq!(run(&folder, MISTAKES, &["config"], &[]).status.code(), Some(78));
}

#[test]
fn environment_variable_names_a_toml_configuration_file() {
    let folder = Folder::new().file("it.toml", "[policies.named]\npolicy = 'echo'\n");
    let mut command = stress_engine(&["serve", "--listen=127.0.0.1:0"]);
    command.env("POLICY_ENGINE_CONFIG", folder.path().join("it.toml"));
    let server = Server::from_command(command);
    let listed = server.get("/v1/policies").json()["result"].take();
    assert_eq!((&listed[0]["id"], &listed[1]), (&json!("named"), &Value::Null));
}

#[test]
fn command_line_settings_override_the_file() {
    let folder = Folder::new();
    let yaml = "limits: {body: 1KiB}\npolicies: {stress: {settings: {refuse: true}}}\n";
    let flags = ["--set", "limits.body=64KiB", "--set", "policies.stress.settings.refuse=false"];
    let server = Server::with_config(&folder, yaml, &flags);
    let large = json!({"input": {"do": "answer", "output": "x".repeat(2000)}});
    assert_eq!(server.post("/v1/data/stress", &large).status, 200);
}

#[test]
fn port_in_use_fails_the_start_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = stress_engine(&["serve", "--listen", &address]).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    let said = String::from_utf8(ended.stderr).unwrap();
    let sentence = format!(
        "error: failed to listen on `http://{address}`: another program does already\nhelp: stop it, \
         or choose another address\n"
    );
    assert_eq!(said, sentence);
}

#[test]
fn decision_log_password_is_never_printed() {
    let folder = Folder::new();
    for url in [
        "https://me:S3CRET@logs.example.com",
        "https://S3CRET@logs.example.com/x",
        "HTTPS://me:S3CRET@logs.example.com",
        "https://me:12/S3CRET@logs.example.com",
        "https://me:S3CRET%40logs.example.com",
        "https://logs.example.com?token=S3CRET",
        "https://logs.example.com/a#S3CRET",
        "https://me:S3CRET?@logs.example.com",
        "redis://me:S3CRET@logs.example.com",
        "https:/me:S3CRET@logs.example.com",
        "me:S3CRET@logs.example.com",
    ] {
        let short = format!("decision-log: '{url}'\n");
        let long = format!("decision-log: {{to: '{url}'}}\n");
        let flag = format!("--decision-log={url}");
        let set = format!("decision-log.to={url}");
        let mistyped = format!("decision-log.to:{url}");
        let variables = ["POLICY_ENGINE_DECISION_LOG", "POLICY_ENGINE_DECISION_LOG_TO"];
        let nothing: &[(&str, &str)] = &[];
        for (yaml, arguments, env) in [
            (short.as_str(), vec![], nothing),
            (&long, vec![], nothing),
            ("", vec![flag.as_str()], nothing),
            ("", vec!["--set", &set], nothing),
            ("", vec!["--set", &mistyped], nothing),
            ("", vec![], &[(variables[0], url)]),
            ("", vec![], &[(variables[1], url)]),
        ] {
            for command in ["config", "serve"] {
                let ended = run(&folder, yaml, &[&[command], &*arguments].concat(), env);
                let said = [ended.stdout, ended.stderr].concat();
                let said = String::from_utf8(said).unwrap();
                assert!(matches!(ended.status.code(), Some(78 | 64)), "{said}");
                assert!(!said.contains("S3CRET"), "{said}");
                let names = ["decision-log", "DECISION_LOG", "--set"];
                assert!(names.iter().any(|name| said.contains(name)), "{said}");
            }
        }
    }
}
