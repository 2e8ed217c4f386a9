use kube_objects::{Object, POD_RESOURCES, Place, Pod, Text};
use policy_api::{
    Check, Context, Decision, DecodeError, Error, KubernetesResources, Policy, Violations,
    schema_of,
};
use serde_json::Value;

use crate::allowlist::Allowlist;
use crate::checks::CHECKS;
use crate::settings::Settings;

/// Images that are judged before the clock is read again.
const JUDGED_AT_ONCE: usize = 64;

/// The policy `allowed-registries`.
#[derive(Debug)]
pub struct AllowedRegistries {
    allowed: Allowlist,
}

impl Policy for AllowedRegistries {
    type Settings = Settings;
    type Input<'a> = Object<'a>;
    type Output<'a> = Decision;

    const KUBERNETES_RESOURCES: KubernetesResources = POD_RESOURCES;
    const CHECKS: &'static [Check] = CHECKS;

    fn validate(settings: Settings) -> Result<Self, Error> {
        Ok(Self { allowed: Allowlist::parse(&settings)? })
    }

    fn decode_input(input: &[u8]) -> Result<Object<'_>, DecodeError> {
        Object::from_json(input)
    }

    fn execute<'a>(&'a self, object: Object<'a>, context: &Context<'a>) -> Result<Decision, Error> {
        let mut violations = Violations::new();
        object.try_for_each_pod_unless(has_same_images, |path, pod| {
            for (index, Image { place, field, name }) in images(pod).enumerate() {
                if index % JUDGED_AT_ONCE == 0 {
                    context.check()?;
                }
                if let Err(denial) = self.allowed.judge(name) {
                    let field = format_args!("{path}{place}.{field}");
                    violations.add(denial.check(), field, &denial);
                }
            }
            Ok::<_, Error>(())
        })?;
        Ok(violations.into())
    }

    fn input_schema() -> Option<Value> {
        Some(schema_of::<Object<'_>>())
    }

    fn settings_schema() -> Option<Value> {
        Some(schema_of::<Settings>())
    }
}

/// An image that a pod has, and where it names it.
#[derive(PartialEq)]
struct Image<'p> {
    place: Place,
    field: &'static str,
    name: &'p str,
}

fn images<'p>(pod: &'p Pod<'_>) -> impl Iterator<Item = Image<'p>> {
    let image = |place, field, name: &'p Option<Text<'_>>| {
        let name = name.as_deref().unwrap_or_default();
        Image { place, field, name }
    };
    let of_containers = pod
        .spec()
        .all_containers()
        .map(move |container| image(container.place, "image", &container.get().image));
    let of_volumes = pod.spec().all_volumes().filter_map(move |volume| {
        let source = volume.get().image.as_ref()?;
        Some(image(volume.place, "image.reference", &source.reference))
    });
    of_containers.chain(of_volumes)
}

