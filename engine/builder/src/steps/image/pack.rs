//! The image of a program: its layers and how it runs.

use std::collections::BTreeMap;

use oci_spec::image::ConfigBuilder;
use policy_oci::{FileSet, Image, ImageError, ImageSpec, Layer, Platform, Reference, SourceDate};

use super::base::{self, CA_CERTIFICATES};

/// The program's path in the image.
const PROGRAM: &str = "/bin/policy-engine";
/// The port of `serve`, unless it is configured otherwise.
const PORT: u16 = 8181;

/// A program and the description of its image.
#[derive(Debug, Clone)]
pub(crate) struct ProgramImage<'a> {
    /// The statically linked program.
    pub(crate) binary: &'a [u8],
    /// The platform that the program was built for.
    pub(crate) platform: Platform,
    /// The name that loaders give the image.
    pub(crate) name: Reference,
    /// The date of the image and of every file in it.
    pub(crate) created: SourceDate,
    /// The image's labels; those of `org.opencontainers.image` are annotations as well.
    pub(crate) labels: BTreeMap<String, String>,
}

impl ProgramImage<'_> {
    /// Packs the image: a layer that is the same for every program, and one of the program alone.
    pub(crate) fn pack(self) -> Result<Image, ImageError> {
        let base = Layer::new(&base::files(), "users and CA certificates", self.created)?;
        let mut program = FileSet::default();
        program.program(PROGRAM, self.binary.to_owned());
        let program = Layer::new(&program, "the policy engine with its policies", self.created)?;
        let process = ConfigBuilder::default()
            .user("1000:1000")
            .entrypoint([PROGRAM.to_owned()])
            .cmd(["serve".to_owned()])
            .env([
                "PATH=/bin".to_owned(),
                format!("SSL_CERT_FILE={CA_CERTIFICATES}"),
                // A container's own loopback is unreachable; its network decides who may connect.
                format!("POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:{PORT}"),
            ])
            .exposed_ports([format!("{PORT}/tcp")])
            .working_dir("/")
            .build()?;
        let spec = ImageSpec {
            platform: self.platform,
            name: self.name,
            created: self.created,
            labels: self.labels,
            process,
            created_by: "policy-builder".to_owned(),
        };
        Image::new(spec, vec![base, program])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use oci_spec::image::ImageManifest;
    use policy_oci::image::Attachment;
    use policy_oci::store::{self, LARGEST_MANIFEST, Store as _};
    use serde_json::{Value, json};

    use super::*;

    /// An image of a few bytes that stand for a program.
    pub(crate) fn sample() -> ProgramImage<'static> {
        ProgramImage {
            binary: b"\x7fELF and so on",
            platform: "linux/arm64".parse().unwrap(),
            name: "example.com:5000/team/policy-engine:v1".parse().unwrap(),
            created: "1700000000".parse().unwrap(),
            labels: [("org.opencontainers.image.title", "Policies"), ("policies", "a, b")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        }
    }

    /// The sample with two documents attached.
    pub(crate) fn sample_with_documents() -> Image {
        let mut image = sample().pack().unwrap();
        image.attach(&Attachment::sbom(&json!({"components": []})).unwrap()).unwrap();
        let statement =
            Attachment::statement(&json!({"a": 1}), "p.json", "https://example.com/p").unwrap();
        image.attach(&statement).unwrap();
        image
    }

    #[test]
    fn image_runs_serve_as_an_unprivileged_user() {
        let image = sample().pack().unwrap();
        let manifest: ImageManifest =
            store::document(&image, &image.root().unwrap(), LARGEST_MANIFEST).unwrap();
        let config: Value = store::document(&image, manifest.config(), LARGEST_MANIFEST).unwrap();
        assert_eq!(
            config["config"],
            json!({
                "Cmd": ["serve"],
                "Entrypoint": ["/bin/policy-engine"],
                "Env": [
                    "PATH=/bin",
                    "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
                    "POLICY_ENGINE_DEFAULT_LISTEN=0.0.0.0:8181",
                ],
                "ExposedPorts": {"8181/tcp": {}},
                "Labels": {"org.opencontainers.image.title": "Policies", "policies": "a, b"},
                "User": "1000:1000",
                "WorkingDir": "/",
            })
        );
        let comments = config["history"].as_array().unwrap().iter().map(|layer| &layer["comment"]);
        assert_eq!(
            comments.collect::<Vec<_>>(),
            ["users and CA certificates", "the policy engine with its policies"]
        );
    }
}
