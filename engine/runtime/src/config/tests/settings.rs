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
    match Unresolved::load(&case.sources).resolve(&registry()) {
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
    let mistakes = |case: &Case| {
        case.short(&Unresolved::load(&case.sources).resolve(&registry).err().unwrap())
    };
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

#[test]
fn shadow_is_named_alone_or_with_its_settings() {
    let shadow = |case: &Case| {
        let PolicySelection::Named(policies) = case.load().config.policies else {
            panic!("all policies")
        };
        let shadow = policies["a"].shadow.as_ref().unwrap();
        let settings = String::from_utf8_lossy(shadow.settings.as_json()).into_owned();
        format!("{} {} {settings}", shadow.policy, shadow.sample)
    };
    assert_eq!(shadow(&Case::yaml("policies: {a: {shadow: echo@2}}")), "echo@2 100% {}");
    let case = Case::yaml("policies: {a: {shadow: {policy: echo@2, sample: 0.5%}}}")
        .set("policies.a.shadow.settings.x=1");
    assert_eq!(shadow(&case), r#"echo@2 0.5% {"x":1}"#);
    assert_eq!(case.effective("policies.a.shadow.policy"), "echo@2 c.yaml:1:33");
    assert_eq!(case.effective("policies.a.shadow.sample"), "0.5% c.yaml:1:49");
    assert_eq!(
        case.effective("policies.a.shadow.settings"),
        r#"{"x":1} --set policies.a.shadow.settings.x"#
    );
    let case = Case::yaml("policies: {a: }");
    assert_eq!(case.effective("policies.a.shadow"), "none default");
    let case = case.set("policies.a.shadow=echo@2");
    assert_eq!(shadow(&case), "echo@2 100% {}");
}

const WRONG_SHADOWS: &str = "\
policies:
  echo: {shadow: ehco}
  b: {policy: echo, shadow: {}}
  c: {policy: echo, shadow: {policy: echo@1, sample: 10}}
  d: {policy: echo, shadow: {policy: echo@1, setings: {}}}
  e: {policy: echo, shadow: {policy: echo@1, settings: {refuse: true}}}
  f: {policy: echo, shadow: {policy: echo@1, settings: {refuze: true}}}
  g: {policy: echo, shadow: [echo]}
";

#[test]
fn invalid_shadows_are_reported_with_position() {
    let expected = [
        "`c.yaml` line 2 column 18: `policies.echo.shadow`: no policy `ehco` is in this binary \
         (did you mean `echo`?); `list` shows the policies in this binary",
        "`c.yaml` line 3 column 29: `policies.b.shadow` needs `policies.b.shadow.policy`, which \
         is not set",
        "`c.yaml` line 4 column 54: `policies.c.shadow.sample` is `10`: expected a percentage \
         such as `10%` or `0.5%`, from `0%` to `100%`",
        "`c.yaml` line 5 column 46: there is no setting `policies.d.shadow.setings`: did you mean \
         `policies.d.shadow.settings`?",
        "`c.yaml` line 6 column 56: `policies.e.shadow.settings`: `refuse` is set: leave it out",
        "`c.yaml` line 7 column 65: unknown field `refuze`, expected `refuse`, at `refuze`",
        "`c.yaml` line 8 column 29: `policies.g.shadow` is a list: expected a policy such as \
         `pod-security@2`, or a table",
    ];
    assert_eq!(resolved(&Case::yaml(WRONG_SHADOWS)), expected);
}

#[test]
fn policy_is_served_without_an_invalid_shadow_with_skip_invalid() {
    let case = Case::yaml("policies: {echo: {shadow: none}}").set("skip-invalid=true");
    let (_, policies) = Unresolved::load(&case.sources).resolve(&registry()).unwrap();
    let [(_, Ok(echo))] = policies.as_slice() else { panic!("echo is skipped") };
    let Some(Err(mistake)) = &echo.shadow else { panic!("the shadow is valid") };
    assert_eq!(
        case.short_name(&mistake.to_string()),
        "`c.yaml` line 1 column 27: `policies.echo.shadow`: no policy `none` is in this binary; \
         `list` shows the policies in this binary"
    );
}

#[test]
fn mask_of_a_secret_is_no_value() {
    let case = Case::yaml("policies: {echo: {settings: {token: ••••••}}}\n");
    assert_eq!(
        resolved(&case),
        ["`c.yaml` line 1 column 29: `policies.echo.settings` has `••••••`, which stands for a \
             secret that is not shown: write the secret"]
    );
}