fn has_same_images(pod: &Pod<'_>, old: &Pod<'_>) -> bool {
    images(pod).eq(images(old))
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_api::decide;

    const SHA: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const SETTINGS: &str = r#"{"allowed": [
        {"registry": "ghcr.io", "repository": "acme/**", "digest": true},
        {"registry": "index.docker.io", "repository": "library/*"},
        {"registry": "localhost:5000"}
    ]}"#;

    /// `CHECK FIELD: MESSAGE` of every violation in a pod.
    fn violations(settings: &str, spec: &str) -> Vec<String> {
        let input = format!(r#"{{"kind": "Pod", "spec": {spec}}}"#);
        let output = decide::<AllowedRegistries>(settings, &input).unwrap().output;
        let violations = output["violations"].as_array().unwrap();
        assert_eq!(output["allowed"], violations.is_empty());
        let text = |violation: &Value, key: &str| violation[key].as_str().unwrap().to_owned();
        violations
            .iter()
            .map(|violation| {
                let [check, field, message] =
                    ["check", "field", "message"].map(|key| text(violation, key));
                format!("{check} {field}: {message}")
            })
            .collect()
    }

    /// The violations of a pod with one container, without the field.
    fn of_image(settings: &str, image: &str) -> Vec<String> {
        violations(settings, &format!(r#"{{"containers": [{{"image": "{image}"}}]}}"#))
            .into_iter()
            .map(|violation| violation.replace(" spec.containers[0].image", ""))
            .collect()
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn image_without_a_matching_rule_is_denied() {
        for allowed in [
            &format!("ghcr.io/acme/web@{SHA}"),
            "nginx",
            "localhost:5000/any/thing:1",
            "docker.io/nginx",
        ] {
            assert_eq!(of_image(SETTINGS, allowed), NONE, "{allowed}");
        }
        let all = "the settings allow only `ghcr.io/acme/**`, `docker.io/library/*`, \
                   `localhost:5000/**`";
        assert_eq!(
            of_image(SETTINGS, "quay.io/acme/web"),
            [format!(
                "registry: the image `quay.io/acme/web` is of a registry that is not allowed: {all}"
            )]
        );
        assert_eq!(
            of_image(SETTINGS, "acme/web"),
            [format!(
                "repository: the image `docker.io/acme/web` is of a repository that is not \
                 allowed: {all}"
            )]
        );
        assert_eq!(
            of_image(SETTINGS, "ghcr.io/acme/web:1"),
            ["digest: the image `ghcr.io/acme/web:1` is not pinned: it must end with a digest, \
              as `@sha256:...`"]
        );
    }

    #[test]
    fn similar_registry_name_is_denied() {
        for image in
            ["ghcr.io.evil.com/acme/web", "GHCR.IO/acme/web", "ghcr.io:443/acme/web", "localhost/x"]
        {
            let denied = of_image(SETTINGS, &format!("{image}@{SHA}"));
            assert!(denied.len() == 1 && denied[0].starts_with("registry: "), "{denied:?}");
        }
    }

    #[test]
    fn one_satisfied_rule_is_enough() {
        let settings = r#"{"requireDigest": true, "allowed": [
            {"registry": "a.io", "repository": "x/**"},
            {"registry": "a.io", "repository": "x/dev", "digest": false}
        ]}"#;
        assert_eq!(of_image(settings, "a.io/x/dev:1"), NONE);
        assert!(of_image(settings, "a.io/x/web:1")[0].starts_with("digest: "));
        // Of several reasons, the one that comes nearest to being allowed.
        assert!(of_image(settings, "a.io/x:1")[0].starts_with("digest: "));
        assert_eq!(of_image(settings, &format!("a.io/x/web:1@{SHA}")), NONE);
    }

    #[test]
    fn no_image_is_allowed_without_settings() {
        assert_eq!(
            of_image("{}", "nginx"),
            [
                "registry: the image `docker.io/library/nginx` is of a registry that is not allowed: \
              the settings allow no registry"
            ]
        );
        assert_eq!(violations("{}", "{}"), NONE);
    }

    #[test]
    fn message_lists_only_some_of_many_rules() {
        let rules: Vec<_> = (0..7).map(|i| format!(r#"{{"registry": "{i}.io"}}"#)).collect();
        let settings = format!(r#"{{"allowed": [{}]}}"#, rules.join(","));
        assert!(of_image(&settings, "nginx")[0].ends_with("`3.io/**`, `4.io/**` and 2 more"));
    }

    #[test]
    fn invalid_image_reference_is_denied() {
        assert_eq!(of_image(SETTINGS, ""), ["reference: `` is no image reference: it is empty"]);
        assert_eq!(
            of_image(SETTINGS, "nginx:a b"),
            ["reference: `nginx:a b` is no image reference: its tag is not made of up to 128 \
              letters, digits, `_`, `.` and `-`"]
        );
        assert_eq!(violations(SETTINGS, r#"{"containers": [{"name": "a"}]}"#).len(), 1);
    }

    #[test]
    fn every_image_of_a_pod_is_checked() {
        let found = violations(
            "{}",
            r#"{"containers": [{"image": "c"}], "initContainers": [{"image": "i"}],
                "ephemeralContainers": [{"image": "e"}],
                "volumes": [{"emptyDir": {}}, {"image": {"reference": "v"}}, {"image": {}}]}"#,
        );
        let fields: Vec<_> =
            found.iter().map(|violation| violation.split(':').next().unwrap()).collect();
        assert_eq!(
            fields,
            [
                "registry spec.initContainers[0].image",
                "registry spec.containers[0].image",
                "registry spec.ephemeralContainers[0].image",
                "registry spec.volumes[1].image.reference",
                "reference spec.volumes[2].image.reference",
            ]
        );
    }

    #[test]
    fn update_is_checked_only_if_images_change() {
        let pod = |image: &str, more: &str| {
            format!(
                r#"{{"kind": "Pod", "spec": {{"containers": [{{"image": "{image}"}}],
                    "volumes": [{{"image": {{"reference": "v"}}}}] {more}}}}}"#
            )
        };
        let denied = |object: &str, old: &str| {
            let review = format!(
                r#"{{"kind": "AdmissionReview", "request": {{"operation": "UPDATE",
                    "object": {object}, "oldObject": {old}}}}}"#
            );
            decide::<AllowedRegistries>("{}", &review).unwrap().output["allowed"] == false
        };
        assert!(!denied(&pod("a", r#", "hostPID": true"#), &pod("a", "")));
        assert!(denied(&pod("b", ""), &pod("a", "")));
        let debugged = r#", "ephemeralContainers": [{"name": "d", "image": "a"}]"#;
        assert!(denied(&pod("a", debugged), &pod("a", "")));
        let volume = |reference: &str| pod("a", "").replace("\"v\"", &format!("\"{reference}\""));
        assert!(denied(&volume("w"), &volume("v")));
    }

    #[test]
    fn invalid_settings_are_refused_with_their_position() {
        let error = |settings: &str| {
            decide::<AllowedRegistries>(settings, r#"{"kind": "Pod"}"#).unwrap_err().to_string()
        };
        // `acme/web` is an image of Docker Hub, so no image is of a registry `acme`.
        for registry in ["*.io", "acme", "ghcr.io/acme", "https://ghcr.io", ""] {
            let settings = r#"{"allowed": [{"registry": "a.io"}, {"registry": "R"}]}"#;
            assert_eq!(
                error(&settings.replace('R', registry)),
                format!(
                    "`allowed[1].registry` is `{registry}`: expected a registry as images name \
                     it, such as `ghcr.io` or `localhost:5000`, without wildcards"
                )
            );
        }
        assert_eq!(
            error(r#"{"allowed": [{"registry": "a.io", "repository": "x//y"}]}"#),
            "`allowed[0].repository` is `x//y`: it has an empty segment: expected a pattern such \
             as `acme/**`"
        );
        assert!(
            error(r#"{"allowed": [{"repository": "x"}]}"#).starts_with("missing field `registry`")
        );
        assert!(error(r#"{"allow": []}"#).starts_with("unknown field `allow`"));
    }
}
