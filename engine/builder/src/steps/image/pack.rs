//! The image of a program: its layers and how it runs.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use oci_spec::image::ConfigBuilder;
use policy_oci::{
    Compression, FileSet, Image, ImageError, ImageSpec, Layer, Platform, Reference, SourceDate,
};

use super::base::{self, CA_CERTIFICATES};

/// The program's path in the image.
const PROGRAM: &str = "/bin/policy-engine";
/// The port of `serve`, unless it is configured otherwise.
const PORT: u16 = 8181;

/// The choices of who packs an image.
#[derive(Debug, Clone)]
pub(crate) struct ImageOptions {
    /// The name that loaders give the image.
    pub(crate) name: Reference,
    /// The date of the image and of every file in it.
    pub(crate) created: SourceDate,
    /// The compression of its layers.
    pub(crate) compression: Compression,
}

/// A program and the description of its image.
#[derive(Debug, Clone)]
pub(crate) struct ProgramImage<'a> {
    /// The statically linked program.
    pub(crate) binary: &'a [u8],
    /// The platform that the program was built for.
    pub(crate) platform: Platform,
    pub(crate) options: ImageOptions,
    /// The image's labels; those of `org.opencontainers.image` are annotations as well.
    pub(crate) labels: BTreeMap<String, String>,
}

impl ProgramImage<'_> {
    /// Packs the image: a layer that is the same for every program, and one of the program alone.
    pub(crate) fn pack(self) -> Result<Image, ImageError> {
        let ImageOptions { name, created, compression } = self.options;
        let layer = |files: &FileSet, comment| Layer::new(files, comment, created, compression);
        let mut program = FileSet::default();
        program.program(PROGRAM, self.binary.to_owned());
        let (base, program) = thread::scope(|scope| {
            let base = scope.spawn(|| layer(&base::files(), "users and CA certificates"));
            let program = layer(&program, "the policy engine with its policies");
            (base.join().unwrap_or_else(|panic| resume_unwind(panic)), program)
        });
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
            name,
            created,
            labels: self.labels,
            process,
            created_by: "policy-builder".to_owned(),
        };
        Image::new(spec, vec![base?, program?])
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
            options: ImageOptions {
                name: "example.com:5000/team/policy-engine:v1".parse().unwrap(),
                created: "1700000000".parse().unwrap(),
                compression: Compression::Gzip,
            },
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
