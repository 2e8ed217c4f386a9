use std::fs;

use assert_cmd::Command;
use assert_cmd::assert::Assert;

use crate::support::{Folder, digest, root};

/// A machine of GitHub's: the programs that the action's steps run write down what they were told.
fn machine() -> Folder {
    let told = "#!/bin/sh\necho \"$(basename \"$0\") $*\" >>\"$HOME/told\"\n";
    let builder = format!("{told}[ \"$1\" != push ] || echo '{{\"digest\":\"sha256:12\"}}'\n");
    // It "downloads" what lies in the folder `release`.
    let gh = format!("{told}[ \"$1\" != release ] || cp \"$HOME\"/release/* .\n");
    Folder::new()
        .script("programs/policy-builder", &builder)
        .script("programs/gh", &gh)
        .script("programs/cargo", told)
        .script("programs/rustup", told)
        .file("temporary/.keep", "")
        .file("path", "")
        .file("output", "")
        .file("repository/Cargo.toml", "")
        .file("repository/policies/a/a.suite.yaml", "")
}

/// Runs one of the action's steps.
fn step(machine: &Folder, name: &str, variables: &[(&str, &str)]) -> Assert {
    let here = machine.path();
    let action = root().join(".github/actions/build");
    let path = format!("{}:/usr/bin:/bin", here.join("programs").display());
    let mut command = Command::new(action.join("build.sh"));
    command.env_clear().current_dir(here).arg(name);
    command.env("PATH", path).env("HOME", here).env("GITHUB_ACTION_PATH", &action);
    command.env("RUNNER_TEMP", here.join("temporary")).envs(variables.iter().copied());
    command.env("GITHUB_PATH", here.join("path")).env("GITHUB_OUTPUT", here.join("output"));
    command.assert()
}

fn read(machine: &Folder, file: &str) -> String {
    let text = fs::read_to_string(machine.path().join(file)).unwrap();
    text.replace(machine.path().to_str().unwrap(), "~")
}

#[test]
fn action_steps_are_functions_of_its_script() {
    let action = fs::read_to_string(root().join(".github/actions/build/action.yml")).unwrap();
    let script = fs::read_to_string(root().join(".github/actions/build/build.sh")).unwrap();
    let steps = action.lines().filter_map(|line| line.trim().strip_prefix("run: '"));
    let names: Vec<_> = steps.map(|step| step.rsplit_once(' ').unwrap().1).collect();
    assert_eq!(names, ["install_builder'", "test_policies'", "build_image'", "push_image'"]);
    for name in names {
        assert!(script.contains(&format!("\n{}() {{\n", name.trim_end_matches('\''))), "{name}");
    }
}

#[test]
fn action_tests_builds_and_pushes_the_policies_of_a_repository() {
    let machine = machine();
    let directory = ("DIRECTORY", "repository");
    let policies = ("POLICIES", "policies");
    step(&machine, "test_policies", &[directory, policies]).success();
    let platforms = ("PLATFORMS", "linux/amd64,linux/arm64");
    step(&machine, "build_image", &[directory, policies, platforms]).success();
    step(&machine, "push_image", &[("ARCHIVE", "an image.tar")]).success();
    assert_eq!(
        read(&machine, "told"),
        "policy-builder setup\n\
         cargo test\n\
         policy-builder run --policies policies -- test policies --format github\n\
         rustup component add clippy\n\
         rustup target add x86_64-unknown-linux-musl\n\
         rustup target add aarch64-unknown-linux-musl\n\
         policy-builder image --policies policies --platform linux/amd64,linux/arm64 --output \
         ~/temporary/policy-engine.tar\n\
         policy-builder push an image.tar --format json\n"
    );
    assert_eq!(
        read(&machine, "output"),
        "archive=~/temporary/policy-engine.tar\ndigest=sha256:12\n"
    );
}

#[test]
fn action_installs_a_released_builder_only_with_its_checksum() {
    let target = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let name = format!("policy-builder-{target}");
    let machine = machine().file(&format!("{name}/bin/policy-builder"), "program");
    let release = machine.path().join("release");
    fs::create_dir(&release).unwrap();
    let archive = release.join(format!("{name}.tar.gz"));
    let mut pack = Command::new("tar");
    pack.current_dir(machine.path()).args(["-czf", archive.to_str().unwrap(), &name]);
    pack.assert().success();
    let sums = |digest: &str| {
        let text = format!("{digest}  {name}.tar.gz\n{digest}  another.tar.gz\n");
        fs::write(release.join("SHA256SUMS"), text).unwrap();
    };
    sums(&"0".repeat(64));
    step(&machine, "install_builder", &[("VERSION", "1.2.0")]).failure();
    assert_eq!(read(&machine, "path"), "");
    let packed = fs::read(&archive).unwrap();
    sums(digest(&packed).trim_start_matches("sha256:"));
    step(&machine, "install_builder", &[("VERSION", "1.2.0")]).success();
    assert_eq!(read(&machine, "path"), "~/temporary/policy-builder/bin\n");
    assert_eq!(read(&machine, "temporary/policy-builder/bin/policy-builder"), "program");
    let verified = format!(
        "gh attestation verify {name}.tar.gz --repo policy-engine/policy-engine --signer-workflow \
         policy-engine/policy-engine/.github/workflows/release.yml\n"
    );
    assert!(read(&machine, "told").ends_with(&verified), "{}", read(&machine, "told"));
}
