//! Metrics and logs.

pub(crate) mod logging;
mod metrics;
mod process;

pub(crate) use metrics::*;
