use std::fmt;

use crate::Error;

/// Memory that an evaluation may take, as its caller sees it.
///
/// A server gives one with each [`Context`](crate::Context), and takes everything back when the
/// evaluation has ended. Without one, an evaluation may take what the system has.
pub trait Allowance: fmt::Debug + Send + Sync {
    /// Takes so many bytes more.
    ///
    /// # Errors
    /// When there are not so many, as [`Error::out_of_memory`], or when nobody waits for the answer
    /// any more.
    fn take(&self, bytes: usize) -> Result<(), Error>;
}
