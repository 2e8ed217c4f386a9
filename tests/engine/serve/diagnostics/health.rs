use serde_json::json;

use crate::support::{Folder, Http, Server, until};

const PATHS: [&str; 6] = [
    "/health",
    "/health/",
    "/health?bundles&plugins",
    "/health?bundle=true",
    "/health/live",
    "/health/ready",
];

#[test]
fn serving_server_is_live_and_ready() {
    let server = Server::start(&[]);
    for path in PATHS {
        let found = server.get(path);
        let body =
            if path == "/health/ready" { json!({"ready": true, "skipped": {}}) } else { json!({}) };
        assert_eq!((found.status, found.json()), (200, body), "{path}");
    }
    assert_eq!(server.get("/health/other").status, 404);
}

#[test]
fn skipped_policies_are_listed_with_reasons_only_when_tokens_are_required() {
    let folder = Folder::new();
    let yaml = "\
policies:
  echo: {}
  refused: {policy: stress, settings: {refuse: true}}
  panicking: {policy: stress, settings: {panic: true}}
  unknown: {policy: nothing}
";
    let server = Server::with_config(&folder, yaml, &["--skip-invalid"]);
    let found = server.get("/health/ready");
    let (status, found) = (found.status, found.json());
    assert_eq!((status, &found["ready"]), (200, &json!(true)));
    let skipped = found["skipped"].as_object().unwrap();
    let ids: Vec<_> = skipped.keys().collect();
    assert_eq!(ids, ["panicking", "refused", "unknown"]);
    let listed = server.get("/v1/policies").json();
    assert_eq!(listed["result"].as_array().map(Vec::len), Some(4), "{listed}");
    for (id, why) in [
        ("refused", "`refuse` is set: leave it out"),
        ("panicking", "asked to panic over the settings"),
        ("unknown", "nothing"),
    ] {
        assert_eq!(
            skipped[id],
            "it is not served, as its configuration is wrong: the log and `/v1/policies` tell why"
        );
        let listed =
            listed["result"].as_array().unwrap().iter().find(|policy| policy["id"] == id).unwrap();
        let told = listed["error"].as_str().unwrap();
        assert!(told.contains("config.yaml` line ") && told.contains(why), "{told}");

        let found = server.post(&format!("/v1/data/{id}"), &json!({"input": 1}));
        let (status, error) = (found.status, found.json());
        assert_eq!((status, &error["code"]), (503, &json!("internal_error")), "{error}");
        let message = error["message"].as_str().unwrap();
        assert_eq!(message, format!("policy `{id}` is not served: {told}"));
        assert_eq!(server.get(&format!("/v1/policies/{id}")).status, 503);
    }
    assert_eq!(server.post("/v1/data/echo", &json!({"input": 1})).status, 200);
    let errors: Vec<_> =
        server.log_lines().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn draining_server_is_live_and_not_ready() {
    let server = Server::start(&["--set", "shutdown.wait=30s"]);
    server.signal("TERM");
    until("it is not ready", || server.get("/health/ready").status == 503);
    let error = json!({"error": "not ready: the server is ending, and takes no new requests"});
    for (path, status) in
        [("/health/ready", 503), ("/health?plugins", 500), ("/health?bundles=true", 500)]
    {
        let found = server.get(path);
        assert_eq!((found.status, found.json()), (status, error.clone()), "{path}");
    }
    for path in ["/health", "/health/live", "/health?bundles=false"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    // Who has not heard of it yet is still answered.
    assert_eq!(server.post("/v1/data/echo", &json!({"input": 1})).status, 200);
}

#[test]
fn diagnostic_address_serves_health_and_metrics_only() {
    let folder = Folder::new().file("tokens", "secret-token-of-the-tests\n");
    let tokens = folder.path().join("tokens");
    let server = Server::start(&[
        "--set",
        "diagnostic-listen=127.0.0.1:0",
        "--set",
        &format!("tokens={}", tokens.display()),
    ]);
    let address = server.logged("serving health and metrics");
    let other = Http::new(address["address"].as_str().unwrap());
    for path in PATHS {
        assert_eq!(other.get(path).status, 200, "{path}");
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    // Without a token there, with one here.
    assert!(other.get("/metrics").text().contains("policy_engine_requests_in_flight 0"));
    assert_eq!(server.get("/metrics").status, 401);
    for path in ["/v1/policies", "/openapi.json", "/v1/config", "/v1/data/echo?input=1"] {
        let found = other.get(path);
        assert_eq!((found.status, &found.json()["code"]), (404, &json!("resource_not_found")));
    }
    for path in ["/v1/data/echo", "/validate/echo", "/v1/batch/data/echo"] {
        assert_eq!(other.post(path, &json!({"input": 1})).status, 404, "{path}");
    }
    assert_eq!(other.post("/health", &json!({})).status, 405);
}

#[test]
fn health_is_answered_at_the_concurrency_limit() {
    let folder = Folder::new();
    let yaml = "limits: {in-flight: 1, queue: 0}\npolicies: {stress: {timeout: 5m}}\n";
    let server = Server::with_config(&folder, yaml, &[]);
    let looking = server.begin("/v1/data/stress", &json!({"input": {"do": "look"}}));
    until("it is decided on", || server.metric("policy_engine_requests_in_flight") > 0.0);
    assert_eq!(server.post("/v1/data/stress", &json!({})).status, 503);
    for path in PATHS {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    // Whoever goes away takes the question along.
    drop(looking);
    until("its place is free", || server.metric("policy_engine_requests_in_flight") < 1.0);
    assert_eq!(server.post("/v1/data/stress", &json!({})).status, 200);
}
