//! Signing an image in a folder, and each kind of tampering with its own sentence.

use std::path::Path;
use std::rc::Rc;

use oci_spec::image::Descriptor;
use policy_host::progress::Progress;
use policy_oci::attach::{Attached, attach};
use policy_oci::image::{Attachment, Image, Referrer};
use policy_oci::store::{self, MOST_REFERRERS, RegistryOptions, Store as _};
use policy_oci::{MultiPlatform, SourceDate};
use policy_signing::{BUNDLE, Bundle, PrivateKey, PublicKey, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::audit::Described;
use crate::steps::image::pack::ProgramImage;
use crate::steps::image::pack::tests::sample;
use crate::steps::provenance::statement::PROVENANCE;

const KEY: &str = include_str!("../../../signing/src/golden/key.pem");
const PUBLIC: &str = include_str!("../../../signing/src/golden/key.pub");
const OTHER: &str = include_str!("../../../signing/src/golden/other.pub");
const SBOM: &str = "application/vnd.cyclonedx+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const STATEMENT: &str = "application/vnd.in-toto+json";

fn key() -> PrivateKey {
    PrivateKey::from_pem(KEY, None).unwrap()
}

/// A layout of an image with a bill of materials and provenance.
struct Layout {
    folder: TempDir,
    root: Descriptor,
}

fn image_for(platform: &str) -> Image {
    let image = ProgramImage { platform: platform.parse().unwrap(), ..sample() };
    let mut image = image.pack().unwrap();
    image.attach(&sbom(platform)).unwrap();
    let digest = image.manifest_digest().digest().to_owned();
    image.attach(&provenance(&digest, "a")).unwrap();
    image
}

fn sbom(says: &str) -> Attachment {
    Attachment::sbom(&json!({"bomFormat": "CycloneDX", "says": says})).unwrap()
}

fn provenance(sha256: &str, says: &str) -> Attachment {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": sha256}}],
        "predicateType": PROVENANCE,
        "predicate": {"says": says},
    });
    Attachment::statement(&statement, "provenance.intoto.json", PROVENANCE).unwrap()
}

impl Layout {
    fn new() -> Self {
        Self::from_image(&image_for("linux/amd64"))
    }

    fn from_image(image: &Image) -> Self {
        let folder = tempfile::tempdir().unwrap();
        image.write_layout_dir(folder.path()).unwrap();
        Self { folder, root: image.root().unwrap() }
    }

