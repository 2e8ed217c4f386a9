use std::process::Command;

use serde_json::json;

use super::page;
use crate::support::{Http, Server};

/// The engine with two versions of `orders`, all of whose policies are served.
fn serve_all() -> (Server, Http) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_console-engine"));
    command.env_clear().args(["serve", "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"]);
    command.args(["--set", "console.decisions=1MiB"]);
    let server = Server::from_command(command);
    let console = Http::new(server.logged("serving the console")["address"].as_str().unwrap());
    (server, console)
}

#[test]
fn version_of_a_policy_has_a_page_and_a_trial_of_its_own() {
    let (server, console) = serve_all();
    let order = json!({"amount": 2000, "country": "SE", "items": []});
    for version in ["1.4.0", "2.0.0", "2.0.0"] {
        let asked = json!({"input": order});
        assert_eq!(server.post(&format!("/v1/data/orders/{version}"), &asked).status, 200);
    }
    let policies = page(&console, "/");
    let rows = policies["policies"].as_array().unwrap().iter();
    let paths: Vec<_> = rows.map(|row| row["href"].as_str().unwrap()).collect();
    for (version, denials) in [("1.4.0", 1), ("2.0.0", 2)] {
        let path = format!("/policies/orders/{version}");
        assert!(paths.contains(&path.as_str()), "{paths:?}");
        let shown = page(&console, &path);
        let denied = shown["last_denials"].as_array().unwrap();
        assert_eq!((&shown["version"], denied.len()), (&json!(version), denials));
        assert!(denied.iter().all(|denial| denial["version"] == version), "{denied:?}");

        let text = console.get(&path).text();
        let trial = format!("/try?policy=orders%2F{version}");
        assert!(text.contains(&format!("href=\"{trial}\"")), "{text}");
        let form = page(&console, &trial);
        assert_eq!(form["problems"], json!([]));
        assert_ne!(form["fields"], json!([]), "those of its settings");
        let all = format!("/decisions?policy=orders&version={version}&verdict=denied");
        assert!(text.contains(&format!("href=\"{}\"", all.replace('&', "&amp;"))), "{text}");
        assert_eq!(page(&console, &all)["decisions"].as_array().unwrap().len(), denials);
    }
    assert!(paths.contains(&"/policies/answers"), "{paths:?}");
}
