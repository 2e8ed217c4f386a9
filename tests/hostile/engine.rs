//! An engine whose policy tries what policies may not, with the grants that a variable names: what
//! `[vet.allow]` gives a program when it is built.

use std::process::ExitCode;

use policy_engine::v0_1::{Grant, LinkedCrate, Program};

/// A program whose policy has these grants.
macro_rules! program {
    ($($what:literal)*) => {{
        static PROGRAM: Program = Program {
            target: "the one of the tests",
            revision: None,
            crates: &[LinkedCrate {
                name: "hostile",
                version: env!("CARGO_PKG_VERSION"),
                policies: &hostile::registered_for_policy_api_0_1::POLICIES,
                grants: &[$(Grant {
                    crate_name: "hostile",
                    what: $what,
                    item: None,
                    reason: "a test asks for it",
                }),*],
            }],
        };
        &PROGRAM
    }};
}

fn main() -> ExitCode {
    if std::env::var_os("HOSTILE_KERNEL").is_some() {
        hostile::kernel::with_less();
    }
    let program = match std::env::var("HOSTILE_GRANT").as_deref() {
        Ok("files") => program!("files"),
        Ok("network") => program!("network"),
        Ok("processes") => program!("processes"),
        Ok("threads") => program!("threads"),
        _ => program!(),
    };
    policy_engine::v0_1::main(program)
}