    fn name(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    fn digest(&self) -> &str {
        self.root.digest().digest()
    }

    fn read(&self) -> Parts {
        let (store, described) =
            Described::open_with_store(self.name(), RegistryOptions::default()).unwrap();
        Parts::read(store.as_ref(), &described).unwrap()
    }

    /// Signs what is there, as `sign` does.
    fn sign(&self, recursive: bool) -> Result<Attached, SignatureError> {
        let signed = sign(self.name(), &self.read(), &key(), recursive)?;
        let referrers: Vec<_> = signed.into_iter().map(|signed| signed.into_parts().1).collect();
        Ok(self.attach(&referrers))
    }

    fn signed(self) -> Self {
        self.sign(false).unwrap();
        self
    }

    fn attach(&self, referrers: &[Referrer]) -> Attached {
        let progress = Rc::new(Progress::new());
        attach(self.name(), referrers, RegistryOptions::default(), &progress).unwrap()
    }

    /// Attaches a document to the image.
    fn add(&self, document: &Attachment) {
        self.attach(&[Referrer::new(document, &self.root, SourceDate::default()).unwrap()]);
    }

    /// Attaches a bundle, whatever is in it.
    fn add_bundle(&self, bundle: &Value, predicate_type: &str) {
        self.add(&Attachment::bundle(BUNDLE, bundle.to_string().into_bytes(), predicate_type));
    }

    /// Removes the referrers of a type and of a statement; gives the first one's document.
    fn remove(&self, artifact_type: &str, predicate_type: Option<&str>) -> Vec<u8> {
        let store = store::open(self.name(), RegistryOptions::default()).unwrap();
        let mut documents = Vec::new();
        for referrer in store.referrers(self.root.digest()).unwrap() {
            let of = referrer.annotations().as_ref().and_then(|annotations| {
                annotations.get("dev.sigstore.bundle.predicateType").map(String::as_str)
            });
            let is_of = predicate_type.is_none() || of == predicate_type;
            if is_of && referrer.artifact_type().as_ref().unwrap().as_ref() == artifact_type {
                let manifest: Value = store::document(store.as_ref(), &referrer, 1 << 20).unwrap();
                let document = manifest["layers"][0]["digest"].as_str().unwrap();
                let document = document.strip_prefix("sha256:").unwrap();
                documents.push(fs_err::read(self.blob(document)).unwrap());
                fs_err::remove_file(self.blob(referrer.digest().digest())).unwrap();
            }
        }
        documents.swap_remove(0)
    }

    fn blob(&self, sha256: &str) -> std::path::PathBuf {
        self.folder.path().join("blobs/sha256").join(sha256)
    }

    /// Changes a byte of a blob.
    fn damage(&self, sha256: &str) {
        let path = self.blob(sha256);
        let mut bytes = fs_err::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs_err::write(path, bytes).unwrap();
    }

    fn check_by(&self, key: &str) -> Result<Checked, String> {
        let key = PublicKey::from_pem(key).unwrap();
        let (store, described) =
            Described::open_with_store(self.name(), RegistryOptions::default())
                .map_err(|error| error.to_string())?;
        let parts = Parts::read(store.as_ref(), &described).map_err(|error| error.to_string())?;
        check(self.name(), store.as_ref(), &described, &parts, &key)
            .map_err(|error| error.to_string())
    }

    /// The sentence by which a check fails, with words for what varies.
    fn refused(&self) -> String {
        let error = self.check_by(PUBLIC).unwrap_err();
        let this = format!("sha256:{}", self.digest());
        let fingerprint = key().public_key().fingerprint().to_string();
        let error = error.replace(self.name(), "IMAGE").replace(&this, "THIS");
        let mut text = error.replace(&fingerprint, "KEY");
        while let Some((before, after)) = text.split_once("sha256:") {
            text = format!("{before}DIGEST{}", after.get(64..).unwrap());
        }
        text
    }
}

/// The bundle that a layout has of a type.
fn bundle_of(layout: &Layout, predicate_type: &str) -> Value {
    serde_json::from_slice(&layout.remove(BUNDLE, Some(predicate_type))).unwrap()
}

#[test]
fn signed_image_is_verified_with_all_its_documents() {
    let layout = Layout::new().signed();
    let checked = layout.check_by(PUBLIC).unwrap();
    assert_eq!(checked.documents, [(None, "bill of materials"), (None, "provenance")]);
    assert!(checked.others.is_empty());
    assert_eq!(checked.lines(), ["signed    bill of materials", "signed    provenance"]);
}

#[test]
fn signing_again_attaches_nothing() {
    let layout = Layout::new();
    assert_eq!(layout.sign(true).unwrap(), Attached { added: 3, there: 0 });
    let index = fs_err::read(layout.folder.path().join("index.json")).unwrap();
    assert_eq!(layout.sign(true).unwrap(), Attached { added: 0, there: 3 });
    assert_eq!(fs_err::read(layout.folder.path().join("index.json")).unwrap(), index);
}

/// As `cosign sign` does, and `cosign sign --recursive`.
#[test]
fn index_is_signed_and_its_images_where_that_is_asked_for() {
    let images = ["linux/amd64", "linux/arm64"].map(image_for);
    let joined = MultiPlatform::from_images(&images).unwrap();
    let folder = tempfile::tempdir().unwrap();
    joined.write_layout_dir(folder.path()).unwrap();
    let store = store::open(folder.path().to_str().unwrap(), RegistryOptions::default()).unwrap();
    let layout = Layout { folder, root: store.root().unwrap() };
    assert_eq!(layout.sign(false).unwrap(), Attached { added: 5, there: 0 });
    let checked = layout.check_by(PUBLIC).unwrap();
    assert_eq!(
        checked.lines(),
        [
            "signed    bill of materials for linux/amd64",
            "signed    provenance for linux/amd64",
            "signed    bill of materials for linux/arm64",
            "signed    provenance for linux/arm64",
        ]
    );
    assert_eq!(layout.sign(true).unwrap(), Attached { added: 2, there: 5 });
    assert!(layout.check_by(PUBLIC).is_ok());

    // Whoever swaps the image of one platform makes another index.
    layout.damage(images[1].manifest_digest().digest());
    let error = layout.check_by(PUBLIC).unwrap_err();
    assert!(error.contains("does not hold what it is named by"), "{error}");
}

#[test]
fn changed_layer_is_told() {
    let layout = Layout::new().signed();
    let manifest = fs_err::read(layout.blob(layout.digest())).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let layer = manifest["layers"][1]["digest"].as_str().unwrap();
    layout.damage(layer.strip_prefix("sha256:").unwrap());
    assert_eq!(
        layout.refused(),
        "the layer of the image `IMAGE` is not what was signed: `DIGEST` of the image does not hold \
         what it is named by, but `DIGEST`: the image is damaged"
    );
}

#[test]
fn changed_configuration_is_told() {
    let layout = Layout::new().signed();
    let manifest = fs_err::read(layout.blob(layout.digest())).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let config = manifest["config"]["digest"].as_str().unwrap();
    layout.damage(config.strip_prefix("sha256:").unwrap());
    assert_eq!(
        layout.refused(),
        "failed to read the image `IMAGE`: `DIGEST` of the image does not hold what it is named by, \
         but `DIGEST`: the image is damaged"
    );
}

#[test]
fn other_image_is_not_signed() {
    assert_eq!(
        Layout::new().refused(),
        "the image `IMAGE` is not signed: no Sigstore bundle refers to `THIS`\nhelp: sign it with \
         `policy-builder sign`; the image of one platform of several is signed by `--recursive`"
    );
}

#[test]
fn replaced_document_is_told() {
    let replaced = |name: &str| {
        format!(
            "the {name} `DIGEST` of `THIS` is not the one that was signed (`DIGEST`): it was changed \
             or replaced"
        )
    };
    let layout = Layout::new().signed();
    layout.remove(SBOM, None);
    layout.add(&sbom("something else"));
    assert_eq!(layout.refused(), replaced("bill of materials"));

    let layout = Layout::new().signed();
    layout.remove(STATEMENT, None);
    layout.add(&provenance(layout.digest(), "something else"));
    assert_eq!(layout.refused(), replaced("provenance"));

    // Beside the one that is signed.
    let layout = Layout::new().signed();
    layout.add(&sbom("something else"));
    assert_eq!(layout.refused(), replaced("bill of materials"));
}

#[test]
fn removed_or_unsigned_document_is_told() {
    let layout = Layout::new().signed();
    layout.remove(SBOM, None);
    assert_eq!(
        layout.refused(),
        "the bill of materials that was signed (`DIGEST`) is not attached to `THIS` any more: it was \
         removed"
    );
    let layout = Layout::new().signed();
    layout.remove(BUNDLE, Some(PROVENANCE));
    assert_eq!(
        layout.refused(),
        "the provenance `DIGEST` of `THIS` is not signed\nhelp: if it is yours, sign it with \
         `policy-builder sign`; else remove it"
    );
}

#[test]
fn changed_signature_is_told() {
    for (predicate_type, of) in
        [(policy_signing::IMAGE_SIGNATURE, "image `IMAGE`"), (PROVENANCE, "provenance of `THIS`")]
    {
        let layout = Layout::new().signed();
        let mut bundle = bundle_of(&layout, predicate_type);
        let other = Bundle::sign(&Statement::of_image("00").unwrap(), &key()).to_json().unwrap();
        let mut other: Value = serde_json::from_slice(&other).unwrap();
        bundle["dsseEnvelope"]["signatures"] = other["dsseEnvelope"]["signatures"].take();
        layout.add_bundle(&bundle, predicate_type);
        assert_eq!(
            layout.refused(),
            format!(
                "the signature `DIGEST` of the {of} does not hold: it names the key KEY, and its \
                 signature is not of that key: the statement or the signature was changed"
            )
        );
    }
}

#[test]
fn other_key_is_told() {
    let layout = Layout::new().signed();
    let error = layout.check_by(OTHER).unwrap_err();
    let other = PublicKey::from_pem(OTHER).unwrap().fingerprint();
    let expected = format!(
        "does not hold: it is signed by the key {}, expected the key {other}",
        key().public_key().fingerprint()
    );
    assert!(error.ends_with(&expected), "{error}");
}

#[test]
fn signature_of_another_image_is_told() {
    let other = Layout::from_image(&image_for("linux/arm64")).signed();
    let layout = Layout::new().signed();
    layout.remove(BUNDLE, Some(policy_signing::IMAGE_SIGNATURE));
    let bundle = bundle_of(&other, policy_signing::IMAGE_SIGNATURE);
    layout.add_bundle(&bundle, policy_signing::IMAGE_SIGNATURE);
    assert_eq!(
        layout.refused(),
        "the signature `DIGEST` of the image `IMAGE` is of another image: it says `DIGEST`, and this \
         one is `THIS`"
    );

    let layout = Layout::new().signed();
    layout.remove(BUNDLE, Some(PROVENANCE));
    layout.add_bundle(&bundle_of(&other, PROVENANCE), PROVENANCE);
    assert_eq!(
        layout.refused(),
        "the signature `DIGEST` of the provenance is of another image: it says `DIGEST`, and this one \
         is `THIS`"
    );
}

#[test]
fn keyless_signature_is_left_to_cosign() {
    let layout = Layout::new().signed();
    let mut bundle = bundle_of(&layout, policy_signing::IMAGE_SIGNATURE);
    bundle["verificationMaterial"] = json!({"certificate": {"rawBytes": "MIIC"}});
    layout.add_bundle(&bundle, policy_signing::IMAGE_SIGNATURE);
    assert_eq!(
        layout.refused(),
        "the signature `DIGEST` of the image `IMAGE` does not hold: it is signed with a certificate, \
         without a key, and certificates are not checked here: use `cosign verify`\nhelp: `cosign \
         verify IMAGE --certificate-identity … --certificate-oidc-issuer …` checks who signed it"
    );
    // Beside the signature by the key it says nothing.
    let layout = Layout::new().signed();
    layout.add_bundle(&bundle, policy_signing::IMAGE_SIGNATURE);
    let checked = layout.check_by(PUBLIC).unwrap();
    let [other] = checked.others.as_slice() else { panic!("{checked:?}") };
    assert!(other.ends_with(": a Sigstore bundle, signed by a certificate"), "{other}");
}

#[test]
fn bundle_that_cannot_be_read_is_told_with_the_reason() {
    let layout = Layout::new();
    let version = "application/vnd.dev.sigstore.bundle.v0.4+json";
    let bundle = json!({"mediaType": version}).to_string().into_bytes();
    layout.add(&Attachment::bundle(version, bundle, "p"));
    let said = layout.refused();
    let expected = format!(
        "the image `IMAGE` is not signed: no Sigstore bundle refers to `THIS`; `DIGEST` cannot be \
         read: it has the media type `{version}`, expected `{BUNDLE}`\nhelp: "
    );
    assert!(said.starts_with(&expected), "{said}");
}

#[test]
fn referrers_without_an_end_are_refused() {
    let layout = Layout::new().signed();
    for count in 0..MOST_REFERRERS {
        layout.add(&Attachment::bundle(BUNDLE, count.to_string().into_bytes(), "p"));
    }
    let said = layout.refused();
    assert!(
        said.starts_with(
            "failed to check what refers to `THIS`: there are 105 referrers, expected at most 100\n"
        ),
        "{said}"
    );
    assert!(layout.sign(false).is_err());
}

#[test]
fn referrer_of_any_size_is_not_read() {
    let layout = Layout::new();
    let size: u64 = 1 << 40;
    let layer =
        json!({"mediaType": BUNDLE, "digest": format!("sha256:{}", "0".repeat(64)), "size": size});
    let subject = json!({"mediaType": MANIFEST, "digest": layout.root.digest(),
        "size": layout.root.size()});
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST,
        "artifactType": BUNDLE, "config": layer, "layers": [layer], "subject": subject});
    let bytes = manifest.to_string();
    let digest = policy_oci::sha256(bytes.as_bytes()).unwrap();
    fs_err::write(layout.blob(digest.digest()), bytes).unwrap();
    let said = layout.refused();
    assert!(said.ends_with("has 1099511627776 bytes, expected at most 100663296"), "{said}");
}

