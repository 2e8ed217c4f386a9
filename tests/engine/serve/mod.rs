//! The server, from the view of clients and operators.

/// Evaluations that use more than they may.
mod budgets;
mod configuration;
/// The configuration and its errors.
/// What a policy may not do, tried by one that does.
mod confinement;
/// Clients that are slow, silent, too many, or send no valid HTTP.
mod connections;
/// The console, as scripts see it.
mod console;
/// The image in Docker.
mod container;
/// The decision log.
mod decision_log;
/// Health, metrics, and the list of policies.
mod diagnostics;
/// Responses before the end of a request's body.
mod early_answers;
/// Malformed or ambiguous request heads.
mod heads;
/// Sockets passed by a service manager.
mod inherited;
/// Admission reviews, as API servers send them.
mod kubernetes;
/// Limits of number and size of requests.
mod limits;
/// Many requests at one time.
mod load;
/// The memory of the worst requests.
mod memory;
/// Attacks that make the server hold memory.
mod memory_attacks;
/// Node.js, with the client from npm.
mod node;
/// OPA's Data API.
mod opa;
/// The conformance to `/openapi.json`.
mod openapi;
/// Python, with the client from `PyPI`.
mod python;
/// Reloads of the configuration.
mod reload;
/// Policies that are asked beside those that answer.
mod shadow;
/// Shutdown and reload signals.
mod shutdown;
/// Policies that hang, spin, panic or recurse.
mod stuck;
/// TLS, unix sockets and tokens, as curl sees them.
mod tls;
/// Webhook configurations for Kubernetes.
mod webhook;
