//! What the program tells of itself: metrics and logs.

pub(crate) mod logging;
mod metrics;

pub(crate) use metrics::*;
