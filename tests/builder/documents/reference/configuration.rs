use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::page;
use crate::support::{Folder, python, root, stress_engine};

/// Configurations that the engine accepts.
const ACCEPTED: [&str; 16] = [
    "{}",
    "listen: 127.0.0.1:1",
    "listen: ['http://[::1]:1', 'unix:///run/a.sock']\ndiagnostic-listen: 127.0.0.1:2",
    "listen: https://127.0.0.1:1\ntls: {certificate: a, key: b, client-ca: c}",
    "unix-socket-mode: '0660'\ntokens: /run/tokens",
    "limits: {connections: 1, in-flight: '2', queue: 0, queue-time: 1m 30s, bodies: 1GiB}",
    "limits: {body: 1024, header-time: 1.5s, body-time: 2 minutes, idle-time: 1h}",
    "limits:\ntls:\ntokens:\nshutdown: {wait: 0s, grace: 0}",
    "policies: {echo: {}, a/b_c.d: {policy: echo@1, timeout: 1s, max-stuck: 2, mode: monitor}}",
    "policies: {echo: {allocation-budget: 64MiB, cpu-budget: none}}\nallocation-budget: 1024\ncpu-budget: 1s 50ms",
    "policies: {echo: null, stress: {settings: {}, blocking: true}}\ntimeout: 5s\nmax-stuck: 3",
    "policies: {echo: {shadow: echo@1}, stress: {shadow: {policy: echo, settings: {}, sample: 12.5%}}}",
    "default-decision: /echo\nskip-invalid: true",
    "decision-log: stdout",
    "decision-log: {to: /tmp/log, labels: {a: 1}, erase: /input, mask: {/result/0: [null]}}",
    "decision-log: {to: 'https://a.b', token: t, ca: c, upload: 1kB, delay: 0s, timeout: 1s, \
     max-retry-delay: 1s, buffer: 1MiB, when-full: wait, erase: [/input/a~1b, /result]}",
];

/// Configurations that neither the engine nor the schema accepts.
const REFUSED: [&str; 21] = [
    "lisen: 127.0.0.1:1",
    "listen: localhost",
    "limits: {bdy: 1}",
    "limits: {body: 8MB!}",
    "limits: {queue-time: 5}",
    "limits: {in-flight: 0}",
    "limits: [1]",
    "tls: {certificate: a, key: b, ca: c}",
    "unix-socket-mode: 660",
    "allocation-budget: all",
    "policies: {echo: {cpu-budget: 50}}",
    "policies: {}",
    "policies: {echo: {setings: {}}}",
    "policies: {a//b: {policy: echo}}",
    "policies: {echo: {mode: audit}}",
    "policies: {echo: {shadow: {sample: 10%}}}",
    "policies: {echo: {shadow: {policy: echo, sample: 10}}}",
    "policies: {echo: {shadow: {policy: echo, timeout: 1s}}}",
    "skip-invalid: maybe",
    "decision-log: {to: stdout, mask: {/other: 1}}",
    "decision-log: {to: stdout, when-full: stop}",
];

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn schema_accepts_what_the_engine_accepts_and_no_misspelt_setting() {
    let folder = Folder::new();
    let cases =
        ACCEPTED.iter().map(|text| (text, true)).chain(REFUSED.iter().map(|text| (text, false)));
    let mut files = Vec::new();
    let mut expected = BTreeSet::new();
    for (index, (text, is_accepted)) in cases.enumerate() {
        let file = folder.path().join(format!("{index}.yaml")).to_str().unwrap().to_owned();
        fs::write(&file, text).unwrap();
        let read = stress_engine(&["config", "--config", &file]).output().unwrap();
        let status = if is_accepted { 0 } else { 78 };
        assert_eq!(
            read.status.code(),
            Some(status),
            "{text}: {}",
            String::from_utf8_lossy(&read.stderr)
        );
        if !is_accepted {
            expected.insert(file.clone());
        }
        files.push(file);
    }
    let mut check = Command::new(python().join("bin/check-jsonschema"));
    check.args(["--output-format", "json", "--schemafile"]);
    check.arg(root().join("docs/src/schemas/configuration.json")).args(&files);
    let checked = check.output().unwrap();
    let report: Value = serde_json::from_slice(&checked.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&checked.stderr)));
    let found = report["errors"].as_array().unwrap().iter();
    let found: BTreeSet<_> =
        found.map(|error| error["filename"].as_str().unwrap().to_owned()).collect();
    assert_eq!(found, expected, "{report:#}");
    assert_eq!(report["parse_errors"].as_array().map_or(0, Vec::len), 0, "{report:#}");
}

#[test]
fn schema_of_the_configuration_is_what_the_engine_prints() {
    page::is("schemas/configuration.json", &schema());
}

#[test]
fn page_of_the_configuration_has_every_setting() {
    let schema: Value = serde_json::from_str(&schema()).unwrap();
    let help = stress_engine(&["config", "--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let mut text = String::new();
    settings("", &schema, &mut |path, setting| {
        if path == "policies" {
            return;
        }
        let variable = format!("POLICY_ENGINE_{}", path.to_uppercase().replace(['.', '-'], "_"));
        let set = format!("--set {path}=…");
        let own = format!("--{}", path.trim_end_matches(".to"));
        let has_own = help.split_whitespace().any(|word| word == own);
        let flags = if has_own { format!("`{own}`, `{set}`") } else { format!("`{set}`") };
        text += &section(path, setting, &[("variable", format!("`{variable}`")), ("flag", flags)]);
    });
    text += "\n## Settings of one policy\n\nBelow `policies.ID`. They have no variables: set them \
             in the file, or by `--set policies.ID.mode=monitor`.\n";
    let policy = &schema["properties"]["policies"]["additionalProperties"];
    settings("policies.ID.", policy, &mut |path, setting| text += &section(path, setting, &[]));
    page::holds("reference/configuration.md", &text);
}

fn schema() -> String {
    let printed = stress_engine(&["config", "--schema"]).output().unwrap();
    String::from_utf8(printed.stdout).unwrap()
}

/// Calls a function with every setting, by its path: a table's own ones behind it.
fn settings(prefix: &str, table: &Value, then: &mut impl FnMut(&str, &Value)) {
    for (key, setting) in table["properties"].as_object().unwrap() {
        let path = format!("{prefix}{key}");
        if setting.get("description").is_some() {
            then(&path, setting);
        }
        if setting.get("properties").is_some() {
            settings(&format!("{path}."), setting, then);
        }
    }
}

fn section(path: &str, setting: &Value, further: &[(&str, String)]) -> String {
    let described = setting["description"].as_str().unwrap();
    let (sentence, expected) = described.split_once("\n\nExpected: ").unwrap();
    let expected = expected.trim_end_matches('.').to_owned();
    let default = setting["default"].as_str().map_or("none".to_owned(), |text| format!("`{text}`"));
    let cells = [("value", expected), ("default", default)];
    let cells = cells.iter().chain(further);
    let list: Vec<_> = cells.map(|(name, cell)| format!("- {name}: {cell}\n")).collect();
    format!("\n### `{path}`\n\n{sentence}\n\n{}", list.concat())
}
