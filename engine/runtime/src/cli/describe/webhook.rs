use std::io::{self, Write};

/// A `ValidatingWebhookConfiguration` that has Kubernetes ask the policy: it works once the server
/// is a service of this name and its certificate's authority stands in it.
pub(super) fn print(policy: &str, out: &mut dyn Write) -> io::Result<()> {
    // The name of a webhook is one of the DNS.
    let name = policy.replace('_', "-");
    write!(
        out,
        "\
# The service `policy-engine` in the namespace `policy-engine` leads to `policy-engine serve` with an
# `https` address and a certificate for `policy-engine.policy-engine.svc`; `caBundle` is what that
# certificate was signed by, in base64 (cert-manager fills it in: `cert-manager.io/inject-ca-from`).
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata:
  name: {name}
webhooks:
  - name: {name}.policy-engine.svc.cluster.local
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
      - apiGroups: [\"\"]
        apiVersions: [v1]
        operations: [CREATE, UPDATE]
        resources: [pods]
    clientConfig:
      caBundle: \"\"
      service:
        namespace: policy-engine
        name: policy-engine
        port: 443
        path: /validate/{policy}
"
    )
}
