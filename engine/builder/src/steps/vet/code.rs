//! Capabilities that the crates' own code uses, as the compiler and Clippy see it.

use std::path::{Component, Path, PathBuf};

use super::dep_info::DepInfo;
use super::finding::{Capability, Finding, SourceLocation};
use super::{Subject, VetError, std_paths};
use crate::steps::compile::ClippyConfig;
use crate::steps::compile::{self, Checked};
use crate::steps::discover::PolicyCrate;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticSpan};
use policy_host::progress::Progress;

/// The lints that are asked about, whatever the sources allow.
const LINTS: [&str; 6] = [
    "clippy::disallowed_macros",
    "clippy::disallowed_methods",
    "clippy::disallowed_types",
    "unexpected_cfgs",
    "unsafe_code",
    "unstable_features",
];

/// A value that no crate asks `cfg(clippy)` for.
///
/// Clippy sets `cfg(clippy)`, so a crate could show it other code than is compiled. The compiler
/// knows that name by itself, without a value; told that it has this one, it tells of every other
/// use.
const NOT_ASKED_FOR: &str = "nothing-that-a-policy-asks-for";

/// The variables by which a crate learns of itself, in Cargo's words, and those that Clippy adds.
const HARMLESS: [&str; 6] = [
    "CARGO_CRATE_NAME",
    "CARGO_PKG_",
    "CLIPPY_ARGS",
    "CLIPPY_CONF_DIR",
    "CLIPPY_DISABLE_DOCS_LINKS",
    // The folder of a build script's results: found as a build script.
    "OUT_DIR",
];

/// Finds what the crates of the folder do, with `work` to compile in.
pub(super) fn check(
    subject: Subject<'_>,
    work: &Path,
    progress: &Progress,
) -> Result<Vec<Finding>, VetError> {
    let configuration = work.join("vet");
    write_if_other(&configuration, "clippy.toml", &std_paths::clippy_toml())?;
    let cache = work.join("target");
    let questions = ClippyConfig { configuration: &configuration, flags: &flags() };
    let Subject { workspace, policies, target } = subject;
    let checked = compile::check(workspace, policies, target, &cache, &questions, progress)?;

    let mut findings = Vec::new();
    for policy_crate in &policies.crates {
        let sources = Sources {
            policy_crate,
            folder: Path::new("policies").join(&policy_crate.folder),
            root: &workspace.root,
            cache: &cache,
        };
        sources.collect(&checked, &mut findings)?;
    }
    Ok(findings)
}

fn flags() -> Vec<String> {
    let mut flags: Vec<_> =
        LINTS.iter().flat_map(|lint| ["--force-warn", lint]).map(str::to_owned).collect();
    // What the crate itself takes for an error is for the compilation to tell.
    flags.extend(["--cap-lints".to_owned(), "warn".to_owned()]);
    flags.extend(["--check-cfg".to_owned(), format!("cfg(clippy, values({NOT_ASKED_FOR:?}))")]);
    flags
}

/// Leaves the file's time of change where it says the same: Cargo goes by that.
fn write_if_other(folder: &Path, name: &str, text: &str) -> std::io::Result<()> {
    let path = folder.join(name);
    if fs_err::read(&path).is_ok_and(|before| before == text.as_bytes()) {
        return Ok(());
    }
    fs_err::create_dir_all(folder)?;
    fs_err::write(path, text)
}

/// A crate and where its sources are.
struct Sources<'a> {
    policy_crate: &'a PolicyCrate,
    /// In the workspace, relative to its root.
    folder: PathBuf,
    root: &'a Path,
    /// The folder for what Cargo compiles.
    cache: &'a Path,
}

