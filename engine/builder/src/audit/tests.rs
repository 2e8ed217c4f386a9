use serde_json::{Value, json};

use super::*;
use crate::steps::engine::PROGRAM;
use crate::steps::image::labels;
use crate::steps::image::pack::tests::sample;
use crate::steps::image::pack::{ImageOptions, ProgramImage};
use crate::steps::provenance::materials::tests::{local, remote};
use crate::steps::provenance::{Materials, Parameters, provenance, sbom};
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::self_check::Reported;
use crate::steps::workspace::BuildPlan;
use policy_cargo::{LinkedPackage, PackageId};
use policy_host::progress::Progress;
use policy_oci::store::RegistryOptions;
use policy_oci::{Compression, Image, MultiPlatform, SourceDate};

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// The contents of the test images: each policy crate as name, version and digest of its sources.
#[derive(Clone)]
struct Made<'a> {
    policies: &'a [(&'a str, &'a str, &'a str)],
    serde: &'a str,
    rustc: Option<&'a str>,
    binary: &'a [u8],
    revision: Option<&'a str>,
    compression: Compression,
}

const MADE: Made<'_> = Made {
    policies: &[("geo", "1.0.0", "aa"), ("words", "2.0.0", "bb")],
    serde: "1.0.1",
    rustc: Some("rustc 1.95.0 (abc 2026-04-14)"),
    binary: b"program",
    revision: Some(COMMIT),
    compression: Compression::Gzip,
};

impl Made<'_> {
    fn image(&self) -> Image {
        let plan = json!({
            "engine": "0.1.0", "api": "0.1.0", "target": "aarch64-unknown-linux-musl",
            "features": ["otlp"], "revision": self.revision,
            "policies": (self.policies.iter().map(|(name, version, _)| {
                json!({"crate": name, "version": version, "folder": name})
            }).collect::<Vec<_>>()),
        });
        let plan: BuildPlan = serde_json::from_value(plan).unwrap();
        let created: SourceDate = "1700000000".parse().unwrap();
        let reported: Vec<_> = self.policies.iter().map(reported).collect();
        let contents = ProgramImage {
            binary: self.binary,
            options: ImageOptions { created, compression: self.compression, ..sample().options },
            labels: labels::labels(&plan, Some(&reported), Some(&created.to_string())),
            ..sample()
        };
        let mut image = contents.pack().unwrap();

        let mut all: Vec<_> = self
            .policies
            .iter()
            .map(|(name, version, hash)| local(name, version, &format!("policies/{name}"), hash))
            .collect();
        all.push(local(PROGRAM, "0.1.0", "program", "cc"));
        all.push(local("policy-engine", "0.1.0", "engine/runtime", "dd"));
        all.push(remote("serde", self.serde, CRATES_IO, Some("ee")));
        all.push(remote("serde_derive", self.serde, CRATES_IO, Some("ff")));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        let linked =
            all.iter().filter(|material| material.id.name != "serde_derive").map(|material| {
                LinkedPackage {
                    id: material.id.clone(),
                    license: Some("MIT/Apache-2.0".to_owned()),
                    dependencies: uses(
                        &material.id,
                        &all.iter().map(|material| material.id.clone()).collect::<Vec<_>>(),
                    ),
                }
            });
        let linked: Vec<_> = linked.collect();
        let materials = Materials { all, lock: "10cc".to_owned() };
        let parameters = Parameters {
            plan: &plan,
            created,
            compression: self.compression,
            rustc: self.rustc,
            binary: self.binary,
        };
        if self.rustc.is_some() {
            image.attach(&sbom(&parameters, &materials, &linked, &reported).unwrap()).unwrap();
        }
        image.attach(&provenance(&image, &parameters, &materials).unwrap()).unwrap();
        image
    }

    fn described(&self) -> Described {
        Described::read(&self.image()).unwrap()
    }
}

fn reported((name, version, _): &(&str, &str, &str)) -> Reported {
    Reported {
        name: format!("{name}-policy"),
        version: (*version).to_owned(),
        crate_name: (*name).to_owned(),
    }
}

