use std::fs;
use std::path::Path;
use std::process::Command;

use object::elf::{FileHeader64, PT_INTERP};
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, FileKind};
use serde_json::{Value, json};
use toml_edit::DocumentMut;

use crate::support::{Folder, Unpacked, WORK_DIR, digest, engine, repository, root};

const POLICIES: [(&str, &str); 4] = [
    ("allowed-registries", "allowed-registries"),
    ("http-authz", "http-authz"),
    ("pod-security-baseline", "pod-security"),
    ("pod-security-restricted", "pod-security"),
];

/// The other tests start what it starts.
#[test]
fn cargo_image_is_the_command_of_the_builder() {
    let configuration = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    let configuration: DocumentMut = configuration.parse().unwrap();
    let command = configuration["alias"]["image"].as_str();
    assert_eq!(command, Some("run --package policy-builder -- image"));
}

#[test]
fn archive_has_oci_and_docker_metadata() {
    let image = &repository().image;
    let names: Vec<_> = image.members.keys().filter(|name| !name.starts_with("blobs/")).collect();
    assert_eq!(names, ["index.json", "manifest.json", "oci-layout"]);
    assert_eq!(image.members["oci-layout"], br#"{"imageLayoutVersion":"1.0.0"}"#);

    let docker: Value = serde_json::from_slice(&image.members["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"], json!(["policy-engine:latest"]));
    let config = docker[0]["Config"].as_str().unwrap();
    assert_eq!(config, format!("blobs/{}", image.digests[1].replace(':', "/")));
    let layers = docker[0]["Layers"].as_array().unwrap().iter();
    let layers: Vec<_> = layers.map(|path| &*image.members[path.as_str().unwrap()]).collect();
    assert_eq!(layers, image.layers());
}

#[test]
fn blobs_are_named_by_their_digests() {
    let blobs = repository().image.members.iter().filter(|(name, _)| name.starts_with("blobs/"));
    let mut count = 0;
    for (name, bytes) in blobs {
        assert_eq!(*name, format!("blobs/{}", digest(bytes).replace(':', "/")));
        count += 1;
    }
    assert_eq!(
        count, 9,
        "the image's four, two documents with manifests, and an empty configuration"
    );
}

#[test]
fn image_holds_only_program_user_and_certificates() {
    let entries = repository().image.entries();
    let found: Vec<_> = entries.iter().map(|entry| (&*entry.path, entry.mode)).collect();
    let expected = [
        ("etc/", 0o755),
        ("etc/group", 0o644),
        ("etc/passwd", 0o644),
        ("etc/ssl/", 0o755),
        ("etc/ssl/certs/", 0o755),
        ("etc/ssl/certs/ca-certificates.crt", 0o644),
        ("bin/", 0o755),
        ("bin/policy-engine", 0o755),
    ];
    assert_eq!(found, expected);
    assert!(entries.iter().all(|entry| (entry.owner, entry.time) == ((0, 0), 0)));

    let image = &repository().image;
    let passwd = String::from_utf8(image.file("etc/passwd")).unwrap();
    assert!(passwd.contains("policy-engine:x:1000:1000:"), "{passwd}");
    let certificates = String::from_utf8(image.file("etc/ssl/certs/ca-certificates.crt")).unwrap();
    assert!(certificates.matches("-----BEGIN CERTIFICATE-----").count() > 100);
}

#[test]
fn image_configuration_has_user_entrypoint_and_environment() {
    let config = &repository().image.config;
    assert_eq!(config["os"], "linux");
    assert_eq!(config["created"], "1970-01-01T00:00:00Z");
    assert_eq!(config["config"]["User"], "1000:1000");
    assert_eq!(config["config"]["Entrypoint"], json!(["/bin/policy-engine"]));
    assert_eq!(config["config"]["Cmd"], json!(["serve"]));
    let environment = config["config"]["Env"].as_array().unwrap();
    assert!(environment.contains(&json!("POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:8181")));
    assert_eq!(config["config"]["ExposedPorts"], json!({"8181/tcp": {}}));
}

#[test]
fn labels_list_policies_and_versions() {
    let labels = &repository().image.config["config"]["Labels"];
    let policies: Value =
        serde_json::from_str(labels["policy-engine.policies"].as_str().unwrap()).unwrap();
    assert_eq!(policies, repository().report["policies"]);
    let found: Vec<_> = policies
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| (policy["name"].as_str().unwrap(), policy["crate"].as_str().unwrap()))
        .collect();
    assert_eq!(found, POLICIES);
    assert_eq!(labels["org.opencontainers.image.title"], "policy-engine");
    assert_eq!(labels["org.opencontainers.image.created"], "1970-01-01T00:00:00Z");
    let revision = labels.get("org.opencontainers.image.revision").and_then(Value::as_str);
    assert_eq!(revision, repository().revision.as_deref());
}

