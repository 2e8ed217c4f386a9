//! Load generators: servers that are asked as fast as they answer, and at a fixed rate.

mod asked;
pub(crate) mod oha;
pub(crate) mod wrk;

pub(crate) use asked::Asked;
