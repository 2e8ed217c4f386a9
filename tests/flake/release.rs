use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use flate2::read::GzDecoder;

use crate::support::{Folder, root};

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- Later\n\n## 1.2.0 (2026-11-26)\n\n### \
                         Added\n\n- A thing\n\n## 1.1.0 (2026-01-01)\n\n- Before\n";

/// A repository of version 1.2.0.
fn repository(changelog: &str) -> Folder {
    Folder::new()
        .copy(&root().join(".ci"), ".ci")
        .file("LICENSE", "to all")
        .file("CHANGELOG.md", changelog)
        .file("Cargo.toml", "[workspace]\n\n[workspace.package]\nversion = \"1.2.0\"\n\n[x]\n")
}

fn release(folder: &Folder, arguments: &[&str]) -> Assert {
    let mut command = Command::new("bash");
    command.current_dir(folder.path()).arg(".ci/release").args(arguments).assert()
}

#[test]
fn release_needs_the_tag_of_the_version_and_its_section_of_the_changelog() {
    release(&repository(CHANGELOG), &["check", "v1.2.0"]).success();
    release(&repository(CHANGELOG), &["check", "v1.3.0"]).failure().stderr(
        "error: the tag is `v1.3.0`, and the version in Cargo.toml `1.2.0`: expected the tag \
         `v1.2.0`\n",
    );
    release(&repository("## Unreleased\n\n- Later\n"), &["check", "v1.2.0"])
        .failure()
        .stderr("error: CHANGELOG.md has no section `## 1.2.0`\n");
}

#[test]
fn notes_of_a_release_are_its_section_of_the_changelog() {
    release(&repository(CHANGELOG), &["notes", "v1.2.0"])
        .success()
        .stdout("### Added\n\n- A thing\n");
    release(&repository(CHANGELOG), &["notes", "v1.1.0"]).success().stdout("- Before\n");
}

#[test]
fn archive_of_a_program_is_the_one_that_binstall_unpacks() {
    let folder = repository(CHANGELOG)
        .file("built/bin/policy-builder", "program")
        .file("built/share/man/man1/policy-builder.1", "page");
    let target = "x86_64-unknown-linux-musl";
    release(&folder, &["archive", target, "built"]).success();
    let manifest = fs::read_to_string(root().join("engine/builder/Cargo.toml")).unwrap();
    let binstall = |key: &str| {
        let (_, value) = manifest.split_once(&format!("\n{key} = \"")).unwrap();
        let value = value.split_once('"').unwrap().0;
        value.replace("{ target }", target).replace("{ bin }", "policy-builder")
    };
    let url = binstall("pkg-url");
    let (release_url, name) = url.rsplit_once('/').unwrap();
    assert_eq!(release_url, "{ repo }/releases/download/v{ version }");
    let archive = fs::read(folder.path().join(name)).unwrap();
    let mut members = BTreeMap::new();
    for entry in tar::Archive::new(GzDecoder::new(&*archive)).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        members
            .insert(path, (text, entry.header().mode().unwrap(), entry.header().mtime().unwrap()));
    }
    assert_eq!(members[&binstall("bin-dir")].0, "program");
    let files = ["LICENSE", "bin/policy-builder", "share/man/man1/policy-builder.1"];
    for file in files {
        assert_eq!(members[&format!("policy-builder-{target}/{file}")].2, 1, "{file}");
    }
    // The same files give the same bytes.
    release(&folder, &["archive", target, "built"]).success();
    assert!(fs::read(folder.path().join(name)).unwrap() == archive);
}