#[test]
fn report_agrees_with_the_image() {
    let repository = repository();
    let (report, image) = (&repository.report, &repository.image);
    let [manifest, config] = &image.digests;
    assert_eq!(report["image"]["name"], "policy-engine:latest");
    assert_eq!(report["image"]["digest"], **manifest);
    assert_eq!(report["image"]["configDigest"], **config);
    let layers = image.layers().into_iter().map(<[u8]>::len).sum::<usize>();
    let named = image.digests.iter().map(|digest| format!("blobs/{}", digest.replace(':', "/")));
    let named: usize = named.map(|path| image.members[&path].len()).sum();
    assert_eq!(report["image"]["size"], layers + named);
    for (index, layer) in image.layers().into_iter().enumerate() {
        let reported = &report["image"]["layers"][index];
        assert_eq!(reported["digest"], digest(layer));
        assert_eq!(reported["compressedSize"], layer.len());
    }
    assert_eq!(report["binary"]["size"], image.file("bin/policy-engine").len());
    let phases = report["phases"].as_array().unwrap().iter();
    let phases: Vec<_> = phases.map(|phase| phase["name"].as_str().unwrap()).collect();
    assert_eq!(phases, ["discover", "generate", "resolve", "vet", "compile", "check", "pack"]);

    let summary = &repository.summary;
    for line in [
        format!("digest    {manifest}\n"),
        format!("written   {}\n", repository.archive.display()),
        "image     policy-engine:latest, ".to_owned(),
        "policy    pod-security-restricted 0.1.0 (pod-security)\n".to_owned(),
    ] {
        assert!(summary.contains(&line), "{line} is not in {summary}");
    }
}

/// Lints see the engine with the feature `otlp`. Here it has none.
#[test]
fn engine_without_features_compiles_without_warnings() {
    let messages = &repository().messages;
    assert!(!messages.contains("warning"), "{messages}");
}

#[test]
fn program_is_statically_linked() {
    let program = repository().image.file("bin/policy-engine");
    assert_eq!(FileKind::parse(&*program).unwrap(), FileKind::Elf64);
    let header = FileHeader64::<Endianness>::parse(&*program).unwrap();
    let endian = header.endian().unwrap();
    let segments = header.program_headers(endian, &*program).unwrap();
    assert!(segments.iter().all(|segment| segment.p_type(endian) != PT_INTERP));
}

#[test]
fn program_lists_its_crates_and_policies() {
    let version = engine(&["version", "--format", "json"]).output().unwrap();
    let version: Value = serde_json::from_slice(&version.stdout).unwrap();
    assert_eq!(version["engine"], "0.1.0");
    assert_eq!(version["target"], repository().report["binary"]["target"]);
    let crates = ["allowed-registries", "http-authz", "pod-security"]
        .map(|name| json!({"name": name, "version": "0.1.0", "grants": []}));
    assert_eq!(version["crates"], json!(crates));

    let list = engine(&["list", "--format", "json"]).output().unwrap();
    let mut list: Value = serde_json::from_slice(&list.stdout).unwrap();
    for (policy, (name, crate_name)) in list.as_array_mut().unwrap().iter_mut().zip(POLICIES) {
        let checks = policy.as_object_mut().unwrap().remove("checks").unwrap();
        assert!(checks[0]["summary"].as_str().unwrap().len() > 20, "{policy}");
        assert_eq!(policy["name"], name);
        assert_eq!(policy["crate"], crate_name);
        assert_eq!(policy["version"], "0.1.0");
        assert!(policy["description"].as_str().unwrap().len() > 20, "{policy}");
    }
    assert_eq!(version["policies"], list);
    assert_eq!(list.as_array().unwrap().len(), POLICIES.len());
}

