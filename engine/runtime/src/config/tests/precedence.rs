use super::*;

#[test]
fn flags_outrank_environment_and_environment_outranks_file() {
    let default = Case::default();
    assert_eq!(default.effective("limits.body"), "8MiB default");
    let file = || Case::yaml("limits:\n  body: 7MiB\n");
    assert_eq!(file().effective("limits.body"), "7MiB c.yaml:2:9");
    let env = || file().env("POLICY_ENGINE_LIMITS_BODY", "6MiB");
    assert_eq!(env().effective("limits.body"), "6MiB POLICY_ENGINE_LIMITS_BODY");
    let set = || env().set("limits.body=5MiB").set("limits.body=4MiB");
    assert_eq!(set().effective("limits.body"), "4MiB --set limits.body");
    assert_eq!(set().load().config.limits.body, 4 << 20);
    // Others in the table stay.
    assert_eq!(set().effective("limits.queue"), "1024 default");
}

#[test]
fn empty_and_null_values_count_as_unset() {
    let case = Case::yaml("limits:\n  body: 7MiB\ntls:\n").env("POLICY_ENGINE_LIMITS_BODY", "");
    assert_eq!(case.effective("limits.body"), "7MiB c.yaml:2:9");
    assert_eq!(case.effective("tls"), "none default");
    assert_eq!(case.set("limits.body=null").effective("limits.body"), "8MiB default");
    let log = Case::yaml("decision-log: {to: stdout}").set("decision-log=null");
    assert!(log.load().config.decision_log.is_none());
}

