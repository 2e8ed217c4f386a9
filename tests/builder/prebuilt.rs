use std::fs;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use object::elf::{EM_AARCH64, EM_X86_64};
use serde_json::{Value, json};

use crate::support::{Folder, Unpacked, digest, repository, root, run, sentence};

/// A folder with the workspace of the repository's policies.
fn folder() -> Folder {
    let folder = Folder::new();
    laid_out(&folder, "workspace", &[]);
    folder
}

fn laid_out(folder: &Folder, name: &str, arguments: &[&str]) {
    folder
        .builder(&["generate", "--output", name, "--policies"])
        .arg(root().join("policies"))
        .args(repository().same_revision())
        .args(arguments)
        .assert()
        .success()
        .stdout(format!("{name}\n"));
}

/// A stand-in for the same program for another processor, and its target.
pub(super) fn for_another_processor(mut program: Vec<u8>) -> (&'static str, Vec<u8>) {
    let is_arm = program[18..20] == EM_AARCH64.0.to_le_bytes();
    let (target, machine) = if is_arm {
        ("x86_64-unknown-linux-musl", EM_X86_64)
    } else {
        ("aarch64-unknown-linux-musl", EM_AARCH64)
    };
    program[18..20].copy_from_slice(&machine.0.to_le_bytes());
    // In the padding, so that no emulator takes it for what it can run.
    program[15] = 1;
    (target, program)
}

/// Adds a workspace for another processor and a stand-in for its program; returns the target.
fn with_other_processor(folder: &Folder) -> &'static str {
    let (target, program) = for_another_processor(fs::read(repository().program()).unwrap());
    laid_out(folder, "other", &["--target", target]);
    fs::write(folder.path().join("program"), program).unwrap();
    target
}

/// Options by which a program is packed or an image of it labelled.
fn program(workspace: &str) -> [String; 4] {
    let program = repository().program().display().to_string();
    ["--program".to_owned(), program, "--workspace".to_owned(), workspace.to_owned()]
}

#[test]
fn packed_program_gives_the_built_image() {
    let folder = folder();
    let packed = folder
        .builder(&["pack", "--output", "packed.tar"])
        .args(program("workspace"))
        .assert()
        .success();
    let packed_image = Unpacked::read(&folder.path().join("packed.tar"));
    assert_eq!(packed_image.digests, repository().image.digests);
    let summary = String::from_utf8(packed.get_output().stdout.clone()).unwrap();
    assert!(repository().summary.contains(summary.split("written").next().unwrap()), "{summary}");
    assert!(summary.ends_with("\nwritten   packed.tar\n"), "{summary}");
}

#[test]
fn program_of_another_workspace_is_refused() {
    let folder = folder();
    let packed = |program: &str, workspace: &str| {
        let options = ["pack", "--program", program, "--workspace", workspace];
        sentence(&folder.fails_as(&mut folder.builder(&options)))
    };
    assert_eq!(
        packed("nothing", "workspace"),
        "failed to read the program: failed to open file `nothing`: No such file or directory (os \
         error 2)\nhelp: name one with `--program`"
    );
    assert!(
        packed("workspace/Cargo.toml", "workspace")
            .starts_with("`workspace/Cargo.toml` is not an ELF program: ")
    );
    assert_eq!(
        packed("program", "policies"),
        "`policies` is no workspace that `policy-builder generate` laid out: failed to open file \
         `policies/program/policies.json`: No such file or directory (os error 2)\nhelp: name the \
         one that the program was compiled from with `--workspace`"
    );
}

#[test]
fn program_for_another_processor_is_refused() {
    let folder = folder();
    let target = with_other_processor(&folder);
    let mut pack = folder.builder(&["pack"]);
    let said = folder.fails_as(pack.args(program("other")));
    assert_eq!(
        sentence(&said),
        format!(
            "`{}` is for another processor than `{target}`, which its workspace was laid out \
             for\nhelp: compile it for that target, or lay the workspace out with the other \
             `--target`",
            repository().program().display()
        )
    );
}

#[test]
fn program_that_lacks_a_policy_is_refused() {
    let folder = folder();
    let asked = folder.path().join("workspace/program/policies.json");
    let text = fs::read_to_string(&asked).unwrap();
    let packed = || {
        let mut pack = folder.builder(&["pack"]);
        sentence(&folder.fails_as(pack.args(program("workspace"))))
    };
    fs::write(&asked, text.replace("\"http-authz\"", "\"another\"")).unwrap();
    assert_eq!(
        packed(),
        "policy crate `another` is linked, but registered nothing: the linker dropped its \
         policies\nhelp: build with another linker, and report this"
    );
    fs::write(&asked, text.replace("\"target\"", "\"aim\"")).unwrap();
    assert_eq!(
        packed(),
        "`workspace/program/policies.json` is not as this version of policy-builder writes it: \
         missing field `target` at line 24 column 1\nhelp: lay the workspace out again with \
         `policy-builder generate`"
    );
}