/// The repository's root is around the work folder too, where the target folder is in it.
#[test]
fn program_contains_no_path_of_the_build_machine() {
    let program = repository().image.file("bin/policy-engine");
    let program = String::from_utf8_lossy(&program);
    let home = std::env::home_dir().unwrap();
    let cargo_home = std::env::var_os("CARGO_HOME").map_or(home.join(".cargo"), Into::into);
    let standard_library = standard_library();
    for path in [root(), Path::new(WORK_DIR), &cargo_home, &home.join(".rustup")] {
        let path = path.to_str().unwrap();
        assert!(path.len() > 5, "`{path}` is too short to tell");
        for rest in program.split(path).skip(1) {
            let file = path.to_owned() + rest.split_once(".rs").unwrap_or_default().0;
            assert!(standard_library.contains(&file), "`{file}` is in the program");
        }
    }
}

/// The standard library for the program's target, which was compiled elsewhere: what paths it
/// holds, the builder cannot help.
fn standard_library() -> String {
    let target = repository().report["binary"]["target"].as_str().unwrap();
    let folder =
        Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    let folder = String::from_utf8(folder.unwrap().stdout).unwrap();
    let files = fs::read_dir(folder.trim()).unwrap().map(|entry| entry.unwrap().path());
    let libraries =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "rlib"));
    libraries.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
}

#[test]
fn second_build_gives_the_same_bytes_and_report() {
    let folder = Folder::new();
    repository().packed_again(&folder).args(["--report", "report.json"]).assert().success();
    let archive = fs::read(folder.path().join("policy-engine.tar")).unwrap();
    assert!(archive == fs::read(&repository().archive).unwrap());
    let report = fs::read(folder.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["image"], repository().report["image"]);
}

/// In a work folder that no other test uses.
#[test]
fn second_build_compiles_nothing() {
    let folder = Folder::new().small_engine();
    let compiled = || {
        let printed = folder
            .builder(&["image", "--engine", "source", "--work-dir", "work", "--format", "json"])
            .assert()
            .success();
        let report: Value = serde_json::from_slice(&printed.get_output().stdout).unwrap();
        report["binary"]["crates"]["fresh"].as_u64().unwrap()
    };
    assert!(compiled() > 0);
    assert_eq!(compiled(), 0);
}

#[test]
fn environment_sets_image_name_and_date() {
    let folder = Folder::new();
    repository()
        .packed_again(&folder)
        .env("POLICY_ENGINE_IMAGE_REPO", "registry.example.com:5000/team/policies")
        .env("POLICY_ENGINE_TAG", "v7")
        .env("SOURCE_DATE_EPOCH", "1700000000")
        .args(["--output", "named.tar"])
        .assert()
        .success();
    let image = Unpacked::read(&folder.path().join("named.tar"));
    assert_eq!(image.config["created"], "2023-11-14T22:13:20Z");
    assert!(image.entries().iter().all(|entry| entry.time == 1_700_000_000));
    let docker: Value = serde_json::from_slice(&image.members["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"][0], "registry.example.com:5000/team/policies:v7");
    let index: Value = serde_json::from_slice(&image.members["index.json"]).unwrap();
    assert_eq!(
        index["manifests"][0]["annotations"],
        json!({
            "io.containerd.image.name": "registry.example.com:5000/team/policies:v7",
            "org.opencontainers.image.ref.name": "v7",
        })
    );
}

#[test]
fn options_override_the_environment() {
    let folder = Folder::new();
    repository()
        .packed_again(&folder)
        .env("POLICY_ENGINE_IMAGE_REPO", "other")
        .env("POLICY_ENGINE_TAG", "v7")
        .args(["--repo", "mine", "--tag", "v8"])
        .assert()
        .success();
    let image = Unpacked::read(&folder.path().join("policy-engine.tar"));
    let docker: Value = serde_json::from_slice(&image.members["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"], json!(["mine:v8"]));
}

#[test]
fn oci_layout_holds_the_same_image_as_the_archive() {
    let folder = Folder::new();
    repository().packed_again(&folder).args(["--oci-layout", "layout"]).assert().success();
    let mut written = folder.contents();
    let mut expected = repository().image.members.clone();
    // Its index lists the documents as well.
    for file in ["manifest.json", "index.json"] {
        expected.remove(file);
    }
    let expected =
        expected.into_iter().map(|(name, bytes)| (Path::new("layout").join(name), bytes));
    let index = written.remove(Path::new("layout/index.json")).unwrap();
    assert!(written == expected.collect(), "found {:?}", written.keys());
    let index: Value = serde_json::from_slice(&index).unwrap();
    assert_eq!(index["manifests"][0]["digest"], repository().image.digests[0]);
}
