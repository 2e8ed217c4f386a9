use crate::documents::coverage::Coverage::{In, Not};
use crate::documents::coverage::Listed;
use crate::documents::coverage::Scene::Tutorial;

/// The commands of the introduction, of `docs/src/tutorials` and of `docs/examples`: all of them, also
/// where another document shows one as well.
pub(in crate::documents) const COMMANDS: &[Listed] = &[
    (
        "cargo install --git https://github.com/policy-engine/policy-engine policy-builder",
        Not("it needs crates.io to have it", "`cargo package` in `.ci/run`"),
    ),
    ("policy-builder new my-policies && cd my-policies", In(Tutorial)),
    ("cargo test", In(Tutorial)),
    ("echo '{\"hour\": 19}' | policy-builder run -- eval working-hours", In(Tutorial)),
    (
        "echo '{\"day\": \"sunday\", \"hour\": 11}' | policy-builder run -- eval working-hours",
        In(Tutorial),
    ),
    (
        "echo '{\"day\": \"sunday\"}' | policy-builder run -- eval working-hours || echo \"status $?\"",
        In(Tutorial),
    ),
    (
        "echo '{\"day\": \"friday\", \"hour\": 19}' | policy-builder run -- eval working-hours --set until=20",
        In(Tutorial),
    ),
    ("policy-builder image --load", In(Tutorial)),
    ("docker run --rm policy-engine list", In(Tutorial)),
    (
        "echo '{\"day\": \"friday\", \"hour\": 19}' | docker run --rm -i policy-engine eval working-hours --set until=20",
        In(Tutorial),
    ),
    ("git clone --depth 1 https://github.com/policy-engine/policy-engine", In(Tutorial)),
    ("cp -r policy-engine/docs/examples/http-api shop-policies", In(Tutorial)),
    ("cd shop-policies", In(Tutorial)),
    ("policy-builder build", In(Tutorial)),
    ("./policy-engine list", In(Tutorial)),
    ("./policy-engine serve --config policy-engine.yaml", In(Tutorial)),
    (
        "curl -s localhost:8181/v1/data/shop/authz -d '{\"input\":\n  {\"method\": \"GET\", \"path\": \"/products/7\", \"roles\": [\"customer\"]}}'",
        In(Tutorial),
    ),
    (
        "curl -s localhost:8181/v1/data/shop/authz/allowed -d '{\"input\":\n  {\"method\": \"DELETE\", \"path\": \"/products/7\", \"roles\": [\"customer\"]}}'",
        In(Tutorial),
    ),
    (
        "curl -s localhost:8181/v1/data/shop/authz -d '{\"input\":\n  {\"method\": \"GET\", \"path\": \"/products/../admin\", \"roles\": [\"clerk\"]}}'",
        In(Tutorial),
    ),
    (
        "curl -s localhost:8181/v1/data/shop/order-limit -d '{\"input\": {\"cents\": 250000}}'",
        In(Tutorial),
    ),
    (
        "curl -s localhost:8181/v1/data/shop/order-limit -d '{\"input\": {\"euros\": 2500}}'",
        In(Tutorial),
    ),
    ("python3 shop.py", In(Tutorial)),
    ("curl -s localhost:8000/products/7 -H 'Roles: customer'", In(Tutorial)),
    ("curl -s localhost:8000/products/7 -H 'Roles: customer' -X DELETE", In(Tutorial)),
    (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj \"/CN=localhost\" \\\n  -addext \"subjectAltName=DNS:localhost\" -keyout server.key -out server.crt",
        In(Tutorial),
    ),
    ("openssl rand -hex 24 > tokens", In(Tutorial)),
    ("./policy-engine serve --config secure.yaml", In(Tutorial)),
    ("curl -s --cacert server.crt https://localhost:8443/v1/policies", In(Tutorial)),
    (
        "curl -s --cacert server.crt -H \"Authorization: Bearer $(cat tokens)\" \\\n  https://localhost:8443/v1/data/shop/order-limit/allowed -d '{\"input\": {\"cents\": 100}}'",
        In(Tutorial),
    ),
    (
        "curl -s localhost:8282/metrics | grep 'id=\"shop/order-limit\",outcome=\"allowed\"'",
        In(Tutorial),
    ),
    ("cp -r policy-engine/docs/examples/from-kyverno cluster-policies", In(Tutorial)),
    ("cp policy-engine/docs/examples/cluster/*.yaml cluster-policies", In(Tutorial)),
    ("cd cluster-policies", In(Tutorial)),
    (
        "./policy-engine eval pod-security-baseline plain.yaml privileged.yaml --format table",
        In(Tutorial),
    ),
    (
        "policy-builder image",
        Not("`build` has compiled the same", "builder/documents/repository.rs, by `cargo image`"),
    ),
    (
        "policy-builder push policy-engine.tar registry.example.com/policies:v1",
        Not("it needs a registry", "builder/documents/registry.rs, which has one"),
    ),
    (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \\\n  -subj \"/CN=policy-engine authority\" -keyout ca.key -out ca.crt",
        In(Tutorial),
    ),
    (
        "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj \"/CN=policy-engine\" \\\n  -addext \"subjectAltName=DNS:policy-engine.policy-engine.svc\" -keyout tls.key -out tls.csr",
        In(Tutorial),
    ),
    (
        "openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -days 365 -copy_extensions copy -out tls.crt",
        In(Tutorial),
    ),
    ("./policy-engine eval pod-security-restricted policy-engine.yaml", In(Tutorial)),
    (
        "kubectl apply -f policy-engine.yaml",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl create secret tls policy-engine-tls --namespace policy-engine --cert tls.crt --key tls.key",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl rollout status deployment policy-engine --namespace policy-engine",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "./policy-engine describe pod-security-baseline --format webhook > webhook.yaml",
        In(Tutorial),
    ),
    (
        "sed -i \"s|caBundle: \\\"\\\"|caBundle: $(base64 -w0 < ca.crt)|\" webhook.yaml",
        In(Tutorial),
    ),
    (
        "kubectl apply -f webhook.yaml",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl apply -f privileged.yaml",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl port-forward --namespace policy-engine deployment/policy-engine 8282",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "curl -s localhost:8282/metrics | grep 'outcome=\"denied\"'",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl get pods --all-namespaces -o json | ./policy-engine eval pod-security-baseline",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl rollout restart deployment policy-engine --namespace policy-engine",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "kubectl delete pod privileged",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    (
        "policy-builder diff registry.example.com/policies:v1 policy-engine.tar",
        Not("it needs a registry", "builder/supply, which compares images of one"),
    ),
    (
        "kubectl set image deployment/policy-engine --namespace policy-engine \\\n  policy-engine=registry.example.com/policies:v2",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
    ("cp -r policy-engine/docs/examples/from-rego salary-policies", In(Tutorial)),
    ("cd salary-policies", In(Tutorial)),
    (
        "./policy-engine eval salary --settings data.json requests.jsonl --format table",
        In(Tutorial),
    ),
    (
        "curl -s localhost:8181/v1/data/httpapi/authz/allow -d '{\"input\":\n  {\"user\": \"bob\", \"method\": \"GET\", \"path\": [\"finance\", \"salary\", \"alice\"]}}'",
        In(Tutorial),
    ),
    ("./policy-engine eval image-tags manifests/good.yaml --format table", In(Tutorial)),
    ("./policy-engine eval image-tags manifests/bad.yaml --format table", In(Tutorial)),
    (
        "kubectl get pods,deployments,cronjobs --all-namespaces -o json | ./policy-engine eval image-tags",
        Not(
            "it needs a cluster",
            "by hand, and `engine/api_server.rs`, which asks a real API server",
        ),
    ),
];
