use std::os::unix::fs::symlink;

use assert_cmd::Command;

use super::discovery::{evaluation, literal};
use crate::support::{Folder, Nix, root, sentence, with_policies};

const IMAGE: &str = "packages.x86_64-linux.image.drvPath";
const UNTRACKED: &str = "in a Git repository, Nix sees only what is tracked: `git add";

/// The error that stops evaluation, without the name of the function that it begins with.
fn refusal(function: &str, expression: &str) -> String {
    let failed = evaluation(expression).assert().failure();
    let said = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    let sentence = sentence(&said);
    let prefix = format!("policy-engine: {function}: ");
    sentence.strip_prefix(&prefix).unwrap_or_else(|| panic!("{said}")).to_owned()
}

/// The error of discovery in the `policies` of a folder.
fn refused(folder: &Folder) -> String {
    refusal(
        "discover",
        &format!("(discover {}).policies", literal(&folder.path().join("policies"))),
    )
}

/// The error of discovery in the `policies` of a folder that are all that Nix is given, as in a
/// `path:` input.
fn refused_alone(folder: &Folder) -> String {
    let policies = literal(&folder.path().join("policies"));
    refusal("discover", &format!("(discover \"${{{policies}}}\").policies"))
}

/// The error for a folder that is a repository in which Git tracks these files.
fn refused_with_tracked(folder: &Folder, tracked: &[&str]) -> String {
    git(folder, &["init", "--quiet"]);
    git(folder, &[&["add", "--"], tracked].concat());
    let repository = format!("(builtins.fetchGit {}).outPath", literal(folder.path()));
    refusal("discover", &format!("(discover \"${{{repository}}}/policies\").policies"))
}

fn git(folder: &Folder, arguments: &[&str]) {
    Command::new("git").current_dir(folder.path()).args(arguments).assert().success();
}

/// An expression of the locks that a folder is built by.
fn pinned(folder: &Folder) -> String {
    let discovered = format!("discovered = discover {};", literal(&folder.path().join("policies")));
    format!("locks {{ {discovered} crates = [ ]; engineLock = engine + \"/Cargo.lock\"; }}")
}

/// A folder with one good policy and one file more.
fn with(path: &str, text: &str) -> Folder {
    Folder::new().policy("good").file(path, text)
}

fn manifest(name: &str, rest: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\n{rest}")
}

