//! The supply chain: what a program is linked with and what an image was made from, written down
//! where the image is made, and read again where it is judged.
//!
//! | file | what |
//! | --- | --- |
//! | `materials` | every package of a workspace's lock, by role, source and digest |
//! | `directory_hash` | the digest of a folder |
//! | `package_url` | a package's purl |
//! | `sbom` | a CycloneDX document of what is linked |
//! | `statement`, `provenance` | an in-toto statement with SLSA provenance |
//! | `vex` | an in-toto statement with an OpenVEX document of vulnerabilities that were let pass |
//! | `described` | what an image in a store says of itself |
//! | `facts`, `difference` | the same as comparable facts, and how two images differ |
//! | `verify` | an image that is built again, held against the one that is there |

mod directory_hash;
pub(crate) mod materials;
mod package_url;
mod predicate;
pub(crate) mod sbom;
pub(crate) mod statement;
mod vex;

#[cfg(test)]
pub(crate) use directory_hash::sha256;
pub(crate) use materials::{Materials, MaterialsError};
pub(crate) use predicate::{BUILD_TYPE, Parameters, provenance};
pub(crate) use sbom::sbom;
pub(crate) use vex::{VEX, vex};
