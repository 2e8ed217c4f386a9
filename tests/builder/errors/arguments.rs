use crate::support::{Folder, sentence};

#[test]
fn invalid_image_name_is_refused() {
    let folder = Folder::new().policy("anything");
    assert_eq!(
        folder.fails(&["--tag", "a b"]),
        "error: failed to parse the image name `policy-engine:a b`: found the tag `a b`, \
         expected 1 to 128 letters, digits, `_`, `.` or `-`, the first not `.` or `-`, such as \
         `latest`\n"
    );
    assert_eq!(
        folder.fails(&["--repo", "Upper/case"]),
        "error: failed to parse the image name `Upper/case:latest`: found `Upper`, expected \
         lowercase letters and digits with `.`, `_`, `__` or dashes between them, such as \
         `policy-engine`\n"
    );
}

#[test]
fn archive_of_zstd_is_refused() {
    let folder = Folder::new().policy("anything");
    let error = "no archive has layers of zstd: Docker before 23 fails to load them\nhelp: write a \
                 layout, with `--oci-layout DIR` and without `--output` or `--load`, and push that";
    assert_eq!(folder.refused(&["--compression", "zstd"]), error);
    let both = ["--compression", "zstd", "--oci-layout", "image", "--output", "image.tar"];
    assert_eq!(folder.refused(&both), error);
    let unknown = folder.builder(&["image", "--compression", "xz"]).assert().code(64).stdout("");
    assert_eq!(
        String::from_utf8(unknown.get_output().stderr.clone()).unwrap(),
        "error: invalid value 'xz' for '--compression <COMPRESSION>': expected `gzip` or `zstd`\n\n\
         For more information, try '--help'.\n"
    );
}

#[test]
fn invalid_source_date_is_refused() {
    let folder = Folder::new().policy("anything");
    let mut command = folder.builder(&["image"]);
    let refused = command.env("SOURCE_DATE_EPOCH", "abc").assert().code(64).stdout("");
    assert_eq!(
        String::from_utf8(refused.get_output().stderr.clone()).unwrap(),
        "error: invalid value 'abc' for '--created <SECONDS>': found `abc`, expected the seconds \
         since 1970 as a whole number from 0 to 8589934591\nhelp: set `SOURCE_DATE_EPOCH` to \
         such a number, or unset it\n\nFor more information, try '--help'.\n"
    );
}

/// CI that passes variables on sets those that it has none for.
#[test]
fn empty_variable_counts_as_unset() {
    let folder = Folder::with_registry(&[]).small_engine();
    let image = |empty: &[&str]| {
        let arguments = ["image", "--engine", "source", "--work-dir", "work", "--no-vet"];
        let mut command = folder.at_home(&[&arguments[..], &["--format", "json"]].concat());
        command.env_remove("POLICY_ENGINE_SOURCE").envs(empty.iter().map(|name| (name, "")));
        let printed = command.assert().success().get_output().stdout.clone();
        let printed: serde_json::Value = serde_json::from_slice(&printed).unwrap();
        printed["image"].clone()
    };
    let empty = [
        "POLICY_ENGINE_ADVISORY_DB",
        "POLICY_ENGINE_FEATURES",
        "POLICY_ENGINE_IMAGE_REPO",
        "POLICY_ENGINE_SOURCE",
        "POLICY_ENGINE_TAG",
        "SOURCE_DATE_EPOCH",
    ];
    assert_eq!(image(&empty), image(&[]));
}

#[test]
fn unsupported_target_is_refused() {
    let folder = Folder::new().policy("anything");
    assert_eq!(
        folder.refused(&["--target", "x86_64-pc-windows-msvc"]),
        "target `x86_64-pc-windows-msvc` is not Linux\nhelp: name a Linux target, such as \
         `x86_64-unknown-linux-musl`"
    );
    assert_eq!(
        folder.refused(&["--target", "s390x-unknown-linux-gnu"]),
        "the standard library for `s390x-unknown-linux-gnu` is not installed\nhelp: run `rustup \
         target add s390x-unknown-linux-gnu`"
    );
    let unknown = folder.refused(&["--target", "x86_65-linux"]);
    assert!(
        unknown.starts_with("this compiler does not know the target `x86_65-linux`: "),
        "{unknown}"
    );
}

#[test]
fn missing_engine_sources_are_reported() {
    let folder = Folder::new().policy("anything");
    assert_eq!(
        folder.refused(&["--engine", "policies"]),
        "the engine's sources are not in `policies`: expected `engine/api` and `engine/runtime` \
         there\nhelp: name a checkout of policy-engine with `--engine`"
    );
}

#[test]
fn work_folder_inside_the_policies_is_refused() {
    let folder = Folder::new().policy("anything");
    assert_eq!(
        folder.refused(&["--work-dir", "policies/work"]),
        "`policies/work` is inside the policies folder, where nothing is written\nhelp: name \
         another folder"
    );
}

#[test]
fn generate_refuses_a_folder_with_other_contents() {
    let folder = Folder::new().policy("anything").file("thesis/chapter-1", "");
    assert_eq!(
        sentence(&folder.fails_as(&mut folder.builder(&["generate", "--output", "thesis"]))),
        "`thesis` holds something else than a workspace that policy-builder laid out, so it is \
         left as it is\nhelp: name an empty or a new folder"
    );
}