fn policy(name: &str) -> String {
    manifest(name, "[dependencies]\npolicy-api = \"0.1\"\n")
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn folder_without_policies_is_refused() {
    let missing = Folder::new();
    std::fs::remove_dir(missing.path().join("policies")).unwrap();
    assert_eq!(
        refused(&missing),
        format!(
            "there is no policies folder `policies`: expected a folder of crates\nhelp: name yours with \
             `policies`; {UNTRACKED} policies`"
        )
    );
    let expected = "no policies in `policies`: expected subfolders with a `Cargo.toml` that \
                    depends on `policy-api`";
    let untracked = format!("{UNTRACKED} policies`");
    assert_eq!(refused(&Folder::new()), format!("{expected}\nhelp: {untracked}"));
    assert_eq!(
        refused(&Folder::new().library("words", "", "").library("numbers", "", "")),
        format!(
            "{expected}; the crates there (numbers, words) are support crates\nhelp: {untracked}"
        )
    );
    let alone = expected.replace("`policies`", "the policies folder");
    assert_eq!(
        refused_alone(&Folder::new()),
        format!(
            "{alone}\nhelp: give a folder in a Git repository as `path:/the/folder`: for any other \
             URL, Nix takes the whole repository"
        )
    );
    let deeper = Folder::new().file("policies/rules/one/Cargo.toml", &policy("one"));
    assert_eq!(
        refused_alone(&deeper),
        format!(
            "{alone}\nhelp: give the folder `rules` in it: `policies = ./rules` for a flake of \
             yours, or the input `path:/the/folder/rules`"
        )
    );
    assert_eq!(
        refusal(
            "discover",
            "discover (derivation { name = \"made\"; system = \"x\"; builder = \"x\"; })"
        ),
        "the policies folder is what the derivation `made` makes: expected sources, which are there \
         while Nix evaluates\nhelp: pass a path or a flake's input"
    );
    assert_eq!(
        refusal("discover", "discover \"./policies\""),
        "the policies folder is the text `./policies`: expected a path\nhelp: write it without \
         quotes, such as `policies = ./policies`"
    );
}

#[test]
#[cfg_attr(not(all(has_nix, has_git)), ignore = "needs Nix with flakes and Git")]
fn untracked_files_are_named_with_git_add() {
    let manifest = "[workspace]\nmembers = [\"policies/*\", \"policies/new\", \"tools\"]\n";
    let member =
        |workspace| Folder::new().policy("good").policy("new").file("Cargo.toml", workspace);
    assert_eq!(
        refused_with_tracked(&member(manifest), &["Cargo.toml", "policies/good"]),
        format!(
            "`Cargo.toml` has the member `policies/new`, and `policies/new/Cargo.toml` is not \
             there\nhelp: take the member out; {UNTRACKED} policies/new`"
        )
    );
    assert_eq!(
        refused_with_tracked(&Folder::new().policy("new").file("README.md", ""), &["README.md"]),
        format!(
            "there is no policies folder `policies`: expected a folder of crates\nhelp: name yours with \
             `policies`; {UNTRACKED} policies`"
        )
    );
    let using = Folder::new().policy_with("good", "words.path = \"../words\"", "");
    assert_eq!(
        refused_with_tracked(&using.library("words", "", ""), &["policies/good"]),
        format!(
            "`policies/good/Cargo.toml` depends on the folder `policies/good/../words`, which has \
             no `Cargo.toml`\nhelp: correct its path; {UNTRACKED} policies/words`"
        )
    );
    assert_eq!(
        refused_with_tracked(&Folder::new().policy("new"), &["policies/new/src"]),
        format!(
            "`policies/new` holds Rust files (`policies/new/src/lib.rs`) but no `Cargo.toml`\nhelp: add \
             one, or move the folder away; {UNTRACKED} policies/new/Cargo.toml`"
        )
    );
    assert_eq!(
        refused_with_tracked(&Folder::new().policy("new"), &["policies/new/Cargo.toml"]),
        format!(
            "`policies/new/Cargo.toml` depends on `policy-api` but has no library: expected \
             `policies/new/src/lib.rs`, with `policy_api::register!` in it\nhelp: {UNTRACKED} \
             policies/new/src/lib.rs`"
        )
    );
}

#[test]
#[cfg_attr(not(all(has_nix, has_git)), ignore = "needs Nix with flakes and Git")]
fn git_submodule_that_is_left_out_is_refused() {
    let submodule = with("README.md", "");
    git(&submodule, &["init", "--quiet"]);
    git(&submodule, &["add", "."]);
    let author = ["-c", "user.name=a", "-c", "user.email=a@b"];
    git(&submodule, &[&author[..], &["commit", "--quiet", "-m", "a"]].concat());
    for path in ["policies", "policies/new"] {
        let folder = if path == "policies" { Folder::new() } else { Folder::new().policy("good") };
        // Git adds no submodule where a folder is.
        let _ = std::fs::remove_dir(folder.path().join(path));
        git(&folder, &["init", "--quiet"]);
        let url = submodule.path().to_str().unwrap();
        let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--force"];
        git(&folder, &[&add[..], &[url, path]].concat());
        assert_eq!(
            refused_with_tracked(&folder, &["."]),
            format!(
                "`{path}` is a Git submodule, and Nix was given the repository without its \
                 submodules\nhelp: add `?submodules=1` to the flake's URL, such as `nix build \
                 '.?submodules=1#image'`; from Nix 2.27 on, `inputs.self.submodules = true` in \
                 `flake.nix` does the same"
            )
        );
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn files_that_do_not_parse_are_named() {
    for (path, text) in [
        ("policies/bad/Cargo.toml", "[package]\nname = \"bad\nversion = 1\n"),
        ("policies/good/Cargo.lock", "<<<<<<< HEAD\n"),
    ] {
        let folder = with(path, text);
        let failed = evaluation(&pinned(&folder)).assert().failure();
        let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
        assert!(said.contains(&format!("while reading `{path}`")), "{said}");
        assert!(said.contains("while parsing TOML"), "{said}");
    }
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn policies_from_elsewhere_need_a_pin() {
    let geo = |entry: &str| with("policies/policies.toml", &format!("policies.geo = {entry}\n"));
    let remedy = "help: run `policy-builder lock --policies policies` (`nix run .#builder -- lock \
                  …`), and have Git track what it writes: `git add policies/policies.lock`";
    assert_eq!(
        refused(&geo("\"1\"")),
        format!(
            "`policies/policies.toml` names policies from elsewhere (`geo`), and there is no \
             `policies/policies.lock` to fetch them by\n{remedy}"
        )
    );
    let lock = "version = 4\n[[package]]\nname = \"geo\"\nversion = \"1.2.0\"\nsource = \
                \"sparse+https://example.com/\"\nchecksum = \"00\"\n";
    for entry in ["{ git = \"https://example.com\" }", "{ version = \"1\", package = \"geo-2\" }"] {
        assert_eq!(
            refused(&geo(entry).file("policies/policies.lock", lock)),
            format!(
                "`policies/policies.toml` names the policy `geo`, which `policies/policies.lock` \
                 does not pin\n{remedy}"
            )
        );
    }
    let locked =
        geo("{ version = \"1\", registry = \"house\" }").file("policies/policies.lock", lock);
    assert_eq!(
        refusal("locks", &pinned(&locked)),
        "`policies/policies.lock` takes `geo` from the registry `sparse+https://example.com/`, \
         which the flake does not know\nhelp: give it to mkPolicyEngine: `registries.NAME = { \
         index = \"sparse+https://example.com/\"; dl = \"…\"; }`, with `dl` as in the registry's \
         `config.json`"
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn policies_in_folders_have_to_be_there() {
    let hours = |place: &str| {
        with("policies/policies.toml", &format!("policies.hours.path = \"{place}\"\n"))
    };
    assert_eq!(
        refused(&hours("../hours")),
        "`policies/policies.toml`: policy `hours` is to be in `hours`, where there is no \
         `Cargo.toml`\nhelp: correct its `path`, which is relative to the file's folder; in a \
         Git repository, Nix sees only what is tracked: `git add hours`"
    );
    assert_eq!(
        refused_with_tracked(&hours("/nowhere/hours"), &["policies"]),
        "`policies/policies.toml`: policy `hours` is to be in `/nowhere/hours`, which is outside of \
         what Nix is given\nhelp: give Nix a folder that holds both, or name the policy's Git \
         repository or registry"
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn missing_workspace_is_refused() {
    let bad = |text: &str| with("policies/bad/Cargo.toml", text);
    let inheriting = "[package]\nname = \"bad\"\nversion.workspace = true\n";
    assert_eq!(
        refused(&bad(inheriting)),
        format!(
            "`policies/bad/Cargo.toml` inherits `package.version` from its workspace, and is in no \
             workspace\nhelp: write it out, or add the workspace's `Cargo.toml`; {UNTRACKED} \
             Cargo.toml`"
        )
    );
    let whole = "give Nix the whole workspace: a flake in its folder calls `mkPolicyEngine` with \
                 `policies = ./…`";
    let workspace = "[workspace.package]\nversion = \"1.0.0\"\n";
    assert_eq!(
        refused_alone(&bad(inheriting).file("Cargo.toml", workspace)),
        format!(
            "`bad/Cargo.toml` inherits `package.version` from its workspace, and Nix was given the \
             policies folder without one\nhelp: write it out, or {whole}"
        )
    );
    let excluding = format!("[workspace]\nexclude = [\"policies\"]\n{workspace}");
    assert_eq!(
        refused(&bad(inheriting).file("Cargo.toml", &excluding)),
        "`policies/bad/Cargo.toml` inherits `package.version` from its workspace, and `Cargo.toml` \
         excludes it\nhelp: write it out, or list it in the `members` there"
    );
    let using = manifest("bad", "[dependencies]\nwords.workspace = true\n");
    let workspace = "[workspace.dependencies]\nwords.path = \"policies/words\"\n";
    assert_eq!(
        refused(&bad(&using).file("Cargo.toml", workspace)),
        format!(
            "`policies/bad/Cargo.toml` depends on the folder `policies/words`, which has no \
             `Cargo.toml`\nhelp: correct its path; {UNTRACKED} policies/words`"
        )
    );
    let named = bad(&manifest("bad", "workspace = \"../../other\"\n"));
    assert_eq!(
        refused(&named),
        format!(
            "`policies/bad/Cargo.toml` names the workspace `../../other`, and `other/Cargo.toml` is \
             not there\nhelp: correct it; {UNTRACKED} other/Cargo.toml`"
        )
    );
    assert_eq!(
        refused_alone(&named),
        format!(
            "`bad/Cargo.toml` names the workspace `../../other`, which Nix was not given\nhelp: \
             correct it, or {whole}"
        )
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn crate_outside_the_policies_folder_is_refused() {
    let outside = Folder::new().policy_with("bad", "words = { path = \"../../words\" }", "");
    assert_eq!(
        refused(&outside),
        format!(
            "`policies/bad/Cargo.toml` depends on the folder `policies/bad/../../words`, which has \
             no `Cargo.toml`\nhelp: correct its path; {UNTRACKED} words`"
        )
    );
    let outside = outside.file("words/Cargo.toml", &manifest("words", ""));
    let problem = "which is outside of the policies folder\nhelp: move that crate into it, or \
                   depend on a published version of it";
    assert_eq!(
        refused(&outside),
        format!(
            "`policies/bad/Cargo.toml` depends on the folder `policies/bad/../../words`, {problem}"
        )
    );
    assert_eq!(
        refused_alone(&outside),
        format!("`bad/Cargo.toml` depends on the folder `bad/../../words`, {problem}")
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn unlocked_dependency_is_refused() {
    let bad = || Folder::new().policy_with("bad", "semver = \"1\"\nroman = \"0.4\"", "");
    let remedy = |folder: &str| {
        format!(
            "`policies/bad/Cargo.toml` depends on `roman`, which no lock pins: expected a \
             `Cargo.lock` in `{folder}` that does\nhelp: run `cargo generate-lockfile` in that folder (in \
             `nix develop .#policies` where no registry has `policy-api`), and have Git track what \
             it writes: `git add {folder}/Cargo.lock`"
        )
    };
    assert_eq!(refusal("locks", &pinned(&bad())), remedy("policies/bad"));
    let workspace = "[workspace]\nmembers = [\"bad\"]\n";
    let member = bad().file("policies/Cargo.toml", workspace);
    assert_eq!(refusal("locks", &pinned(&member)), remedy("policies"));
    let old = "[[package]]\nname = \"roman\"\nversion = \"0.3.2\"\nsource = \"registry\"\n";
    assert_eq!(
        refusal("locks", &pinned(&bad().file("policies/bad/Cargo.lock", old))),
        "`policies/bad/Cargo.lock` is a lock of version 1: expected 3 or 4, as Cargo has written \
         since 2021\nhelp: have Cargo write it anew with `cargo generate-lockfile` in `policies/bad`"
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn invalid_policies_input_is_refused_by_the_flake() {
    let nix = Nix::find();
    let manifest = policy("bad") + "roman = \"0.4\"\n";
    let folder = Folder::new()
        .file("my rules/bad/Cargo.toml", &manifest)
        .file("my rules/bad/src/lib.rs", "");
    let mounted = with_policies(&folder.path().join("my rules"));
    assert_eq!(
        nix.refuses(IMAGE, &mounted.each_ref().map(String::as_str)),
        "policy-engine: locks: `bad/Cargo.toml` depends on `roman`, which no lock pins: expected a \
         `Cargo.lock` in `bad` that does\nhelp: run `cargo generate-lockfile` in that folder (in `nix \
         develop .#policies` where no registry has `policy-api`), and have Git track what it writes: \
         `git add bad/Cargo.lock`"
    );

    let folder = Folder::new().file("policies.tar", "no folder");
    let file = format!("file+file://{}", folder.path().join("policies.tar").display());
    assert_eq!(
        nix.refuses(IMAGE, &["--override-input", "policies", &file]),
        "policy-engine: the input `policies` is a file: expected a folder of policy crates\nhelp: give \
         one with `--override-input policies path:/the/folder`"
    );
}

/// `policy-builder` judges in the first derivation what evaluation does not.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn invalid_crate_fails_the_build_before_compilation() {
    let nix = Nix::find();
    let folder = with("policies/better/Cargo.toml", &manifest("good", ""));
    let mounted = with_policies(&folder.path().join("policies"));
    let mut command = nix.command(&["build", "--no-link", "--print-build-logs", ".#image"]);
    let failed = command.args(mounted).assert().failure();
    let said = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(said.contains("two crates are named `good`"), "{said}");
    assert!(!said.contains("policy-engine-deps>"), "{said}");
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn symlinked_folder_is_refused() {
    let folder = Folder::new().policy("good");
    let policies = folder.path().join("policies");
    std::fs::rename(&policies, folder.path().join("rules")).unwrap();
    symlink("rules", &policies).unwrap();
    assert_eq!(
        refused(&folder),
        "`policies` is a link, which leads out of what a build is given\nhelp: put the folder \
         itself there, or name the one that the link leads to"
    );
    let folder = with("elsewhere/Cargo.toml", &manifest("linked", ""));
    symlink(folder.path().join("elsewhere"), folder.path().join("policies/linked")).unwrap();
    assert_eq!(
        refused(&folder),
        "`policies/linked` is a link, which leads out of what a build is given\nhelp: put the crate's \
         folder itself there, or take the link away"
    );
    std::fs::remove_dir_all(folder.path().join("elsewhere")).unwrap();
    assert!(
        refused(&folder).starts_with("`policies/linked` is a link"),
        "a link that leads nowhere"
    );
}

#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn invalid_image_name_tag_or_target_is_refused() {
    let nix = Nix::find();
    let named = format!(
        "make: (make {{ system = \"x86_64-linux\"; policies = {}; name = \"Foo Bar:x\"; \
         }}).image.drvPath",
        literal(&root().join("tests/fixtures/house-rules"))
    );
    assert_eq!(
        nix.refuses("lib.mkPolicyEngine", &["--impure", "--apply", &named]),
        "policy-engine: mkPolicyEngine: `name` is `Foo Bar:x`, which no image can be called: \
         expected a repository in lower case, without a tag, such as \
         `registry.example.com/policies`"
    );
    let nowhere = "make: (make { policies = ./.; }).image.drvPath";
    assert_eq!(
        nix.refuses("lib.mkPolicyEngine", &["--impure", "--apply", nowhere]),
        "policy-engine: mkPolicyEngine: neither `system` nor `pkgs` is given: expected one of \
         them, such as `system = \"x86_64-linux\"`"
    );
    let tagged = "import (engine + \"/nix/image/name.nix\") { name = \"a\"; tag = \"a b\"; }";
    assert_eq!(
        refusal("mkPolicyEngine", tagged),
        "`tag` is `a b`, which no image can have: expected up to 128 letters, digits, `_`, `.` and \
         `-`, such as `v1`"
    );
    assert_eq!(
        refusal(
            "mkPolicyEngine",
            "(import (engine + \"/nix/build/targets.nix\") { inherit lib; }).architectureOf \
             \"aarch64-unknown-linux-gnu\""
        ),
        "target `aarch64-unknown-linux-gnu` is none that images are built for: expected one of \
         `x86_64-unknown-linux-musl`, `aarch64-unknown-linux-musl`"
    );
}
