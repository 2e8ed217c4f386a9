//! The platforms that images are built for, and Rust's targets for them.

use oci_spec::image::Arch;
use policy_oci::Platform;

/// The processors that a build can be asked for, with their musl targets: those that the engine's
/// cryptography is written for.
const KNOWN: [(Arch, &str); 2] =
    [(Arch::Amd64, "x86_64-unknown-linux-musl"), (Arch::ARM64, "aarch64-unknown-linux-musl")];

fn is_plain(platform: &Platform, architecture: &Arch) -> bool {
    platform.architecture() == architecture && platform.variant().is_none()
}

/// Parses a platform that a build can be asked for.
pub(crate) fn parse(text: &str) -> Result<Platform, UnknownPlatform> {
    let known = KNOWN.map(|(architecture, _)| Platform::new(architecture, None));
    known.iter().find(|platform| platform.to_string() == text).cloned().ok_or_else(|| {
        let known: Vec<_> = known.iter().map(|platform| format!("`{platform}`")).collect();
        UnknownPlatform { found: text.to_owned(), known: known.join(" or ") }
    })
}

/// The platform that programs of a target run on.
pub(crate) fn from_target(triple: &str) -> Platform {
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
    Platform::new(architecture, variant)
}

/// The musl target of a platform that was asked for by name.
pub(crate) fn musl_target(platform: &Platform) -> Option<&'static str> {
    KNOWN.into_iter().find(|(arch, _)| is_plain(platform, arch)).map(|(_, target)| target)
}

/// A platform that images are not built for.
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
    fn platform_round_trips() {
        for (name, target) in [
            ("linux/amd64", "x86_64-unknown-linux-musl"),
            ("linux/arm64", "aarch64-unknown-linux-musl"),
        ] {
            let platform = parse(name).unwrap();
            assert_eq!(platform.to_string(), name);
            assert_eq!(musl_target(&platform), Some(target));
            assert_eq!(from_target(target), platform);
        }
    }

    #[test]
    fn unknown_platform_is_refused_with_the_known_ones() {
        for name in ["linux/arm/v7", "linux/arm64/v8", "amd64", "windows/amd64", ""] {
            assert_eq!(
                parse(name).unwrap_err().to_string(),
                format!(
                    "found `{name}`, expected `linux/amd64` or `linux/arm64`, for which the \
                     engine's cryptography is written"
                )
            );
        }
    }

    #[test]
    fn target_triple_maps_to_its_oci_platform() {
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
            assert_eq!(from_target(triple).to_string(), platform);
        }
    }
}
