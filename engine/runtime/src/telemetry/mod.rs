//! Metrics and logs.

pub(crate) mod logging;
mod metrics;
mod process;
#[cfg(feature = "console")]
mod totals;

pub(crate) use metrics::*;
#[cfg(feature = "console")]
pub(crate) use totals::*;
