//! Metrics and logs.

pub(crate) mod logging;
mod metrics;

pub(crate) use metrics::*;
