//! A type that is no policy.

struct Unfinished;

policy_api::register!(Unfinished);

fn main() {}
