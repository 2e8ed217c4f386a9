//! Packs the engine's sources for the program to embed.
//!
//! In the repository they are packed as they are there. A published package has no sources of other
//! crates beside it, so it brings `engine.tar.gz`, which `policy-builder engine-archive` writes
//! before `cargo package`.

#[cfg(not(feature = "embedded-engine"))]
fn main() {}

#[cfg(feature = "embedded-engine")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    embed::archive()
}

#[cfg(feature = "embedded-engine")]
mod embed {
    use std::env;
    use std::error::Error;
    use std::fs::{self, File};
    use std::io::{self, Write as _};
    use std::path::{Path, PathBuf};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{EntryType, Header};

    /// The folders of the crates that `policy-api` and `policy-engine` are made of. A test of the
    /// program compares them with what the manifests say.
    const CRATES: [&str; 7] = ["api", "confinement", "console", "report", "runtime", "text", "tls"];
    /// The files that the crates inherit from and are locked by.
    const FILES: [&str; 2] = ["Cargo.lock", "Cargo.toml"];
    /// Folders of a crate that nothing is compiled from, as in `steps/workspace/crate_files.rs`.
    const ASIDE: [&str; 5] = ["benches", "docs", "proptest-regressions", "target", "tests"];
    /// The archive, in the output folder and in a published package.
    const ARCHIVE: &str = "engine.tar.gz";

    /// Writes the archive to the folder for what build scripts make.
    pub(crate) fn archive() -> Result<(), Box<dyn Error>> {
        let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
        let output = PathBuf::from(env::var("OUT_DIR")?).join(ARCHIVE);
        let packaged = package.join(ARCHIVE);
        rerun_if_changed("build.rs")?;
        if package.join("../api/Cargo.toml").is_file() {
            pack(&package.join("../.."), &output)?;
        } else if packaged.is_file() {
            rerun_if_changed(ARCHIVE)?;
            fs::copy(&packaged, &output)?;
        } else {
            let (package, packaged) = (package.display(), packaged.display());
            return Err(format!(
                "failed to embed the engine's sources: there is neither `{package}/../api` nor \
                 `{packaged}`\nhelp: write the latter with `policy-builder engine-archive` in a \
                 checkout, or build with `--no-default-features`"
            )
            .into());
        }
        Ok(())
    }

    /// Packs the sources of a repository: by name, and nothing of the machine beside them.
    fn pack(root: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
        let mut files: Vec<_> = FILES.into_iter().map(PathBuf::from).collect();
        for folder in CRATES {
            let folder = Path::new("engine").join(folder);
            add_folder(root, &folder, &ASIDE, &mut files)?;
            rerun_if_changed(&format!("../../{}", folder.display()))?;
        }
        for file in FILES {
            rerun_if_changed(&format!("../../{file}"))?;
        }
        files.sort();
        let mut archive =
            tar::Builder::new(GzEncoder::new(File::create(output)?, Compression::best()));
        for file in files {
            let bytes = fs::read(root.join(&file))?;
            let mut header = Header::new_ustar();
            header.set_entry_type(EntryType::Regular);
            header.set_mode(0o644);
            header.set_mtime(0);
            header.set_size(bytes.len().try_into()?);
            archive.append_data(&mut header, &file, bytes.as_slice())?;
        }
        archive.into_inner()?.finish()?;
        Ok(())
    }

    /// Adds the files of a folder below the root, but for hidden ones and what is called as `aside`
    /// in the folder itself.
    fn add_folder(
        root: &Path,
        folder: &Path,
        aside: &[&str],
        files: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        for entry in fs::read_dir(root.join(folder))? {
            let entry = entry?;
            let name = entry.file_name();
            let is_left_out = |name: &str| name.starts_with('.') || aside.contains(&name);
            if name.to_str().is_none_or(is_left_out) {
                continue;
            }
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                add_folder(root, &path, &[], files)?;
            } else {
                files.push(path);
            }
        }
        Ok(())
    }

    fn rerun_if_changed(path: &str) -> io::Result<()> {
        writeln!(io::stdout(), "cargo::rerun-if-changed={path}")
    }
}
