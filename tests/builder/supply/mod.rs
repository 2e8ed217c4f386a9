//! Documents attached to images, and the commands that check images by them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{
    Folder, WORK_DIR, digest, python, repository, root, run, sentence, shown_commands,
};

/// The repository's image, as an argument.
fn image() -> &'static str {
    repository().archive.to_str().unwrap()
}

/// The output of a builder command, which must exit with this status.
fn printed(command: &mut Command, code: i32) -> String {
    let output = command.assert().code(code).get_output().clone();
    String::from_utf8(output.stdout).unwrap()
}

fn document(option: &str) -> Value {
    let text = printed(&mut Folder::new().builder(&["inspect", image(), option]), 0);
    serde_json::from_str(&text).unwrap()
}

/// The names and roles of a bill's components.
fn components(bom: &Value) -> BTreeSet<(&str, &str)> {
    let components = bom["components"].as_array().unwrap().iter();
    components
        .map(|component| {
            (
                component["name"].as_str().unwrap(),
                component["properties"][0]["value"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn sbom_lists_the_linked_crates_with_their_roles() {
    let bom = document("--sbom");
    let components = components(&bom);
    for linked in [
        ("allowed-registries", "policy"),
        ("http-authz", "policy"),
        ("pod-security", "policy"),
        ("kube-objects", "support"),
        ("policy-api", "engine"),
        ("policy-engine", "engine"),
        ("policy-confinement", "engine"),
        ("policy-console", "engine"),
        ("policy-report", "engine"),
        ("policy-text", "engine"),
        ("policy-tls", "engine"),
        ("linkme", "third-party"),
        ("serde", "third-party"),
        ("tokio", "third-party"),
        ("rust-std", "toolchain"),
    ] {
        assert!(components.contains(&linked), "{linked:?} is not in {components:?}");
    }
    // These run at compile time, or are for other platforms, or for what is left out.
    for name in ["serde_derive", "linkme-impl", "syn", "windows-sys", "opentelemetry", "insta"] {
        assert!(components.iter().all(|(component, _)| *component != name), "{name} is there");
    }
    let pod_security = bom["components"].as_array().unwrap().iter();
    let pod_security =
        pod_security.clone().find(|component| component["name"] == "pod-security").unwrap();
    let policies = pod_security["properties"].as_array().unwrap().iter();
    let policies: Vec<_> = policies.skip(1).map(|property| &property["value"]).collect();
    assert_eq!(policies, ["pod-security-baseline@0.1.0", "pod-security-restricted@0.1.0"]);
    let program = repository().image.file("bin/policy-engine");
    let of_program = &bom["metadata"]["component"]["hashes"][0]["content"];
    assert_eq!(format!("sha256:{}", of_program.as_str().unwrap()), digest(&program));
}

/// Every crate from a registry is pinned there as in the repository's own lock.
#[test]
fn sbom_hashes_are_those_of_the_lock() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let bom = document("--sbom");
    let mut count = 0;
    for component in bom["components"].as_array().unwrap() {
        let Some(hash) = component["hashes"][0]["content"].as_str() else { continue };
        let [name, version] = ["name", "version"].map(|key| component[key].as_str().unwrap());
        let pinned = format!("name = \"{name}\"\nversion = \"{version}\"\n");
        let (_, rest) = lock.split_once(&pinned).unwrap();
        assert!(rest.split("[[package]]").next().unwrap().contains(hash), "{name} {version}");
        assert!(component["licenses"][0]["expression"].is_string(), "{component}");
        count += 1;
    }
    assert!(count > 50, "{count} crates");

    let provenance = document("--provenance");
    let sources = &provenance["predicate"]["buildDefinition"]["resolvedDependencies"];
    let sources = sources.as_array().unwrap();
    for source in sources {
        assert_eq!(source["digest"].as_object().unwrap().len(), 1, "{source}");
    }
    let of_roles: BTreeSet<_> =
        sources.iter().filter_map(|source| source["annotations"]["role"].as_str()).collect();
    assert_eq!(of_roles, ["engine", "policy", "support", "third-party"].into());
    assert!(sources.iter().any(|source| source["name"] == "serde_derive"));
    assert_eq!(
        format!("sha256:{}", provenance["subject"][0]["digest"]["sha256"].as_str().unwrap()),
        repository().image.digests[0]
    );
}

#[test]
fn folder_digest_equals_that_of_the_specified_command() {
    let folder = Folder::new();
    folder
        .builder(&["generate", "--output", "workspace", "--policies"])
        .arg(root().join("policies"))
        .args(repository().same_revision())
        .assert()
        .success();
    // In the words of the specification.
    let shown = shown_commands().into_iter().map(|shown| shown.command);
    let script =
        shown.filter(|command| command.ends_with("| sha256sum")).collect::<Vec<_>>().join("\n");
    let provenance = document("--provenance");
    let sources = &provenance["predicate"]["buildDefinition"]["resolvedDependencies"];
    for place in ["policies/pod-security", "engine/api"] {
        let source =
            sources.as_array().unwrap().iter().find(|source| source["name"] == place).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).current_dir(folder.path().join("workspace").join(place));
        let summed = printed(&mut shell, 0);
        assert_eq!(source["digest"]["dirHash"], summed.split(' ').next().unwrap(), "{place}");
    }
}

#[test]
#[cfg_attr(not(has_python), ignore = "needs Python with `ensurepip`")]
fn upstream_libraries_validate_the_documents() {
    let python = python();
    let folder = Folder::new();
    for (option, file) in [("--sbom", "sbom.json"), ("--provenance", "provenance.json")] {
        fs::write(folder.path().join(file), document(option).to_string()).unwrap();
    }
    let script = root().join("tests/builder/supply/documents.py");
    let mut read = Command::new(python.join("bin/python"));
    read.arg(script).args(["sbom.json", "provenance.json"]).current_dir(folder.path());
    assert_eq!(printed(&mut read, 0), "all is as it should be\n");
}

#[test]
fn inspect_prints_the_image() {
    let text = printed(&mut Folder::new().builder(&["inspect", image()]), 0);
    let (repository, platform) = (repository(), &repository().image.config["architecture"]);
    for line in [
        "image      docker.io/library/policy-engine:latest\n".to_owned(),
        format!("digest     {}\n", repository.image.digests[0]),
        format!("platform   linux/{}, ", platform.as_str().unwrap()),
        "created    1970-01-01T00:00:00Z\n".to_owned(),
        "engine     0.1.0\n".to_owned(),
        "policy     pod-security-baseline 0.1.0 (pod-security)\n".to_owned(),
    ] {
        assert!(text.contains(&line), "{line} is not in {text}");
    }
    let found = printed(&mut Folder::new().builder(&["inspect", image(), "--format", "json"]), 0);
    let found: Value = serde_json::from_str(&found).unwrap();
    let platform = &found["platforms"][0];
    assert_eq!(platform["policies"], repository.report["policies"]);
    assert_eq!(platform["size"], repository.report["image"]["size"]);
    assert_eq!(platform["revision"].as_str(), repository.revision.as_deref());
    assert_eq!(platform["sbom"], true);
}

/// A layout's documents are listed, and it is still copied by its tag, with the digest it has.
#[test]
#[cfg_attr(not(has_skopeo), ignore = "needs skopeo")]
fn skopeo_copies_the_image_from_a_layout_with_documents() {
    let folder = Folder::new();
    let layout = ["--oci-layout", "layout", "--tag", "v7"];
    repository().packed_again(&folder).args(layout).assert().success();
    let path = folder.path().join("layout");
    let index: Value = serde_json::from_slice(&fs::read(path.join("index.json")).unwrap()).unwrap();
    let types: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|manifest| &manifest["artifactType"])
        .collect();
    let [sbom, statement] =
        ["application/vnd.cyclonedx+json", "application/vnd.in-toto+json"].map(Value::from);
    assert_eq!(types, [&Value::Null, &sbom, &statement]);

    let copy = folder.path().join(format!("copy-{}.tar", process::id()));
    let [from, to] =
        [format!("oci:{}:v7", path.display()), format!("oci-archive:{}", copy.display())];
    run("skopeo", &["copy", "--quiet", &from, &to]);
    let same = printed(folder.builder(&["diff", image()]).arg(&copy), 0);
    assert_eq!(
        same,
        "note      only one of the images tells: builder, compiler, target, features, api, support, \
         package\n"
    );
    let mut inspect = folder.builder(&["inspect", "--sbom"]);
    assert_eq!(
        sentence(&folder.fails_as(inspect.arg(&copy))),
        format!(
            "the image `{}` has no bill of materials attached\nhelp: build the image with \
             `policy-builder image`, and copy it with a tool that copies referrers",
            copy.display()
        )
    );
}

#[test]
fn diff_prints_the_differences_of_two_images() {
    let folder = Folder::new();
    repository()
        .packed_again(&folder)
        .args(["--created", "1700000000", "--output", "other.tar"])
        .assert()
        .success();
    let other = folder.path().join("other.tar");
    let different = printed(folder.builder(&["diff", image()]).arg(&other), 2);
    assert!(
        different.starts_with("created   1970-01-01T00:00:00Z -> 2023-11-14T22:13:20Z\nlayer     "),
        "{different}"
    );
    let same = printed(&mut folder.builder(&["diff", image(), image()]), 0);
    assert_eq!(same, "");
    let json = printed(&mut folder.builder(&["diff", image(), image(), "--format", "json"]), 0);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json, json!({"same": true, "changes": [], "notCompared": []}));
    assert_eq!(
        sentence(&folder.fails_as(&mut folder.builder(&["diff", image(), "none.tar"]))),
        "failed to read the image `none.tar`: failed to query resolved metadata \
         `none.tar`: No such file or directory (os error 2)"
    );
}

#[test]
fn verify_rebuilds_the_image_and_compares_digests() {
    let folder = Folder::new();
    let verify = |policies: &Path, image: &Path| {
        let mut verify = folder.builder(&["verify", "--work-dir", WORK_DIR, "--policies"]);
        verify.arg(policies).arg(image);
        verify
    };
    let policies = root().join("policies");
    assert_eq!(
        printed(&mut verify(&policies, &repository().archive), 0),
        format!(
            "verified  {}\ndigest    {}, built again from `{}`\n",
            image(),
            repository().image.digests[0],
            policies.display()
        )
    );

    // What the same workspace is said to have given, with something added to the program. Another
    // process writes it, as in `Unpacked::write_files`.
    folder
        .builder(&["generate", "--output", "workspace", "--policies"])
        .arg(&policies)
        .args(repository().same_revision())
        .assert()
        .success();
    let mut shell = Command::new("sh");
    shell.args(["-c", "cp \"$0\" program && printf more >> program"]);
    shell.arg(repository().program()).current_dir(folder.path()).assert().success();
    let packed = ["pack", "--program", "program", "--workspace", "workspace"];
    folder.builder(&packed).args(["--output", "other.tar"]).assert().success();
    let said = folder.fails_as(&mut verify(&policies, Path::new("other.tar")));
    let (why, differences) = said.split_once("this differs:\n").unwrap();
    assert!(
        why.contains("error: the image `other.tar` is not what these sources give for linux/"),
        "{why}"
    );
    let program = digest(repository().image.layers()[1]);
    assert!(differences.starts_with("layer     2 sha256:"), "{differences}");
    assert!(
        differences.ends_with(&format!(
            " -> {program}\nnote      only one of the images tells: compiler, package\n"
        )),
        "{differences}"
    );
}
