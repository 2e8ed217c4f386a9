use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::support::{Folder, Loaded, Server, read_reports, repository, run, stress_engine};

/// `replay` of the stress engine, in a folder.
fn replay(folder: &Folder, args: &[&str]) -> Command {
    let mut command = stress_engine(&["replay"]);
    command.args(args).current_dir(folder.path());
    command
}

fn told(output: &Output) -> Value {
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
}

/// The matrix as `POLICY BEFORE→AFTER CHANGE: DECISIONS`.
fn matrix(told: &Value) -> Vec<String> {
    let mut cells = Vec::new();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    for policy in told["policies"].as_array().unwrap() {
        for cell in policy["matrix"].as_array().unwrap() {
            cells.push(format!(
                "{} {}→{} {}→{} {}: {}",
                text(&policy["policy"]),
                text(&policy["before"]["version"]),
                text(&policy["after"]["version"]),
                text(&cell["before"]),
                text(&cell["after"]),
                text(&cell["change"]),
                cell["decisions"],
            ));
        }
    }
    cells
}

const POLICIES: &str = "policies:\n  echo: {}\n  stress: {}\n  team/echo: {policy: echo}\n  \
                        watched: {policy: echo, mode: monitor}\n";

/// The log of a server that answered what is asked of it.
fn logged(folder: &Folder, settings: &str, ask: impl FnOnce(&Server)) {
    let log = folder.path().join("decisions.jsonl");
    let yaml = format!("{POLICIES}decision-log:\n  to: {}\n{settings}", log.display());
    let server = Server::with_config(folder, &yaml, &[]);
    ask(&server);
    server.signal("TERM");
    assert!(server.wait().success());
    fs::write(folder.path().join("new.yaml"), POLICIES).unwrap();
}

/// JSON values of all kinds, each other than the one before; most are verdicts.
fn input(number: usize) -> Value {
    let text: String = (0..number % 9)
        .map(|at| ['a', '"', '\\', 'é', '\n', '\u{1b}', '/'][(number + at) % 7])
        .collect();
    let allowed = number.is_multiple_of(3);
    match number % 5 {
        0 => json!(allowed),
        1 => json!({"allow": allowed, (text.as_str()): number}),
        2 => json!({"allowed": allowed, "violations": [{"check": text, "message": text}]}),
        3 => {
            json!([number, u32::try_from(number).map(f64::from).unwrap() / 7.0, {"a": text}, null, -1, 1e300])
        }
        _ => json!(text),
    }
}

