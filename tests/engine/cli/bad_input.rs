use super::{FINE, GOOD, baseline, decision};
use crate::support::{Folder, engine};

/// The error for a file that is evaluated between two good ones.
fn complaint(file: &str, text: &str) -> String {
    let folder = Folder::new().file("good.yaml", GOOD).file(file, text);
    let answers = decision("good.yaml", 1, FINE).repeat(2);
    complaint_in(&folder, file, &answers)
}

fn complaint_in(folder: &Folder, file: &str, answers: &str) -> String {
    let judged = baseline(folder, &["good.yaml", file, "good.yaml"])
        .assert()
        .code(1)
        .stdout(answers.to_owned());
    let said = String::from_utf8(judged.get_output().stderr.clone()).unwrap();
    said.strip_prefix("error: ").unwrap().strip_suffix('\n').unwrap().to_owned()
}

#[test]
fn malformed_document_is_an_error_with_its_position() {
    assert_eq!(
        complaint("a.json", "{\n  \"kind\": }\n"),
        "`a.json` document 1: policy `pod-security-baseline`: line 2 column 11: expected value"
    );
    assert_eq!(
        complaint("a.yaml", "kind: Pod\nspec: [\n"),
        "`a.yaml` document 1: policy `pod-security-baseline`: line 2 column 7: `[` is never closed"
    );
}

#[test]
fn document_of_wrong_type_is_an_error_with_its_position() {
    assert_eq!(
        complaint("a.json", "{\"kind\": \"Pod\",\n \"spec\": {\"containers\": 7}}"),
        "`a.json` document 1: policy `pod-security-baseline`: line 2 column 25: expected an array, \
         found the number `7`, at `spec.containers`"
    );
    assert_eq!(
        complaint("a.yaml", "---\nkind: Pod\nspec:\n  containers: 7\n"),
        "`a.yaml` document 1: policy `pod-security-baseline`: line 4 column 15: expected an array, \
         found the number `7`, at `spec.containers`"
    );
}

#[test]
fn document_nested_200_levels_deep_is_refused() {
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    assert_eq!(
        complaint("a.json", &deep),
        "`a.json` document 1: policy `pod-security-baseline`: line 1 column 101: nested deeper \
         than 100 levels"
    );
    let deep: String = (0..200).map(|level| " ".repeat(level) + "a:\n").collect();
    assert_eq!(
        complaint("a.yaml", &deep),
        "`a.yaml` document 1: policy `pod-security-baseline`: line 101 column 101: nested deeper \
         than 100 levels"
    );
}

#[test]
fn file_above_max_bytes_is_refused() {
    assert_eq!(
        complaint("a.json", &" ".repeat(50_000_000)),
        "`a.json` is larger than 33554432 bytes, the most that is read of it\n\
         help: split it, or allow more with `--max-bytes`"
    );
    let large =
        format!(r#"{{"kind": "Pod", "metadata": {{"name": "{}"}}}}"#, "a".repeat(50_000_000));
    let folder = Folder::new().file("a.json", &large);
    baseline(&folder, &["--max-bytes", "60000000", "a.json"])
        .assert()
        .code(0)
        .stdout(decision("a.json", 1, FINE));
}

#[test]
fn unreadable_file_is_an_error_and_the_rest_is_decided() {
    let folder = Folder::new().file("good.yaml", GOOD).file("folder/pod.yaml", GOOD);
    let answers = decision("good.yaml", 1, FINE).repeat(2);
    assert_eq!(
        complaint_in(&folder, "missing.yaml", &answers),
        "failed to read `missing.yaml`: No such file or directory (os error 2)"
    );
    assert_eq!(
        complaint_in(&folder, "folder", &answers),
        "`folder` is a folder\nhelp: add `--recursive`, or name the files in it, such as `folder/*.yaml`"
    );
}

#[test]
fn empty_file_is_an_error() {
    for nothing in ["", "\n \n", "# only this\n---\n"] {
        assert_eq!(
            complaint("a.yaml", nothing),
            "`a.yaml` holds no document: expected JSON or YAML"
        );
    }
    let folder = Folder::new();
    baseline(&folder, &[])
        .write_stdin("")
        .assert()
        .code(1)
        .stdout("")
        .stderr("error: standard input holds no document: expected JSON or YAML\n");
}

#[test]
fn input_that_is_not_utf8_is_an_error() {
    let folder = Folder::new();
    baseline(&folder, &[]).write_stdin(b"kind: \xff\n".as_slice()).assert().code(1).stderr(
        "error: standard input document 1: policy `pod-security-baseline`: the text is not UTF-8, \
         at byte 7\n",
    );
}

#[test]
fn malformed_document_does_not_stop_the_documents_after_it() {
    let folder = Folder::new();
    baseline(&folder, &[])
        .write_stdin(format!("{GOOD}---\nspec: [\n---\n{GOOD}"))
        .assert()
        .code(1)
        .stdout(decision("-", 1, FINE) + &decision("-", 3, FINE))
        .stderr(
            "error: standard input document 2: policy `pod-security-baseline`: line 4 column 7: \
             `[` is never closed\n",
        );
}

#[test]
fn unknown_policy_is_an_error_with_a_suggestion() {
    engine(&["eval", "pod-securty-baseline"]).write_stdin(GOOD).assert().code(1).stdout("").stderr(
        "error: no policy `pod-securty-baseline` is in this binary (did you mean \
         `pod-security-baseline`?)\nhelp: `list` shows the policies in this binary\n",
    );
    engine(&["eval", "zzz"]).write_stdin(GOOD).assert().code(1).stdout("").stderr(
        "error: no policy `zzz` is in this binary\n\
             help: `list` shows the policies in this binary\n",
    );
    engine(&["eval", "http-authz@7.1"]).write_stdin(GOOD).assert().code(1).stdout("").stderr(
        "error: policy `http-authz` is in this binary, but not as version 7.1: it has 0.1.0\n",
    );
}