/// The program uses everything in folders, and those use what comes from elsewhere.
fn uses(id: &PackageId, all: &[PackageId]) -> Vec<PackageId> {
    let is_program = id.name == PROGRAM;
    let is_used = |found: &&PackageId| match (&found.source, is_program) {
        (None, true) => found.name != PROGRAM,
        (Some(_), false) => id.source.is_none() && found.name == "serde",
        _ => false,
    };
    all.iter().filter(is_used).cloned().collect()
}

fn documents(of: &Described) -> [Value; 2] {
    let of = &of.platforms[0];
    [&of.sbom, &of.provenance].map(|json| serde_json::from_slice(json.as_deref().unwrap()).unwrap())
}

#[test]
fn sbom_lists_linked_packages_with_their_roles() {
    let [bom, _] = documents(&MADE.described());
    assert_eq!(bom["metadata"]["timestamp"], "2023-11-14T22:13:20Z");
    let program = &bom["metadata"]["component"];
    assert_eq!(
        (&program["type"], &program["name"]),
        (&json!("application"), &json!("policy-engine"))
    );
    let of_program = crate::steps::provenance::sha256(MADE.binary);
    assert_eq!(program["hashes"], json!([{"alg": "SHA-256", "content": of_program}]));
    let components = bom["components"].as_array().unwrap();
    let names: Vec<_> =
        components.iter().map(|component| component["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["geo", "policy-engine", "serde", "words", "rust-std"]);
    assert_eq!(
        components[0],
        json!({
            "type": "library",
            "bom-ref": "pkg:cargo/geo@1.0.0?download_url=file:policies%2Fgeo",
            "name": "geo",
            "version": "1.0.0",
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
            "purl": "pkg:cargo/geo@1.0.0?download_url=file:policies%2Fgeo",
            "properties": [
                {"name": "policy-engine:role", "value": "policy"},
                {"name": "policy-engine:policy", "value": "geo-policy@1.0.0"},
            ],
        })
    );
    assert_eq!(
        components[2],
        json!({
            "type": "library",
            "bom-ref": "pkg:cargo/serde@1.0.1",
            "name": "serde",
            "version": "1.0.1",
            "hashes": [{"alg": "SHA-256", "content": "ee"}],
            "licenses": [{"expression": "MIT OR Apache-2.0"}],
            "purl": "pkg:cargo/serde@1.0.1",
            "properties": [{"name": "policy-engine:role", "value": "third-party"}],
        })
    );
    let of_program = bom["dependencies"].as_array().unwrap().iter();
    let mut of_program = of_program.filter(|component| component["ref"] == program["bom-ref"]);
    let used = of_program.next().unwrap()["dependsOn"].as_array().unwrap().iter();
    let used: Vec<_> =
        used.map(|dependency| dependency.as_str().unwrap().split('?').next().unwrap()).collect();
    assert_eq!(
        used,
        [
            "pkg:cargo/geo@1.0.0",
            "pkg:cargo/policy-engine@0.1.0",
            "pkg:cargo/words@2.0.0",
            "rust-std"
        ]
    );
}

#[test]
fn provenance_names_the_image_and_every_source_by_digest() {
    let described = MADE.described();
    let [_, statement] = documents(&described);
    assert_eq!(
        statement["subject"],
        json!([{
            "name": "example.com:5000/team/policy-engine",
            "digest": {"sha256": described.digest.digest()},
        }])
    );
    let definition = &statement["predicate"]["buildDefinition"];
    assert_eq!(
        definition["externalParameters"],
        json!({
            "target": "aarch64-unknown-linux-musl",
            "engineFeatures": ["otlp"],
            "created": "2023-11-14T22:13:20Z",
            "compression": "gzip",
            "revision": COMMIT,
        })
    );
    assert_eq!(
        definition["internalParameters"],
        json!({"engine": "0.1.0", "rustc": "rustc 1.95.0 (abc 2026-04-14)", "profile": "release"})
    );
    let sources = definition["resolvedDependencies"].as_array().unwrap();
    let shown =
        sources.iter().map(|source| (source["name"].as_str().unwrap(), source["digest"].clone()));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            ("policies/geo", json!({"dirHash": "aa"})),
            ("engine/runtime", json!({"dirHash": "dd"})),
            ("program", json!({"dirHash": "cc"})),
            ("serde", json!({"sha256": "ee"})),
            ("serde_derive", json!({"sha256": "ff"})),
            ("policies/words", json!({"dirHash": "bb"})),
            ("Cargo.lock", json!({"sha256": "10cc"})),
            ("revision", json!({"gitCommit": COMMIT})),
        ]
    );
    assert_eq!(
        sources[0]["annotations"],
        json!({"crate": "geo", "version": "1.0.0", "role": "policy"})
    );
}

