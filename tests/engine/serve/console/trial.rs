use std::fs;

use serde_json::{Value, json};

use super::{page, serve, submit, submit_as};
use crate::support::wire::figure;
use crate::support::{Folder, Http, Server, hostile_engine, until};

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  hostNetwork: true
  containers:
    - name: web
      image: nginx
      securityContext:
        privileged: true
";

/// The figures that an evaluation could change.
fn figures(server: &Server) -> String {
    let metrics = server.get("/metrics").text();
    let series = ["decision", "denials", "evaluation", "confinement", "shadow"];
    let counts =
        |line: &&str| series.iter().any(|name| line.starts_with(&format!("policy_engine_{name}")));
    metrics.lines().filter(counts).collect::<Vec<_>>().join("\n")
}

fn problems(page: &Value) -> Vec<&str> {
    page["problems"].as_array().unwrap().iter().map(|problem| problem.as_str().unwrap()).collect()
}

#[test]
fn violations_stand_beside_the_lines_of_the_input() {
    let (_server, console) =
        serve(&Folder::new(), "policies: {pods: {policy: pod-security-baseline}}\n");
    let tried = submit(&console, "/try", &[("policy", "pods"), ("input", POD)]);
    let side = &tried["result"]["side"];
    assert_eq!(
        (&side["verdict"], &side["policy"]),
        (&json!("denied"), &json!("pod-security-baseline"))
    );
    let lines: Vec<_> =
        side["violations"].as_array().unwrap().iter().map(|one| &one["line"]).collect();
    assert_eq!(lines, [5, 10], "{side}");
    assert_eq!(tried["result"]["input"]["lines"][9]["violations"], json!([1]));
    let other = [("policy", "pods"), ("other", "pods"), ("input", POD)];
    assert_eq!(submit(&console, "/try", &other)["result"]["differences"], json!([]));
    let other = [("policy", "pods"), ("other", "pod-security-restricted"), ("input", POD)];
    let found = submit(&console, "/try", &other);
    assert!(problems(&found)[0].contains("no policy `pod-security-restricted`"), "{found}");
    let restricted = found["policies"].as_array().unwrap().iter().find_map(|choice| {
        choice["value"].as_str().filter(|value| value.starts_with("pod-security-restricted@"))
    });
    let other = [("policy", "pods"), ("other", restricted.unwrap()), ("input", POD)];
    let compared = submit(&console, "/try", &other);
    let differences = compared["result"]["differences"].to_string();
    assert!(differences.contains("check of the second only: "), "{differences}");
}

#[test]
fn trial_changes_nothing() {
    let folder = Folder::new();
    let log = folder.path().join("log");
    let (server, console) = serve(
        &folder,
        &format!(
            "policies: {{stress: {{max-stuck: 1}}}}\ntimeout: 200ms\nconsole: {{decisions: 1MiB}}\n\
             decision-log: {{to: {}}}\n",
            log.display()
        ),
    );
    let before = figures(&server);
    for (input, verdict, told) in [
        ("do: answer\noutput: {allowed: false, reason: no}", "denied", ""),
        ("do: context", "answered", ""),
        ("do: fail", "failed", "asked to fail"),
        ("do: panic", "failed", "the policy panicked: asked to panic"),
        ("do: nothing", "failed", "unknown variant `nothing`"),
        ("do: look", "failed", "timed out: there was no answer within 200ms"),
        ("do: spin\nms: 600", "failed", "timed out: there was no answer within 200ms"),
    ] {
        let tried = submit(&console, "/try", &[("policy", "stress"), ("input", input)]);
        let side = &tried["result"]["side"];
        assert_eq!(side["verdict"], verdict, "{input}: {tried}");
        let error = side["error"].as_str().unwrap_or_default();
        assert!(error.contains(told), "{input}: {error}");
    }
    assert_eq!(figures(&server), before);
    assert_eq!(page(&console, "/decisions")["kept"]["decisions"], 0);
    let answered = server.post("/v1/data/stress", &json!({"input": {"do": "context"}}));
    assert_eq!(answered.status, 200, "it is not suspended");
    server.signal("TERM");
    assert!(server.wait().success());
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 1);
    let lines = server.log_lines();
    assert!(!lines.iter().any(|line| line.to_string().contains("asked to")), "{lines:?}");
}