#[test]
fn log_of_the_same_engine_and_configuration_shows_no_change() {
    let folder = Folder::new();
    let mut asked = 0;
    logged(&folder, "", |server| {
        for path in ["echo", "echo/allowed", "team/echo/allow", "watched"] {
            let inputs: serde_json::Map<_, _> =
                (0..200).map(|number| (number.to_string(), input(number))).collect();
            asked += inputs.len();
            let answer = server.post(&format!("/v1/batch/data/{path}"), &json!({"inputs": inputs}));
            assert_eq!(answer.status, 200, "{path}");
        }
        for task in ["fail", "panic", "context", "no such task"] {
            server.post("/v1/data/stress", &json!({"input": {"do": task}}));
        }
        server.post("/v1/data/echo", &json!({}));
        asked += 5;
    });
    let output = replay(&folder, &["decisions.jsonl", "--config", "new.yaml"]).output().unwrap();
    let report = told(&output);
    assert_eq!(output.status.code(), Some(0), "{:?}", matrix(&report));
    assert_eq!((&report["decisions"], &report["changed"]), (&json!(asked), &json!(0)));
    let cells = matrix(&report);
    for cell in [
        "echo 1.2.0→1.2.0 denied→denied nothing",
        "watched 1.2.0→1.2.0 monitored→monitored nothing",
        "stress 0.1.0→0.1.0 failed→failed nothing: 3",
        "stress 0.1.0→0.1.0 none→none nothing: 1",
    ] {
        assert!(cells.iter().any(|found| found.starts_with(cell)), "{cell}: {cells:?}");
    }
    for policy in report["policies"].as_array().unwrap() {
        for side in ["before", "after"] {
            assert!(policy[side]["nanoseconds"]["p99"].as_u64().unwrap() > 0, "{policy}");
        }
    }

    // The same events in each form that logs have.
    let lines = fs::read_to_string(folder.path().join("decisions.jsonl")).unwrap();
    let events: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (first, second) = events.split_at(events.len() / 3);
    let arrays = [first, second].map(|events| serde_json::to_string(events).unwrap());
    fs::write(folder.path().join("pretty.json"), serde_json::to_string_pretty(&events).unwrap())
        .unwrap();
    for (name, texts) in [("lines.gz", [&*lines, ""]), ("arrays.gz", [&arrays[0], &arrays[1]])] {
        let mut file = File::create(folder.path().join(name)).unwrap();
        for text in texts {
            let mut encoder = GzEncoder::new(&mut file, Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            encoder.finish().unwrap();
        }
    }
    for log in ["pretty.json", "lines.gz", "arrays.gz"] {
        for log in [log, "-"] {
            let mut command = replay(&folder, &[log, "--config", "new.yaml"]);
            if log == "-" {
                let path = folder.path().join("arrays.gz");
                command.stdin(Stdio::from(File::open(path).unwrap()));
            }
            let output = command.output().unwrap();
            assert_eq!((output.status.code(), matrix(&told(&output))), (Some(0), cells.clone()));
        }
    }
}

#[test]
fn changed_configuration_is_told_with_examples() {
    let folder = Folder::new();
    logged(&folder, "", |server| {
        for reason in ["one", "two", "three"] {
            let input =
                json!({"allowed": false, "violations": [{"check": "c", "message": reason}]});
            server.post("/v1/data/watched", &json!({ "input": input }));
        }
        server.post("/v1/data/echo", &json!({"input": {"allowed": true}}));
    });
    let config = "policies: {watched: {policy: echo}}\n";
    fs::write(folder.path().join("new.yaml"), config).unwrap();
    let args = ["decisions.jsonl", "--config", "new.yaml", "--examples", "2"];
    let output = replay(&folder, &args).output().unwrap();
    let report = told(&output);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        matrix(&report),
        [
            "echo 1.2.0→- allowed→not-served verdict: 1",
            "watched 1.2.0→1.2.0 monitored→denied verdict: 3"
        ]
    );
    let examples = report["policies"][1]["matrix"][0]["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 2);
    assert_eq!(
        (&examples[1]["log"], &examples[1]["event"], &examples[1]["line"], &examples[1]["path"]),
        (&json!("decisions.jsonl"), &json!(2), &json!(2), &json!("watched"))
    );
    let reasons = json!({"reasons": [{"check": "c", "message": "two"}]});
    assert_eq!((&examples[1]["before"], &examples[1]["after"]), (&reasons, &reasons));

    let output = replay(&folder, &[&args[..], &["--format", "table"]].concat()).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    for line in [
        "POLICY   VERSION    BEFORE     AFTER       CHANGED  DECISIONS",
        "watched  1.2.0      monitored  denied      verdict  3",
        "decisions.jsonl:2:1  watched  monitored  denied",
        "                              c: two     c: two",
        "4 decisions, 4 changed",
    ] {
        assert!(table.lines().any(|found| found == line), "{line}\n{table}");
    }
}

#[test]
fn masked_and_erased_inputs_are_counted_and_never_guessed() {
    let folder = Folder::new();
    let settings = "  erase: [/input/password, /result/password]\n  mask: {/result/key: \"***\"}\n";
    logged(&folder, settings, |server| {
        for input in [
            json!({"allowed": true, "password": "x"}),
            json!({"allowed": false, "key": "only in the result"}),
            json!({"allowed": true}),
        ] {
            server.post("/v1/data/echo", &json!({ "input": input }));
        }
    });
    let args = ["decisions.jsonl", "--config", "new.yaml"];
    let output = replay(&folder, &args).output().unwrap();
    let report = told(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        matrix(&report),
        [
            "echo 1.2.0→1.2.0 allowed→allowed nothing: 1",
            "echo 1.2.0→1.2.0 denied→denied nothing: 1"
        ]
    );
    assert_eq!(
        report["cannot_be_replayed"],
        json!({"input_hidden": 1, "verdict_hidden": 0, "query": 0, "never_asked": 0})
    );
}

/// Events as OPA 1.x writes them: to a collector, and on its standard output among other lines.
#[test]
fn logs_of_opa_are_compared_by_what_stands_at_the_path() {
    let event = |path: &str, input: Value, fields: Value| {
        let mut event = json!({
            "labels": {"id": "1780d507-aea2-45cc-ae50-fa153c8e4a5a", "version": "1.4.2"},
            "decision_id": "4ca636c1-55e4-417a-b1d8-4aceb67960d1",
            "bundles": {"authz": {"revision": "W3sibCI6InN5cy9jYXRhbG9nIiwicyI6NDA3MX1d"}},
            "path": path,
            "input": input,
            "requested_by": "[::1]:59943",
            "timestamp": "2026-01-01T00:00:00.000000Z",
            "metrics": {"counter_server_query_cache_hit": 1, "timer_rego_query_eval_ns": 30000},
            "req_id": 2,
        });
        event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        event
    };
    let events = [
        event("team/echo/allow", json!({"allow": true}), json!({"result": true})),
        event("team/echo/allow", json!({"allow": false}), json!({"result": true})),
        event(
            "team/echo",
            json!({"allow": true, "n": 1}),
            json!({"result": {"n": 1, "allow": true}}),
        ),
        event(
            "team/echo",
            json!({"allow": true, "n": 2}),
            json!({"result": {"n": 1, "allow": true}}),
        ),
        event("team/echo/allow", json!({}), json!({})),
        event("team/echo/allow", json!({}), json!({"masked": ["/input/password"]})),
        event("team/echo", json!({}), json!({"result": {"a": 1}, "erased": ["/result/allow"]})),
        event(
            "system/log",
            json!({}),
            json!({"error": {"code": "internal_error", "message": "x"}}),
        ),
        event("", json!({}), json!({"query": "data.x = y", "result": [{"y": 1}]})),
    ];
    let folder = Folder::new();
    let mut console = String::from(
        "{\"addrs\":[\":8181\"],\"level\":\"info\",\"msg\":\"Initializing server.\",\"time\":\"2026-01-01T00:00:00Z\"}\n",
    );
    for event in &events {
        let mut line = event.clone();
        let more = json!({"level": "info", "msg": "Decision Log", "time": "2026-01-01T00:00:00Z", "type": "openpolicyagent.org/decision_logs"});
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        console.push_str(&line.to_string());
        console.push('\n');
    }
    let folder = folder
        .file("new.yaml", POLICIES)
        .file("upload.json", &serde_json::to_string(&events).unwrap())
        .file("console.jsonl", &console);
    for (log, others) in [("upload.json", 0), ("console.jsonl", 1)] {
        let output = replay(&folder, &[log, "--config", "new.yaml"]).output().unwrap();
        let report = told(&output);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            matrix(&report),
            [
                "system/log -→- failed→not-served verdict: 1",
                "team/echo -→1.2.0 allowed→denied verdict: 1",
                "team/echo -→1.2.0 allowed→allowed answer: 1",
                "team/echo -→1.2.0 allowed→allowed nothing: 2",
                "team/echo -→1.2.0 none→none nothing: 1",
            ],
            "{log}"
        );
        assert_eq!(
            report["cannot_be_replayed"],
            json!({"input_hidden": 1, "verdict_hidden": 1, "query": 1, "never_asked": 0})
        );
        assert_eq!(report["other_events"], others);
        assert_eq!(report["policies"][1]["before"]["nanoseconds"]["mean"], 30000);
    }
}