#[test]
fn several_documents_of_a_kind_are_not_signed() {
    let layout = Layout::new();
    layout.add(&sbom("something else"));
    let error = layout.sign(false).unwrap_err().to_string();
    assert!(error.contains("has 2 documents of one kind (bill of materials): `sha256:"), "{error}");
    assert!(error.ends_with("; expected one\nhelp: remove those that are not yours"), "{error}");
}

#[test]
fn provenance_of_another_image_is_not_signed() {
    let layout = Layout::new();
    layout.remove(STATEMENT, None);
    layout.add(&provenance(&"0".repeat(64), "a"));
    let error = layout.sign(false).unwrap_err().to_string();
    assert!(error.contains("it is of another image than `sha256:"), "{error}");
}

#[test]
fn key_is_read_from_a_file_or_a_variable_and_no_other_place() {
    let said = |name: &str| public_key(name).unwrap_err().to_string();
    let missing = said("none.pub");
    assert!(missing.starts_with("failed to read the key `none.pub`: "), "{missing}");
    assert_eq!(
        said("env://POLICY_BUILDER_TEST_NO_SUCH_KEY"),
        "failed to read the key `env://POLICY_BUILDER_TEST_NO_SUCH_KEY`: the variable is not \
         set\nhelp: set it to the key itself, as PEM"
    );
    assert_eq!(
        said("awskms:///alias/key"),
        "failed to read the key `awskms:///alias/key`: expected a file, or `env://NAME` for a \
         variable\nhelp: keys in a key management service are for `cosign sign --key`"
    );
    assert_eq!(
        said("/dev/zero"),
        "failed to read the key `/dev/zero`: it has more than 65536 bytes, expected a key in PEM"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let read = |name: &str, passphrase: Option<&str>| {
        private_key(name, passphrase, &Progress::new()).map_err(|error| error.to_string())
    };
    let encrypted = file("key", include_bytes!("../../../signing/src/golden/encrypted.pem"));
    for line in ["correct", "correct\n", "correct\r\n"] {
        let passphrase = file("passphrase", line.as_bytes());
        assert!(read(&encrypted, Some(&passphrase)).is_ok(), "{line:?}");
    }
    assert_eq!(
        read(&encrypted, None).unwrap_err(),
        format!(
            "failed to read the key `{encrypted}`: it is encrypted, and no passphrase was \
             given\nhelp: name a file or a variable that holds the passphrase, by `--passphrase \
             FILE` or `--passphrase env://NAME`"
        )
    );
    let binary = file("binary", &[0xff, 0xfe]);
    assert!(read(&binary, None).unwrap_err().ends_with(": it is no text, expected a key in PEM"));
    assert!(Path::new(&binary).is_file());
}