/// Confinement counts by the policy's id, whoever asks it.
#[test]
fn what_a_trial_may_not_do_is_refused_and_counted() {
    let server = Server::from_command(hostile_engine("", &["--console", "127.0.0.1:0"]));
    let console = Http::new(server.logged("serving the console")["address"].as_str().unwrap());
    let violations = "policy_engine_confinement_violations_total{call=\"openat\",id=\"hostile\"}";
    assert_eq!(figure(&server, violations), 0);
    let form = [("policy", "hostile"), ("input", "attempt: {open: /etc/passwd}")];
    let tried = submit(&console, "/try", &form);
    let error = tried["result"]["side"]["error"].as_str().unwrap();
    assert!(error.starts_with("made the system call `openat`"), "{error}");
    assert!(figure(&server, violations) > 0);
}

#[test]
fn limits_of_the_configuration_hold_for_policies_that_are_not_served() {
    let (_server, console) =
        serve(&Folder::new(), "policies: {echo: {}}\ntimeout: 300ms\nallocation-budget: 1MiB\n");
    let stress = format!("stress@{}", env!("CARGO_PKG_VERSION"));
    for (input, told) in [
        ("do: sleep\nms: 600", "timed out: there was no answer within 300ms"),
        ("do: allocate\nbytes: 4000000\ntimes: 1\nlook: false", "allocat"),
    ] {
        let tried = submit(&console, "/try", &[("policy", &stress), ("input", input)]);
        let error = tried["result"]["side"]["error"].as_str().unwrap_or_default();
        assert!(error.contains(told), "{input}: {tried}");
    }
}

#[test]
fn two_trials_that_do_not_end_hold_both_places() {
    let (_server, console) =
        serve(&Folder::new(), "policies: {stress: {}, echo: {}}\ntimeout: 200ms\n");
    let sleep = [("policy", "stress"), ("input", "do: sleep\nms: 8000")];
    for _ in 0..2 {
        let tried = submit(&console, "/try", &sleep);
        assert_eq!(tried["result"]["side"]["verdict"], "failed", "{tried}");
    }
    let echo = [("policy", "echo"), ("input", "1")];
    let refused = submit(&console, "/try", &echo);
    assert_eq!(
        problems(&refused),
        [
            "2 trials are made already and have not ended: try again later; a policy that never ends \
          holds its place until the server is restarted"
        ]
    );
    until("they have ended", || !submit(&console, "/try", &echo)["result"].is_null());
}

#[test]
fn settings_are_validated_by_the_policy_itself() {
    let (_server, console) = serve(&Folder::new(), "policies: {stress: {}}\n");
    let check = |settings: &str, field: (&str, &str)| {
        let form = [("policy", "stress"), ("do", "check"), ("settings", settings), field];
        submit(&console, "/try", &form)
    };
    let no_field = ("set.none", "");
    assert_eq!(check("", no_field)["settings_are_valid"], true);
    for (settings, problem) in [
        ("refuse: true", "the settings: `refuse` is set: leave it out"),
        ("panic: true", "the settings: the policy panicked: asked to panic over the settings"),
        ("refuze: true", "the settings: unknown field `refuze`"),
        ("refuse: 1", "the settings: expected a boolean, found the number `1`, at `refuse`"),
        ("[1]", "the settings are no object: write a line `NAME: VALUE` for each"),
        ("a: [", "the settings: "),
    ] {
        let checked = check(settings, no_field);
        assert!(problems(&checked)[0].starts_with(problem), "{checked}");
        assert_eq!(
            (&checked["result"], &checked["settings_are_valid"]),
            (&Value::Null, &json!(false))
        );
    }
    let checked = check("", ("set.refuse", "true"));
    assert_eq!(problems(&checked), ["the settings: `refuse` is set: leave it out"]);
    let checked = check("refuse: false", ("set.token", "S3CRET"));
    assert_eq!(problems(&checked), Vec::<&str>::new());
    assert_eq!(
        checked["configuration"],
        format!(
            "policies:\n  stress:\n    policy: stress@{}\n    settings:\n      refuse: false\n      \
             # token: a secret that is not shown\n",
            env!("CARGO_PKG_VERSION")
        )
    );
    assert!(!checked.to_string().contains("S3CRET"), "{checked}");
}

/// What the settings hold: a key that names a secret, and one that only the schema says to be one.
const SECRETS: [&str; 2] = ["S3CRET", "P1NC0DE"];

