use std::fs;

use crate::support::{Folder, builder, root};

/// A folder in which `new` has begun another.
fn begun() -> Folder {
    let folder = Folder::new();
    folder.builder(&["new", "ours"]).assert().success().stdout(
        "written   ours, with the policy working-hours and its test\n\
         go there  cd ours\n\
         test      cargo test\n\
         run       policy-builder run -- list\n\
         build     policy-builder image --load\n\
         more      policy-builder add NAME\n",
    );
    folder
}

fn read(folder: &Folder, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap()
}

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    folder.fails_as(&mut folder.builder(arguments))
}

/// The module `readme` shows that the new policies build and pass unmodified.
#[test]
fn add_creates_a_second_policy() {
    let folder = begun();
    folder.builder(&["add", "image-age", "--policies", "ours/policies"]).assert().success().stdout(
        "written   ours/policies/image-age\n\
         edit      ours/policies/image-age/src/lib.rs\n\
         test      cargo test --manifest-path ours/policies/image-age/Cargo.toml\n",
    );
    folder.builder(&["discover", "--policies", "ours/policies"]).assert().success().stdout(
        "policy   image-age 1.0.0  (ours/policies/image-age)\n\
         policy   working-hours 1.0.0  (ours/policies/working-hours)\n",
    );
}

#[test]
fn new_policy_equals_that_of_the_nix_template() {
    let folder = begun();
    let template = root().join("nix/template/policies/working-hours");
    let library = fs::read_to_string(template.join("src/lib.rs")).unwrap();
    assert_eq!(read(&folder, "ours/policies/working-hours/src/lib.rs"), library);
    let suite = "working-hours.suite.yaml";
    let expected = fs::read_to_string(template.join(suite)).unwrap();
    assert_eq!(read(&folder, &format!("ours/policies/working-hours/{suite}")), expected);
    let manifest = |text: String| {
        let lines = text.lines().filter(|line| !line.starts_with("policy-api"));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let templates = fs::read_to_string(template.join("Cargo.toml")).unwrap();
    assert_eq!(
        manifest(read(&folder, "ours/policies/working-hours/Cargo.toml")),
        manifest(templates)
    );
}

#[test]
fn new_writes_the_workflow_that_the_page_on_ci_shows() {
    let page = fs::read_to_string(root().join("docs/src/how-to/ci.md")).unwrap();
    let workflow = read(&begun(), "ours/.github/workflows/policies.yml");
    assert!(page.contains(&format!("```yaml\n{workflow}```")), "{workflow}");
}

#[test]
fn readme_of_policy_api_shows_the_function_of_a_new_policy() {
    let readme = fs::read_to_string(root().join("engine/api/README.md")).unwrap();
    let library = read(&begun(), "ours/policies/working-hours/src/lib.rs");
    let (function, _) = library.split_once("\n#[test]").unwrap();
    assert!(readme.contains(&format!("```rust\n{function}```")), "{readme}");
}

#[test]
fn policy_api_option_sets_the_dependency() {
    let folder = Folder::new();
    folder
        .builder(&["new", "ours", "--policy-api", "{ git = \"https://example.com/engine\" }"])
        .env("POLICY_ENGINE_SOURCE", "nowhere")
        .assert()
        .success();
    let manifest = read(&folder, "ours/Cargo.toml");
    assert!(
        manifest.contains("\npolicy-api = { git = \"https://example.com/engine\" } #"),
        "{manifest}"
    );
    // Neighbours that are in no workspace are followed as well.
    let folder = folder.policy("good");
    folder.builder(&["add", "better"]).assert().success();
    let manifest = read(&folder, "policies/better/Cargo.toml");
    assert!(manifest.contains("\npolicy-api = \"0.1\"\n"), "{manifest}");
    folder.builder(&["add", "best", "--policy-api", "=0.1.0"]).assert().success();
    let manifest = read(&folder, "policies/best/Cargo.toml");
    assert!(manifest.contains("\npolicy-api = \"=0.1.0\"\n"), "{manifest}");
}

#[test]
fn new_fills_an_empty_current_folder() {
    let folder = Folder::new();
    let current = folder.path().join("policies");
    builder(&current).args(["new", "."]).assert().success();
    builder(&current).args(["discover"]).assert().success();
    assert!(current.join(".gitignore").is_file());
}

#[test]
fn add_lists_the_crate_in_its_workspace() {
    let folder = Folder::new()
        .policy("good")
        .file("Cargo.toml", "[workspace]\nmembers = [\n    \"policies/good\",\n]\n");
    folder.builder(&["add", "better"]).assert().success().stdout(format!(
        "written   policies/better\n\
         changed   {}\n\
         edit      policies/better/src/lib.rs\n\
         test      cargo test --manifest-path policies/better/Cargo.toml\n",
        fs::canonicalize(folder.path()).unwrap().join("Cargo.toml").display()
    ));
    assert_eq!(
        read(&folder, "Cargo.toml"),
        "[workspace]\nmembers = [\n    \"policies/good\",\n    \"policies/better\",\n]\n"
    );
}

#[test]
fn new_and_add_overwrite_nothing() {
    let folder = begun().policy("good").file("thesis/chapter-1", "");
    assert_eq!(
        refused(&folder, &["new", "thesis"]),
        "error: failed to write the policies folder to `thesis`: the folder is not empty, so it is \
         left unchanged\nhelp: empty it, or choose another name\n"
    );
    assert_eq!(
        refused(&folder, &["add", "good"]),
        "error: failed to add the crate `good`: `policies/good` has that name already\nhelp: \
         choose another name\n"
    );
    assert_eq!(
        refused(&folder, &["add", "working_hours", "--policies", "ours/policies"]),
        "error: failed to add the crate `working_hours`: `ours/policies/working-hours` has that name \
         already, as `working-hours`, which is the same to Rust\nhelp: choose \
         another name\n"
    );
    assert_eq!(
        refused(&folder, &["new", "theirs", "--engine", "nowhere"]),
        "error: failed to find `policy-api` for new policies: the engine's sources are not in \
         `nowhere`: expected `engine/api` and `engine/runtime` there\nhelp: name a checkout of \
         policy-engine with `--engine`, or say where it is with `--policy-api`\n"
    );
    assert_eq!(
        refused(&folder, &["add", "good", "--policies", "theirs"]),
        "error: there is no policies folder `theirs`\nhelp: name yours with `--policies`, or start \
         one with `policy-builder new`\n"
    );
}

#[test]
fn invalid_crate_name_is_refused() {
    let folder = Folder::new().policy("good");
    let refused = folder.builder(&["add", "Good"]).assert().code(64).stdout("");
    assert_eq!(
        String::from_utf8(refused.get_output().stderr.clone()).unwrap(),
        "error: invalid value 'Good' for '<NAME>': not a crate's name: found `Good`, expected at \
         most 64 lowercase letters, digits, `-` and `_`, a letter first, such as \
         `working-hours`\n\nFor more information, try '--help'.\n"
    );
}
