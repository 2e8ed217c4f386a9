use std::fs;

use super::coverage::Scene;
use super::script::Script;
use crate::support::{DockerTag, Shell, Unpacked, WORK_DIR, document_block, on_path, repository};

/// The whole engine is compiled once more, in the container: nothing else shows that the image has
/// all that it takes, and that another machine's folders come to the same bytes.
#[test]
#[ignore = "a proof of minutes, which CONTRIBUTING.md has a command for"]
fn readme_builder_image_reproduces_the_image_and_builds_a_new_folder() {
    let mut script = Script::new(Scene::BuilderImage);
    let _tag = DockerTag::take(DockerTag::BUILDER);
    let mut shell = Shell::new(WORK_DIR, &[]).with_repository();
    let cache = shell.beside("cache");
    fs::create_dir(&cache).unwrap();
    let revision = repository().revision.as_deref().unwrap_or_default();
    let options = format!(
        "case $1 in\nrun) shift; set -- run --env POLICY_ENGINE_REVISION={revision} \
         --volume {}:/cache \"$@\";;\nesac\n",
        cache.display()
    );
    shell.before("docker", &on_path("docker"), &options);
    for beginning in ["cargo run", "docker load", "mkdir", "docker run"] {
        shell.runs(&script.takes(beginning));
    }
    script.ends();
    let archive = fs::read(shell.here().join("out/policy-engine.tar")).unwrap();
    assert!(archive == fs::read(&repository().archive).unwrap());

    // What `add` writes, where this machine's user has their own: crates without a workspace.
    let mut other = Shell::new(WORK_DIR, &[]);
    other.before("docker", &on_path("docker"), &options);
    other
        .runs("mkdir policies && policy-builder add working-hours && policy-builder add image-age");
    let shown = document_block("docs/src/how-to/builder-image.md", "sh", "builder-image");
    let (_, lines) =
        shown.split_once("policy-builder.tar\ndocker load < policy-builder.tar\n").unwrap();
    other.runs(lines);
    let image = Unpacked::read(&other.here().join("out/policy-engine.tar"));
    let labels = &image.config["config"]["Labels"];
    let policies = labels["policy-engine.policies"].as_str().unwrap();
    for name in ["image-age", "working-hours"] {
        assert!(policies.contains(&format!("\"name\":\"{name}\"")), "{policies}");
    }
}
