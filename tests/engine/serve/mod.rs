//! The server as its clients and its operators meet it.

/// What it is told to do, and what it says of mistakes.
mod configuration;
/// Clients that are slow, silent, too many, or do not speak HTTP.
mod connections;
/// The image in Docker.
mod container;
/// What is written down of decisions.
mod decision_log;
/// Health, metrics, and what is served.
mod diagnostics;
/// Answers that do not wait for a request's body.
mod early_answers;
/// What an operator's signals end, and what they do not.
mod ending;
/// Heads of requests that HTTP has something against.
mod heads;
/// What connections hold, and what they make others hold, has an end.
mod held;
/// Sockets that are there before the server.
mod inherited;
/// Admission reviews, as API servers send them.
mod kubernetes;
/// Requests that are too many or too large.
mod limits;
/// Many requests at one time.
mod load;
/// What the worst requests take of memory.
mod memory;
/// Node.js, with the client from npm.
mod node;
/// OPA's Data API.
mod opa;
/// What `/openapi.json` says is so.
mod openapi;
/// Python, with the client from `PyPI`.
mod python;
/// A configuration that changes while it is in force.
mod reload;
/// Policies that hang, spin, panic or recurse.
mod stuck;
/// TLS, unix sockets and tokens, as curl sees them.
mod tls;
/// How Kubernetes is told to ask.
mod webhook;
