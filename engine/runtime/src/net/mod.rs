//! The network beside what is listened on: requests of this program's own, and names of the DNS.

pub(crate) mod dns;
pub(crate) mod outbound;
