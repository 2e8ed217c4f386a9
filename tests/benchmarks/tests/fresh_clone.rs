//! The benchmarks in a fresh clone.

use std::process::Command;

use tempfile::TempDir;

#[test]
fn group_creates_its_build_folder_in_a_fresh_clone() {
    let clone = TempDir::new().unwrap();
    let target = clone.path().join("target");
    // Without `wrk` on the path, the group ends before anything is built.
    let output = Command::new(env!("CARGO_BIN_EXE_policy-benchmarks"))
        .args(["--quick", "http"])
        .env("CARGO_TARGET_DIR", &target)
        .env("PATH", clone.path())
        .output()
        .unwrap();
    assert!(!output.status.success(), "{output:?}");
    assert!(target.join("benchmarks").is_dir());
}
