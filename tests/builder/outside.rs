use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{Folder, WORK_DIR, cargo, document_block, repository, root};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/house-rules");

/// A program of the house's rules.
struct Outside {
    program: PathBuf,
    report: Value,
}

/// Builds it, once for all tests, in a folder that has to stay as it was.
fn outside() -> &'static Outside {
    static OUTSIDE: OnceLock<Outside> = OnceLock::new();
    OUTSIDE.get_or_init(|| {
        // On a machine that has built another folder.
        repository();
        let folder = Folder::new().copy(Path::new(FIXTURE), "house-rules");
        for name in ["working-hours", "office-hours"] {
            let mut add = folder.builder(&["add", name, "--policies", "house-rules"]);
            add.args((name == "office-hours").then_some("--settings")).assert().success();
        }
        let written = folder.path().join("house-rules/working-hours/src/lib.rs");
        assert_eq!(
            fs::read_to_string(written).unwrap(),
            document_block("README.md", "rust", "register!")
        );
        let folder = folder
            .file("house-rules/.cache/src/main.rs", "passed over")
            .file("house-rules/.cache/Cargo.toml", "passed over")
            .file("house-rules/target/debug.rs", "passed over")
            .file("house-rules/notes/README.md", "no Rust, no crate");
        let results = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside");
        fs::create_dir_all(&results).unwrap();
        let (program, report) = (results.join("policy-engine"), results.join("report.json"));
        let before = folder.contents();
        folder
            .builder(&["build", "--policies", "house-rules", "--work-dir", WORK_DIR, "--output"])
            .arg(&program)
            .arg("--report")
            .arg(&report)
            .assert()
            .success();
        assert!(folder.contents() == before, "something was written into the user's folder");
        let report = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        Outside { program, report }
    })
}

fn engine(arguments: &[&str]) -> Command {
    let mut command = Command::new(&outside().program);
    command.env_clear().args(arguments);
    command
}

/// One line of the output of `eval` for standard input.
fn decision(document: usize, policy: &str, version: &str, verdict: &str, output: &str) -> String {
    format!(
        "{{\"file\":\"-\",\"document\":{document},\"policy\":\"{policy}\",\
         \"version\":\"{version}\",\"verdict\":\"{verdict}\",\"output\":{output}}}\n"
    )
}

#[test]
fn second_folder_compiles_what_is_its_own() {
    // The crates of the folder, `hex` and `static_assertions`, and the program.
    let fresh = outside().report["binary"]["crates"]["fresh"].as_u64().unwrap();
    assert!(fresh <= 7 + 2 + 1, "{fresh} crates were compiled");
    assert!(outside().report["binary"]["crates"]["cached"].as_u64().unwrap() > 100);
}