#[test]
fn answer_counts_as_changed_unless_only_verdicts_do() {
    let folder = Folder::new().file("new.yaml", POLICIES).file(
        "log.jsonl",
        r#"{"decision_id":"1","path":"echo","input":{"allowed":false,"reason":"b"},"result":{"allowed":false,"reason":"a"}}"#,
    );
    let args = ["log.jsonl", "--config", "new.yaml"];
    let changed = replay(&folder, &args).output().unwrap();
    assert_eq!((changed.status.code(), &told(&changed)["changed"]), (Some(2), &json!(1)));
    let same = replay(&folder, &[&args[..], &["--verdicts-only"]].concat()).output().unwrap();
    assert_eq!((same.status.code(), &told(&same)["changed"]), (Some(0), &json!(0)));
}

#[test]
fn log_that_cannot_be_read_is_told_beside_the_rest() {
    let event = r#"{"decision_id":"1","path":"echo","input":true,"result":true}"#;
    let folder = Folder::new()
        .file("new.yaml", POLICIES)
        .file("broken.jsonl", &format!("{event}\n{{\"decision_id\":\n{event}\n[]\n"))
        .file("cut.json", &format!("[{event},{{\"deci"))
        .file("empty.jsonl", "");
    let run = |args: &[&str]| {
        let output = replay(&folder, args).args(["--config", "new.yaml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        (told(&output)["decisions"].clone(), String::from_utf8(output.stderr).unwrap())
    };
    for (logs, decisions, error) in [
        (
            &["broken.jsonl"][..],
            2,
            "error: `broken.jsonl` line 2 column 1: failed to read an event, and 1 more events: EOF \
             while parsing a value at line 1 column 15\n",
        ),
        (
            &["cut.json"],
            1,
            "error: `cut.json` line 1 column 63: the log ends within an event that begins here\n",
        ),
        (
            &["no-such.jsonl", "cut.json"],
            1,
            "error: failed to read `no-such.jsonl`: No such file or directory (os error 2)\n\
             error: `cut.json` line 1 column 63: the log ends within an event that begins here\n",
        ),
        (
            &["."],
            0,
            "error: `.` is a folder: expected a decision log\nhelp: name the logs in it, such as \
             `./*.jsonl`\nerror: no decision of the logs could be made once more\nhelp: name logs \
             with inputs that are not erased or masked\n",
        ),
        (
            &["empty.jsonl"],
            0,
            "error: no decision of the logs could be made once more\nhelp: name logs with inputs \
             that are not erased or masked\n",
        ),
    ] {
        assert_eq!(run(logs), (json!(decisions), error.to_owned()));
    }
    let output = replay(&folder, &["empty.jsonl", "--config", "no-such.yaml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let output = replay(&folder, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
}

/// A log with a change of every kind, in which users' words have what each form has to escape.
fn sample() -> Folder {
    let event = |number: usize, path: &str, input: Value, result: Value| {
        let event = json!({
            "decision_id": format!("id-{number}"), "path": path, "input": input, "result": result,
            "metrics": {"timer_rego_query_eval_ns": 1000},
            "custom": {
                "id": path, "policy": "echo", "version": "1.0.0", "mode": "enforce",
                "verdict": if result["allowed"] == true { "allowed" } else { "denied" },
            },
        });
        format!("{event}\n")
    };
    let denied = |message: &str| {
        let violation = json!({"check": "host|Ports", "field": "spec", "message": message});
        json!({"allowed": false, "violations": [violation]})
    };
    let allowed = json!({"allowed": true});
    let odd = "`a` \u{1b}[31m ]]> 100% <b>\nsecond line";
    let first = [
        event(1, "echo", allowed.clone(), allowed.clone()),
        event(2, "echo", denied(odd), allowed.clone()),
        event(3, "echo", denied("x"), allowed.clone()),
        event(4, "echo", denied("new"), denied("old")),
        event(5, "gone", allowed.clone(), allowed),
    ];
    let masked = json!({"decision_id": "6", "path": "echo", "masked": ["/input/a"]});
    let second = [event(7, "echo", denied("y"), json!({"allowed": true})), masked.to_string()];
    Folder::new()
        .file("new.yaml", "policies: {echo: {}}\n")
        .file("a b/first.jsonl", &first.concat())
        .file("second,%.jsonl", &second.concat())
        .file("cut.json", "[{")
}

fn sample_report(folder: &Folder, format: &str) -> String {
    let logs = ["a b/first.jsonl", "second,%.jsonl", "cut.json"];
    let output =
        replay(folder, &logs).args(["--config", "new.yaml", "--format", format]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{format}");
    String::from_utf8(output.stdout).unwrap()
}

/// What this program measures differs from run to run.
fn without_times(text: &str) -> String {
    let mut lines = Vec::new();
    let mut in_times = false;
    for line in text.lines() {
        in_times = (in_times && !line.is_empty()) || line.to_lowercase().contains("time of");
        if !in_times {
            lines.push(line);
        }
    }
    lines.join("\n").replace(env!("CARGO_PKG_VERSION"), "VERSION") + "\n"
}

#[test]
fn every_format_has_its_golden_file() {
    let folder = sample();
    let golden = crate::support::root().join("tests/engine/cli/golden");
    for (format, name) in [
        ("table", "replay.txt"),
        ("json", "replay.json"),
        ("junit", "replay.xml"),
        ("sarif", "replay.sarif"),
        ("tap", "replay.tap"),
        ("github", "replay.github"),
        ("markdown", "replay.md"),
    ] {
        let mut report = sample_report(&folder, format);
        if format == "json" {
            let mut value: Value = serde_json::from_str(&report).unwrap();
            for policy in value["policies"].as_array_mut().unwrap() {
                policy["after"]["nanoseconds"] = json!("measured");
            }
            report = serde_json::to_string_pretty(&value).unwrap();
        }
        let report = without_times(&report);
        let file = golden.join(name);
        if std::env::var_os("GOLDEN").is_some_and(|how| how == "overwrite") {
            fs::create_dir_all(&golden).unwrap();
            fs::write(file, report).unwrap();
        } else {
            assert_eq!(report, fs::read_to_string(file).unwrap(), "{format}");
        }
    }
}

/// The reports as programs read them that others wrote.
#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn reports_are_read_by_other_programs() {
    let folder = sample();
    for format in ["junit", "sarif", "tap", "markdown"] {
        fs::write(folder.path().join(format), sample_report(&folder, format)).unwrap();
    }
    let read = read_reports(&folder);
    let places: Vec<_> = read["sarif"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| json!([result["rule"], result["uri"], result["line"], result["column"]]))
        .collect();
    assert_eq!(
        places,
        [
            json!(["verdict", "a%20b/first.jsonl", 2, 1]),
            json!(["verdict", "a%20b/first.jsonl", 3, 1]),
            json!(["answer", "a%20b/first.jsonl", 4, 1]),
            json!(["verdict", "a%20b/first.jsonl", 5, 1]),
            json!(["verdict", "second%2C%25.jsonl", 1, 1]),
        ]
    );
    assert_eq!(read["sarif-failures"].as_array().unwrap().len(), 1);
    assert_eq!(read["junit"]["counts"], json!([6, 4, 1]));
    assert_eq!(read["tap"], json!([false, false, true, false, false, false]));
}

#[test]
fn another_program_is_asked_in_place_of_this_one() {
    let folder = Folder::new();
    logged(&folder, "", |server| {
        for number in 0..50 {
            for path in ["echo", "watched", "team/echo/allow"] {
                server.post(&format!("/v1/data/{path}"), &json!({"input": input(number)}));
            }
        }
        for task in ["fail", "context", "no such task"] {
            server.post("/v1/data/stress", &json!({"input": {"do": task}}));
        }
        let gone = json!({"input": {"allowed": true}});
        server.post("/v1/data/echo/1.2", &gone);
    });
    // What the server needs itself, it is not to do once more.
    let log = fs::read(folder.path().join("decisions.jsonl")).unwrap();
    let configuration = folder.path().join("config.yaml");
    let arguments = ["decisions.jsonl", "--config", configuration.to_str().unwrap()];
    let here = replay(&folder, &arguments).output().unwrap();
    let program = env!("CARGO_BIN_EXE_stress-engine");
    let there = replay(&folder, &arguments).args(["--against", program]).output().unwrap();
    assert_eq!(matrix(&told(&there)), matrix(&told(&here)));
    assert_eq!((there.status.code(), told(&there)["decisions"].as_u64()), (Some(0), Some(154)));
    assert!(told(&there)["policies"][0]["after"]["nanoseconds"]["mean"].as_u64().unwrap() > 0);
    assert_eq!(fs::read(folder.path().join("decisions.jsonl")).unwrap(), log);

    // A production configuration: certificates, a console and tokens are no matter of the replay, and
    // there is room for all that it asks at one time. The file may be named by a variable.
    let production = fs::read_to_string(&configuration).unwrap()
        + "listen: 'https://127.0.0.1:8443'\ntls: {certificate: none, key: none}\n\
           console: 0.0.0.0:8383\ntokens: none\nlimits: {in-flight: 1, queue: 0}\n";
    fs::write(folder.path().join("production.yaml"), production).unwrap();
    let there = replay(&folder, &["decisions.jsonl", "--against", program])
        .env("POLICY_ENGINE_CONFIG", "production.yaml")
        .output()
        .unwrap();
    assert_eq!(matrix(&told(&there)), matrix(&told(&here)));

    let set = ["--set", "policies={\"echo\":{\"mode\":\"monitor\"}}", "--against", program];
    let changed = replay(&folder, &["decisions.jsonl"]).args(set).output().unwrap();
    assert_eq!(changed.status.code(), Some(2));
    let cells = matrix(&told(&changed));
    assert!(
        cells.iter().any(|cell| cell.starts_with("echo 1.2.0→1.2.0 denied→monitored verdict")),
        "{cells:?}"
    );
}

#[test]
fn program_that_does_not_serve_is_told_and_leaves_nothing_behind() {
    let folder = Folder::new().file("log.jsonl", "").file("temporary/.keep", "");
    let run = |against: &str, args: &[&str]| {
        let output = replay(&folder, &["log.jsonl", "--against", against])
            .args(args)
            .env("TMPDIR", folder.path().join("temporary"))
            .output()
            .unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        run("/bin/false", &[]),
        "error: failed to ask `/bin/false`: it does not serve: it ended with exit status: 1\n"
    );
    let told = run(env!("CARGO_BIN_EXE_stress-engine"), &["--set", "limits.bdy=1"]);
    assert!(
        told.contains("limits.bdy") && told.contains("it ended with exit status: 78"),
        "{told}"
    );
    assert!(run("./no-such", &[]).contains("failed to ask `./no-such`: No such file"));
    assert!(run("policies:v1", &[]).contains("neither on the PATH answers"));
    let left: Vec<_> = fs::read_dir(folder.path().join("temporary")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn program_that_closes_idle_connections_is_asked_on_new_ones() {
    const EVENTS: usize = 32;
    let folder = Folder::new();
    let program = env!("CARGO_BIN_EXE_stress-engine");
    let set = ["--set", "limits.idle-time=1s", "--set", "policies={\"echo\":{}}"];
    let mut child = replay(&folder, &["-", "--against", program])
        .args(set)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = child.stdin.take().unwrap();
    // More than what is read before a thread gets its part of it.
    let event = json!({
        "decision_id": "1", "path": "echo/allowed", "result": true,
        "input": {"allowed": true, "padding": "x".repeat(256 << 10)},
    });
    for half in 0..2 {
        for _ in 0..EVENTS / 2 {
            writeln!(log, "{event}").unwrap();
        }
        if half == 0 {
            sleep(Duration::from_secs(3));
        }
    }
    drop(log);
    let output = child.wait_with_output().unwrap();
    assert_eq!((&told(&output)["decisions"], output.status.code()), (&json!(EVENTS), Some(0)));
}

#[test]
fn memory_does_not_grow_with_the_log() {
    // Long beside what is read ahead, which is more the more processors there are.
    const EVENTS: usize = 512;
    let folder = Folder::new().file("new.yaml", POLICIES);
    let event = json!({
        "decision_id": "1", "path": "echo", "result": {"allowed": true},
        "input": {"allowed": true, "padding": "x".repeat(512 << 10)},
    });
    let event = format!("{event}\n");
    let mut child = replay(&folder, &["-", "--config", "new.yaml", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = child.stdin.take().unwrap();
    for _ in 0..EVENTS {
        log.write_all(event.as_bytes()).unwrap();
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    drop(log);
    let output = child.wait_with_output().unwrap();
    assert_eq!(told(&output)["decisions"], EVENTS);
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kibibytes: usize = peak.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(kibibytes < EVENTS * 512 / 4, "{peak}");
}

/// The repository's image, by its archive and by its name.
#[test]
#[cfg_attr(not(has_docker), ignore = "needs Docker")]
fn image_is_asked_in_a_container_that_is_gone_afterwards() {
    let event = |verdict: &str, network: bool| {
        json!({
            "decision_id": "1", "path": "pod-security-baseline",
            "input": {"kind": "Pod", "spec": {"hostNetwork": network}},
            "custom": {
                "id": "pod-security-baseline", "policy": "pod-security-baseline",
                "version": "0.0.9", "mode": "enforce", "verdict": verdict,
            },
        })
    };
    let log = [event("denied", true), event("denied", false)].map(|event| format!("{event}\n"));
    let folder = Folder::new()
        .file("log.jsonl", &log.concat())
        .file("new.yaml", "policies: {pod-security-baseline: {}}\n");
    let tag = format!("replay-{}", std::process::id());
    let names = ["--repo", "policy-tests", "--tag", &tag];
    repository().packed_again(&folder).args(names).assert().success();
    let name = format!("policy-tests:{tag}");
    let archive = folder.path().join("policy-engine.tar");
    let _loaded = Loaded::load("docker", &archive, &name);
    for image in [&name, archive.to_str().unwrap()] {
        let path = std::env::var_os("PATH").unwrap();
        let output = replay(&folder, &["log.jsonl", "--against", image])
            .env("PATH", path)
            .env("POLICY_ENGINE_CONFIG", "new.yaml")
            .env("POLICY_ENGINE_TIMEOUT", "1s")
            .output()
            .unwrap();
        assert_eq!(
            matrix(&told(&output)),
            [
                "pod-security-baseline 0.0.9→0.1.0 denied→allowed verdict: 1",
                "pod-security-baseline 0.0.9→0.1.0 denied→denied nothing: 1",
            ]
        );
        assert_eq!(output.status.code(), Some(2));
    }
    let left = run("docker", &["ps", "--all", "--quiet", "--filter", &format!("ancestor={name}")]);
    assert_eq!(left.stdout, b"");
}