/// However it is asked for, and whoever quotes it.
#[test]
fn secret_of_the_configuration_is_in_no_answer() {
    let (server, console) = serve(
        &Folder::new(),
        "policies: {stress: {settings: {token: S3CRET, pin: P1NC0DE}}}\n\
         console: {decisions: 1MiB}\n",
    );
    let answer = server.post("/v1/data/stress", &json!({"input": {"do": "tell"}})).text();
    assert!(SECRETS.iter().all(|secret| answer.contains(secret)), "it has them: {answer}");
    let other = format!("{}@{}", "stress", env!("CARGO_PKG_VERSION"));
    let forms: [&[(&str, &str)]; 7] = [
        &[("policy", "stress"), ("input", "do: tell")],
        &[("policy", "stress"), ("input", "do: tell"), ("set.refuse", "false")],
        &[("policy", "stress"), ("input", "do: tell"), ("settings", "token: ••••••\npin: ••••••")],
        &[("policy", "stress"), ("input", "do: tell"), ("other", &other), ("do", "compare")],
        &[("policy", &other), ("input", "do: tell"), ("other", "stress"), ("do", "compare")],
        &[("policy", "stress"), ("do", "check"), ("settings", "token: ••••••\nrefuse: true")],
        &[("policy", "stress"), ("do", "example")],
    ];
    for form in forms {
        for accept in ["application/json", "text/html"] {
            let told = submit_as(&console, "/try", &[("accept", accept)], form).text();
            assert!(!SECRETS.iter().any(|secret| told.contains(secret)), "{form:?}: {told}");
            assert!(told.contains("stress"), "{form:?}: {told}");
        }
    }
    let kept = submit(&console, "/try", &[("policy", "stress"), ("input", "do: tell")]);
    assert_eq!(
        kept["result"]["side"]["violations"][0]["message"],
        "the token is `••••••`, the pin `••••••`"
    );
    let decisions = page(&console, "/decisions?verdict=denied");
    let id = decisions["decisions"][0]["decision_id"].as_str().unwrap();
    let [one, again] = [format!("/decisions/{id}"), format!("/try?decision={id}")];
    for path in ["/", "/policies/stress", "/server", "/try", "/decisions", &one, &again] {
        for accept in ["application/json", "text/html"] {
            let told = console.send("GET", path, &[("accept", accept)], Vec::new()).text();
            assert!(!SECRETS.iter().any(|secret| told.contains(secret)), "{path}: {told}");
        }
    }
}

#[test]
fn form_begins_with_an_example_or_a_decision() {
    let (server, console) = serve(
        &Folder::new(),
        "policies: {stress: {}, mine: {policy: echo}}\nconsole: {decisions: 1MiB}\n",
    );
    let example = page(&console, "/try?policy=stress&do=example");
    assert_eq!(example["form"]["input"], "do: context\n");
    assert!(example["result"].is_null());
    server.post("/v1/data/mine", &json!({"input": {"name": "ann"}}));
    let decisions = page(&console, "/decisions");
    let id = decisions["decisions"][0]["decision_id"].as_str().unwrap();
    let form = &page(&console, &format!("/try?decision={id}"))["form"];
    assert_eq!(
        (&form["policy"], &form["input"]),
        (&json!("mine"), &json!("{\n  \"name\": \"ann\"\n}"))
    );
    let unknown = page(&console, "/try?decision=nothing");
    assert_eq!(problems(&unknown), ["no decision `nothing` is kept, or not any more"]);
}

#[test]
fn input_that_cannot_be_read_is_told_with_its_place() {
    let (_server, console) =
        serve(&Folder::new(), "policies: {echo: {}}\nlimits: {body: 100KiB}\n");
    for (input, problem) in [
        ("", "the input is empty: paste YAML or JSON, or fill in an example"),
        ("a: 1\n---\nb: 2", "the input holds more than one document: leave one"),
        ("a: [", "the input: "),
        (&*"x".repeat(200 << 10), "the input has 204800 bytes: expected 102400 at most"),
    ] {
        let tried = submit(&console, "/try", &[("policy", "echo"), ("input", input)]);
        assert!(problems(&tried)[0].starts_with(problem), "{:?}", problems(&tried));
    }
    let tried = submit(&console, "/try", &[("policy", "nothing"), ("input", "1")]);
    assert_eq!(problems(&tried), ["no policy `nothing` is served, or in this program"]);
}

#[test]
fn nothing_is_tried_where_that_is_turned_off() {
    let (_server, console) =
        serve(&Folder::new(), "policies: {echo: {}}\nconsole: {try-it: false}\n");
    let json = [("accept", "application/json")];
    let refused = submit_as(&console, "/try", &json, &[("policy", "echo"), ("input", "1")]);
    assert_eq!(refused.status, 404);
    assert_eq!(
        refused.json()["message"],
        "policies are not tried here: `console.try-it` is `false`"
    );
}
