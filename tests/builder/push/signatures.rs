//! Signatures in registries: made, found, checked, and verified by others.

use std::fs;
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::layout::Layout;
use super::{builder_without_login, manifest, push, pushed};
use crate::support::{FaultyProxy, Folder, OciRegistry, ProxyAction, node_modules, root, sentence};

const SBOM: &str = "application/vnd.cyclonedx+json";
const STATEMENT: &str = "application/vnd.in-toto+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const INDEX: &str = "Content-Type: application/vnd.oci.image.index.v1+json\r\n";
const IMAGE_SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";
const CYCLONEDX: &str = "https://cyclonedx.org/bom";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";

/// A file of the fixed keys.
fn key(name: &str) -> String {
    root().join("engine/signing/src/golden").join(name).to_str().unwrap().to_owned()
}

/// An image with a bill of materials and provenance.
fn image(folder: &Folder) -> Layout<'_> {
    let bom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}"#;
    let image = Layout::new(folder, "image", "amd64", 1000).with_document(SBOM, bom);
    let sha256 = image.digest(0).replace("sha256:", "");
    let statement = json!({"_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "engine", "digest": {"sha256": sha256}}],
        "predicateType": PROVENANCE, "predicate": {"buildDefinition": {}}});
    image.with_document(STATEMENT, &statement.to_string())
}

/// What the builder prints as JSON.
fn printed(folder: &Folder, arguments: &[&str]) -> Value {
    let mut builder = builder_without_login(folder);
    let output = builder.args(arguments).args(["--format", "json"]).assert().success();
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let mut builder = builder_without_login(folder);
    sentence(&folder.fails_as(builder.args(arguments)))
}

/// The bundles that `inspect` lists, as files.
fn bundles(folder: &Folder, registry: &OciRegistry, reference: &str) -> Vec<String> {
    let found = printed(folder, &["inspect", reference]);
    let signatures = found["signatures"].as_array().unwrap().iter().enumerate();
    let files = signatures.map(|(place, signature)| {
        let referrer = manifest(registry, "engine", signature["bundle"].as_str().unwrap()).json();
        assert_eq!(referrer["artifactType"], BUNDLE);
        assert_eq!(referrer["subject"]["digest"], found["digest"]);
        let blob = referrer["layers"][0]["digest"].as_str().unwrap();
        let path = format!("/v2/engine/blobs/{blob}");
        let blob = registry.http().send("GET", &path, &[], Vec::new());
        let file = folder.path().join(format!("bundle-{place}.json"));
        fs::write(&file, blob.body).unwrap();
        file.to_str().unwrap().to_owned()
    });
    files.collect()
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_node)),
    ignore = "needs `docker-registry` and Node.js with npm"
)]
fn sigstore_for_javascript_verifies_pushed_signatures() {
    let (registry, folder) = (OciRegistry::start(), Folder::new());
    let image = image(&folder);
    let reference = format!("{}/engine:v1", registry.address());
    pushed(&mut push(&folder, &["image", &reference, "--sign", "--key", &key("key.pem")]));
    let script = root().join("tests/builder/push/sigstore.js");
    let verified = |key: &str| {
        let mut node = Command::new("node");
        node.arg(&script).arg(node_modules()).arg(key);
        node.args(bundles(&folder, &registry, &reference)).output().unwrap()
    };
    let output = verified(&key("key.pub"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let sha256 = image.digest(0).replace("sha256:", "");
    let signed = [IMAGE_SIGNATURE, CYCLONEDX, PROVENANCE].map(|kind| format!("{kind} {sha256}\n"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), signed.concat());
    assert!(!verified(&key("other.pub")).status.success());
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_openssl)),
    ignore = "needs `docker-registry` and `openssl`"
)]
fn openssl_verifies_what_a_bundle_signs() {
    let (registry, folder) = (OciRegistry::start(), Folder::new());
    image(&folder);
    let reference = format!("{}/engine:v1", registry.address());
    let passphrase = folder.path().join("passphrase");
    fs::write(&passphrase, "correct\n").unwrap();
    let encrypted = key("encrypted.pem");
    let with = ["--sign", "--key", &encrypted, "--passphrase", passphrase.to_str().unwrap()];
    pushed(push(&folder, &["image", &reference]).args(with));
    let files = bundles(&folder, &registry, &reference);
    assert_eq!(files.len(), 3);
    for file in files {
        let bundle: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let envelope = &bundle["dsseEnvelope"];
        let decoded = |text: &Value| BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap();
        let (payload, kind) = (decoded(&envelope["payload"]), envelope["payloadType"].as_str());
        let kind = kind.unwrap();
        let mut signed = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        signed.extend(payload);
        fs::write(folder.path().join("signed"), signed).unwrap();
        let signature = decoded(&envelope["signatures"][0]["sig"]);
        fs::write(folder.path().join("signature"), signature).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["dgst", "-sha256", "-verify", &key("key.pub"), "-signature", "signature"]);
        let output = openssl.arg("signed").current_dir(folder.path()).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "Verified OK\n");
    }
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn image_in_a_registry_is_signed_once_and_verified() {
    let (registry, folder) = (OciRegistry::start(), Folder::new());
    let image = image(&folder);
    let reference = format!("{}/engine:v1", registry.address());
    pushed(&mut push(&folder, &["image", &reference]));
    let verify = ["verify", &reference, "--key", &key("key.pub")];
    let said = refused(&folder, &verify);
    let not_signed = |digest: &str| {
        format!(
            "the image `{reference}` is not signed: no Sigstore bundle refers to `{digest}`\nhelp: \
             sign it with `policy-builder sign`; the image of one platform of several is signed by \
             `--recursive`"
        )
    };
    assert_eq!(said, not_signed(&image.digest(0)));

    let sign = ["sign", &reference, "--key", &key("key.pem")];
    let signed = printed(&folder, &sign);
    assert_eq!((&signed["digest"], &signed["added"]), (&image.digest(0).into(), &json!(3)));
    let changes = registry.changes("engine");
    let again = printed(&folder, &sign);
    assert_eq!((&again["signatures"], &again["added"]), (&signed["signatures"], &json!(0)));
    assert_eq!(registry.changes("engine"), changes);

    let verified = printed(&folder, &verify);
    assert_eq!(
        verified,
        json!({
            "image": reference,
            "digest": image.digest(0),
            "policies": null,
            "key": signed["key"],
            "signed": {
                "documents": [
                    {"platform": null, "document": "bill of materials"},
                    {"platform": null, "document": "provenance"},
                ],
                "notLookedAt": [],
            },
        })
    );
    let said = refused(&folder, &["verify", &reference, "--key", &key("other.pub")]);
    assert!(said.contains(" does not hold: it is signed by the key sha256:"), "{said}");

    // The tag is another image's now.
    let other = Layout::new(&folder, "other", "arm64", 10);
    pushed(&mut push(&folder, &["other", &reference]));
    assert_eq!(refused(&folder, &verify), not_signed(&other.digest(0)));
}

