use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{Folder, Loaded, Unpacked, cargo, digest, repository, run, write_program};

/// A target that this machine does not run without an emulator.
const TARGET: &str = "aarch64-unknown-linux-musl";
const EMULATOR: &str = "qemu-aarch64-static";
/// What is said wherever policies run under it.
const UNCONFINED: &str = " WARN policy_engine::confinement: confinement: this kernel or container has \
                          neither Landlock nor filters of system calls: nothing confines policies; \
                          threads ran before the program began, and nothing confines them: an \
                          emulator's, or those of a dependency that runs code before `main`\n";

/// The image of the repository's policies for both processors.
struct Joined {
    cargo: PathBuf,
    archive: PathBuf,
    layout: PathBuf,
    report: Value,
    /// The standard error and output of the builder.
    said: [String; 2],
}

/// Builds the image once for all tests. The half for this machine is cached.
fn joined() -> &'static Joined {
    static JOINED: OnceLock<Joined> = OnceLock::new();
    JOINED.get_or_init(build)
}

/// Compiles the images for both processors, so that later builds by this Cargo are cached.
pub(crate) fn compile() -> &'static Path {
    &joined().cargo
}

/// Makes a Cargo that does not optimise for the other processor, neither for speed nor for size. What the
/// tests prove is that a program is made for it, and decides there; optimising takes minutes, and this
/// processor's program proves it.
fn quick_cargo(folder: &Path) -> PathBuf {
    let script = format!(
        "#!/bin/bash\ncase \"$*\" in 'build '*{TARGET}*)\n\
         set -- \"$@\" --config profile.release.opt-level=0 --config profile.release.codegen-units=16\n\
         for table in $(sed -n 's/^\\[\\(profile.release.package.*\\)\\]$/\\1/p' \"$3\"); do\n\
         set -- \"$@\" --config \"$table.opt-level=0\"; done;;\n\
         esac\nexec '{}' \"$@\"\n",
        Path::new(&cargo()).display()
    );
    let place = folder.join("cargo");
    write_program(&place, script);
    place
}

fn build() -> Joined {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("platforms");
    // What an earlier run left there.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let [archive, layout, report] =
        ["image.tar", "layout", "report.json"].map(|name| folder.join(name));
    let cargo = quick_cargo(&folder);
    let built = repository()
        .packed_again(&Folder::new())
        .env("CARGO", &cargo)
        .args(["--platform", "linux/arm64,linux/amd64", "--repo", "policy-platforms", "--tag"])
        .arg(process::id().to_string())
        .arg("--output")
        .arg(&archive)
        .arg("--oci-layout")
        .arg(&layout)
        .arg("--report")
        .arg(&report)
        .assert()
        .success();
    let said = [&built.get_output().stderr, &built.get_output().stdout];
    Joined {
        cargo,
        archive,
        layout,
        report: serde_json::from_slice(&fs::read(report).unwrap()).unwrap(),
        said: said.map(|said| String::from_utf8(said.clone()).unwrap()),
    }
}

