use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, value};

use super::{BuilderImageError, places};
use crate::compile::{self, Target};
use crate::discover::Policies;
use crate::engine::Engine;
use crate::features::Features;
use crate::generate::{self, Extent, Stamp, Workspace};
use crate::image::FileSet;
use crate::progress::Progress;
use crate::resolve;

/// How `cargo vendor` calls what takes the place of registries.
const VENDORED: &str = "vendored-sources";

/// A policy that stands for those which are not known yet.
const MANIFEST: &str = "package = { name = \"any-policy\", version = \"0.0.0\" }\n\
    dependencies = { policy-api = \"*\", serde = { version = \"1\", features = [\"derive\"] } }\n";

/// The engine's sources, and those of all that it and the policies depend on, with a Cargo home
/// that has Cargo look nowhere else.
pub(super) fn collect(
    engine: &Engine,
    policies: &[PathBuf],
    target: &Target,
    scratch: &Path,
    progress: &Progress,
) -> Result<FileSet, BuilderImageError> {
    let any = scratch.join("any");
    fs_err::create_dir_all(any.join("any-policy/src"))?;
    fs_err::write(any.join("any-policy/Cargo.toml"), MANIFEST)?;
    fs_err::write(any.join("any-policy/src/lib.rs"), "")?;
    let mut workspaces = Vec::new();
    for (number, folder) in [&any].into_iter().chain(policies).enumerate() {
        let root = scratch.join(format!("workspace-{number}"));
        workspaces.push(lay_out(engine, folder, target, &root, progress)?);
    }
    let vendored = scratch.join("vendor");
    let config = compile::vendor(&workspaces, &vendored)?;

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
    let registry = compile::registry_folder(&workspaces)?;
    let registry = registry.as_deref().unwrap_or("registry/src/vendored");
    let place = Path::new(places::CARGO_HOME).join(registry);
    files.copy_folder(&place, &vendored, |_| false)?;
    let config = replaced(&config, &place).ok_or_else(|| BuilderImageError::Vendor {
        found: config.clone(),
    })?;
    files.text(Path::new(places::CARGO_HOME).join("config.toml"), config);
    Ok(files)
}

/// Lays out and locks a workspace, with everything that the engine could be linked with.
fn lay_out(
    engine: &Engine,
    policies: &Path,
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
    resolve::complete_lock(&workspace, &policies, progress)?;
    Ok(workspace)
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
