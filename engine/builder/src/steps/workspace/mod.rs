//! Laying out a Cargo workspace that links every policy into one program.
//!
//! ```text
//! Cargo.toml  Cargo.lock           the workspace, with the release profile
//! program/{Cargo.toml,policies.json,src/main.rs}
//! engine/*                         the engine's own sources
//! policies/*                       the user's crates, and those from elsewhere as NAME-VERSION
//! ```
//!
//! Everything is copied in, so that no path of the machine is in what Cargo makes names of, and
//! nothing is written into the user's tree. The manifests stand on their own there: they take
//! nothing from another workspace, and every `policy-api` is the engine's.

mod aside;
mod conflict;
mod crate_files;
mod error;
mod extent;
mod member;
mod merged_lock;
mod own_locks;
pub(crate) mod program;
mod siblings;

use std::io;
use std::path::{Path, PathBuf};

use crate::steps::discover::Policies;
use crate::steps::engine::Engine;
pub(crate) use aside::exchange;
pub(crate) use error::GenerateError;
pub(crate) use extent::Extent;
use policy_cargo::Source;
use policy_cargo::lockfile::Package;
use policy_host::paths;
use policy_host::signals;
use policy_host::tree::FileTree;
pub(crate) use program::{
    AdvisoryStatus, AllowedAdvisory, BUILD_PLAN, BuildPlan, FetchedCrate, Grant, PlannedCrate,
};
pub(crate) use siblings::outdate_siblings;
pub(crate) use stamp::Stamp;

/// A workspace that is laid out on disk.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) extent: Extent,
    /// The packages of its lock when it was laid out.
    pub(crate) seed: Vec<Package>,
    /// The packages that the engine is linked with, as its own lock has it.
    pub(crate) engine_pins: Vec<Package>,
    /// The whole of that lock.
    pub(crate) engine_lock: Vec<Package>,
}

impl Workspace {
    /// Checks whether the lock held this package when the workspace was laid out.
    pub(crate) fn pins(&self, package: &Package) -> bool {
        self.seed.iter().any(|pin| pin.is(package))
    }
}

/// Lays the workspace out in `root`; what is there already and stays the same is not touched.
///
/// `linked` is what the engine is linked with, as its own lock has it. The program's source is for
/// [`write_program`], once the lock is complete.
pub(crate) fn generate(
    policies: &Policies,
    engine: &Engine,
    linked: Vec<Package>,
    extent: Extent,
    root: &Path,
) -> Result<Workspace, GenerateError> {
    let mut tree = FileTree::default();
    tree.add("Cargo.toml", program::workspace_manifest(policies, engine, extent));
    let lock = merged_lock::merged(policies, engine, &linked, extent)?;
    tree.add("Cargo.lock", lock.text);
    tree.add("program/Cargo.toml", program::manifest(policies, engine, &linked));
    tree.keep(program::BUILD_PLAN);
    tree.keep(program::SOURCE);
    tree.keep(program::LINKED);
    for (place, manifest) in engine.crates() {
        crate_files::add_engines(&mut tree, &place, manifest.folder())?;
        tree.add(format!("{place}/Cargo.toml"), member::engine_manifest(manifest, engine));
    }
    for policy_crate in &policies.crates {
        let place = format!("policies/{}", policy_crate.folder);
        match &policy_crate.origin {
            Source::Remote { source: Some(_), .. } => {
                crate_files::add_fetched(&mut tree, &place, policy_crate.manifest.folder())?;
            }
            Source::Folder | Source::Remote { source: None, .. } => {
                crate_files::add(&mut tree, &place, policy_crate.manifest.folder())?;
            }
        }
        tree.add(
            format!("{place}/Cargo.toml"),
            member::policy_manifest(policy_crate, policies, extent)?,
        );
    }
    write(&tree, root).map_err(GenerateError::Incomplete)?;
    Ok(Workspace {
        root: root.to_owned(),
        extent,
        seed: lock.pins,
        engine_pins: linked,
        engine_lock: lock.engine,
    })
}

fn write(tree: &FileTree, root: &Path) -> io::Result<()> {
    signals::critical_section(|| {
        fs_err::create_dir_all(root)?;
        tree.write(root)
    })
}

/// Writes the program's source and its build plan into a workspace, and the list of what the program
/// is linked with, where it is to carry one; what stays the same is not touched.
pub(crate) fn write_program(
    workspace: &Workspace,
    policies: &Policies,
    engine: &Engine,
    plan: &BuildPlan,
    linked: Option<Vec<u8>>,
) -> Result<(), GenerateError> {
    let source = program::source(policies, engine, plan, linked.is_some());
    let files = [
        (program::BUILD_PLAN, Some(plan.to_json()?.into_bytes())),
        (program::SOURCE, Some(source.into_bytes())),
        (program::LINKED, linked),
    ];
    for (path, bytes) in files {
        let (path, Some(bytes)) = (workspace.root.join(path), bytes) else { continue };
        if !fs_err::read(&path).is_ok_and(|before| before == bytes) {
            signals::critical_section(|| fs_err::write(&path, bytes))?;
        }
    }
    Ok(())
}

/// Lays out the manifests of a workspace of the engine without any policy, with all that its own lock
/// holds: what Cargo leaves of that is what the engine is linked with.
pub(crate) fn engine_alone(engine: &Engine, root: &Path) -> Result<Workspace, GenerateError> {
    let none = Policies::none();
    let mut tree = FileTree::default();
    let locked: Vec<_> = engine.lock()?.pins().cloned().map(Package::alone).collect();
    tree.add("Cargo.toml", program::workspace_manifest(&none, engine, Extent::Libraries));
    tree.add("Cargo.lock", merged_lock::text(&locked));
    tree.add("program/Cargo.toml", program::manifest(&none, engine, &[]));
    tree.add(program::SOURCE, String::new());
    for (place, manifest) in engine.crates() {
        tree.add(format!("{place}/Cargo.toml"), member::engine_manifest(manifest, engine));
        tree.add(format!("{place}/src/lib.rs"), String::new());
    }
    write(&tree, root)?;
    Ok(Workspace {
        root: root.to_owned(),
        extent: Extent::Libraries,
        seed: locked.clone(),
        engine_pins: Vec::new(),
        engine_lock: locked,
    })
}

/// Makes sure that a folder is none that the policies are in.
pub(crate) fn check_outside(folder: &Path, policies: &Policies) -> Result<(), GenerateError> {
    let policies_folder = fs_err::canonicalize(&policies.root)?;
    let crates = policies.crates.iter().map(|policy_crate| &policy_crate.location);
    let absolute = paths::absolute(folder)?;
    if crates.chain([&policies_folder]).any(|policy_crate| absolute.starts_with(policy_crate)) {
        return Err(GenerateError::InsidePolicies { root: folder.to_owned() });
    }
    Ok(())
}

/// Makes sure that nothing of the user's is in a folder that the user named for the workspace.
pub(crate) fn check_ours(folder: &Path) -> Result<(), GenerateError> {
    let is_ours = || {
        fs_err::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|manifest| manifest.starts_with(program::GENERATED))
    };
    let is_empty = || Ok::<_, io::Error>(fs_err::read_dir(folder)?.next().is_none());
    if folder.exists() && !is_ours() && !is_empty()? {
        return Err(GenerateError::NotOurs { root: folder.to_owned() });
    }
    Ok(())
}

mod stamp;
#[cfg(test)]
mod tests;
