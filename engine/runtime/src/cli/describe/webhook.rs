use std::io::{self, Write};

use policy_api::KubernetesResources;

use crate::net::dns;
use crate::policies::{Entry, PolicyRef, Registry};

/// The domain after a policy's name: a webhook's name has at least three labels.
const DOMAIN: &str = ".policy-engine.svc.cluster.local";

/// A `ValidatingWebhookConfiguration` that has Kubernetes ask a policy, in a form that Kubernetes'
/// own validation takes: it works once the server is a service of this name and its certificate's
/// authority stands in it.
#[derive(Debug)]
pub(super) struct Webhook {
    name: String,
    path: String,
    resources: KubernetesResources,
}

/// The reason why there is no webhook.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WebhookError {
    #[error(
        "policy `{0}` takes no Kubernetes objects, as far as it says: a policy that does names \
         what it judges by `const KUBERNETES_RESOURCES` of `policy_api::Policy`"
    )]
    NoResources(&'static str),
    #[error(
        "failed to write a path to `{0}` that Kubernetes takes: expected at most 253 bytes a \
         segment; serve it under a shorter id, by `policies` in the configuration of `serve`"
    )]
    TooLong(&'static str),
    #[error(
        "failed to write a path to version `{0}` that Kubernetes takes: expected lower-case \
         letters, digits, `-` and `.`; serve that version under an id of its own, by `policies` in \
         the configuration of `serve`"
    )]
    Version(String),
    #[error(
        "failed to write a path to `{name}` that Kubernetes takes: `{other}` has the same one; serve \
         it under another id, by `policies` in the configuration of `serve`"
    )]
    Taken { name: &'static str, other: &'static str },
}

impl Webhook {
    pub(super) fn new(
        wanted: &PolicyRef,
        entry: &Entry,
        registry: &Registry,
    ) -> Result<Self, WebhookError> {
        let resources = entry.registration.kubernetes_resources;
        if resources.is_empty() {
            return Err(WebhookError::NoResources(entry.name()));
        }
        // The server finds the policy by this form of its name, too.
        let segment = dns::subdomain(entry.name());
        if segment.len() > dns::MAX_SUBDOMAIN {
            return Err(WebhookError::TooLong(entry.name()));
        }
        // An API server would ask the other one.
        let others = registry.entries().iter().map(Entry::name);
        let mut others = others.filter(|other| *other != entry.name());
        if let Some(other) = others.find(|other| dns::subdomain(other) == segment) {
            return Err(WebhookError::Taken { name: entry.name(), other });
        }
        let mut path = format!("/validate/{segment}");
        if let Some(version) = &wanted.version {
            let version = version.to_string();
            if dns::subdomain(&version) != version {
                return Err(WebhookError::Version(version));
            }
            path.push('/');
            path.push_str(&version);
        }
        let name = dns::shortened(&segment, dns::MAX_SUBDOMAIN - DOMAIN.len()).to_owned();
        Ok(Self { name, path, resources })
    }

    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { name, path, resources } = self;
        write!(
            out,
            "\
# The service `policy-engine` in the namespace `policy-engine` leads to `policy-engine serve` with an
# `https` address and a certificate for `policy-engine.policy-engine.svc`; `caBundle` is what that
# certificate was signed by, in base64 (cert-manager fills it in: `cert-manager.io/inject-ca-from`).
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: {}
webhooks:
  - name: {name}{DOMAIN}
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Fail
    timeoutSeconds: 5
    # The policies' own home must be able to start without them.
    namespaceSelector:
      matchExpressions:
        - key: kubernetes.io/metadata.name
          operator: NotIn
          values: [policy-engine]
    rules:
",
            text(name)
        )?;
        for (api_version, names) in *resources {
            let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
            let names: Vec<_> = names.iter().map(|name| text(name)).collect();
            write!(
                out,
                "      - apiGroups: [{}]
        apiVersions: [{}]
        operations: [CREATE, UPDATE]
        resources: [{}]
",
                text(group),
                text(version),
                names.join(", ")
            )?;
        }
        write!(
            out,
            "    clientConfig:
      caBundle: \"\"
      service:
        namespace: policy-engine
        name: policy-engine
        port: 443
        path: {path}
"
        )
    }
}

