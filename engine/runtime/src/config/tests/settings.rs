use super::*;
use crate::policies::Registry;
use crate::testing::registration;

fn registry() -> Registry {
    Registry::from_registrations([
        registration("echo", "1.0.0"),
        registration("echo", "2.0.0"),
        registration("pod-security", "1.0.0"),
    ])
    .unwrap()
}

fn resolved(case: &Case) -> Vec<String> {
    match load_and_resolve(&case.sources, &registry()) {
        Ok((_, policies)) => policies
            .into_iter()
            .map(|(id, policy)| match policy {
                Ok(policy) => format!("{id}: {} {}", policy.entry.name(), policy.entry.version),
                Err(mistake) => format!("{id}: {}", case.short_name(&mistake.to_string())),
            })
            .collect(),
        Err(mistakes) => case.short(&mistakes),
    }
}

#[test]
fn policies_are_found_by_id_or_by_reference() {
    assert_eq!(
        resolved(&Case::default()),
        ["echo: echo 2.0.0", "echo: echo 1.0.0", "pod-security: pod-security 1.0.0"]
    );
    let case = Case::yaml("policies: {echo: , old/echo: {policy: echo@1}}");
    assert_eq!(resolved(&case), ["echo: echo 2.0.0", "old/echo: echo 1.0.0"]);
}

const WRONG: &str = "\
policies:
  a: {policy: pod-securty}
  echo@1: {}
  pod-securiti:
  refused:
    policy: echo
    settings:
      refuse: true
  shape:
    policy: echo@1
    settings:
      other: {}
  type: {policy: echo, settings: {refuse: 'no'}}
  version: {policy: echo@3}
  well: {policy: echo}
";

#[test]
fn invalid_policy_settings_are_reported_with_position() {
    let found = resolved(
        &Case::yaml(WRONG)
            .set("limits.body=x")
            .set("policies.set.policy=echo")
            .set("policies.set.settings.x=1"),
    );
    let expected = [
        "`c.yaml` line 2 column 15: `policies.a`: no policy `pod-securty` is in this binary (did \
         you mean `pod-security`?); `list` shows the policies in this binary",
        "`c.yaml` line 3 column 3: `policies.echo@1` has the id `echo@1`: expected letters, \
         digits, `.`, `_` and `-`, the first of them a letter, a digit or `_`, or several such \
         with `/` between them",
        "`c.yaml` line 4 column 3: `policies.pod-securiti`: no policy `pod-securiti` is in this \
         binary (did you mean `pod-security`?); `list` shows the policies in this binary",
        "`c.yaml` line 8 column 7: `policies.refused.settings`: `refuse` is set: leave it out",
        "`c.yaml` line 12 column 14: unknown field `other`, expected `refuse`, at `other`",
        "`c.yaml` line 13 column 43: expected a boolean, found the string \"no\", at `refuse`",
        "`c.yaml` line 14 column 21: `policies.version`: policy `echo` is in this binary, but not \
         as version 3: it has 2.0.0, 1.0.0",
        "`--set limits.body=x`: expected a number of bytes such as `8MiB`, from 1 to 1TiB",
        "`--set policies.set.settings.x`: unknown field `x`, expected `refuse`, at `x`",
    ];
    assert_eq!(found, expected);
}

/// A policy that cannot do without settings.
struct Needy;

#[derive(serde::Deserialize)]
struct NeedySettings {
    #[serde(rename = "version")]
    _version: String,
}

impl policy_api::Policy for Needy {
    type Settings = NeedySettings;
    type Input<'a> = serde_json::Value;
    type Output<'a> = bool;

    fn validate(_: NeedySettings) -> Result<Self, policy_api::Error> {
        Ok(Self)
    }

    fn execute<'a>(
        &'a self,
        _: serde_json::Value,
        _: &policy_api::Context<'a>,
    ) -> Result<bool, policy_api::Error> {
        Ok(true)
    }
}