/// The crates that are compiled for a folder and not its own, with their features.
fn compiled(folder: &Folder) -> BTreeSet<String> {
    folder.builder(&["generate", "--output", "laid-out"]).assert().success();
    let root = fs::canonicalize(folder.path().join("laid-out")).unwrap();
    let tree = Command::new(cargo())
        .args(["tree", "--locked", "--offline", "--package", "policy-engine-program"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p} {f}", "--no-dedupe"])
        .current_dir(&root)
        .assert()
        .success();
    let tree = String::from_utf8(tree.get_output().stdout.clone()).unwrap();
    let is_shared = |line: &String| !line.contains("(policies/") && !line.contains("(program)");
    let lines = tree.lines().map(|line| line.replace(&format!("{}/", root.display()), ""));
    lines.filter(is_shared).collect()
}

#[test]
fn what_policies_mostly_ask_for_changes_no_crate_of_the_engine() {
    let plain = compiled(&Folder::new().policy_with("plain", "", ""));
    // Dependencies as authors write them, and the features that macros of theirs ask `syn` for.
    let demanding = Folder::new()
        .policy_with(
            "demanding",
            "macros = { path = \"../macros\" }\n\
             percent-encoding = \"2\"\n\
             schemars = \"1\"\n\
             semver = { version = \"1\", features = [\"serde\"] }\n\
             serde = { version = \"1\", features = [\"derive\"] }\n\
             serde_json = \"1\"\n\
             thiserror = \"2\"\n\
             uuid = { version = \"1\", features = [\"serde\"] }\n",
            "",
        )
        .library(
            "macros",
            "syn-2 = { package = \"syn\", version = \"2\", features = [\"full\", \"visit\", \"visit-mut\"] }\n\
             syn-3 = { package = \"syn\", version = \"3\", features = [\"extra-traits\", \"fold\", \"visit\"] }\n\
             [lib]\nproc-macro = true\n",
            "",
        );
    let demanding = compiled(&demanding);
    let added: Vec<_> = demanding.difference(&plain).collect();
    let gone: Vec<_> = plain.difference(&demanding).collect();
    assert!(gone.is_empty(), "{gone:#?} would be compiled again, as {added:#?}");
    assert!(plain.iter().any(|line| line.starts_with("syn v3") && line.contains("visit-mut")));
}

#[test]
fn program_has_every_policy_of_the_folder() {
    let policies = json!([
        {"name": "fingerprint", "version": "0.3.0", "crate": "fingerprint"},
        {"name": "greeting", "version": "2.0.0", "crate": "greeting-next"},
        {"name": "greeting", "version": "1.4.0", "crate": "greeting"},
        {"name": "moody", "version": "1.4.0", "crate": "moody"},
        {"name": "office-hours", "version": "1.0.0", "crate": "office-hours"},
        {"name": "working-hours", "version": "1.0.0", "crate": "working-hours"},
    ]);
    assert_eq!(outside().report["policies"], policies);
    engine(&["list"]).assert().success().stdout(
        "POLICY         VERSION  CRATE          CHECKS  DESCRIPTION\n\
         fingerprint    0.3.0    fingerprint    0       Whether a fingerprint is as settings say\n\
         greeting       2.0.0    greeting-next  0\n\
         greeting       1.4.0    greeting       0       Whether someone is greeted\n\
         moody          1.4.0    moody          0\n\
         office-hours   1.0.0    office-hours   1       Allows deployments in working hours only\n\
         working-hours  1.0.0    working-hours  1       Allows deployments in working hours only\n",
    );
}

#[test]
fn highest_version_is_the_default() {
    engine(&["eval", "greeting"])
        .write_stdin(r#"["well", "hello"]"#)
        .assert()
        .code(0)
        .stdout(decision(1, "greeting", "2.0.0", "allowed", "true"));
    let heard = r#"{"allowed":true,"first":"hello"}"#;
    engine(&["eval", "greeting@1"])
        .write_stdin(r#"{"text": "hello there"}"#)
        .assert()
        .code(0)
        .stdout(decision(1, "greeting", "1.4.0", "allowed", heard));
    engine(&["eval", "greeting@3"]).write_stdin("[]").assert().code(1).stdout("").stderr(
        "error: policy `greeting` is in this binary, but not as version 3: it has 2.0.0, 1.4.0\n",
    );
}

#[test]
fn readme_policy_is_the_one_that_is_added_and_decides_as_it_says() {
    let ask = |hour| engine(&["eval", "working-hours"]).write_stdin(hour).assert();
    let decision = |verdict, output| decision(1, "working-hours", "1.0.0", verdict, output);
    ask("hour: 11").code(0);
    let denied = r#"{"allowed":false,"check":"hours","field":"hour","reason":"it is 19 o'clock"}"#;
    ask("hour: 19").code(2).stdout(decision("denied", denied));
}

#[test]
fn policy_with_settings_is_set_by_options() {
    let late =
        engine(&["eval", "office-hours", "--set", "until=20"]).write_stdin("hour: 19").assert();
    late.code(0).stdout(decision(1, "office-hours", "1.0.0", "allowed", r#"{"allowed":true}"#));
    engine(&["validate", "office-hours", "--set", "from=18"]).assert().code(1).stderr(
        "error: policy `office-hours` 1.0.0: settings: `from` is 18 and `until` is 17: expected \
         from < until <= 24\n",
    );
}

#[test]
fn inherited_package_metadata_is_described() {
    engine(&["describe", "greeting@1"]).assert().success().stdout(
        "greeting 1.4.0\n\
         Whether someone is greeted\n\
         \n\
         crate     greeting 1.4.0\n\
         authors   The house\n\
         versions  2.0.0, 1.4.0\n\
         settings  the author keeps no schema of them\n\
         checks    the author declares none\n\
         \n\
         try it    policy-engine eval greeting < input.json\n\
         serve it  policy-engine serve\n          curl -s http://localhost:8181/v0/data/greeting -d @input.json\n",
    );
}

#[test]
fn panic_fails_only_its_own_document() {
    let answers = [(1, "allowed", "true"), (3, "denied", "false")]
        .map(|(document, verdict, output)| decision(document, "moody", "1.4.0", verdict, output));
    engine(&["eval", "moody"])
        .write_stdin("good\n---\nbad\n---\nso-so\n")
        .assert()
        .code(1)
        .stdout(answers.concat())
        .stderr(
            "error: standard input document 2: policy `moody`: the policy panicked: not today, \
             at policies/moody/src/lib.rs:17\n",
        );
}

#[test]
fn settings_and_schemas_come_from_the_policy() {
    engine(&["eval", "fingerprint", "--set", "expected=c0ff"])
        .write_stdin(r#"{"bytes": [192, 255]}"#)
        .assert()
        .code(0);
    engine(&["validate", "fingerprint", "--set", "expected=c0f"]).assert().code(1).stderr(
        "error: policy `fingerprint` 0.3.0: settings: `expected` is not hexadecimal: Odd number of digits\n",
    );
    let schema = engine(&["schema", "fingerprint"]).output().unwrap();
    let schema: Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert_eq!(schema["required"], json!(["bytes"]));
    engine(&["schema", "fingerprint", "--settings"]).assert().code(1).stdout("").stderr(
        "error: policy `fingerprint` keeps no schema of its settings: its author can give one with \
         `settings_schema` of the `Policy` trait\n",
    );
}

#[test]
fn versions_of_policy_locks_are_kept() {
    let folder = Folder::new().copy(Path::new(FIXTURE), "house-rules");
    folder
        .builder(&["generate", "--policies", "house-rules", "--output", "workspace"])
        .assert()
        .success();
    let lock = fs::read_to_string(folder.path().join("workspace/Cargo.lock")).unwrap();
    let version = |lock: &str, name: &str| {
        let (_, package) = lock.split_once(&format!("name = \"{name}\"\n")).unwrap();
        package.lines().next().unwrap().to_owned()
    };
    assert_eq!(version(&lock, "static_assertions"), "version = \"1.0.0\"");
    assert_eq!(version(&lock, "hex"), "version = \"0.4.2\"");
    // The engine is linked with this one too, and the fixture's lock has another version of it.
    let engine = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert_ne!(version(&engine, "serde_json"), "version = \"1.0.145\"");
    assert_eq!(version(&lock, "serde_json"), version(&engine, "serde_json"));
}

/// Only discovery runs here; the program above is built from the same crates.
#[test]
fn crate_added_to_the_folder_is_discovered() {
    let found = |folder: &Folder| {
        let found = folder.builder(&["discover", "--policies", "house-rules"]).assert().success();
        String::from_utf8(found.get_output().stdout.clone()).unwrap()
    };
    let folder = Folder::new().copy(Path::new(FIXTURE), "house-rules");
    let before = found(&folder);
    assert_eq!(
        before,
        "policy   fingerprint 0.3.0  (house-rules/fingerprint)\n\
         policy   greeting 1.4.0  (house-rules/greeting)\n\
         policy   greeting-next 0.9.0  (house-rules/greeting-next)\n\
         policy   moody 1.4.0  (house-rules/moody)\n\
         support  words 1.4.0  (house-rules/words)\n"
    );
    let folder = folder.policy("anything");
    fs::rename(folder.path().join("policies/anything"), folder.path().join("house-rules/anything"))
        .unwrap();
    assert_eq!(
        found(&folder),
        format!("policy   anything 1.0.0  (house-rules/anything)\n{before}")
    );
}
