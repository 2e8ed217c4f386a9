//! The messages that the compiler gives to an author who made a mistake.
//!
//! The snapshots hold one compiler's words: `TRYBUILD=overwrite cargo test -p policy-api` writes
//! them anew after an upgrade, for review.

#[test]
fn invalid_registrations_fail_to_compile_with_an_explanation() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/registers*.rs");
    cases.compile_fail("tests/ui/fail_*.rs");
}