/// A Docker archive of one image, as nixpkgs' dockerTools writes it.
fn docker_archive(config: &Value) -> Vec<u8> {
    let config = config.to_string();
    let name = format!("{}.json", digest(config.as_bytes()).replace("sha256:", ""));
    let manifest = json!([{"Config": name, "Layers": ["abc/layer.tar"], "RepoTags": ["a:b"]}]);
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in
        [("abc/layer.tar", "layer"), (&name, &config), ("manifest.json", &manifest.to_string())]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mtime(1);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, name, bytes.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn label_adds_the_same_labels_to_a_foreign_image() {
    let folder = folder();
    let mut config = json!({
        "architecture": "amd64",
        "config": {"Cmd": ["serve"], "Labels": {"kept": "yes"}},
        "created": "1980-01-01T00:00:01+00:00",
        "os": "linux",
        "rootfs": {"diff_ids": [digest(b"layer")], "type": "layers"},
    });
    let foreign = docker_archive(&config);
    let labelled = |arguments: &[&str]| {
        let mut label = folder.builder(&["label", "--revision", "c0ffee"]);
        label.args(program("workspace")).args(arguments).write_stdin(foreign.as_slice());
        label.assert().success().get_output().stdout.clone()
    };
    let labels = &mut config["config"]["Labels"];
    *labels = repository().image.config["config"]["Labels"].clone();
    labels["kept"] = "yes".into();
    labels["org.opencontainers.image.created"] = "1980-01-01T00:00:01+00:00".into();
    labels["org.opencontainers.image.revision"] = "c0ffee".into();
    let expected = docker_archive(&config);
    assert!(labelled(&[]) == expected);
    let mut unpacked = Vec::new();
    GzDecoder::new(labelled(&["--gzip"]).as_slice()).read_to_end(&mut unpacked).unwrap();
    assert!(unpacked == expected);
}

#[test]
fn label_refuses_input_that_is_no_image() {
    let folder = folder();
    let mut label = folder.builder(&["label"]);
    let label = label.args(program("workspace")).write_stdin("no archive");
    assert_eq!(
        sentence(&folder.fails_as(label)),
        "failed to read the image archive from standard input: failed to read entire block; \
         expected a plain tar archive, as `docker save` and nixpkgs' \
         `dockerTools.streamLayeredImage` write it"
    );
}

#[test]
fn base_command_writes_the_image_files_except_the_program() {
    let folder = Folder::new();
    let base = ["base", "--output", "base"];
    folder.builder(&base).assert().success().stdout("base\n");
    let entries = repository().image.entries().into_iter();
    let expected =
        entries.filter(|entry| entry.path.starts_with("etc/") && !entry.path.ends_with('/'));
    let expected =
        expected.map(|entry| (Path::new("base").join(entry.path), entry.bytes)).collect();
    assert!(folder.contents() == expected);
    assert_eq!(
        folder.fails_as(&mut folder.builder(&base)),
        "error: failed to write the base layer to `base`: the folder is not empty, so it is left \
         unchanged\nhelp: empty it, or choose another name\n"
    );
}

/// A folder with images of two platforms, joined in `joined`, and what the builder said of that.
fn joined() -> (Folder, String) {
    let folder = folder();
    let target = with_other_processor(&folder);
    let pack = ["pack", "--tag", "v1", "--oci-layout"];
    folder.builder(&pack).arg("one").args(program("workspace")).assert().success();
    let other = ["two", "--program", "program", "--workspace", "other"];
    folder.builder(&pack).args(other).assert().success().stderr(format!(
        "note: programs for {target} do not start here, so what this one reports is not compared \
         with what was asked for\n"
    ));
    let index = folder.builder(&["index", "--output", "joined", "two", "one"]).assert().success();
    let said = String::from_utf8(index.get_output().stdout.clone()).unwrap();
    (folder, said)
}

#[test]
fn index_joins_images_of_two_platforms() {
    let (folder, said) = joined();
    let read = |path: &str| fs::read(folder.path().join(path)).unwrap();
    let named: Value = serde_json::from_slice(&read("joined/index.json")).unwrap();
    let of_whole = named["manifests"][0]["digest"].as_str().unwrap();
    assert_eq!(said, format!("digest    {of_whole}\nwritten   joined\n"));
    let whole = read(&format!("joined/blobs/{}", of_whole.replace(':', "/")));
    assert_eq!(digest(&whole), of_whole);
    let parsed: Value = serde_json::from_slice(&whole).unwrap();
    let architectures = [0, 1].map(|index| &parsed["manifests"][index]["platform"]["architecture"]);
    assert_eq!(architectures, ["amd64", "arm64"]);
}

#[test]
#[cfg_attr(not(has_skopeo), ignore = "needs skopeo")]
fn skopeo_reads_the_joined_index() {
    let (folder, _) = joined();
    let image = format!("oci:{}:v1", folder.path().join("joined").display());
    let whole = run("skopeo", &["inspect", "--raw", &image]).stdout;
    let index = fs::read_to_string(folder.path().join("joined/index.json")).unwrap();
    assert!(index.contains(&digest(&whole)), "{index}");
}

#[test]
fn index_refuses_images_that_do_not_belong_together() {
    let folder = folder();
    let mut pack = folder.builder(&["pack", "--oci-layout", "one"]);
    pack.args(program("workspace")).assert().success();
    let joined = |layouts: [&str; 2]| {
        let mut index = folder.builder(&["index", "--output", "again"]);
        folder.fails_as(index.args(layouts))
    };
    assert_eq!(
        joined(["one", "one"]),
        format!(
            "error: `one` and `one` are both for linux/{}\nhelp: leave out one of them, or pack \
             it for another platform\n",
            repository().image.config["architecture"].as_str().unwrap()
        )
    );
    assert_eq!(
        joined(["one", "policies"]),
        "error: `policies` is not a layout of one image: failed to open file \
         `policies/oci-layout`: No such file or directory (os error 2); expected a folder with \
         an OCI image layout\n"
    );
}
