//! The list of what a program is linked with that `cargo auditable` puts into programs, for Trivy,
//! Grype and `cargo audit bin`: compressed JSON
//! (<https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>).

use std::collections::BTreeMap;
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::Serialize;

use super::engine::PROGRAM;
use super::workspace::FetchedCrate;
use policy_cargo::lockfile::CRATES_IO;
use policy_cargo::{DependencyTree, PackageId};

/// The revision of the format in which procedural macros are no part of the program.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct List<'a> {
    packages: Vec<Package<'a>>,
    format: u32,
}

#[derive(Serialize)]
struct Package<'a> {
    name: &'a str,
    version: &'a str,
    source: &'static str,
    /// Their places in the list, sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<bool>,
}

/// Writes the list for a program that is going to be linked with these packages, some of which were
/// `fetched` into folders.
pub(crate) fn list(tree: &DependencyTree, fetched: &[FetchedCrate]) -> io::Result<Vec<u8>> {
    let places: BTreeMap<_, _> =
        tree.packages().enumerate().map(|(place, (id, _))| (id, place)).collect();
    let packages = tree.packages().map(|(id, used)| Package {
        name: &id.name,
        version: &id.version,
        source: source(id, fetched),
        dependencies: used.iter().filter_map(|used| places.get(used).copied()).collect(),
        root: (id.name == PROGRAM && id.source.is_none()).then_some(true),
    });
    let list = List { packages: packages.collect(), format: FORMAT };
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&serde_json::to_vec(&list)?)?;
    encoder.finish()
}

/// The source in the format's words: where a package in a folder was fetched from, else `local`.
fn source(id: &PackageId, fetched: &[FetchedCrate]) -> &'static str {
    let is_it = |fetched: &&FetchedCrate| id.source.is_none() && fetched.name == id.name;
    let fetched = fetched.iter().find(is_it).map(|fetched| fetched.source.as_str());
    match fetched.or(id.source.as_deref()) {
        None => "local",
        Some(CRATES_IO) => "crates.io",
        Some(source) if source.starts_with("git+") => "git",
        Some(_) => "registry",
    }
}
