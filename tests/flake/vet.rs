use std::path::Path;

use crate::support::{Folder, Nix, with_policies};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/house-rules");
/// A function that a policy crate may not use.
const FORBIDDEN: &str = "pub fn first(text: &str) -> &str {\n    let _ = std::fs::read(text);\n    \
                         text.split_whitespace().next().unwrap_or_default()\n}\n";
/// The derivations that vetting and what it does not decide are known by.
const DERIVATIONS: &str = "packages: {
    image = packages.image.drvPath;
    program = packages.default.drvPath;
    dependencies = packages.default.dependencies.drvPath;
}";

fn house_rules() -> Folder {
    Folder::new().copy(Path::new(FIXTURE), "policies")
}

fn derivations(nix: &Nix, folder: &Folder) -> (serde_json::Value, serde_json::Value) {
    let mounted = with_policies(&folder.path().join("policies"));
    let mounted = mounted.each_ref().map(String::as_str);
    let check = nix.eval("checks.x86_64-linux.vet", "check: check.drvPath", &mounted);
    (check, nix.eval("packages.x86_64-linux", DERIVATIONS, &mounted))
}

/// Nothing is compiled beside what vetting looks at.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn policies_that_do_not_pass_vetting_stop_the_image() {
    let nix = Nix::find();
    let folder = house_rules().file("policies/words/src/lib.rs", FORBIDDEN);
    let mut build = nix.command(&["build", "--no-link", ".#image"]);
    let failed = build.args(with_policies(&folder.path().join("policies"))).assert().failure();
    let said = String::from_utf8_lossy(&failed.get_output().stderr);
    for line in [
        "words/src/lib.rs:2:13: crate `words`: files: `std::fs::read`",
        "To let them pass, in `policies.toml`, with the reason:",
        "item = \"std::fs::read\"",
        "error: ",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn vetting_rules_change_the_images_and_not_the_program() {
    let nix = Nix::find();
    let with_rules =
        |rules: &str| derivations(nix, &house_rules().file("policies/policies.toml", rules));
    let (check, packages) = derivations(nix, &house_rules());
    let allow = |what: &str| {
        format!("[[vet.allow]]\ncrate = \"words\"\nwhat = \"{what}\"\nreason = \"a test\"\n")
    };
    for rules in ["[vet.dependencies]\ndeny = [\"a\"]\n", &allow("unsafe")] {
        let (other_check, other_packages) = with_rules(rules);
        assert_ne!(other_check, check);
        assert_ne!(other_packages["image"], packages["image"]);
        assert_eq!(other_packages["program"], packages["program"], "{rules}");
    }
    // What policies may do at run time is in the program, and changes nothing that it is linked with.
    let (_, other_packages) = with_rules(&allow("files"));
    assert_ne!(other_packages["program"], packages["program"]);
    assert_eq!(other_packages["dependencies"], packages["dependencies"]);
}