#[test]
fn provenance_of_a_packed_program_names_the_program_and_no_compiler() {
    let packed = Made { rustc: None, revision: Some("c0ffee-dirty"), ..MADE }.described();
    let platform = &packed.platforms[0];
    assert!(platform.sbom.is_none());
    let statement: Value = serde_json::from_slice(platform.provenance.as_ref().unwrap()).unwrap();
    let definition = &statement["predicate"]["buildDefinition"];
    assert!(definition["buildType"].as_str().unwrap().ends_with("#pack"), "{definition}");
    assert_eq!(definition["internalParameters"], json!({"engine": "0.1.0"}));
    let last = definition["resolvedDependencies"].as_array().unwrap().last().unwrap();
    assert_eq!(last["name"], "policy-engine");
    assert_eq!(last["digest"]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn statement_about_another_image_is_ignored() {
    let mut image = Made { binary: b"another", ..MADE }.image();
    let of_other = MADE.described().platforms.remove(0).provenance.unwrap();
    let of_other: Value = serde_json::from_slice(&of_other).unwrap();
    let own = Described::read(&image).unwrap().platforms.remove(0).provenance;
    let document = policy_oci::image::Attachment::statement(
        &of_other,
        "x.json",
        "https://slsa.dev/provenance/v1",
    );
    image.attach(&document.unwrap()).unwrap();
    assert_eq!(Described::read(&image).unwrap().platforms.remove(0).provenance, own);
}

/// The differences between two images as they are printed, without digests of the images' parts.
fn differences(old: &Made<'_>, new: &Made<'_>) -> Vec<String> {
    let difference = Difference::between(&old.described(), &new.described());
    let text = difference.to_string();
    let lines = text.lines().filter(|line| !line.starts_with("layer"));
    lines.map(str::to_owned).collect()
}

#[test]
fn equal_images_have_no_difference() {
    let difference = Difference::between(&MADE.described(), &MADE.described());
    assert!(difference.same);
    assert_eq!(difference.to_string(), "");
}

#[test]
fn changed_policies_are_listed() {
    let changed = Made {
        policies: &[("geo", "1.1.0", "a2"), ("hours", "0.1.0", "ab")],
        binary: b"other program",
        ..MADE
    };
    assert_eq!(
        differences(&MADE, &changed),
        [
            "policy    geo-policy 1.0.0 -> 1.1.0",
            "policy    hours-policy 0.1.0: added",
            "policy    words-policy 2.0.0: removed",
        ]
    );
    let same_version = Made { policies: &[("geo", "1.0.0", "a2"), MADE.policies[1]], ..MADE };
    let same_version = Made { binary: b"other program", ..same_version };
    assert_eq!(
        differences(&MADE, &same_version),
        ["policy    geo-policy 1.0.0: other sources, dirHash:aa -> dirHash:a2"]
    );
    let difference = Difference::between(&MADE.described(), &same_version.described());
    let json = serde_json::to_value(&difference).unwrap();
    assert_eq!(json["same"], false);
    assert_eq!(
        json["changes"][0],
        json!({
            "of": "policy", "name": "geo-policy", "change": "sources", "version": "1.0.0",
            "old": "dirHash:aa", "new": "dirHash:a2",
        })
    );
}

#[test]
fn other_changes_are_listed_in_the_order_of_causes() {
    let changed = Made {
        serde: "1.0.2",
        rustc: Some("rustc 1.96.0 (def 2026-05-28)"),
        binary: b"other program",
        revision: None,
        ..MADE
    };
    assert_eq!(
        differences(&MADE, &changed),
        [
            "compiler  rustc 1.95.0 (abc 2026-04-14) -> rustc 1.96.0 (def 2026-05-28)",
            "package   serde 1.0.1 -> 1.0.2",
            "note      only one of the images tells: revision",
        ]
    );
}

#[test]
fn image_without_documents_is_compared_by_labels() {
    let bare = Made { rustc: None, policies: &MADE.policies[..1], binary: b"other", ..MADE };
    assert_eq!(
        differences(&MADE, &bare),
        [
            "policy    words-policy 2.0.0: removed",
            "note      only one of the images tells: compiler, package",
        ]
    );
}

#[test]
fn each_platform_of_an_index_has_its_own_documents() {
    let folder = tempfile::tempdir().unwrap();
    let layouts = ["arm", "other"].map(|name| folder.path().join(name));
    MADE.image().write_layout_dir(&layouts[0]).unwrap();
    let amd = ProgramImage { platform: "linux/amd64".parse().unwrap(), ..sample() };
    amd.pack().unwrap().write_layout_dir(&layouts[1]).unwrap();
    let joined = folder.path().join("joined");
    let whole = MultiPlatform::from_layouts(&layouts).unwrap();
    whole.write_layout_dir(&joined).unwrap();
    let [old, new] = [&layouts[0], &joined]
        .map(|path| Described::open(path.to_str().unwrap(), RegistryOptions::default()));
    let (old, new) = (old.unwrap(), new.unwrap());
    assert_eq!(new.digest, *whole.digest());
    let shown = new.platforms.iter().map(|image| (image.platform.as_str(), image.sbom.is_some()));
    assert_eq!(shown.collect::<Vec<_>>(), [("linux/amd64", false), ("linux/arm64", true)]);
    assert_eq!(
        Difference::between(&old, &new).to_string(),
        format!("target    linux/amd64 {}: added\n", new.platforms[0].digest)
    );
}

#[test]
fn image_without_provenance_is_not_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    sample().pack().unwrap().write_archive_file(&path).unwrap();
    let sources =
        Sources { policies: folder.path(), engine: None, work_dir: None, locked: Locked::Free };
    let name = path.to_str().unwrap();
    let there = Described::open(name, RegistryOptions::default()).unwrap();
    let Err(error) = verify(name, &there, &sources, &Progress::new()) else {
        panic!("it is verified")
    };
    assert_eq!(
        error.to_string(),
        format!(
            "the image `{name}` says neither in provenance nor in labels what it was made \
             from\nhelp: name an image of `policy-builder image`"
        )
    );
}

#[test]
fn index_of_the_platforms_is_verified() {
    let amd = ProgramImage { platform: "linux/amd64".parse().unwrap(), ..sample() };
    let images = [MADE.image(), amd.pack().unwrap()];
    let alone = MADE.described();
    let digest = MultiPlatform::from_images(&images).unwrap().digest().clone();
    let joined = Described { digest: digest.clone(), ..MADE.described() };
    assert!(verify::check_index("a.tar", &alone, &images[..1]).is_ok());
    assert!(verify::check_index("a.tar", &joined, &images).is_ok());
    let other = MultiPlatform::from_images(&images[..1]).unwrap().digest().clone();
    let error = verify::check_index("a.tar", &joined, &images[..1]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the images for the platforms of `a.tar` match these sources, but the index that joins \
             them does not: found `{digest}`, expected `{other}`\nhelp: write the index with \
             `policy-builder image --platform` or `policy-builder index`"
        )
    );
}

/// Or nothing would be built, and all of it be verified.
#[test]
fn empty_index_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = json!({"schemaVersion": 2, "manifests": []}).to_string();
    let digest = policy_oci::sha256(index.as_bytes()).unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    };
    write(&format!("blobs/sha256/{}", digest.digest()), &index);
    write("oci-layout", "{}");
    let media_type = "application/vnd.oci.image.index.v1+json";
    let listed = json!({"mediaType": media_type, "digest": digest, "size": index.len()});
    write("index.json", &json!({"schemaVersion": 2, "manifests": [listed]}).to_string());
    let name = folder.path().to_str().unwrap();
    assert_eq!(
        Described::open(name, RegistryOptions::default()).unwrap_err().to_string(),
        format!(
            "failed to read the image `{name}`: it is for 0 platforms, expected 1 to \
             100; expected an OCI image layout (a folder or an archive) or a Docker archive"
        )
    );
}
