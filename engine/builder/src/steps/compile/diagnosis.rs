//! Finding whose mistake a failed compilation is.

use std::path::Path;
use std::process::ExitStatus;

use cargo_metadata::diagnostic::DiagnosticLevel;

use super::CompileError;
use crate::steps::discover::{Policies, PolicyCrate, Role};
use crate::steps::workspace::Workspace;
use policy_cargo::CompilerMessage;
use policy_host::progress::Progress;

/// The diagnosis of a compilation: shows the compiler's messages and keeps what its first error means.
pub(super) struct Diagnosis<'a> {
    workspace: &'a Workspace,
    policies: &'a Policies,
    first_error: Option<CompileError>,
}

impl<'a> Diagnosis<'a> {
    pub(super) fn new(workspace: &'a Workspace, policies: &'a Policies) -> Self {
        Self { workspace, policies, first_error: None }
    }

    /// Shows a message of the compiler.
    pub(super) fn record(&mut self, message: &CompilerMessage, progress: &Progress) {
        if let Some(rendered) = &message.message.rendered {
            progress.line(rendered.trim_end());
        }
        if message.message.level == DiagnosticLevel::Error && self.first_error.is_none() {
            self.first_error = Some(diagnose(message, self.workspace, self.policies));
        }
    }

    /// Checks whether there was an error.
    pub(super) fn has_error(&self) -> bool {
        self.first_error.is_some()
    }

    /// The reason why a Cargo ended as it did.
    pub(super) fn into_error(self, status: ExitStatus, stderr: &str) -> CompileError {
        if reports_full_disk(stderr) {
            return CompileError::DiskFull;
        }
        self.first_error.unwrap_or_else(|| CompileError::Failed {
            status: status.to_string(),
            words: policy_cargo::one_line(stderr),
        })
    }
}

/// Compiler, linker and Cargo pass on the system's own words.
fn reports_full_disk(words: &str) -> bool {
    words.contains("No space left on device")
}

/// The crate or the circumstance that a compiler's error is about.
fn diagnose(message: &CompilerMessage, workspace: &Workspace, policies: &Policies) -> CompileError {
    let error = &message.message;
    let folder = message.folder();
    let words = error.rendered.as_deref().unwrap_or(&error.message);
    // What points into the sources quotes them, and they may hold any words.
    if reports_full_disk(words) && !words.contains("-->") {
        return CompileError::DiskFull;
    }
    if error.message.starts_with("linking with `") || error.message.starts_with("linker `") {
        return CompileError::Link;
    }
    let inside = folder.strip_prefix(workspace.root.join("policies")).ok();
    let is_inside = |found: &&PolicyCrate| inside == Some(Path::new(&found.folder));
    if let Some(found) = policies.crates.iter().find(is_inside) {
        return CompileError::Crate {
            role: found.role,
            name: found.name.clone(),
            path: found.manifest.folder().to_owned(),
        };
    }
    if let Some(libraries) = policy_cargo::conflicting_allocators(error) {
        let brings = |found: &&PolicyCrate| libraries.contains(&found.library.name.as_str());
        let culprit = policies.crates.iter().find(brings).map(|found| found.name.as_str());
        let others = || libraries.into_iter().find(|library| *library != "policy_engine");
        let name = culprit.or_else(others).unwrap_or_default().to_owned();
        return CompileError::Allocator(name);
    }
    // The generated program only refers to what `register!` makes in each policy crate.
    let unregistered =
        error.message.split_once("registered_for_policy_api_").and_then(|(_, rest)| {
            let stamp = rest.split('`').next()?.replace('_', ".");
            let is_named =
                |found: &&PolicyCrate| rest.contains(&format!("`{}`", found.library.name));
            let found = policies.of_role(Role::Policy).find(is_named)?;
            Some(CompileError::NotRegistered {
                name: found.name.clone(),
                library: found.library.file.clone(),
                stamp,
            })
        });
    // Sources of third-party crates lie in folders named for package and version.
    let package = folder
        .file_name()
        .map_or(message.target.name.as_str().into(), |name| name.to_string_lossy());
    unregistered.unwrap_or_else(|| CompileError::Dependency(package.into_owned()))
}
