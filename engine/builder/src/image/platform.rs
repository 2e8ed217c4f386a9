use std::fmt;
use std::str::FromStr;

use oci_spec::OciSpecError;
use oci_spec::image::{Arch, Os, PlatformBuilder};

/// What an image runs on: Linux on a processor, as the OCI image specification names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Platform {
    pub(crate) architecture: Arch,
    /// Which of the processors of that name, where there are several: `v7`.
    pub(crate) variant: Option<&'static str>,
}

/// Those that can be asked for by name, with their musl targets: the engine's cryptography is
/// written for these processors.
const KNOWN: [(Platform, &str); 2] = [
    (Platform { architecture: Arch::Amd64, variant: None }, "x86_64-unknown-linux-musl"),
    (Platform { architecture: Arch::ARM64, variant: None }, "aarch64-unknown-linux-musl"),
];

impl Platform {
    /// The platform that programs of a target run on.
    pub(crate) fn of_target(triple: &str) -> Self {
        let processor = triple.split('-').next().unwrap_or_default();
        let architecture = match processor {
            "x86_64" => Arch::Amd64,
            "aarch64" => Arch::ARM64,
            "i686" | "i586" => Arch::i386,
            "powerpc64le" => Arch::PowerPC64le,
            "riscv64gc" | "riscv64a23" => Arch::RISCV64,
            arm if arm.starts_with("arm") || arm.starts_with("thumb") => Arch::ARM,
            other => Arch::from(other),
        };
        let variant = match (&architecture, processor) {
            (Arch::ARM, armv5) if armv5.starts_with("armv5") => Some("v5"),
            // Rust's `arm-…` is ARMv6.
            (Arch::ARM, "arm") => Some("v6"),
            (Arch::ARM, _) => Some("v7"),
            _ => None,
        };
        Self { architecture, variant }
    }

    /// The musl target of a platform that was asked for by name.
    pub(crate) fn musl_target(&self) -> Option<&'static str> {
        KNOWN.iter().find(|(known, _)| known == self).map(|(_, target)| *target)
    }

    /// As an index of images has it.
    pub(super) fn document(&self) -> Result<oci_spec::image::Platform, OciSpecError> {
        let platform =
            PlatformBuilder::default().os(Os::Linux).architecture(self.architecture.clone());
        match self.variant {
            Some(variant) => platform.variant(variant).build(),
            None => platform.build(),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Os::Linux, self.architecture)?;
        self.variant.map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, UnknownPlatform> {
        let known = KNOWN.into_iter().map(|(known, _)| known);
        known.clone().find(|it| it.to_string() == text).ok_or_else(|| UnknownPlatform {
            found: text.to_owned(),
            known: known.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(" or "),
        })
    }
}

/// Images are not built for such a platform.
#[derive(Debug, thiserror::Error)]
#[error("found `{found}`, expected {known}, for which the engine's cryptography is written")]
pub(crate) struct UnknownPlatform {
    found: String,
    known: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_read_as_they_are_written() {
        for (name, target) in [
            ("linux/amd64", "x86_64-unknown-linux-musl"),
            ("linux/arm64", "aarch64-unknown-linux-musl"),
        ] {
            let platform: Platform = name.parse().unwrap();
            assert_eq!(platform.to_string(), name);
            assert_eq!(platform.musl_target(), Some(target));
            assert_eq!(Platform::of_target(target), platform);
        }
    }

    #[test]
    fn an_unknown_platform_is_refused_with_those_that_are_known() {
        for name in ["linux/arm/v7", "linux/arm64/v8", "amd64", "windows/amd64", ""] {
            assert_eq!(
                name.parse::<Platform>().unwrap_err().to_string(),
                format!(
                    "found `{name}`, expected `linux/amd64` or `linux/arm64`, for which the \
                     engine's cryptography is written"
                )
            );
        }
    }

    #[test]
    fn targets_have_the_platforms_that_images_name() {
        for (triple, platform) in [
            ("aarch64-unknown-linux-gnu", "linux/arm64"),
            ("arm-unknown-linux-musleabihf", "linux/arm/v6"),
            ("armv5te-unknown-linux-musleabi", "linux/arm/v5"),
            ("armv7-unknown-linux-musleabihf", "linux/arm/v7"),
            ("thumbv7neon-unknown-linux-musleabihf", "linux/arm/v7"),
            ("i686-unknown-linux-musl", "linux/386"),
            ("riscv64gc-unknown-linux-musl", "linux/riscv64"),
            ("s390x-unknown-linux-gnu", "linux/s390x"),
        ] {
            assert_eq!(Platform::of_target(triple).to_string(), platform);
        }
    }
}
