//! The traces of clients, whose ids are in logs and decision events. With the feature `otlp`, spans
//! of requests are exported as well: of two modules with the same interface, one is compiled.

mod context;
// Also for lints, whose features are those of the workspace's tests.
#[cfg(any(test, not(feature = "otlp")))]
#[cfg_attr(feature = "otlp", expect(dead_code, reason = "`otlp` stands for it"))]
mod off;
#[cfg(feature = "otlp")]
mod otlp;

pub(crate) use context::Trace;
#[cfg(not(feature = "otlp"))]
pub(crate) use off::{RequestSpan, Spans};
#[cfg(feature = "otlp")]
pub(crate) use otlp::{RequestSpan, Spans};
