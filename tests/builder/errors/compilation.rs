use crate::support::{Folder, WORK_DIR, sentence};

const IN_WORK_DIR: [&str; 2] = ["--work-dir", WORK_DIR];

#[test]
fn policy_that_does_not_compile_is_named() {
    let folder = Folder::new().policy("good").policy_with("broken", "", "const X: bool = 7;");
    let said = folder.fails(&IN_WORK_DIR);
    assert!(said.contains("error[E0308]: mismatched types"), "{said}");
    assert!(said.contains(" --> policies/broken/src/lib.rs:"), "{said}");
    assert_eq!(
        sentence(&said),
        "policy crate `broken` (`policies/broken`) does not compile: see the compiler's messages \
         above"
    );
}

#[test]
fn unregistered_policy_fails_the_build_with_its_name() {
    let refused = |source: &str| {
        Folder::new().policy("good").policy_with("quiet", "", source).refused(&IN_WORK_DIR)
    };
    let expected = "policy crate `quiet` registers nothing for policy-api 0.1\nhelp: write \
                    `policy_api::register!(YourPolicy);` at the root of \
                    `policies/quiet/src/lib.rs`, once, and have the crate depend on `policy-api` \
                    itself; a crate that is to register nothing says so by `role = \"support\"` in \
                    its `[package.metadata.policy-engine]`";
    assert_eq!(refused(""), expected);
}

/// `register!` itself stops this one.
#[test]
fn policy_registered_in_a_private_module_does_not_compile() {
    let source = "mod inner { policy_api::register!(super::Anything); }";
    let folder = Folder::new().policy("good").policy_with("hidden", "", source);
    assert_eq!(
        folder.refused(&IN_WORK_DIR),
        "policy crate `hidden` (`policies/hidden`) does not compile: see the compiler's messages \
         above"
    );
}

/// The manifest asks for this engine's API, but the macro is that of another version.
#[test]
fn policy_registered_for_another_api_version_is_refused() {
    let register = "#[macro_export] macro_rules! register { ($policy:path) => {
        pub mod registered_for_policy_api_9 { pub static POLICIES: &[u8] = &[]; }
    } }";
    let folder = Folder::new().library("old-api", "", register).policy_with(
        "veteran",
        "old-api = { path = \"../old-api\" }",
        "old_api::register!(Anything);",
    );
    let refused = folder.refused(&IN_WORK_DIR);
    assert_eq!(
        refused,
        "policy crate `veteran` registers nothing for policy-api 0.1\nhelp: write \
         `policy_api::register!(YourPolicy);` at the root of `policies/veteran/src/lib.rs`, once, \
         and have the crate depend on `policy-api` itself; a crate that is to register nothing \
         says so by `role = \"support\"` in its `[package.metadata.policy-engine]`"
    );
}

#[test]
fn support_crate_that_does_not_compile_is_named() {
    let folder = Folder::new().library("words", "", "fn words(").policy_with(
        "wordy",
        "words = { path = \"../words\" }",
        "policy_api::register!(Anything);",
    );
    assert_eq!(
        folder.refused(&IN_WORK_DIR),
        "support crate `words` (`policies/words`) does not compile: see the compiler's messages \
         above"
    );
}

#[test]
fn unresolvable_dependency_is_named() {
    let folder =
        Folder::new().policy_with("modern", "serde = \"99\"", "policy_api::register!(Anything);");
    let refused = folder.refused(&IN_WORK_DIR);
    assert!(
        refused.starts_with(
            "failed to resolve the dependencies: failed to select a version for \
                             the requirement `serde = \"^99\"`"
        ),
        "{refused}"
    );
}

#[test]
fn malformed_lock_file_is_named() {
    let folder = Folder::new().policy("good").file("policies/good/Cargo.lock", "[[package]\n");
    let lock = folder.path().canonicalize().unwrap().join("policies/good/Cargo.lock");
    let refused = folder.refused(&IN_WORK_DIR);
    assert_eq!(
        refused,
        format!(
            "`{}` is not a lock file that Cargo wrote: unclosed array table, expected `]`",
            lock.display()
        )
    );
}

#[test]
fn missing_cargo_or_compiler_is_reported() {
    let folder = Folder::new().policy("good");
    let arguments = [&["image"][..], &IN_WORK_DIR].concat();
    let said = folder.fails_as(folder.builder(&arguments).env("CARGO", "/nonexistent/cargo"));
    assert_eq!(
        sentence(&said),
        "failed to start `/nonexistent/cargo`: No such file or directory (os error 2)\nhelp: \
         install Rust from rustup.rs, or have `/nonexistent/cargo` on the PATH"
    );
    let said = folder.fails_as(
        folder.builder(&arguments).env_remove("CARGO").env_remove("RUSTC").env("PATH", ""),
    );
    assert_eq!(
        sentence(&said),
        "failed to start `rustc`: No such file or directory (os error 2)\nhelp: install Rust from \
         rustup.rs, or have `rustc` on the PATH"
    );
}

/// The error comes from rustup, which runs in the compiler's place.
#[test]
fn missing_toolchain_is_reported_with_its_file() {
    let rustup = "echo \"error: toolchain '1.70.0-x86_64-unknown-linux-gnu' is not installed\" >&2\n\
                  exit 1\n";
    let folder = Folder::new().policy("good").script("rustup", rustup);
    let rustc = folder.path().join("rustup");
    let folder = folder.file("rust-toolchain.toml", "[toolchain]\nchannel = \"1.70.0\"\n");
    let file = folder.path().canonicalize().unwrap().join("rust-toolchain.toml");
    let refused = |named: &str, arguments: &[&str], toolchain: Option<&str>| {
        let mut command = folder.builder(arguments);
        command.env("RUSTC", &rustc).env_remove("RUSTUP_TOOLCHAIN");
        command.envs(toolchain.map(|name| ("RUSTUP_TOOLCHAIN", name)));
        assert_eq!(
            sentence(&folder.fails_as(&mut command)),
            format!(
                "the Rust toolchain that {named} asks for does not start: toolchain \
                 '1.70.0-x86_64-unknown-linux-gnu' is not installed\nhelp: install it (`rustup \
                 toolchain install`), or name another one there"
            )
        );
    };
    let file = format!("`{}`", file.display());
    for arguments in [
        &["image"][..],
        &["build", "--target", "x86_64-unknown-linux-musl"],
        &["vet"],
        &["generate", "--output", "workspace"],
    ] {
        refused(
            &file,
            &[
                arguments,
                &["--work-dir", WORK_DIR][..if arguments[0] == "generate" { 0 } else { 2 }],
            ]
            .concat(),
            None,
        );
    }
    refused("the variable `RUSTUP_TOOLCHAIN`", &["image"], Some("1.70.0"));
}
