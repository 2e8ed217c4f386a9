use proptest::prelude::*;

use super::*;
use crate::documents::located::variable_of;

#[test]
#[expect(clippy::too_many_lines, reason = "every kind of mistake, in one file")]
fn all_errors_are_reported_at_once() {
    let case = Case::yaml(
        "\
listen: [nowhere, https://0.0.0.0:8443]
unix-socket-mode: 0660
limits:
  body: 8MB!
  queue: -1
  bdy: 1
  idle-time: 0s
timeout: 5
cpu-budget: 0s
shutdown: soon
skip-invalid: maybe
policies:
  bad id: {}
  web:
    policy: web@v1
    settings: [1]
    mode: observe
    blocking: [true]
    max-stuck: 0
    color: red
decision-log:
  to: stdout
  when-full: block
  token: /t
  erase: [/labels]
  mask: {input: 1}
  labels: {id: x, a: [1]}
limts: {}
",
    )
    .env("POLICY_ENGINE_LIMITS_IN_FLIGHT", "many")
    .env("POLICY_ENGINE_DIAGNOSTIC_LISTEN", "1.1.1.1:1,x")
    .set("limits.connections=0")
    .set("limits.header=1s")
    .set("limits.queue-time.max=1s")
    .flags(|flags| flags.decision_log = Some("ftp://a".to_owned()));
    let address = "expected an IP address and a port such as `127.0.0.1:8181`, after `http://`, \
                   `https://` or nothing, or else `unix://` and a path";
    let duration = "expected a duration such as `500ms` or `10s`, above 0 and of a year at most";
    let pointer = "expected a JSON pointer that begins with `/input` or `/result`, such as \
                   `/input/password`, with `~0` for `~` and `~1` for `/` in a key";
    assert_eq!(
        case.mistakes(),
        [
            format!("`c.yaml` line 1 column 10: `listen[0]` is `nowhere`: {address}"),
            "`c.yaml` line 2 column 19: `unix-socket-mode` is `432`: expected four octal digits in \
             quotes such as `\"0660\"`"
                .to_owned(),
            "`c.yaml` line 4 column 9: `limits.body` is `8MB!`: expected a number of bytes such as \
             `8MiB`, from 1 to 1TiB"
                .to_owned(),
            "`c.yaml` line 5 column 10: `limits.queue` is `-1`: expected a whole number from 0 to \
             1000000000"
                .to_owned(),
            "`c.yaml` line 6 column 3: there is no setting `limits.bdy`: did you mean \
             `limits.body`?"
                .to_owned(),
            format!("`c.yaml` line 7 column 14: `limits.idle-time` is `0s`: {duration}"),
            format!("`c.yaml` line 8 column 10: `timeout` is `5`: {duration}"),
            "`c.yaml` line 9 column 13: `cpu-budget` is `0s`: expected a duration such as `50ms` or \
             `1s`, above 0 and of a year at most, or `none`"
                .to_owned(),
            "`c.yaml` line 10 column 11: `shutdown` is `soon`: expected a table of settings"
                .to_owned(),
            "`c.yaml` line 11 column 15: `skip-invalid` is `maybe`: expected `true` or `false`"
                .to_owned(),
            "`c.yaml` line 13 column 3: `policies.bad id` has the id `bad id`: expected letters, \
             digits, `.`, `_` and `-`, the first of them a letter, a digit or `_`, or several such \
             with `/` between them"
                .to_owned(),
            "`c.yaml` line 15 column 13: `policies.web.policy` is `web@v1`: expected a policy such \
             as `pod-security`, with the version `1`, `1.2` or `1.2.3` after an `@` or with none"
                .to_owned(),
            "`c.yaml` line 16 column 15: `policies.web.settings` is a list: expected a table"
                .to_owned(),
            "`c.yaml` line 17 column 11: `policies.web.mode` is `observe`: expected `enforce` or \
             `monitor`"
                .to_owned(),
            "`c.yaml` line 18 column 15: `policies.web.blocking` is a list: expected `true` or \
             `false`"
                .to_owned(),
            "`c.yaml` line 19 column 16: `policies.web.max-stuck` is `0`: expected a whole number \
             from 1 to 1000000000"
                .to_owned(),
            "`c.yaml` line 20 column 5: there is no setting `policies.web.color`: there is \
             `policy`, `settings`, `timeout`, `mode`, `blocking`, `max-stuck`, \
             `allocation-budget`, `cpu-budget`, `shadow`"
                .to_owned(),
            "`c.yaml` line 23 column 14: `decision-log.when-full` is `block`: expected `drop` or \
             `wait`"
                .to_owned(),
            format!("`c.yaml` line 25 column 11: `decision-log.erase` is `/labels`: {pointer}"),
            format!("`c.yaml` line 26 column 10: `decision-log.mask` has the key `input`: {pointer}"),
            "`c.yaml` line 27 column 12: `decision-log.labels.id` is what the engine sets itself: \
             leave it out"
                .to_owned(),
            "`c.yaml` line 27 column 22: `decision-log.labels.a` is a list: expected text".to_owned(),
            "`c.yaml` line 28 column 1: there is no setting `limts`: did you mean `limits`?"
                .to_owned(),
            format!("`POLICY_ENGINE_DIAGNOSTIC_LISTEN`: `diagnostic-listen[1]` is `x`: {address}"),
            "`POLICY_ENGINE_LIMITS_IN_FLIGHT` is `many`: expected a whole number from 1 to \
             1000000000"
                .to_owned(),
            "`--set limits.connections=0`: expected a whole number from 1 to 1000000000".to_owned(),
            format!("`--set limits.queue-time.max`: `limits.queue-time` is a table: {duration}"),
            "`--set limits.header`: there is no setting `limits.header`: did you mean \
             `limits.header-time`?"
                .to_owned(),
            "`--decision-log ftp://a`: expected `stdout`, a file's path, or the URL of a collector \
             such as `https://logs.example.com`, without a query and without a password"
                .to_owned(),
        ]
    );
}

