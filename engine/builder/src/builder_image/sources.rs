use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use toml_edit::{Array, DocumentMut, value};

use super::{BuilderImageError, places};
use crate::steps::answers::Answers;
use crate::steps::discover::Policies;
use crate::steps::discover::carried;
use crate::steps::discover::policies_file::POLICIES_FILE;
use crate::steps::engine::Engine;
use crate::steps::features::Features;
use crate::steps::resolve;
use crate::steps::resolve::policies_lock::Locked;
use crate::steps::workspace::{self, Extent, Workspace};
use policy_cargo::Source;
use policy_cargo::lockfile::{self, CRATES_IO};
use policy_cargo::manifest;
use policy_cargo::{Target, Vendored};
use policy_host::progress::Progress;
use policy_host::tree::create_folders_in;
use policy_oci::FileSet;

/// The name that `cargo vendor` gives to what replaces registries.
const VENDORED: &str = "vendored-sources";
/// The file with the hashes of a vendored crate's files.
const CHECKSUM: &str = ".cargo-checksum.json";

/// A policy that stands for those which are not known yet: it asks `policy-api` for all that there
/// is.
fn any_policy(engine: &Engine) -> String {
    let features: Array = Features::all(&engine.api.document).names().iter().collect();
    format!(
        "package = {{ name = \"any-policy\", version = \"0.0.0\" }}\n\
         dependencies.policy-api = {{ version = \"*\", features = {features} }}\n\
         dependencies.serde = {{ version = \"1\", features = [\"derive\"] }}\n"
    )
}

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
    create_folders_in(scratch, Path::new("any/any-policy/src"))?;
    fs_err::write(any.join("any-policy/Cargo.toml"), any_policy(engine))?;
    fs_err::write(any.join("any-policy/src/lib.rs"), "")?;
    let mut workspaces = Vec::new();
    let (mut remote, mut carried) = (Vec::new(), Vec::new());
    // Nobody could lock what is made up here.
    let any = [(&any, Locked::Free)];
    let folders = any.into_iter().chain(policies.iter().map(|folder| (folder, locked)));
    for (number, (folder, locked)) in folders.enumerate() {
        let root = scratch.join(format!("workspace-{number}"));
        let (workspace, found) = lay_out(engine, folder, locked, &root, progress)?;
        workspaces.push(workspace);
        remote.extend(RemotePolicy::all(&found)?);
        carried.extend(workspaces_around(&found)?);
    }
    let folder = scratch.join("vendor");
    let roots: Vec<_> = workspaces.iter().map(|workspace| workspace.root.as_path()).collect();
    let vendored = policy_cargo::vendor(&roots, &folder, &[host, &target.triple])?;

    let mut files = FileSet::default();
    let source = Path::new(places::SOURCE);
    for (place, manifest) in engine.crates() {
        files.copy_folder(&source.join(place), manifest.folder(), |inside| {
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
    for policy in &remote {
        policy.add(&mut files, &place)?;
    }
    let config = replaced(&vendored.config, &place)
        .ok_or_else(|| BuilderImageError::Vendor { found: vendored.config.clone() })?;
    files.text(Path::new(places::CARGO_HOME).join("config.toml"), config);
    for (number, workspace) in carried.into_iter().enumerate() {
        workspace.add(
            &mut files,
            engine,
            &Path::new(places::WORKSPACES).join(number.to_string()),
        )?;
    }
    Ok(files)
}

/// Lays out and locks a workspace, with everything that the engine could be linked with.
fn lay_out(
    engine: &Engine,
    policies: &Path,
    locked: Locked,
    root: &Path,
    progress: &Progress,
) -> Result<(Workspace, Policies), BuilderImageError> {
    let engine = Engine::locate(Some(&engine.root))?;
    let features = Features::all(&engine.runtime.document);
    let engine = engine.with_features(&features)?;
    let policies = Policies::discover(policies, &engine)?;
    let answers = Answers::none();
    let (linked, extent) = (resolve::linked(&engine, &answers)?, Extent::Libraries);
    let workspace = workspace::generate(&policies, &engine, linked, extent, root)?;
    resolve::complete_lock(&workspace, &policies, locked, &answers, progress)?;
    Ok((workspace, policies))
}

/// The workspaces around a policies folder, for the container that sees the folder alone.
fn workspaces_around(policies: &Policies) -> Result<Vec<Carried>, BuilderImageError> {
    let root = fs_err::canonicalize(&policies.root)?;
    let mut found: BTreeMap<&Path, (&manifest::Workspace, BTreeMap<&str, &str>)> = BTreeMap::new();
    for policy_crate in
        policies.crates.iter().filter(|policy_crate| policy_crate.origin == Source::Folder)
    {
        let around = policy_crate
            .manifest
            .workspace
            .as_ref()
            .filter(|workspace| !workspace.folder.starts_with(&root));
        if let Some(workspace) = around {
            let (_, crates) =
                found.entry(&workspace.folder).or_insert((workspace, BTreeMap::new()));
            crates.insert(&policy_crate.folder, &policy_crate.name);
        }
    }
    let carried = found.into_values().map(|(workspace, crates)| {
        let files = carried::files(workspace, &root, &crates)?;
        Ok(Carried { folder: workspace.folder.clone(), files })
    });
    carried.collect()
}

/// A workspace that is put into the image.
struct Carried {
    /// Its folder on this machine.
    folder: PathBuf,
    files: [(&'static str, String); 2],
}

impl Carried {
    /// Puts it there, with its lock; the engine's own lock is there as that.
    fn add(
        self,
        files: &mut FileSet,
        engine: &Engine,
        place: &Path,
    ) -> Result<(), BuilderImageError> {
        for (name, text) in self.files {
            files.text(place.join(name), text);
        }
        let lock = self.folder.join("Cargo.lock");
        if self.folder != engine.root && lock.is_file() {
            files.text(place.join("Cargo.lock"), fs_err::read_to_string(lock)?);
        }
        Ok(())
    }
}

/// A policy of crates.io that `policies.toml` names. Cargo does not vendor it: it is a part of the
/// workspace.
struct RemotePolicy {
    /// `NAME-VERSION`.
    folder: String,
    source: PathBuf,
    checksum: Option<String>,
}

impl RemotePolicy {
    /// The remote policies of a policies folder. Cargo would look for what comes from a repository
    /// or from another registry by a configuration that the image does not have.
    fn all(policies: &Policies) -> Result<Vec<Self>, BuilderImageError> {
        let mut found = Vec::new();
        for policy_crate in &policies.crates {
            let Source::Remote { source: Some(source), checksum } = &policy_crate.origin else {
                continue;
            };
            if source != CRATES_IO {
                return Err(BuilderImageError::RemotePolicy {
                    file: policies.root.join(POLICIES_FILE),
                    name: policy_crate.name.clone(),
                    source_in_words: lockfile::source_in_words(Some(source)),
                });
            }
            found.push(Self {
                folder: format!("{}-{}", policy_crate.name, policy_crate.version),
                source: policy_crate.manifest.folder().to_owned(),
                checksum: checksum.clone(),
            });
        }
        Ok(found)
    }

    /// Puts it beside what is vendored.
    fn add(&self, files: &mut FileSet, place: &Path) -> Result<(), BuilderImageError> {
        let place = place.join(&self.folder);
        files.copy_folder(&place, &self.source, |inside| inside == Path::new(CHECKSUM))?;
        files.text(place.join(CHECKSUM), unlisted(&json!(self.checksum)));
        Ok(())
    }
}

/// The checksum file of a crate whose files Cargo is not to check, with the hash of its archive.
fn unlisted(checksum: &Value) -> String {
    json!({"files": {}, "package": checksum}).to_string()
}

/// The replacement of sources that are left out: it tells whoever compiles them what to do.
const LEFT_OUT: &str = "compile_error!(\"the builder image was made without the sources of this \
    crate: make it anew, with `policy-builder builder-image --policies` and the folder that is \
    built\");\n";

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
        let checksum =
            checksum.ok().and_then(|mut table| table.get_mut("package").map(Value::take));
        files.text(place.join(CHECKSUM), unlisted(&json!(checksum)));
        let manifest = fs_err::read_to_string(source.join("Cargo.toml"))?;
        for file in roots(&manifest) {
            files.text(place.join(file), LEFT_OUT.to_owned());
        }
        files.text(place.join("Cargo.toml"), manifest);
    }
    Ok(())
}

/// The files at the roots of a crate's library and of its build script.
fn roots(manifest: &str) -> BTreeSet<String> {
    let document: DocumentMut = manifest.parse().unwrap_or_default();
    let file = |table: &str, key: &str| {
        Some(document.get(table)?.as_table_like()?.get(key)?.as_str()?.to_owned())
    };
    let library = file("lib", "path").unwrap_or_else(|| "src/lib.rs".to_owned());
    [Some(library), file("package", "build")].into_iter().flatten().collect()
}

/// The configuration that `cargo vendor` prints, with the sources at `place`.
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
    fn vendored_sources_are_configured_for_the_image() {
        let config = "[source.crates-io]\nreplace-with = \"vendored-sources\"\n\n\
                      [source.vendored-sources]\ndirectory = \"/tmp/x\"\n";
        assert_eq!(
            replaced(config, Path::new("/opt/cargo")).unwrap(),
            config.replace("/tmp/x", "/opt/cargo")
        );
        assert_eq!(replaced("", Path::new("/opt/cargo")), None);
    }

    #[test]
    fn unknown_policy_gets_every_api_feature() {
        let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
        let manifest: DocumentMut = any_policy(&engine).parse().unwrap();
        let features = manifest["dependencies"]["policy-api"]["features"].as_array().unwrap();
        let features: Vec<_> = features.iter().filter_map(|feature| feature.as_str()).collect();
        assert_eq!(features, Features::all(&engine.api.document).names());
        assert!(features.contains(&"schemars"));
    }

    #[test]
    fn crate_roots_are_library_and_build_script() {
        let of = |manifest: &str| roots(manifest).into_iter().collect::<Vec<_>>();
        assert_eq!(of("[package]\nname = \"a\"\nbuild = false\n"), ["src/lib.rs"]);
        assert_eq!(of("[package]\nbuild = \"b.rs\"\n[lib]\npath = \"l.rs\"\n"), ["b.rs", "l.rs"]);
    }

    #[test]
    fn crates_io_policies_are_vendored_and_others_refused() {
        let folder = tempfile::tempdir().unwrap();
        let geo = folder.path().join("geo");
        fs_err::create_dir_all(geo.join("src")).unwrap();
        let manifest = "[package]\nname = \"geo\"\nversion = \"1.2.0\"\n\
                        [dependencies]\npolicy-api = \"0.1\"\n";
        fs_err::write(geo.join("Cargo.toml"), manifest).unwrap();
        fs_err::write(geo.join("src/lib.rs"), "").unwrap();
        let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
        let mut policies = Policies::discover(folder.path(), &engine).unwrap();
        assert!(RemotePolicy::all(&policies).unwrap().is_empty());

        let from = |source: &str| Source::Remote {
            source: Some(source.to_owned()),
            checksum: Some("c0ffee".to_owned()),
        };
        policies.crates[0].origin = from(CRATES_IO);
        let found = RemotePolicy::all(&policies).unwrap();
        assert_eq!(found[0].folder, "geo-1.2.0");
        let mut files = FileSet::default();
        found[0].add(&mut files, Path::new("/vendor")).unwrap();
        let places = format!("{files:?}");
        for file in ["Cargo.toml", "src/lib.rs", CHECKSUM] {
            assert!(places.contains(&format!("vendor/geo-1.2.0/{file}")), "{places}");
        }
        assert_eq!(unlisted(&json!("c0ffee")), r#"{"files":{},"package":"c0ffee"}"#);

        policies.crates[0].origin = from("git+https://example.com/geo#c0ffee");
        let Err(error) = RemotePolicy::all(&policies) else { panic!() };
        assert_eq!(
            error.to_string(),
            format!(
                "`{}` names crate `geo` (git https://example.com/geo#c0ffee), which a builder \
                 image cannot hold: it takes policies of crates.io and of folders\nhelp: copy the \
                 crate into the policies folder, or build without a builder image",
                folder.path().join("policies.toml").display()
            )
        );
    }
}
