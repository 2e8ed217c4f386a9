use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

use super::loader::{self, Loaded};
use super::toolchain::Toolchain;
use super::{BuilderImageError, places};
use policy_oci::FileSet;

/// Files of the machine, at the same places in the image.
pub(super) struct System {
    pub(super) files: FileSet,
    /// The dynamic loader of the compiler, which also tells of libraries that name none.
    loader: PathBuf,
    /// The folder of the toolchain, whose files are not the system's.
    toolchain: Option<PathBuf>,
    /// Folders of programs that are found by name.
    programs: BTreeSet<PathBuf>,
    bin: PathBuf,
}

impl System {
    pub(super) fn new(toolchain: &Toolchain) -> Result<Self, BuilderImageError> {
        let rustc = toolchain.program("rustc")?;
        let Loaded::Program { loader } = loader::kind_of(&rustc)? else {
            return Err(BuilderImageError::OtherCompiler(rustc));
        };
        Ok(Self {
            files: FileSet::default(),
            loader,
            toolchain: toolchain.has_a_place_of_its_own().then(|| toolchain.sysroot.clone()),
            programs: BTreeSet::new(),
            bin: toolchain.place().join("bin"),
        })
    }

    /// A file, and when it is a program or a library what it is loaded with.
    pub(super) fn program(&mut self, path: &Path) -> Result<(), BuilderImageError> {
        self.file(path)?;
        self.libraries(path)
    }

    /// A program that others find by its name.
    pub(super) fn named_program(&mut self, name: &'static str) -> Result<(), BuilderImageError> {
        let path = find(name).ok_or(BuilderImageError::NoLinker(name))?;
        if loader::kind_of(&path)? == Loaded::Other {
            return Err(BuilderImageError::NotElf(path));
        }
        self.programs.extend(path.parent().map(Path::to_owned));
        self.program(&path)
    }

    /// The libraries that a program or a library is loaded with.
    pub(super) fn libraries(&mut self, path: &Path) -> Result<(), BuilderImageError> {
        let loader = match loader::kind_of(path)? {
            Loaded::Program { loader } => loader,
            Loaded::Library => self.loader.clone(),
            Loaded::Other => return Ok(()),
        };
        for library in loader::libraries_of(path, &loader)? {
            self.file(&library)?;
        }
        Ok(())
    }

    /// The folders that programs are found in, for `PATH`.
    pub(super) fn search_path(&self) -> String {
        let builder = Path::new(places::PROGRAM).parent().map(Path::to_owned);
        let folders = [Some(self.bin.clone()), builder].into_iter().flatten();
        let mut path: Vec<String> = Vec::new();
        for folder in folders.chain(self.programs.iter().cloned()) {
            let folder = folder.display().to_string();
            if !path.contains(&folder) {
                path.push(folder);
            }
        }
        path.join(":")
    }

    fn file(&mut self, path: &Path) -> Result<(), BuilderImageError> {
        let canonical = fs_err::canonicalize(path)?;
        if !self.toolchain.as_ref().is_some_and(|toolchain| canonical.starts_with(toolchain)) {
            self.files.copy_with_links(path)?;
        }
        Ok(())
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}