/// A string as YAML: as it is, unless it could be read as something else.
fn text(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'/'))
        && !matches!(text, "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n");
    if plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Registry;
    use crate::net::dns;
    use crate::testing::registration;

    const RESOURCES: KubernetesResources =
        &[("v1", &["pods", "pods/ephemeralcontainers"]), ("apps/v1", &["*"])];

    fn webhook(name: &'static str, wanted: &str) -> Result<String, WebhookError> {
        let mut registration = registration(name, "1.2.3");
        registration.kubernetes_resources = RESOURCES;
        let registry = Registry::from_registrations([registration]).unwrap();
        let wanted: PolicyRef = wanted.parse().unwrap();
        let webhook = Webhook::new(&wanted, registry.find(&wanted).unwrap(), &registry)?;
        let mut out = Vec::new();
        webhook.print(&mut out).unwrap();
        Ok(String::from_utf8(out).unwrap())
    }

    fn has(yaml: &str, line: &str) {
        assert!(yaml.lines().any(|found| found.trim_start_matches([' ', '-']) == line), "{yaml}");
    }

    #[test]
    fn rules_list_the_resources_of_the_policy() {
        let yaml = webhook("pods", "pods").unwrap();
        has(&yaml, "apiGroups: [\"\"]");
        has(&yaml, "apiVersions: [v1]");
        has(&yaml, "resources: [pods, pods/ephemeralcontainers]");
        has(&yaml, "apiGroups: [apps]");
        has(&yaml, "resources: [\"*\"]");
        has(&yaml, "path: /validate/pods");
    }

    #[test]
    fn names_and_paths_are_in_dns_form() {
        let yaml = webhook("my_policy_", "my_policy_@1.2").unwrap();
        has(&yaml, "name: my-policy");
        has(&yaml, "name: my-policy.policy-engine.svc.cluster.local");
        has(&yaml, "path: /validate/my-policy/1.2");
        has(&webhook("null", "null").unwrap(), "name: \"null\"");
        has(&webhook("0x1", "0x1@1.2.3").unwrap(), "name: \"0x1\"");
        has(&webhook("a..b-", "a..b-").unwrap(), "path: /validate/a.b");
    }

    #[test]
    fn long_name_is_truncated_and_too_long_path_is_refused() {
        let long: &'static str = "abcdefghi.".repeat(25).leak();
        let yaml = webhook(long, long).unwrap();
        let name = yaml.lines().find_map(|line| line.strip_prefix("  - name: ")).unwrap();
        assert!(name.len() <= dns::MAX_SUBDOMAIN && dns::subdomain(name) == name, "{name}");
        let longer: &'static str = "a".repeat(254).leak();
        assert_eq!(webhook(longer, longer), Err(WebhookError::TooLong(longer)));
    }

    #[test]
    fn path_that_another_policy_shares_is_refused() {
        let registrations = ["my-policy", "my_policy"].map(|name| {
            let mut registration = registration(name, "1.2.3");
            registration.kubernetes_resources = RESOURCES;
            registration
        });
        let registry = Registry::from_registrations(registrations).unwrap();
        let wanted: PolicyRef = "my_policy".parse().unwrap();
        assert_eq!(
            Webhook::new(&wanted, registry.find(&wanted).unwrap(), &registry)
                .unwrap_err()
                .to_string(),
            "failed to write a path to `my_policy` that Kubernetes takes: `my-policy` has the same \
             one; serve it under another id, by `policies` in the configuration of `serve`"
        );
    }

    #[test]
    fn policy_without_a_webhook_is_refused_with_a_remedy() {
        let registry = Registry::from_registrations([registration("http", "1.0.0+b")]).unwrap();
        let mut entry = registry.entries()[0].clone();
        let error = |wanted: &str, entry: &Entry| {
            Webhook::new(&wanted.parse().unwrap(), entry, &registry).unwrap_err().to_string()
        };
        assert_eq!(
            error("http", &entry),
            "policy `http` takes no Kubernetes objects, as far as it says: a policy that does \
             names what it judges by `const KUBERNETES_RESOURCES` of `policy_api::Policy`"
        );
        entry.registration.kubernetes_resources = RESOURCES;
        assert_eq!(
            error("http@1.0.0+b", &entry),
            "failed to write a path to version `1.0.0+b` that Kubernetes takes: expected \
             lower-case letters, digits, `-` and `.`; serve that version under an id of its own, \
             by `policies` in the configuration of `serve`"
        );
    }
}