#[test]
fn missing_required_settings_are_reported() {
    let needy = policy_api::Registration::__new::<Needy>("needy-crate", "1.0.0", "Needs", "");
    let registry = Registry::from_registrations([needy.name("needy").version("1.0.0")]).unwrap();
    let mistakes =
        |case: &Case| case.short(&load_and_resolve(&case.sources, &registry).err().unwrap());
    assert_eq!(
        mistakes(&Case::default()),
        ["policy `needy` 1.0.0: settings: missing field `version`; name the policies to serve \
          under `policies`, with their settings"]
    );
    assert_eq!(
        mistakes(&Case::yaml("policies:\n  needy: {}")),
        ["`c.yaml` line 2 column 3: `policies.needy.settings`: missing field `version`"]
    );
}

#[test]
fn invalid_policies_are_skipped_with_skip_invalid() {
    let case = Case::yaml("policies: {a: {policy: none}, echo: {}}")
        .flags(|flags| flags.skip_invalid = true);
    assert_eq!(
        resolved(&case),
        [
            "a: `c.yaml` line 1 column 24: `policies.a`: no policy `none` is in this binary; \
             `list` shows the policies in this binary",
            "echo: echo 2.0.0"
        ]
    );
}

#[test]
fn tls_and_https_require_each_other() {
    let https = "listen: https://1.1.1.1:1\n";
    let tls = "tls: {certificate: a, key: b}\n";
    assert!(Case::yaml(&format!("{https}{tls}")).load().config.tls.is_some());
    let diagnostic = "diagnostic-listen: https://1.1.1.1:1\n";
    assert!(Case::yaml(&format!("{diagnostic}{tls}")).load().config.tls.is_some());
    assert_eq!(
        Case::yaml(https).mistakes(),
        ["`c.yaml` line 1 column 9: `listen` is `https://1.1.1.1:1`, which needs `tls`: set its \
          `certificate` and `key`"]
    );
    assert_eq!(
        Case::yaml(tls).mistakes(),
        ["`c.yaml` line 1 column 6: `tls` is set, but no address of `listen` begins with \
          `https://`: make one so, or leave `tls` out"]
    );
    assert_eq!(
        Case::default().env("POLICY_ENGINE_TLS_KEY", "k").mistakes(),
        ["`POLICY_ENGINE_TLS_KEY`: `tls` needs `tls.certificate`, which is not set"]
    );
}

#[test]
fn duplicate_or_missing_addresses_are_refused() {
    assert_eq!(
        Case::yaml("listen: []").mistakes(),
        ["`c.yaml` line 1 column 9: `listen` has no address: expected at least one"]
    );
    assert_eq!(
        Case::yaml("listen: [1.1.1.1:1, 1.1.1.1:2]\ndiagnostic-listen: http://1.1.1.1:2")
            .mistakes(),
        [
            "`c.yaml` line 2 column 20: `diagnostic-listen` is `http://1.1.1.1:2`, where `listen[1]` \
          listens already"
        ]
    );
    let free = Case::yaml("listen: [1.1.1.1:0, 1.1.1.1:0]").load().config.listen;
    assert_eq!(free.len(), 2);
}

#[test]
fn empty_policies_table_is_refused() {
    for (text, column) in [("policies:", 1), ("policies: {}", 1)] {
        assert_eq!(
            Case::yaml(text).mistakes(),
            [format!(
                "`c.yaml` line 1 column {column}: `policies` has none: name one, or leave \
                 `policies` out to serve all"
            )]
        );
    }
    assert_eq!(
        Case::yaml("policies: [a]").mistakes(),
        ["`c.yaml` line 1 column 11: `policies` is a list: expected a table of policies by their \
          ids"]
    );
}

#[test]
fn collector_settings_without_a_collector_are_refused() {
    assert_eq!(
        Case::yaml("decision-log: /var/log/d").set("decision-log.upload=1MiB").mistakes(),
        ["`--set decision-log.upload`: `decision-log.upload` is for collectors only: leave it \
          out, or make `decision-log.to` the URL of one"]
    );
    assert_eq!(
        Case::yaml("decision-log: {buffer: 1MiB}").mistakes(),
        ["`c.yaml` line 1 column 15: `decision-log` needs `decision-log.to`, which is not set"]
    );
}
