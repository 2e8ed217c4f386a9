use kube_objects::{Object, POD_RESOURCES};
use policy_api::schemars::JsonSchema;
use policy_api::{
    Check, Context, Decision, DecodeError, Error, KubernetesResources, Policy, schema_of,
};
use serde::Deserialize;
use serde_json::Value;

use crate::Version;
use crate::check::Level;
use crate::checks;
use crate::standard::Standard;

/// The settings of both policies.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(crate = "policy_api::schemars")]
pub struct Settings {
    /// `latest`, or a Kubernetes version from `v1.0` to `v1.37`.
    #[serde(default)]
    #[schemars(with = "String")]
    version: Version,
}

/// The policy `pod-security-baseline`.
#[derive(Debug)]
pub struct Baseline(Standard);

/// The policy `pod-security-restricted`.
#[derive(Debug)]
pub struct Restricted(Standard);

macro_rules! impl_policy {
    ($policy:ident, $level:expr, $checks:expr) => {
        impl Policy for $policy {
            type Settings = Settings;
            type Input<'a> = Object<'a>;
            type Output<'a> = Decision;

            const KUBERNETES_RESOURCES: KubernetesResources = POD_RESOURCES;
            const CHECKS: &'static [Check] = $checks;

            fn validate(settings: Settings) -> Result<Self, Error> {
                Ok(Self(Standard::new($level, settings.version)))
            }

            fn decode_input(input: &[u8]) -> Result<Object<'_>, DecodeError> {
                Object::from_json(input)
            }

            fn execute<'a>(
                &'a self,
                object: Object<'a>,
                context: &Context<'a>,
            ) -> Result<Decision, Error> {
                self.0.judge(&object, context)
            }

            fn input_schema() -> Option<Value> {
                Some(schema_of::<Object<'_>>())
            }

            fn settings_schema() -> Option<Value> {
                Some(schema_of::<Settings>())
            }
        }
    };
}

impl_policy!(Baseline, Level::Baseline, checks::DECLARED_BY_BASELINE);
impl_policy!(Restricted, Level::Restricted, checks::DECLARED_BY_RESTRICTED);

#[cfg(test)]
mod tests {
    use super::*;
    use policy_api::decide;

    const POD: &str = r#"{"kind": "Pod"}"#;

    #[test]
    fn version_defaults_to_latest() {
        let decided = decide::<Baseline>("{}", POD).unwrap();
        assert_eq!(decided.output.to_string(), r#"{"allowed":true,"violations":[]}"#);
    }

    #[test]
    fn invalid_settings_are_refused() {
        let error = |settings| decide::<Restricted>(settings, POD).unwrap_err().to_string();
        assert_eq!(
            error(r#"{"version": "v1.38"}"#),
            "unknown version `v1.38`: expected `latest`, or `v1.0` to `v1.37`, \
             at `version` (line 1 column 20)"
        );
        assert_eq!(
            error(r#"{"versoin": "v1.3"}"#),
            "unknown field `versoin`, expected `version`, at `versoin` (line 1 column 10)"
        );
    }

    #[test]
    fn violation_names_its_check_and_field() {
        let cron_job = r#"{"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {
            "spec": {"initContainers": [{"name": "a"}, {"securityContext": {"privileged": true}}]}
        }}}}}"#;
        let list = format!(r#"{{"kind": "List", "items": [{{"kind": "Service"}}, {cron_job}]}}"#);
        let review = format!(
            r#"{{"kind": "AdmissionReview", "request": {{"operation": "CREATE", "object": {list}}}}}"#
        );
        assert_eq!(
            decide::<Baseline>("{}", &review).unwrap().output.to_string(),
            r#"{"allowed":false,"violations":[{"check":"privileged","field":"items[1].spec.jobTemplate.spec.template.spec.initContainers[1].securityContext.privileged","message":"`privileged` is `true`: a container may not be privileged"}]}"#
        );
    }

    #[test]
    fn update_is_checked_only_if_a_checked_field_changes() {
        let app_armor = "container.apparmor.security.beta.kubernetes.io/a";
        let pod = |annotation: &str, spec: &str| {
            format!(
                r#"{{"kind": "Pod", "metadata": {{"annotations": {{"{annotation}": "unconfined"}}}},
                    "spec": {{"containers": [{{"name": "a"}}], "hostPID": true {spec}}}}}"#
            )
        };
        let denied = |object: &str, old: &str| {
            let review = format!(
                r#"{{"kind": "AdmissionReview", "request": {{"operation": "UPDATE",
                    "object": {object}, "oldObject": {old}}}}}"#
            );
            decide::<Baseline>("{}", &review).unwrap().output["allowed"] == false
        };
        assert!(!denied(&pod("a", ""), &pod("b", "")));
        assert!(!denied(&pod("a", r#", "nodeName": "n", "tolerations": [{}]"#), &pod("a", "")));
        assert!(denied(&pod(app_armor, ""), &pod("a", "")));
        assert!(denied(&pod("a", r#", "hostIPC": true"#), &pod("a", "")));
        assert!(denied(&pod("a", ""), &pod("a", r#", "volumes": [{"hostPath": {}}]"#)));
    }

    #[test]
    fn undecodable_object_is_an_error() {
        let error = |input| decide::<Baseline>("{}", input).unwrap_err().to_string();
        assert_eq!(
            error("{}"),
            "an object without a `kind`: expected a Kubernetes object, such as a Pod, \
             a Deployment, a List or an AdmissionReview, at line 1 column 2"
        );
        assert_eq!(
            error(r#"{"kind": "Pod", "spec": {"containers": [{"image": 7}]}}"#),
            "expected a string, found the number `7`, \
             at `spec.containers[0].image` (line 1 column 51)"
        );
        assert_eq!(
            error(r#"{"spec": {"hostPID": 1}, "kind": "Pod"}"#),
            "in `spec`: expected a boolean, found the number `1`, at line 1 column 39"
        );
    }

    #[test]
    fn schemas_describe_the_fields() {
        let input = Baseline::input_schema().unwrap().to_string();
        for field in ["hostPID", "ephemeralContainers", "jobTemplate", "seccompProfile"] {
            assert!(input.contains(&format!("\"{field}\"")), "{field}");
        }
        let settings = Restricted::settings_schema().unwrap();
        assert_eq!(settings["properties"]["version"]["type"], "string");
        assert_eq!(settings["additionalProperties"], false);
    }
}
