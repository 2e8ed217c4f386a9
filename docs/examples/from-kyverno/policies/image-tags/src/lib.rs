use kube_objects::{Object, POD_RESOURCES};
use policy_api::{
    Check, Context, Decision, DecodeError, Error, KubernetesResources, NoSettings, Policy,
    Violations,
};

// ANCHOR: policy
const REQUIRE_TAG: Check = Check::new("require-image-tag", "An image has a tag");
const VALIDATE_TAG: Check = Check::new("validate-image-tag", "The tag is not `latest`");

pub struct ImageTags;

impl Policy for ImageTags {
    type Settings = NoSettings;
    type Input<'a> = Object<'a>;
    type Output<'a> = Decision;

    // The `name` and the `message` of each rule.
    const CHECKS: &'static [Check] = &[REQUIRE_TAG, VALIDATE_TAG];

    // `match`: whatever holds pods.
    const KUBERNETES_RESOURCES: KubernetesResources = POD_RESOURCES;

    fn validate(_: NoSettings) -> Result<Self, Error> {
        Ok(Self)
    }

    // Optional. It saves compile time: `kube-objects` has the decoder compiled.
    fn decode_input(input: &[u8]) -> Result<Object<'_>, DecodeError> {
        Object::from_json(input)
    }

    fn execute<'a>(&'a self, object: Object<'a>, _: &Context<'a>) -> Result<Decision, Error> {
        let mut violations = Violations::new();
        object.for_each_pod(|path, pod| {
            for container in pod.spec().all_containers() {
                let image = container.get().image.as_deref().unwrap_or_default();
                let mut add = |check: &Check, message| {
                    violations.add(check, format_args!("{path}{}.image", container.place), message);
                };
                match tag(image) {
                    // A digest is better than any tag.
                    _ if image.contains('@') => {}
                    None => add(&REQUIRE_TAG, "an image tag is required"),
                    Some("latest") => add(&VALIDATE_TAG, "the tag `latest` is not allowed"),
                    Some(_) => {}
                }
            }
        });
        Ok(violations.into())
    }
}

policy_api::register!(ImageTags);

/// The tag of an image: what is behind a `:` of its last segment.
fn tag(image: &str) -> Option<&str> {
    let (_, last) = image.rsplit_once('/').unwrap_or(("", image));
    last.split_once(':').map(|(_, tag)| tag)
}
// ANCHOR_END: policy

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use super::*;
    use policy_api::{Verdict, decide};

    #[test]
    fn tags_are_found() {
        assert_eq!(tag("nginx"), None);
        assert_eq!(tag("nginx:1.29"), Some("1.29"));
        assert_eq!(tag("localhost:5000/nginx"), None);
        assert_eq!(tag("localhost:5000/nginx:1.29"), Some("1.29"));
    }

    #[test]
    fn pods_of_workloads_are_judged() {
        let deployment = r#"{"kind": "Deployment", "spec": {"template": {"spec": {
            "initContainers": [{"name": "a", "image": "busybox:1.37"}],
            "containers": [{"name": "b", "image": "nginx:latest"}]
        }}}}"#;
        let decided = decide::<ImageTags>("{}", deployment).unwrap();
        assert_eq!(decided.verdict, Some(Verdict::Denied));
        let violations = decided.output["violations"].as_array().unwrap();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0]["field"], "spec.template.spec.containers[0].image");
    }
}
// ANCHOR_END: tests