#[test]
fn file_outranks_the_default_addresses_of_the_image() {
    let image = |case: Case| case.env("POLICY_ENGINE_DEFAULT_LISTEN", "0.0.0.0:8181, unix:///s");
    assert_eq!(
        image(Case::default()).effective("listen"),
        r#"["0.0.0.0:8181","unix:///s"] POLICY_ENGINE_DEFAULT_LISTEN"#
    );
    assert_eq!(
        image(Case::yaml("listen: 1.1.1.1:1")).effective("listen"),
        r#"["1.1.1.1:1"] c.yaml:1:9"#
    );
    let env = image(Case::yaml("listen:")).env("POLICY_ENGINE_LISTEN", "1.1.1.1:2");
    assert_eq!(env.effective("listen"), r#"["1.1.1.1:2"] POLICY_ENGINE_LISTEN"#);
    let flag = env.flags(|flags| flags.listen = vec!["1.1.1.1:3".to_owned(), "[::]:4".to_owned()]);
    assert_eq!(flag.effective("listen"), r#"["1.1.1.1:3","[::]:4"] --listen"#);
    assert_eq!(flag.load().config.listen, [address("1.1.1.1:3"), address("[::]:4")]);
}

#[test]
fn lists_and_tables_fit_into_a_variable() {
    let log = |name: &str, value: &str| {
        Case::default()
            .env("POLICY_ENGINE_DECISION_LOG_TO", "stdout")
            .env(name, value)
            .load()
            .config
            .decision_log
            .unwrap()
    };
    let labels = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "x".to_owned())].into();
    assert_eq!(log("POLICY_ENGINE_DECISION_LOG_LABELS", "a=1, b=x").labels, labels);
    assert_eq!(log("POLICY_ENGINE_DECISION_LOG_LABELS", r#"{"a":1,"b":"x"}"#).labels, labels);
    for erase in ["/input/a,/input/b", r#"["/input/a","/input/b"]"#] {
        let erased = log("POLICY_ENGINE_DECISION_LOG_ERASE", erase).erase;
        assert_eq!(erased, ["/input/a", "/input/b"]);
    }
    let listen = Case::default().env("POLICY_ENGINE_LISTEN", "[::]:8181").load().config.listen;
    assert_eq!(listen, [address("[::]:8181")]);
    // What a single value is short for.
    let whole = r#"{"to":"stdout","labels":{"a":1,"b":"x"}}"#;
    let log = Case::default().env("POLICY_ENGINE_DECISION_LOG", whole).load().config.decision_log;
    assert_eq!(log.unwrap().labels, labels);
}

#[test]
fn policies_can_be_set_on_the_command_line() {
    let case = Case::default()
        .set("policies.web-pods.policy=pods@1")
        .set("policies.web-pods.settings.a.b=v1")
        .set("policies.web-pods.settings.list=[1,{}]");
    assert_eq!(case.effective("policies.web-pods.policy"), "pods@1 --set policies.web-pods.policy");
    let PolicySelection::Named(policies) = case.load().config.policies else {
        panic!("all policies")
    };
    assert_eq!(policies.len(), 1);
    assert_eq!(policies["web-pods"].settings.as_json(), br#"{"a":{"b":"v1"},"list":[1,{}]}"#);
}

#[test]
fn dotted_setting_applies_to_the_longest_matching_policy_id() {
    let case = Case::yaml("policies: {a: {}, a.b: , a.b.c: {mode: monitor}}")
        .set("policies.a.b.c.timeout=1s")
        .set("policies.a.b.settings.x.y=1")
        .set("policies.a.settings.b=2");
    let PolicySelection::Named(policies) = case.load().config.policies else {
        panic!("all policies")
    };
    let of = |id: &str| {
        let policy = &policies[id];
        (
            policy.timeout,
            policy.mode,
            String::from_utf8_lossy(policy.settings.as_json()).into_owned(),
        )
    };
    let seconds = Duration::from_secs;
    assert_eq!(of("a"), (seconds(2), Mode::Enforce, r#"{"b":2}"#.to_owned()));
    assert_eq!(of("a.b"), (seconds(2), Mode::Enforce, r#"{"x":{"y":1}}"#.to_owned()));
    assert_eq!(of("a.b.c"), (seconds(1), Mode::Monitor, "{}".to_owned()));
}

#[test]
fn overridden_policy_settings_are_shown_with_their_origin() {
    let case = Case::yaml("timeout: 9s\npolicies:\n  p:\n    settings: {a: {b: 1}, c: 2}\n")
        .set("policies.p.settings.a.b=3");
    assert_eq!(case.effective("policies.p.settings"), r#"{"a":{"b":3},"c":2} c.yaml:4:15"#);
    assert_eq!(case.effective("policies.p.settings.a.b"), "3 --set policies.p.settings.a.b");
    assert_eq!(case.effective("policies.p.timeout"), "9s c.yaml:1:10");
    let shown = case.load().effective;
    assert!(!shown.iter().any(|setting| setting.path == "policies.p.settings.c"));
}

#[test]
fn labels_may_have_dots() {
    let case = Case::yaml("decision-log: stdout")
        .set("decision-log.labels.app.kubernetes.io/name=x")
        .set(r#"decision-log.mask={"/input/a.b":1}"#);
    let log = case.load().config.decision_log.unwrap();
    assert_eq!(log.labels, [("app.kubernetes.io/name".to_owned(), "x".to_owned())].into());
    assert_eq!(log.mask, [("/input/a.b".to_owned(), 1.into())].into());
}

#[test]
fn environment_variable_names_the_file() {
    let named = Case::yaml("timeout: 7s");
    let path = named.sources.file.clone().unwrap();
    let by_env = Case {
        file: None,
        sources: Sources {
            environment: vec![("POLICY_ENGINE_CONFIG".to_owned(), path.into())],
            ..Sources::default()
        },
    };
    let PolicySelection::All { timeout, .. } = by_env.load().config.policies else {
        panic!("named")
    };
    assert_eq!(timeout, Duration::from_secs(7));
    assert!(by_env.effective("config").ends_with("c.yaml POLICY_ENGINE_CONFIG"));
    let neither = Case::default().env("POLICY_ENGINE_CONFIG", "");
    assert_eq!(neither.effective("config"), "none default");
    assert_eq!(named.effective("config").split_once("c.yaml").unwrap().1, " --config");
}

#[test]
fn foreign_variables_are_ignored_and_misspelled_ones_warned_of() {
    let case = Case::default()
        .env("POLICY_ENGINE_SERVICE_HOST", "10.0.0.1")
        .env("POLICY_ENGINE_SERVICE_PORT", "8181")
        .env("POLICY_ENGINE_PORT", "tcp://10.0.0.1:8181")
        .env("POLICY_ENGINE_PORT_8181_TCP", "tcp://10.0.0.1:8181")
        .env("POLICY_ENGINE_PORT_8181_TCP_ADDR", "10.0.0.1")
        .env("POLICY_ENGINE_PORT_8181_TCP_PORT", "8181")
        .env("POLICY_ENGINE_PORT_8181_TCP_PROTO", "tcp")
        .env("POLICY_ENGINE_FEATURES", "x")
        .env("POLICY_ENGINE_IMAGE_REPO", "x")
        .env("POLICY_ENGINE_TAG", "x")
        .env("POLICY_ENGINE_LOG", "info");
    assert!(case.load().warnings.is_empty());
    let case = case
        .env("POLICY_ENGINE_LIMIT_BODY", "1")
        .env("POLICY_ENGINE_POLICIES_A_MODE", "monitor")
        .env("POLICY_ENGINE_SOMETHING", "1");
    assert_eq!(
        case.load().warnings,
        [
            "`POLICY_ENGINE_LIMIT_BODY` sets nothing: did you mean `POLICY_ENGINE_LIMITS_BODY`?",
            "`POLICY_ENGINE_POLICIES_A_MODE` sets nothing: policies are set in the file or by \
             `--set`",
            "`POLICY_ENGINE_SOMETHING` sets nothing: `policy-engine config` prints what can be set",
        ]
    );
}

#[test]
fn every_setting_except_policies_has_a_variable() {
    let case = Case::yaml(YAML);
    let loaded = case.load();
    let shown: std::collections::BTreeSet<_> = loaded
        .effective
        .iter()
        .map(|setting| setting.path.as_str())
        .filter(|path| *path != "config" && !path.starts_with("policies."))
        .map(|path| match path {
            _ if path.starts_with("decision-log.labels.") => "decision-log.labels",
            _ if path.starts_with("decision-log.mask.") => "decision-log.mask",
            _ => path,
        })
        .collect();
    let variables: std::collections::BTreeSet<_> =
        schema::PATHS.into_iter().filter(|path| schema::longhand(path).is_none()).collect();
    assert_eq!(shown, variables);
}

#[test]
fn origins_are_written_as_json() {
    let case = Case::default().env("POLICY_ENGINE_LISTEN", "1.1.1.1:1").set("timeout=1s");
    let shown = |path: &str| {
        let loaded = case.load();
        let setting = loaded.effective.iter().find(|setting| setting.path == path).unwrap();
        serde_json::to_string(setting).unwrap()
    };
    assert_eq!(
        shown("listen"),
        r#"{"path":"listen","value":["1.1.1.1:1"],"from":{"kind":"environment","variable":"POLICY_ENGINE_LISTEN"}}"#
    );
    assert_eq!(
        shown("timeout"),
        r#"{"path":"timeout","value":"1s","from":{"kind":"flag","flag":"--set timeout"}}"#
    );
    assert_eq!(shown("tls"), r#"{"path":"tls","value":null,"from":{"kind":"default"}}"#);
    let origin = Origin::File { file: "c.yaml".into(), line: 1, column: 2 };
    assert_eq!(
        serde_json::to_string(&origin).unwrap(),
        r#"{"kind":"file","file":"c.yaml","line":1,"column":2}"#
    );
}
