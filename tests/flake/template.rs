use assert_cmd::Command;

use crate::support::{Folder, Nix, built, root};

/// The template, laid out as `nix flake init` does it.
fn laid_out() -> Folder {
    let folder = Folder::new();
    let template = root().join("nix/template");
    folder.copy(&template, "repository")
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn nix_flake_new_lays_out_the_template_and_says_what_to_do_next() {
    let folder = Folder::new();
    let done = Command::new("nix")
        .current_dir(root())
        .args(["flake", "new", "--template", "."])
        .arg(folder.path().join("repository"))
        .assert()
        .success();
    let welcome = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(welcome.contains("git init && git add ."), "{welcome}");
    assert!(folder.path().join("repository/flake.nix").is_file());
    assert!(folder.path().join("repository/.github/workflows/ci.yml").is_file());
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn template_checks_pass_unmodified() {
    let nix = Nix::find();
    let folder = laid_out();
    let flake = format!("path:{}", folder.path().join("repository").display());
    let mut command = nix.command_of_user(&["build", "--no-link", "--print-out-paths"]);
    built(command.arg(format!("{flake}#checks.x86_64-linux.policies")).assert());
    // The flake's `suites` is an output of the program: its evaluation shows that it is there.
    let evaluated = nix
        .command_of_user(&["eval", &format!("{flake}#checks.x86_64-linux.suites.suites")])
        .assert();
    let source = String::from_utf8(evaluated.success().get_output().stdout.clone()).unwrap();
    assert!(source.contains("/nix/store/"), "{source}");
    // Everything else evaluates; that images can be built is shown with other policies.
    nix.command_of_user(&["flake", "check", "--no-build", "--all-systems", &flake])
        .assert()
        .success();
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn template_shell_resolves_policy_api() {
    let nix = Nix::find();
    let folder = laid_out();
    let repository = folder.path().join("repository");
    let mut command = nix.command_of_user(&["develop"]);
    command.arg(format!("path:{}", repository.display()));
    command.args(["--command", "cargo", "generate-lockfile", "--manifest-path"]);
    command.arg(repository.join("policies/working-hours/Cargo.toml")).assert().success();
    assert!(repository.join("policies/working-hours/Cargo.lock").is_file());
}