#[test]
fn malformed_file_is_one_error() {
    for (name, text, message) in [
        ("c.yaml", "a: [1\nb: 2\n", "`c.yaml` line 2 column 2: "),
        (
            "c.yaml",
            "timeout: 1s\ntimeout: 2s\n",
            "`c.yaml` line 2 column 1: duplicate key `timeout`",
        ),
        ("c.toml", "a = 1\nb = \n", "`c.toml` line 2 column 5: "),
        ("c.toml", "timeout = '1s'\ntimeout = '2s'\n", "`c.toml` line 2 column 1: duplicate key"),
        (
            "c.yaml",
            "{}\n---\n{}\n",
            "`c.yaml` line 2 column 1: a second document begins: expected one",
        ),
        ("c.yaml", "x", "`c.yaml` line 1 column 1: the configuration is `x`: expected a table"),
        ("c.json", "{\"a\" 1", "`c.json` line 1 column "),
        (
            "c.conf",
            "",
            "`c.conf`: its name does not say what is in it: expected one that ends in `.toml`, \
             `.yaml`, `.yml` or `.json`",
        ),
    ] {
        let found = Case::file(name, text).env("POLICY_ENGINE_TIMEOUT", "x").mistakes();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with(message), "{}", found[0]);
    }
    let missing = |path: &str| {
        let sources = Sources { file: Some(path.into()), ..Sources::default() };
        load(&sources).err().unwrap().to_string()
    };
    assert_eq!(
        missing("/nonexistent/c.yaml"),
        "`--config`: failed to read `/nonexistent/c.yaml`: No such file or directory (os error 2)"
    );
    assert_eq!(
        missing("-"),
        "`--config`: standard input has no name that says what is in it: name a file"
    );
}

#[test]
fn setting_below_a_scalar_is_refused() {
    assert_eq!(
        Case::yaml("timeout: 1s").set("timeout.x=1").mistakes(),
        ["`--set timeout.x`: `timeout` has no settings in it"]
    );
    assert_eq!(
        Case::yaml("limits: 5").env("POLICY_ENGINE_LIMITS_BODY", "1MiB").mistakes(),
        ["`c.yaml` line 1 column 9: `limits` is `5`: expected a table of settings"]
    );
    let deep = "a.".repeat(200) + "b=1";
    assert_eq!(
        deep.parse::<crate::policies::Assignment>().unwrap_err(),
        "a key has 201 parts: expected 100 at most"
    );
}

#[cfg(unix)]
#[test]
fn variable_that_is_not_utf8_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let mut case = Case::default();
    let value = std::ffi::OsString::from_vec(vec![0xff]);
    case.sources.environment.push(("POLICY_ENGINE_TOKENS".to_owned(), value));
    assert_eq!(case.mistakes(), ["`POLICY_ENGINE_TOKENS`: its value is not UTF-8"]);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(
        yaml in r#"((listen|limits|policies|tls|decision-log|a|to|settings)(: |:\n  |: [\[{])|[-a:\[\]{} \n&*#%.0"']|stdout){0,30}"#,
        toml in r#"((listen|limits|policies|tls|decision-log|a|to|settings)( = |\.)|\[[a.]{1,3}\]|[-a=\[\]{} \n,.0"']|stdout){0,30}"#,
        set in r"(listen|limits|policies|tls|decision-log|a|b|settings)(\.(body|to|a|b|settings)){0,4}=(|1|x|\{\}|\[1\]|null)",
        value in ".{0,20}",
        index in 0..schema::PATHS.len(),
    ) {
        for case in [Case::yaml(&yaml), Case::toml(&toml)] {
            let variable = variable_of(schema::PATHS[index]);
            let case = case.env(&variable, &value).set(&set);
            if let Err(mistakes) = load(&case.sources) {
                prop_assert!(mistakes.iter().count() > 0);
            }
        }
    }
}
