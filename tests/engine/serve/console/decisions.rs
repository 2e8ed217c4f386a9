use std::fs;
use std::time::Instant;

use serde_json::{Value, json};

use super::{page, serve};
use crate::support::wire::{Connection, figure};
use crate::support::{Folder, Server, until};

fn rows(page: &Value) -> &[Value] {
    page["decisions"].as_array().unwrap()
}

/// Has the policy answer with what it is asked.
fn ask(server: &Server, id: &str, input: &Value) {
    let answered = server.post(&format!("/v1/data/{id}"), &json!({"input": input}));
    assert_eq!(answered.status, 200, "{}", answered.text());
}

#[test]
fn decisions_are_kept_without_a_log_and_filtered() {
    let folder = Folder::new();
    let (server, console) = serve(
        &folder,
        "policies: {echo: {}, stress: {}, watched: {policy: echo, mode: monitor}, \
         pods: {policy: pod-security-baseline}}\nconsole: {decisions: 1MiB}\n",
    );
    let answer = server.post("/v1/data/echo", &json!({"input": {"allowed": true, "name": "Ann"}}));
    assert_eq!(answer.json()["decision_id"], Value::Null, "no log has it");
    ask(&server, "watched", &json!({"allowed": false, "reason": "no role"}));
    ask(&server, "echo", &json!([1]));
    server.post("/v1/data/stress", &json!({"input": {"do": "fail"}}));
    let pod = json!({"kind": "Pod", "spec": {"hostNetwork": true, "containers": []}});
    ask(&server, "pods", &pod);
    let batch = json!({"inputs": {"a": {"allowed": true}, "b": 2}});
    server.post("/v1/batch/data/echo", &batch);

    let all = page(&console, "/decisions");
    let ids: Vec<_> = rows(&all).iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["echo", "echo", "pods", "stress", "echo", "watched", "echo"]);
    assert_eq!((&all["kept"]["decisions"], &all["has_more"]), (&json!(7), &json!(false)));
    assert_eq!(all["choices"]["policies"], json!(["echo", "pods", "stress", "watched"]));
    for (filter, expected) in [
        ("policy=watched", 1),
        ("verdict=denied", 2),
        ("verdict=failed", 1),
        ("verdict=answered", 2),
        ("mode=monitor", 1),
        ("check=hostNamespaces", 1),
        ("text=ANN", 1),
        ("text=no+role&verdict=denied", 1),
        ("text=no+role&verdict=allowed", 0),
        ("policy=nothing", 0),
    ] {
        let filtered = page(&console, &format!("/decisions?{filter}"));
        assert_eq!(rows(&filtered).len(), expected, "{filter}: {filtered}");
    }
    let of_pods = page(&console, "/decisions?policy=pods");
    let denied = &rows(&of_pods)[0];
    assert_eq!((&denied["verdict"], &denied["mode"]), (&json!("denied"), &json!("enforce")));
    let one = page(&console, &format!("/decisions/{}", denied["decision_id"].as_str().unwrap()));
    let violation = &one["violations"][0];
    assert_eq!(violation["field"], "spec.hostNetwork");
    let line = usize::try_from(violation["line"].as_u64().unwrap()).unwrap();
    let marked = &one["input"]["lines"][line - 1];
    assert_eq!(marked["violations"], json!([0]));
    assert!(marked["text"].as_str().unwrap().contains("\"hostNetwork\": true"), "{marked}");
    assert_eq!(console.get("/decisions/nothing").status, 404);
    let wrong = console.get("/decisions?verdict=deny&format=json");
    assert_eq!(wrong.status, 400);
    let told = "`verdict` is `deny`: expected `allowed`, `denied`, `answered` or `failed`";
    assert_eq!(wrong.json()["message"], told);
    let html = console.get("/decisions").text();
    assert_eq!(html.matches(">monitored<").count(), 1, "{html}");
}

#[test]
fn decisions_are_kept_as_the_log_has_them_and_no_longer_than_its_masks() {
    let folder = Folder::new();
    let log = folder.path().join("log");
    let config = |rules: &str| {
        format!(
            "policies: {{echo: {{}}}}\nconsole: {{decisions: 1MiB}}\n\
             decision-log: {{to: {}, {rules}}}\n",
            log.display()
        )
    };
    let (server, console) = serve(&folder, &config("mask: {/input/password: \"***\"}"));
    let secret = json!({"password": "S3CRET", "pin": "P1N"});
    ask(&server, "echo", &secret);
    let kept = page(&console, "/decisions?text=p1n");
    let id = rows(&kept)[0]["decision_id"].as_str().unwrap().to_owned();
    let one = page(&console, &format!("/decisions/{id}"));
    assert_eq!(one["masked"], json!(["/input/password"]));
    let again = page(&console, &format!("/try?decision={id}"));
    let told = "parts of this input were erased or masked (/input/password): the answer may differ";
    assert_eq!(again["problems"], json!([told]));
    let input = one["input"].to_string();
    assert!(input.contains("***") && !input.contains("S3CRET"), "{input}");
    until("it is written", || fs::read_to_string(&log).unwrap().lines().count() == 1);
    let written: Value = serde_json::from_str(&fs::read_to_string(&log).unwrap()).unwrap();
    assert_eq!(one["event"], written);

    let series = "policy_engine_reloads_total{outcome=\"ok\"}";
    let more = config("mask: {/input/password: \"***\"}, erase: [/input/pin, /result]");
    fs::write(folder.path().join("config.yaml"), more).unwrap();
    server.signal("HUP");
    until("it is loaded", || figure(&server, series) == 1);
    assert_eq!(page(&console, "/decisions")["kept"]["decisions"], 0);
    ask(&server, "echo", &secret);
    let kept = page(&console, "/decisions").to_string();
    assert!(kept.contains("echo") && !kept.contains("P1N"), "{kept}");
}

