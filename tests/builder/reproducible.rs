use std::fs;

use crate::support::{Folder, repository, root};

/// A work folder on another path, of another depth, with nothing of the shared one.
const SECOND: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/other/second");

/// Nix proves more by the compilation that its other tests need anyway. The revision is passed by
/// option, since the copy is no Git repository.
#[test]
#[cfg_attr(has_nix, ignore = "Nix does so: `flake`, `nix_and_cargo_compile_the_same_code`")]
fn copy_in_another_folder_builds_the_same_bytes() {
    let mut copy = Folder::new();
    for place in [
        "engine/api",
        "engine/confinement",
        "engine/console",
        "engine/report",
        "engine/runtime",
        "engine/text",
        "engine/tls",
    ] {
        copy = copy.copy(&root().join(place), &format!("some/where/else/{place}"));
    }
    let copy = copy.copy(&root().join("policies"), "some/where/else/policies");
    let elsewhere = copy.path().join("some/where/else");
    for file in ["Cargo.toml", "Cargo.lock"] {
        fs::copy(root().join(file), elsewhere.join(file)).unwrap();
    }
    copy.builder(&["image", "--work-dir", SECOND, "--output", "copy.tar", "--engine"])
        .arg(&elsewhere)
        .arg("--policies")
        .arg(elsewhere.join("policies"))
        .args(repository().same_revision())
        .assert()
        .success();
    let archive = fs::read(copy.path().join("copy.tar")).unwrap();
    assert!(archive == fs::read(&repository().archive).unwrap());
}
