//! Whether it is well, what it does, and what is served.

/// Alive, ready, and what was skipped.
mod health;
/// Figures for Prometheus.
mod metrics;
/// What is served.
mod policies;