#[test]
#[cfg_attr(not(has_arm64), ignore = "needs a toolchain and an emulator for linux/arm64")]
fn index_lists_one_image_per_platform() {
    let joined = joined();
    let whole = &joined.report["image"]["digest"];
    let index: Value =
        serde_json::from_slice(&fs::read(joined.layout.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["manifests"][0]["digest"], *whole);
    let place = format!("blobs/{}", whole.as_str().unwrap().replace(':', "/"));
    let bytes = fs::read(joined.layout.join(&place)).unwrap();
    assert_eq!(digest(&bytes), whole.as_str().unwrap());
    let index: Value = serde_json::from_slice(&bytes).unwrap();
    let images = ["amd64", "arm64"].map(|name| Unpacked::read_for(&joined.archive, name));
    let listed = |place: usize| &index["manifests"][place];
    for (place, (image, name)) in images.iter().zip(["amd64", "arm64"]).enumerate() {
        assert_eq!(listed(place)["platform"], json!({"architecture": name, "os": "linux"}));
        assert_eq!(listed(place)["digest"], image.digests[0]);
        assert_eq!(joined.report["platforms"][place]["image"]["digest"], image.digests[0]);
        assert_eq!(image.config["architecture"], name);
        // Also of the one that does not start here.
        let labels = &image.config["config"]["Labels"];
        assert_eq!(*labels, repository().image.config["config"]["Labels"]);
    }
    assert_eq!(images[0].digests, repository().image.digests);
    let [meanwhile, summary] = &joined.said;
    assert!(!meanwhile.contains("do not start here"), "{meanwhile}");
    let end = format!("digest    {}\n", whole.as_str().unwrap());
    assert!(summary.contains(&end), "{summary}");
}

#[test]
#[cfg_attr(not(has_arm64), ignore = "needs a toolchain and an emulator for linux/arm64")]
fn cross_compiled_program_decides_as_the_native_one() {
    let joined = joined();
    let folder = tempfile::tempdir().unwrap();
    let files = folder.path().join("image");
    Unpacked::read_for(&joined.archive, "arm64").write_files(&files);
    let program = files.join("bin/policy-engine");
    let emulated = |arguments: &[&str]| {
        let mut command = Command::new(EMULATOR);
        command.arg(&program).args(arguments);
        command
    };
    let own = |arguments: &[&str]| crate::support::engine(arguments).assert().get_output().clone();
    let list = ["list", "--format", "json"];
    emulated(&list).assert().success().stdout(own(&list).stdout);
    let version: Value =
        serde_json::from_slice(&emulated(&["version", "--format", "json"]).unwrap().stdout)
            .unwrap();
    assert_eq!(version["target"], TARGET);
    let decided = |options: &[&str]| {
        emulated(&[options, &["eval", "pod-security-restricted"]].concat())
            .write_stdin("kind: Pod\nspec: {hostNetwork: true}\n")
            .assert()
            .code(2)
    };
    let known = decided(&["--confinement", "off"]).stderr("");
    let decided = decided(&[]).stderr(UNCONFINED).stdout(known.get_output().stdout.clone());
    let decision: Value = serde_json::from_slice(&decided.get_output().stdout).unwrap();
    assert_eq!(decision["verdict"], "denied");
    assert_eq!(decision["output"]["violations"][0]["check"], "hostNamespaces");
}

#[test]
#[cfg_attr(
    not(all(has_docker, has_arm64)),
    ignore = "needs a Docker engine and a toolchain and an emulator for linux/arm64"
)]
fn docker_loads_the_image_of_its_platform() {
    let joined = joined();
    let name = joined.report["image"]["name"].as_str().unwrap();
    let image = Loaded::load("docker", &joined.archive, name);
    assert_eq!(image.said, format!("Loaded image: {name}"));
    assert_eq!(image.inspected()["Architecture"], "amd64");
    image.ran(&["list"], "").code(0);
}

#[test]
#[cfg_attr(
    not(all(has_podman, has_arm64)),
    ignore = "needs Podman and a toolchain and an emulator for linux/arm64"
)]
fn podman_loads_the_image_of_its_platform() {
    let joined = joined();
    let name = joined.report["image"]["name"].as_str().unwrap();
    let image = Loaded::load("podman", &joined.archive, name);
    assert!(image.said.contains(name), "{}", image.said);
    assert_eq!(image.inspected()["Architecture"], "amd64");
}

#[test]
#[cfg_attr(
    not(all(has_skopeo, has_arm64)),
    ignore = "needs skopeo and a toolchain and an emulator for linux/arm64"
)]
fn skopeo_reads_the_image_of_the_requested_platform() {
    let joined = joined();
    let place = format!("oci-archive:{}", joined.archive.display());
    let raw = run("skopeo", &["inspect", "--raw", &place]).stdout;
    assert_eq!(digest(raw.trim_ascii_end()), joined.report["image"]["digest"]);
    let arm = run("skopeo", &["--override-arch", "arm64", "inspect", &place]).stdout;
    let arm: Value = serde_json::from_slice(&arm).unwrap();
    assert_eq!(arm["Architecture"], "arm64");
}

#[test]
fn unsupported_platform_is_refused() {
    let folder = Folder::new().policy("anything");
    let refused = |arguments: &[&str]| {
        let refused = folder.builder(&["image"]).args(arguments).assert().code(64).stdout("");
        String::from_utf8(refused.get_output().stderr.clone()).unwrap()
    };
    let said = refused(&["--platform", "linux/amd64,linux/arm/v7"]);
    assert!(
        said.starts_with(
            "error: invalid value 'linux/arm/v7' for '--platform <PLATFORMS>': found \
             `linux/arm/v7`, expected `linux/amd64` or `linux/arm64`, for which the engine's \
             cryptography is written\n"
        ),
        "{said}"
    );
    let said = refused(&["--platform", "linux/amd64", "--target", TARGET]);
    assert!(said.contains("cannot be used with"), "{said}");
}
