//! Where a request belongs in its client's trace, for logs and decision events. With the feature
//! `otlp` the requests' spans are exported as well: what follows from that is in one of two
//! modules, which offer the same.

mod context;
#[cfg(not(feature = "otlp"))]
mod off;
#[cfg(feature = "otlp")]
mod otlp;

pub(crate) use context::Trace;
#[cfg(not(feature = "otlp"))]
pub(crate) use off::{RequestSpan, Spans};
#[cfg(feature = "otlp")]
pub(crate) use otlp::{RequestSpan, Spans};
