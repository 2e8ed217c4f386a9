use std::process::Command;

use crate::support::Folder;

/// A policy with this before its dependencies, and these.
fn policy(name: &str, before: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n{before}\n[dependencies]\npolicy-api = \
         \"0.1\"\n{dependencies}\n"
    )
}

/// Everything that is unusual and right at once: what is taken also has to be built.
#[test]
fn unusual_valid_crates_are_built() {
    let register = "policy_api::register!();";
    let mut folder = Folder::with_registry(&[])
        .small_engine()
        .file(
            "Cargo.toml",
            "[workspace]\nexclude = [\"policies/outer\"]\n[patch.x]\nx.path = \"x\"\n",
        )
        .file(
            "policies/Cargo.toml",
            "[workspace]\nexclude = [\"outer\"]\npackage.edition = \"2024\"\n",
        )
        .file(
            "policies/outer/Cargo.toml",
            &policy(
                "outer",
                "version = \"1.2.3\"",
                "inner.path = \"inner\"\ndeep.path = \"../parts/deep\"",
            ),
        )
        .file(
            "policies/outer/src/lib.rs",
            &format!("{register} pub const X: u8 = inner::X + deep::X;"),
        )
        .file(
            "policies/outer/inner/Cargo.toml",
            &policy("inner", "", "core_of.path = \"core\"\ncore_of.package = \"core\""),
        )
        .file("policies/outer/inner/src/lib.rs", "pub const X: u8 = core_of::X;")
        .file("policies/outer/inner/core/Cargo.toml", "[package]\nname = \"core\"\n")
        .file("policies/outer/inner/core/src/lib.rs", "pub const X: u8 = 1;")
        .file(
            "policies/parts/deep/Cargo.toml",
            "[package]\nname = \"deep\"\nedition.workspace = true\n",
        )
        .file("policies/parts/deep/src/lib.rs", "pub const X: u8 = 2;");
    // What the program itself uses, and what only looks like a keyword.
    let names = ["LinkedCrate", "PROGRAM", "Program", "auto", "main", "run", "test", "union"];
    for name in names {
        let shared = "[lib]\ncrate-type = [\"cdylib\", \"lib\"]\n";
        folder = folder
            .file(&format!("policies/{name}/Cargo.toml"), &policy(name, shared, ""))
            .file(&format!("policies/{name}/src/lib.rs"), register);
    }
    folder
        .at_home(&["build", "--engine", "source", "--work-dir", "work", "--output", "program"])
        .assert()
        .success();
    let listed = Command::new(folder.path().join("program")).output().unwrap().stdout;
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    let listed: Vec<_> =
        listed.as_array().unwrap().iter().map(|policy| policy["name"].as_str().unwrap()).collect();
    let mut expected = [&names[..], &["outer", "small"]].concat();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    let listed = folder.at_home(&["discover", "--engine", "source"]).assert().success();
    let listed = String::from_utf8(listed.get_output().stdout.clone()).unwrap();
    assert!(listed.contains("support  inner 0.0.0  (policies/outer/inner)\n"), "{listed}");
    assert!(listed.contains("support  core 0.0.0  (policies/outer/inner/core)\n"), "{listed}");
    assert!(listed.contains("support  deep 0.0.0  (policies/parts/deep)\n"), "{listed}");
}
