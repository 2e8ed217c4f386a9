use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use toml_edit::{DocumentMut, value};

use super::{BuilderImageError, places};
use crate::compile::{self, Target, Vendored};
use crate::discover::Policies;
use crate::engine::Engine;
use crate::features::Features;
use crate::generate::{self, Extent, Stamp, Workspace};
use crate::image::FileSet;
use crate::policies_lock::Locked;
use crate::progress::Progress;
use crate::resolve;

/// How `cargo vendor` calls what takes the place of registries.
const VENDORED: &str = "vendored-sources";
/// Where Cargo finds what a vendored crate's files hash to.
const CHECKSUM: &str = ".cargo-checksum.json";

/// A policy that stands for those which are not known yet.
const MANIFEST: &str = "package = { name = \"any-policy\", version = \"0.0.0\" }\n\
    dependencies = { policy-api = \"*\", serde = { version = \"1\", features = [\"derive\"] } }\n";

/// The engine's sources, and those of all that it and the policies depend on, with a Cargo home
/// that has Cargo look nowhere else.
pub(super) fn collect(
    engine: &Engine,
    policies: &[PathBuf],
    locked: Locked,
    host: &str,
    target: &Target,
    scratch: &Path,
    progress: &Progress,
) -> Result<FileSet, BuilderImageError> {
    let any = scratch.join("any");
    fs_err::create_dir_all(any.join("any-policy/src"))?;
    fs_err::write(any.join("any-policy/Cargo.toml"), MANIFEST)?;
    fs_err::write(any.join("any-policy/src/lib.rs"), "")?;
    let mut workspaces = Vec::new();
    // Nobody could lock what is made up here.
    let any = [(&any, Locked::Free)];
    let folders = any.into_iter().chain(policies.iter().map(|folder| (folder, locked)));
    for (number, (folder, locked)) in folders.enumerate() {
        let root = scratch.join(format!("workspace-{number}"));
        workspaces.push(lay_out(engine, folder, locked, target, &root, progress)?);
    }
    let folder = scratch.join("vendor");
    let vendored = compile::vendor(&workspaces, &folder, &[host, &target.triple])?;

    let mut files = FileSet::default();
    let source = Path::new(places::SOURCE);
    for name in ["engine/api", "engine/runtime"] {
        files.copy_folder(&source.join(name), &engine.root.join(name), |inside| {
            inside == Path::new("target")
        })?;
    }
    for name in ["Cargo.toml", "Cargo.lock"] {
        files.copy(source.join(name), engine.root.join(name));
    }
    // Where Cargo itself would have unpacked them: what a program says of its sources' places is
    // then the same as without this image, and Cargo takes them for what does not change.
    let registry = vendored.registry.as_deref().unwrap_or("registry/src/vendored");
    let place = Path::new(places::CARGO_HOME).join(registry);
    add_vendored(&mut files, &place, &folder, &vendored)?;
    let config = replaced(&vendored.config, &place)
        .ok_or_else(|| BuilderImageError::Vendor { found: vendored.config.clone() })?;
    files.text(Path::new(places::CARGO_HOME).join("config.toml"), config);
    Ok(files)
}

/// Lays out and locks a workspace, with everything that the engine could be linked with.
fn lay_out(
    engine: &Engine,
    policies: &Path,
    locked: Locked,
    target: &Target,
    root: &Path,
    progress: &Progress,
) -> Result<Workspace, BuilderImageError> {
    let engine = Engine::locate(Some(&engine.root))?;
    let features = Features::all(&engine.runtime.document);
    let engine = engine.with_features(&features)?;
    let policies = Policies::discover(policies, &engine)?;
    let stamp = Stamp { target: &target.triple, revision: None };
    let workspace = generate::generate(&policies, &engine, &stamp, Extent::Libraries, root)?;
    resolve::complete_lock(&workspace, &policies, locked, progress)?;
    Ok(workspace)
}

/// Of what is not compiled for the image's platforms, such as bindings of other systems, only the
/// manifests: Cargo reads them all to resolve.
fn add_vendored(
    files: &mut FileSet,
    place: &Path,
    folder: &Path,
    vendored: &Vendored,
) -> Result<(), BuilderImageError> {
    for entry in fs_err::read_dir(folder)? {
        let source = entry?.path();
        let Some(name) = source.file_name().and_then(OsStr::to_str) else { continue };
        let place = place.join(name);
        if vendored.compiled.contains(name) {
            files.copy_folder(&place, &source, |_| false)?;
            continue;
        }
        let checksum = fs_err::read(source.join(CHECKSUM))?;
        let checksum: serde_json::Result<Value> = serde_json::from_slice(&checksum);
        let checksum = checksum.ok().and_then(|mut it| it.get_mut("package").map(Value::take));
        files.text(place.join(CHECKSUM), json!({"files": {}, "package": checksum}).to_string());
        files.copy(place.join("Cargo.toml"), source.join("Cargo.toml"));
        files.text(place.join("src/lib.rs"), String::new());
    }
    Ok(())
}

/// What `cargo vendor` says to write into a configuration, with the sources at `place`.
fn replaced(config: &str, place: &Path) -> Option<String> {
    let mut document: DocumentMut = config.parse().ok()?;
    let vendored = document.get_mut("source")?.get_mut(VENDORED)?.as_table_like_mut()?;
    vendored.insert("directory", value(place.to_str()?));
    Some(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendored_sources_are_looked_for_in_the_image() {
        let config = "[source.crates-io]\nreplace-with = \"vendored-sources\"\n\n\
                      [source.vendored-sources]\ndirectory = \"/tmp/x\"\n";
        assert_eq!(
            replaced(config, Path::new("/opt/cargo")).unwrap(),
            config.replace("/tmp/x", "/opt/cargo")
        );
        assert_eq!(replaced("", Path::new("/opt/cargo")), None);
    }
}
