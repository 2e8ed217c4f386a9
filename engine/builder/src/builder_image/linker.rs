use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::BuilderImageError;
use super::system::System;
use super::toolchain::Toolchain;
use policy_cargo::Target;
use policy_host::signals;

/// A message of the compiler, a line of JSON.
#[derive(Deserialize)]
struct Diagnostic {
    message: String,
}

/// Collects the linker and what it reads, by linking each kind of thing that a build links.
pub(super) fn collect(
    system: &mut System,
    toolchain: &Toolchain,
    target: &Target,
    scratch: &Path,
) -> Result<(), BuilderImageError> {
    for program in ["cc", "ld"] {
        system.named_program(program)?;
    }
    let source = scratch.join("nothing.rs");
    fs_err::write(&source, "#![allow(unused)]\nfn main() {}\n")?;
    let linked = [
        (toolchain.host(), "bin", "-crt-static"),
        (toolchain.host(), "proc-macro", "-crt-static"),
        (&target.triple, "bin", "+crt-static"),
    ];
    let mut read = BTreeSet::new();
    for (triple, kind, feature) in linked {
        let rustc = toolchain.program("rustc")?;
        let mut command = Command::new(rustc);
        command
            .arg(&source)
            .args(["--crate-type", kind, "--target", triple, "--error-format", "json"])
            .args(["-C", &format!("target-feature={feature}"), "-W", "linker-messages"])
            // LLVM's linker tells only of files that it takes something from, and fails without the
            // others all the same.
            .args([
                "-C",
                "link-arg=-fuse-ld=bfd",
                "-C",
                "link-arg=-Wl,--trace",
                "-C",
                "link-arg=-v",
            ])
            .arg("--out-dir")
            .arg(scratch);
        let output = signals::output(&mut command)?;
        let words = String::from_utf8_lossy(&output.stderr);
        let said = |line| Some(serde_json::from_str::<Diagnostic>(line).ok()?.message);
        let said: Vec<_> = words.lines().filter_map(said).collect();
        if !output.status.success() {
            let words = said.first().cloned().unwrap_or_else(|| words.trim().to_owned());
            return Err(BuilderImageError::Link { target: triple.to_owned(), words });
        }
        read.extend(said.iter().flat_map(|text| files_in(text)));
    }
    let ours = fs_err::canonicalize(scratch)?;
    for path in read.iter().filter(|path| !path.starts_with(&ours) && !path.starts_with(scratch)) {
        system.program(path)?;
    }
    Ok(())
}

/// The words that are paths of files, also behind a `=`.
fn files_in(words: &str) -> impl Iterator<Item = PathBuf> {
    let words = words.split_whitespace();
    let paths = words.map(|word| word.rsplit_once('=').map_or(word, |(_, path)| path));
    paths.map(PathBuf::from).filter(|path| path.is_absolute() && path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_linker_arguments() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["crt1.o", "lto-wrapper"].map(|name| folder.path().join(name));
        std::fs::write(&one, "").unwrap();
        std::fs::write(&two, "").unwrap();
        let words = format!(
            "linker stdout: {}\n collect2 -plugin-opt={} -L{} /no/such",
            one.display(),
            two.display(),
            folder.path().display()
        );
        assert_eq!(files_in(&words).collect::<Vec<_>>(), [one, two]);
    }
}
