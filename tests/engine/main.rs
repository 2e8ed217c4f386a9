//! `policy-engine`, the program in the image, as its users and its clients meet it.
//!
//! Much here waits for something by the clock. Cargo runs one test binary after the other, so no
//! compilation of the others runs beside these tests.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of a test may panic as the test itself may"
)]

/// The helpers of all test binaries.
#[path = "../support/mod.rs"]
mod support;

/// A real API server of Kubernetes that calls the engine.
mod api_server;
/// The command line of the program in the image.
mod cli;
/// Spans for an OpenTelemetry collector.
mod otlp;
/// The policies of `pod-security`, compared with upstream's test cases.
mod pod_security;
/// `serve`, from the view of clients and operators.
mod serve;
/// YAML, compared with Kubernetes' own reader.
mod yaml;
