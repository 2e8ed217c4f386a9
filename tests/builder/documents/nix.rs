use super::coverage::Scene;
use super::script::Script;
use crate::support::{DockerTag, Nix, Shell, WORK_DIR, on_path, root};

/// The documented commands reuse the builds of the other flake tests.
#[test]
#[cfg_attr(not(all(has_nix, has_docker)), ignore = "needs Nix with flakes and a Docker engine")]
fn readme_nix_commands_run() {
    let nix = Nix::find();
    let mut script = Script::new(Scene::Nix);
    let mut shell = Shell::new(WORK_DIR, &[]);
    // The flake of the folder that commands run in is the repository.
    let options = format!(
        "subcommand=$1; shift\n\
         if [ $subcommand = build ]; then set -- --out-link \"$PWD/result\" \"$@\"; fi\n\
         cd {}\nset -- $subcommand {} \"$@\"\n",
        root().display(),
        nix.options("").join(" ")
    );
    shell.before("nix", &on_path("nix"), &options);
    let listed = shell.runs(&script.takes("nix run")).get_output().stdout.clone();
    assert!(String::from_utf8(listed).unwrap().contains("pod-security-restricted"));
    let build = script.takes("nix build");
    script.ends();
    let _tag = DockerTag::take(DockerTag::ENGINE);
    let loaded = shell.runs(&build).get_output().stdout.clone();
    let loaded = String::from_utf8(loaded).unwrap();
    assert!(loaded.contains("Loaded image: policy-engine:latest"), "{loaded}");
}
