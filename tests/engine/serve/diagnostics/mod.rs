//! Health, metrics, and the list of policies.

/// Liveness, readiness, and skipped policies.
mod health;
/// Metrics for Prometheus.
mod metrics;
/// The list of served policies.
mod policies;
