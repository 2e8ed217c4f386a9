//! Shadows: policies that are asked the questions of others, to see where they would decide otherwise.
//!
//! Nothing here can delay or change an answer. A question is copied once its answer is there, and
//! only where nobody waits for a permit and the queue was not full a moment ago. It is queued without a lock and without waking a thread,
//! within limits of bytes and of questions, and dropped and counted otherwise. A shadow has a thread
//! of its own, which takes the processor only where nobody else wants it. A supervisor wakes it, and
//! replaces it where a question holds it for too long.

mod differences;
mod offer;
mod pause;
mod policy;
mod question;
mod queue_places;
mod runner;
mod shared;
mod supervisor;
#[cfg(test)]
mod tests;

pub(crate) use offer::{Asked, Shadow};
pub(crate) use policy::ShadowPolicy;
