//! An image that builds images: the compiler, a linker, the engine's sources with all that they
//! depend on, and this program. It needs no network, and no tool of the machine it runs on.
//!
//! [`system`] picks what programs need of the machine's own files, by asking its dynamic loader;
//! [`linker`] has the compiler link something and notes what was read; [`toolchain`] leaves out of
//! Rust what compiling does not need; [`sources`] has Cargo vendor what is compiled; [`process`]
//! says how the image runs.

mod error;
mod linker;
mod loader;
mod places;
mod process;
mod sources;
mod system;
mod toolchain;

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use crate::steps::engine::Engine;
use crate::steps::platform;
use crate::steps::resolve::policies_lock::{self, Locked};
pub(crate) use error::BuilderImageError;
use policy_cargo::Target;
use policy_host::progress::Progress;
use policy_host::signals::ScratchDir;
use policy_oci::{FileSet, ImageSpec, Reference, SourceDate, StoredImage, StoredLayer};
use system::System;
use toolchain::Toolchain;

/// The options of a builder image.
pub(crate) struct BuilderImageOptions<'a> {
    pub(crate) engine: Option<&'a Path>,
    /// Folders of policies whose dependencies are to be there.
    pub(crate) policies: &'a [PathBuf],
    /// The distance that a build may keep from the `policies.lock` of each.
    pub(crate) locked: Locked,
    pub(crate) target: Option<&'a str>,
    pub(crate) name: Reference,
    pub(crate) created: SourceDate,
    /// The folder for layers until the image is written.
    pub(crate) scratch: &'a Path,
}

/// Puts the image together, for the processor of this machine.
pub(crate) fn make(
    options: &BuilderImageOptions<'_>,
    progress: &Progress,
) -> Result<StoredImage, BuilderImageError> {
    for folder in options.policies {
        policies_lock::check_is_there(folder, options.locked)?;
    }
    let target = Target::choose(options.target)?;
    if let Some(note) = &target.note {
        progress.line(&format!("note: {note}"));
    }
    let scratch = ScratchDir::new_in(options.scratch)?;
    let engine = Engine::locate(options.engine)?;

    let toolchain = Toolchain::active()?;
    let (mut system, rust) = progress.phase("collect", "compiler and linker", || {
        let mut system = System::new(&toolchain)?;
        for program in toolchain.programs()? {
            system.program(&program)?;
        }
        linker::collect(&mut system, &toolchain, &target, scratch.path())?;
        let rust = toolchain.collect(&target)?;
        system.files.remove_all(&rust);
        Ok::<_, BuilderImageError>((system, rust))
    })?;
    let program = env::current_exe()?;
    system.libraries(&program)?;
    let mut builder = FileSet::default();
    builder.copy(places::PROGRAM, program);
    let sources = progress.phase("vendor", "the engine and what it depends on", || {
        sources::collect(
            &engine,
            options.policies,
            options.locked,
            toolchain.host(),
            &target,
            scratch.path(),
            progress,
        )
    })?;

    let path = system.search_path();
    let mut files = system.files;
    process::folders(&mut files);
    let parts = [
        ("the dynamic loader, libraries and the linker", files),
        ("Rust", rust),
        ("the engine's sources and their dependencies", sources),
        ("policy-builder", builder),
    ];
    progress.phase("pack", &options.name.to_string(), || {
        let layers = pack(&parts, options)?;
        let labels = labels(&engine, options.created);
        let spec = ImageSpec {
            platform: platform::from_target(toolchain.host()),
            name: options.name.clone(),
            created: options.created,
            process: process::config(&path, &options.name)?,
            labels,
            created_by: "policy-builder".to_owned(),
        };
        Ok(StoredImage::new(&spec, layers)?)
    })
}

/// Packs the layers, each by a thread: they are large.
fn pack(
    parts: &[(&'static str, FileSet)],
    options: &BuilderImageOptions<'_>,
) -> Result<Vec<StoredLayer>, BuilderImageError> {
    let (created, scratch) = (options.created, options.scratch);
    thread::scope(|scope| {
        let threads: Vec<_> = parts
            .iter()
            .map(|(comment, files)| {
                scope.spawn(move || StoredLayer::new(files, comment, created, scratch))
            })
            .collect();
        let layers = threads.into_iter().map(|thread| {
            let ended = thread.join();
            Ok(ended.map_err(|_| io::Error::other("a layer was not packed"))??)
        });
        layers.collect()
    })
}

fn labels(engine: &Engine, created: SourceDate) -> BTreeMap<String, String> {
    [
        ("org.opencontainers.image.title", "policy-builder".to_owned()),
        (
            "org.opencontainers.image.description",
            "From a folder of Rust policy crates to one static binary and an OCI image".to_owned(),
        ),
        ("org.opencontainers.image.version", engine.version.to_string()),
        ("org.opencontainers.image.created", created.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
