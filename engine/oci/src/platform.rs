use std::fmt;
use std::str::FromStr;

use oci_spec::OciSpecError;
use oci_spec::image::{Arch, Os, PlatformBuilder};

/// The platform of an image: Linux on a processor, as the OCI image specification names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    architecture: Arch,
    variant: Option<String>,
}

impl Platform {
    /// Linux on a processor, and its variant where there are several of that name: `v7`.
    #[must_use]
    pub fn new(architecture: Arch, variant: Option<&str>) -> Self {
        Self { architecture, variant: variant.map(str::to_owned) }
    }

    /// The processor.
    #[must_use]
    pub fn architecture(&self) -> &Arch {
        &self.architecture
    }

    /// The variant of the processor.
    #[must_use]
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    /// The platform as indexes list it.
    pub(crate) fn to_oci(&self) -> Result<oci_spec::image::Platform, OciSpecError> {
        let platform =
            PlatformBuilder::default().os(Os::Linux).architecture(self.architecture.clone());
        match &self.variant {
            Some(variant) => platform.variant(variant.clone()).build(),
            None => platform.build(),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Os::Linux, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    /// Parses `linux/arm64` or `linux/arm/v7`.
    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let mut parts = text.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("linux"), Some(architecture), variant, None)
                if !architecture.is_empty() && variant != Some("") =>
            {
                Ok(Self::new(Arch::from(architecture), variant))
            }
            _ => Err(PlatformError(text.to_owned())),
        }
    }
}

/// A text that is no platform.
#[derive(Debug, thiserror::Error)]
#[error("found the platform `{0}`, expected one such as `linux/arm64` or `linux/arm/v7`")]
pub struct PlatformError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platform_round_trips() {
        for text in ["linux/amd64", "linux/arm64", "linux/arm/v7", "linux/riscv64"] {
            assert_eq!(text.parse::<Platform>().unwrap().to_string(), text);
        }
        for text in ["", "linux", "linux/", "linux/arm/", "windows/amd64", "linux/arm/v7/x"] {
            assert_eq!(
                text.parse::<Platform>().unwrap_err().to_string(),
                format!(
                    "found the platform `{text}`, expected one such as `linux/arm64` or \
                     `linux/arm/v7`"
                )
            );
        }
    }
}