#[test]
fn decision_that_was_kept_before_a_reload_hides_the_secrets_of_today() {
    let folder = Folder::new();
    let config = |settings: &str| {
        format!("policies: {{echo: {{}}, stress: {{{settings}}}}}\nconsole: {{decisions: 1MiB}}\n")
    };
    let (server, console) = serve(&folder, &config(""));
    let input = json!({"allowed": false, "reason": "it is S3CRET", "note": "S3CRET"});
    ask(&server, "echo", &input);
    let kept = page(&console, "/decisions");
    assert!(kept.to_string().contains("it is S3CRET"), "{kept}");
    let id = rows(&kept)[0]["decision_id"].as_str().unwrap();

    fs::write(folder.path().join("config.yaml"), config("settings: {token: S3CRET}")).unwrap();
    server.signal("HUP");
    until("it is loaded", || figure(&server, "policy_engine_reloads_total{outcome=\"ok\"}") == 1);
    for path in ["/decisions", "/policies/echo", &format!("/decisions/{id}")] {
        let told = page(&console, path).to_string();
        assert!(told.contains("it is ••••••") && !told.contains("S3CRET"), "{path}: {told}");
    }
    let again = page(&console, &format!("/try?decision={id}")).to_string();
    assert!(again.contains("note") && !again.contains("S3CRET"), "{again}");
}

/// Allowed requests in masses are passed over and counted, and no denial is.
#[test]
fn denials_outlive_a_flood_of_others() {
    let folder = Folder::new();
    let (server, console) = serve(&folder, "policies: {echo: {}}\nconsole: {decisions: 64KiB}\n");
    ask(&server, "echo", &json!({"allowed": false, "reason": "the first"}));
    let started = Instant::now();
    let mut connection = Connection::to(&server);
    let filling = "x".repeat(1000);
    for _ in 0..1500 {
        let body = json!({"input": {"allowed": true, "filling": filling}}).to_string();
        connection.post("/v1/data/echo", &body).expect(200);
    }
    let kept = page(&console, "/decisions");
    let figures = &kept["kept"];
    let [decisions, bytes, passed_over] =
        ["decisions", "bytes", "passed_over"].map(|name| figures[name].as_u64().unwrap());
    assert!(decisions > 10 && decisions < 64 && bytes <= 64 << 10, "{figures}");
    // Of each second that has begun meanwhile, so many are kept at most.
    assert_eq!(figures["max_per_second"], 250);
    let seconds = started.elapsed().as_secs() + 2;
    assert!(passed_over < 1500 && passed_over + 250 * seconds >= 1500, "{figures}");
    let denied = page(&console, "/decisions?verdict=denied");
    assert_eq!(rows(&denied)[0]["reason"], "the first");
}

#[test]
fn input_that_is_too_large_to_be_kept_is_named() {
    let folder = Folder::new();
    let (server, console) = serve(&folder, "policies: {echo: {}}\nconsole: {decisions: 64KiB}\n");
    ask(&server, "echo", &json!({"allowed": true, "filling": "x".repeat(8000)}));
    let id = rows(&page(&console, "/decisions"))[0]["decision_id"].as_str().unwrap().to_owned();
    let one = page(&console, &format!("/decisions/{id}"));
    assert_eq!(one["omitted"], json!(["/input", "/result"]));
    assert_eq!((&one["input"], &one["verdict"]), (&Value::Null, &json!("allowed")));
    let again = page(&console, &format!("/try?decision={id}"));
    assert_eq!(again["problems"], json!(["the input was not kept: it was too large"]));
    let shown = console.get(&format!("/decisions/{id}")).text();
    assert!(shown.contains("It was not kept: it was too large."), "{shown}");
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let folder = Folder::new();
    let (server, console) = serve(&folder, "policies: {echo: {}}\n");
    ask(&server, "echo", &json!({"allowed": false}));
    let page = page(&console, "/decisions");
    assert_eq!((&page["kept"], rows(&page).len()), (&Value::Null, 0));
}
