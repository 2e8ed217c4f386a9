use std::path::Path;

use serde_json::Value;

use super::discovery::literal;
use crate::support::{Folder, Nix};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/house-rules");
/// The derivations of each step, by which Nix knows if a step is cached.
const STEPS: &str = "{ packages, ... }: builtins.mapAttrs (_: step: step.drvPath) {
    inherit (packages) image registration;
    inherit (packages.default) dependencies;
    program = packages.default;
}";

/// The steps of building the `policies` of each folder.
fn steps<const N: usize>(folders: [&Folder; N]) -> [Value; N] {
    let policies = folders.map(|folder| literal(&folder.path().join("policies")));
    let function = format!(
        "make: map (policies: ({STEPS}) (make {{ system = \"x86_64-linux\"; inherit policies; }})) \
         [ {} ]",
        policies.join(" ")
    );
    let steps = Nix::find().eval("lib.mkPolicyEngine", &function, &["--impure"]);
    serde_json::from_value::<Vec<_>>(steps).unwrap().try_into().unwrap()
}

fn house_rules() -> Folder {
    Folder::new().copy(Path::new(FIXTURE), "policies")
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn edited_policy_keeps_the_cached_dependencies() {
    let edited = house_rules().file("policies/words/src/lib.rs", "pub const HELLO: &str = \"Hi\";");
    let [before, after] = steps([&house_rules(), &edited]);
    assert_eq!(after["dependencies"], before["dependencies"]);
    for changed in ["registration", "program", "image"] {
        assert_ne!(after[changed], before[changed], "{changed}");
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn build_leftovers_do_not_change_the_derivations() {
    let littered = house_rules()
        .file("policies/target/debug/words.d", "")
        .file("policies/words/target/debug/words.d", "");
    let [before, after] = steps([&house_rules(), &littered]);
    assert_eq!(after, before);
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn new_source_files_keep_the_cached_dependencies() {
    let module = house_rules().file("policies/words/src/target/mod.rs", "");
    let beside = house_rules().file("policies/NOTES.md", "").file("policies/docs/a.md", "");
    let [before, with_module, with_notes] = steps([&house_rules(), &module, &beside]);
    assert_eq!(with_module["dependencies"], before["dependencies"]);
    assert_ne!(with_module["program"], before["program"], "a module is called as a by-product is");
    assert_eq!(with_notes, before);
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn added_dependency_changes_the_dependencies_derivation() {
    let manifest = "[package]\nname = \"words\"\nversion = \"1.4.0\"\nedition = \"2024\"\n\n\
                    [dependencies]\nserde_json = \"1\"\n";
    let more = house_rules().file("policies/words/Cargo.toml", manifest);
    let [before, after] = steps([&house_rules(), &more]);
    assert_ne!(after["dependencies"], before["dependencies"]);
}