/// This registry has no such API, which is put before it here.
#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn signatures_are_found_by_the_referrers_api() {
    let (registry, folder) = (OciRegistry::start(), Folder::new());
    let image = image(&folder);
    let reference = format!("{}/engine:v1", registry.address());
    pushed(&mut push(&folder, &["image", &reference, "--sign", "--key", &key("key.pem")]));
    let tag = image.digest(0).replace(':', "-");
    let listed = manifest(&registry, "engine", &tag).body;
    let listed: &'static str = String::from_utf8(listed).unwrap().leak();
    let proxy = FaultyProxy::new(registry.address(), move |request, _| {
        if request.contains("/referrers/") {
            ProxyAction::RespondWith(200, INDEX.to_owned(), listed)
        } else if request.contains(&tag) {
            ProxyAction::Respond(404, "")
        } else {
            ProxyAction::Forward
        }
    });
    let reference = format!("{}/engine:v1", proxy.address());
    let verified = printed(&folder, &["verify", &reference, "--key", &key("key.pub")]);
    assert_eq!(verified["digest"], image.digest(0));
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn registry_that_takes_no_signature_gets_no_tag() {
    let (registry, folder) = (OciRegistry::start(), Folder::new());
    let image = image(&folder);
    let index = image.digest(0).replace(':', "-");
    let proxy = FaultyProxy::new(registry.address(), move |request, _| {
        let is_meant = request.contains("PUT ") && request.contains(&index);
        if is_meant { ProxyAction::Respond(415, "") } else { ProxyAction::Forward }
    });
    let reference = format!("{}/engine:v1", proxy.address());
    let arguments = ["push", "image", &reference, "--sign", "--key", &key("key.pem")];
    let said = refused(&folder, &arguments);
    assert!(said.contains("the registry answers a manifest with 415"), "{said}");
    assert!(!registry.tags("engine").contains(&"v1".to_owned()));
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn archive_is_signed_as_it_is_pushed() {
    let (registry, folder) = (OciRegistry::start(), Folder::new());
    let layout = image(&folder);
    layout.archived(&folder.path().join("image.tar"));
    assert_eq!(
        refused(&folder, &["sign", "image.tar", "--key", &key("key.pem")]),
        "failed to sign the image `image.tar`: the image `image.tar` is an archive, in which nothing \
         can be attached to it\nhelp: sign it as it is pushed, with `policy-builder push image.tar \
         REFERENCE --sign --key KEY`, or in its registry with `policy-builder sign REFERENCE --key \
         KEY`"
    );
    let reference = format!("{}/engine:v1", registry.address());
    pushed(&mut push(&folder, &["image.tar", &reference, "--sign", "--key", &key("key.pem")]));
    let verified = printed(&folder, &["verify", &reference, "--key", &key("key.pub")]);
    assert_eq!(verified["digest"], layout.digest(0));
}

#[test]
fn signing_needs_both_a_key_and_the_wish() {
    let folder = Folder::new();
    for arguments in [
        &["sign", "image"][..],
        &["push", "image", "--sign"],
        &["push", "image", "--key", "key.pem"],
        &["push", "image", "--sign", "--key", "key.pem", "--no-referrers"],
    ] {
        builder_without_login(&folder).args(arguments).assert().code(64);
    }
}
