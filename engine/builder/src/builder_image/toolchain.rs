use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{BuilderImageError, places};
use policy_cargo::Target;
use policy_cargo::rustc;
use policy_oci::FileSet;

/// Without these nothing is compiled.
const NEEDED: [&str; 2] = ["rustc", "cargo"];
/// Without these nothing is vetted, as the image does by default.
const CLIPPY: [&str; 2] = ["cargo-clippy", "clippy-driver"];
/// The compiler looks whether the standard library's sources are there, and spells paths in panic
/// messages by that: the image's should spell them as this machine's does.
const TELLTALE: &str = "lib/rustlib/src/rust/library/std/src/lib.rs";

/// The compiler's own files.
pub(super) struct Toolchain {
    pub(super) sysroot: PathBuf,
    host: String,
}

impl Toolchain {
    /// The toolchain that Cargo would use here.
    pub(super) fn active() -> Result<Self, BuilderImageError> {
        let sysroot = fs_err::canonicalize(rustc::print("sysroot", &[])?)?;
        Ok(Self { sysroot, host: rustc::print("host-tuple", &[])? })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Checks whether all of it is in one folder, which may then lie anywhere; distributions have
    /// it among the system's files.
    pub(super) fn has_a_place_of_its_own(&self) -> bool {
        let is_driver = |name: &str| name.starts_with("librustc_driver-");
        fs_err::read_dir(self.sysroot.join("lib")).is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().to_str().is_some_and(is_driver))
        })
    }

    /// Its folder in the image.
    pub(super) fn place(&self) -> &Path {
        if self.has_a_place_of_its_own() { Path::new(places::RUST) } else { &self.sysroot }
    }

    pub(super) fn program(&self, name: &'static str) -> Result<PathBuf, BuilderImageError> {
        let path = self.sysroot.join("bin").join(name);
        if path.is_file() {
            return Ok(path);
        }
        Err(BuilderImageError::NoTool { sysroot: self.sysroot.clone(), program: name })
    }

    /// Its programs, the linkers that the compiler starts by itself among them.
    pub(super) fn programs(&self) -> Result<Vec<PathBuf>, BuilderImageError> {
        let mut programs = Vec::new();
        for name in NEEDED {
            programs.push(self.program(name)?);
        }
        for name in CLIPPY {
            let no_clippy = |_| BuilderImageError::NoClippy { sysroot: self.sysroot.clone() };
            programs.push(self.program(name).map_err(no_clippy)?);
        }
        for linker in self.linkers().iter().filter(|linker| linker.exists()) {
            programs.extend(files_below(linker)?);
        }
        Ok(programs)
    }

    /// The files that compiling for a target needs.
    pub(super) fn collect(&self, target: &Target) -> Result<FileSet, BuilderImageError> {
        let mut files = FileSet::default();
        let place = self.place();
        let has_its_own = self.has_a_place_of_its_own();
        let mut add = |path: &Path| {
            let inside = path.strip_prefix(&self.sysroot).unwrap_or(path);
            if has_its_own {
                files.copy(place.join(inside), path.to_owned());
                return Ok(());
            }
            files.copy_with_links(path)
        };
        for program in self.programs()? {
            add(&program)?;
        }
        for triple in [&self.host, &target.triple] {
            for library in files_below(&self.rustlib(triple).join("lib"))? {
                add(&library)?;
            }
        }
        if has_its_own {
            for entry in fs_err::read_dir(self.sysroot.join("lib"))? {
                let path = entry?.path();
                if path.is_file() {
                    add(&path)?;
                }
            }
        }
        let telltale = self.sysroot.join(TELLTALE);
        if telltale.is_file() {
            add(&telltale)?;
        }
        Ok(files)
    }

    /// LLVM's linker, where the toolchain brings it: a program, and wrappers for the C compiler.
    fn linkers(&self) -> [PathBuf; 2] {
        let bin = self.rustlib(&self.host).join("bin");
        ["rust-lld", "gcc-ld"].map(|name| bin.join(name))
    }

    fn rustlib(&self, triple: &str) -> PathBuf {
        self.sysroot.join("lib/rustlib").join(triple)
    }
}

/// Files, and those in folders; links to files are files.
fn files_below(path: &Path) -> Result<Vec<PathBuf>, BuilderImageError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(path).sort_by_file_name() {
        let path = entry.map_err(io::Error::from)?.into_path();
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn toolchain_without_clippy_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs_err::create_dir(&bin).unwrap();
        for name in ["rustc", "cargo", "cargo-clippy"] {
            fs_err::write(bin.join(name), "").unwrap();
        }
        let sysroot = folder.path().to_owned();
        let toolchain = Toolchain { sysroot, host: "x86_64-unknown-linux-gnu".into() };
        assert_eq!(
            toolchain.programs().unwrap_err().to_string(),
            format!(
                "the toolchain in `{}` has no Clippy, which the image vets policies with\nhelp: \
                 run `rustup component add clippy`",
                folder.path().display()
            )
        );
        fs_err::write(bin.join("clippy-driver"), "").unwrap();
        assert_eq!(toolchain.programs().unwrap().len(), 4);
    }
}