impl Sources<'_> {
    fn collect(&self, checked: &Checked, findings: &mut Vec<Finding>) -> Result<(), VetError> {
        let in_workspace = self.root.join(&self.folder);
        let of_crate = checked.diagnostics.iter().filter(|(folder, _)| *folder == in_workspace);
        let of_crate: Vec<_> = of_crate.map(|(_, diagnostic)| diagnostic).collect();
        findings.extend(of_crate.iter().filter_map(|diagnostic| self.finding(diagnostic)));
        for (_, file) in checked.dep_infos.iter().filter(|(folder, _)| *folder == in_workspace) {
            let info = DepInfo::read(file)?;
            findings.extend(
                info.variables.iter().filter_map(|variable| self.variable(variable, &of_crate)),
            );
            findings.extend(info.files.iter().filter_map(|file| self.file(file, &of_crate)));
        }
        Ok(())
    }

    /// The finding of a diagnostic, where it is about something that counts.
    fn finding(&self, diagnostic: &Diagnostic) -> Option<Finding> {
        let span = diagnostic.spans.iter().find(|span| span.is_primary)?;
        // What a macro of the engine's own writes; what an author gives to it keeps its place.
        if span.file_name.starts_with("engine") {
            return None;
        }
        let place = || self.place(span);
        let lint = diagnostic.code.as_ref()?.code.as_str();
        let plain = |what, detail: &str| Finding {
            place: place(),
            crate_name: self.policy_crate.name.clone(),
            what,
            item: None,
            detail: detail.to_owned(),
        };
        match lint {
            "unsafe_code" => Some(plain(Capability::Unsafe, &diagnostic.message)),
            "unstable_features" => Some(plain(Capability::UnstableFeature, "an unstable feature")),
            "unexpected_cfgs" => {
                // Where more values than it shows are expected, the compiler leaves ours out.
                let is_told = |text: &str| {
                    text.contains(NOT_ASKED_FOR) || text.contains("values for `clippy`")
                };
                let is_ours = diagnostic.children.iter().any(|child| is_told(&child.message));
                is_ours.then(|| plain(Capability::HiddenCode, "`cfg(clippy)`"))
            }
            _ => {
                let item = diagnostic.message.split('`').nth(1)?;
                Some(Finding::named(place(), &self.policy_crate.name, std_paths::what(item)?, item))
            }
        }
    }

    /// A variable that the crate was compiled with, unless it is one of Cargo's about the crate.
    fn variable(&self, name: &str, diagnostics: &[&Diagnostic]) -> Option<Finding> {
        if HARMLESS
            .iter()
            .any(|prefix| name == *prefix || prefix.ends_with('_') && name.starts_with(prefix))
        {
            return None;
        }
        let place = self.place_of(&format!("\"{name}\""), diagnostics);
        let finding = Finding::named(place, &self.policy_crate.name, Capability::Environment, name);
        Some(Finding { detail: format!("the variable `{name}`, when it is compiled"), ..finding })
    }

    /// A file that the crate was compiled from, unless it is one of its own.
    fn file(&self, file: &Path, diagnostics: &[&Diagnostic]) -> Option<Finding> {
        // Clippy names what it was configured by: its own file, and the workspace's manifest.
        let is_clippys = file == Path::new("Cargo.toml") || file.starts_with(self.cache.parent()?);
        let within = normal(file);
        let is_own = within.strip_prefix(&self.folder).is_ok_and(|inside| {
            // A link in the crate's folder may lead out of it.
            let original = self.policy_crate.manifest.folder().join(inside);
            fs_err::canonicalize(original)
                .is_ok_and(|real| real.starts_with(&self.policy_crate.location))
        });
        if is_clippys && !file.starts_with(self.root) || is_own {
            return None;
        }
        let shown = within.strip_prefix(&self.folder).unwrap_or(&within);
        let shown = shown.strip_prefix("policies").unwrap_or(shown).display().to_string();
        let last = file.file_name().unwrap_or_default().to_string_lossy();
        let place = self.place_of(&last, diagnostics);
        let finding =
            Finding::named(place, &self.policy_crate.name, Capability::IncludedFile, &shown);
        Some(Finding {
            detail: format!("`{shown}`, from outside of the crate's folder"),
            ..finding
        })
    }

    /// Finds where a macro is used with this in its arguments, or else the crate's library.
    fn place_of(&self, argument: &str, diagnostics: &[&Diagnostic]) -> SourceLocation {
        let is_lint = |diagnostic: &&&Diagnostic| {
            diagnostic.code.as_ref().is_some_and(|code| code.code == "clippy::disallowed_macros")
        };
        let spans = diagnostics.iter().filter(is_lint).flat_map(|diagnostic| &diagnostic.spans);
        let mut named =
            spans.filter(|span| span.text.iter().any(|line| line.text.contains(argument)));
        let library = || SourceLocation::file(self.policy_crate.library.file.clone());
        named.next().map_or_else(library, |span| self.place(span))
    }

    /// The place in the crate's own sources that a place belongs to: through macros, out to where
    /// the first of them is used.
    fn place(&self, span: &DiagnosticSpan) -> SourceLocation {
        let mut next = Some(span);
        while let Some(span) = next {
            if let Ok(inside) = normal(Path::new(&span.file_name)).strip_prefix(&self.folder) {
                return SourceLocation {
                    file: self.policy_crate.manifest.folder().join(inside),
                    position: Some((span.line_start, span.column_start)),
                };
            }
            next = span.expansion.as_ref().map(|expansion| &expansion.span);
        }
        SourceLocation::file(self.policy_crate.library.file.clone())
    }
}

/// A path without `.` and with as few `..` as it can have.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        let can_go_up = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => {}
            Component::ParentDir if can_go_up => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_of_paths_are_resolved() {
        for (path, expected) in [
            ("policies/a/src/../../b/x", "policies/b/x"),
            ("./a/./b", "a/b"),
            ("policies/a/../../../../etc/x", "../../etc/x"),
            ("/a/../b", "/b"),
        ] {
            assert_eq!(normal(Path::new(path)), Path::new(expected));
        }
    }
}
