use std::path::Path;

use serde_json::Value;

use crate::support::{Folder, Nix, with_policies};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/house-rules");
/// The derivations of each step, by which Nix knows if a step is cached.
const STEPS: &str = "packages: builtins.mapAttrs (_: it: it.drvPath) {
    inherit (packages) image registration;
    inherit (packages.default) dependencies;
    program = packages.default;
}";

fn steps(nix: &Nix, folder: &Folder) -> Value {
    let mounted = with_policies(&folder.path().join("policies"));
    nix.eval("packages.x86_64-linux", STEPS, &mounted.each_ref().map(String::as_str))
}

fn house_rules() -> Folder {
    Folder::new().copy(Path::new(FIXTURE), "policies")
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn edited_policy_keeps_the_cached_dependencies() {
    let nix = Nix::find();
    let before = steps(nix, &house_rules());
    let edited = house_rules().file("policies/words/src/lib.rs", "pub const HELLO: &str = \"Hi\";");
    let after = steps(nix, &edited);
    assert_eq!(after["dependencies"], before["dependencies"]);
    for changed in ["registration", "program", "image"] {
        assert_ne!(after[changed], before[changed], "{changed}");
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn build_leftovers_do_not_change_the_derivations() {
    let nix = Nix::find();
    let littered = house_rules()
        .file("policies/target/debug/words.d", "")
        .file("policies/words/target/debug/words.d", "");
    assert_eq!(steps(nix, &littered), steps(nix, &house_rules()));
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn new_source_files_keep_the_cached_dependencies() {
    let nix = Nix::find();
    let before = steps(nix, &house_rules());
    let module = house_rules().file("policies/words/src/target/mod.rs", "");
    let after = steps(nix, &module);
    assert_eq!(after["dependencies"], before["dependencies"]);
    assert_ne!(after["program"], before["program"], "a module is called as a by-product is");

    let beside = house_rules().file("policies/NOTES.md", "").file("policies/docs/a.md", "");
    assert_eq!(steps(nix, &beside), before);
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn added_dependency_changes_the_dependencies_derivation() {
    let nix = Nix::find();
    let manifest = "[package]\nname = \"words\"\nversion = \"1.4.0\"\nedition = \"2024\"\n\n\
                    [dependencies]\nserde_json = \"1\"\n";
    let more = house_rules().file("policies/words/Cargo.toml", manifest);
    assert_ne!(steps(nix, &more)["dependencies"], steps(nix, &house_rules())["dependencies"]);
}
