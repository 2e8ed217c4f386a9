use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::cargo::{self, ElfError, Target};
use crate::image::Platform;
use crate::image::{self, Contents, Image, ImageName, PackError, SourceDate};
use crate::progress::Progress;
use crate::steps::image::labels;
use crate::steps::provenance::{self, Materials, MaterialsError, Parameters};
use crate::steps::self_check::{self, InspectError, Reported};
use crate::steps::workspace::{ASKED, Asked};

/// A program that another tool compiled from a laid-out workspace, and that is what was asked for.
#[derive(Debug)]
pub(crate) struct Prebuilt {
    pub(crate) bytes: Vec<u8>,
    pub(crate) target: Target,
    pub(crate) asked: Asked,
    /// `None` where programs for its target do not start.
    reported: Option<Vec<Reported>>,
    workspace: PathBuf,
}

impl Prebuilt {
    /// Reads a program and checks it as one that was compiled here is checked.
    pub(crate) fn read(
        program: &Path,
        workspace: &Path,
        progress: &Progress,
    ) -> Result<Self, PrebuiltError> {
        let asked = asked_of(workspace)?;
        let target = Target::new(&asked.target);
        let bytes = fs_err::read(program).map_err(PrebuiltError::Program)?;
        cargo::check_static(program, &bytes)?;
        cargo::check_processor(program, &bytes, &target)?;
        // Without a separator the system would look for it on the PATH.
        let program = std::path::absolute(program).map_err(PrebuiltError::Program)?;
        let reported = self_check::check(&program, &target, &asked, None, progress)?;
        Ok(Self { bytes, target, asked, reported, workspace: workspace.to_owned() })
    }

    /// Packs it as an image, with where it comes from attached: the sources in its workspace. What
    /// of them is linked, only the tool that compiled it could tell.
    pub(crate) fn pack(
        &self,
        name: ImageName,
        created: SourceDate,
    ) -> Result<Image, PrebuiltError> {
        let materials = Materials::read(&self.workspace, &self.asked)?;
        let mut image = image::pack(&Contents {
            binary: &self.bytes,
            platform: Platform::of_target(&self.target.triple),
            name,
            created,
            labels: self.labels(Some(&created.to_string())),
        })?;
        let parameters =
            Parameters { asked: &self.asked, created, rustc: None, binary: &self.bytes };
        image.attach(&provenance::provenance(&image, &parameters, &materials)?)?;
        Ok(image)
    }

    /// What is said of an image of it.
    pub(crate) fn labels(&self, created: Option<&str>) -> BTreeMap<String, String> {
        labels::of(&self.asked, self.reported.as_deref(), created)
    }
}

fn asked_of(workspace: &Path) -> Result<Asked, PrebuiltError> {
    let path = workspace.join(ASKED);
    let text = match fs_err::read(&path) {
        Ok(text) => text,
        Err(error) => return Err(PrebuiltError::NoWorkspace { root: workspace.to_owned(), error }),
    };
    serde_json::from_slice(&text).map_err(|error| PrebuiltError::Asked { path, error })
}

/// Why a program cannot be packed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrebuiltError {
    #[error(
        "`{}` is no workspace that `policy-builder generate` laid out: {error}; name the one that \
         the program was compiled from with `--workspace`", root.display()
    )]
    NoWorkspace { root: PathBuf, error: io::Error },
    #[error(
        "`{}` is not as this version of policy-builder writes it: {error}; lay the workspace out \
         again with `policy-builder generate`", path.display()
    )]
    Asked { path: PathBuf, error: serde_json::Error },
    #[error("read the program: {0}; name one with `--program`")]
    Program(io::Error),
    #[error(transparent)]
    Elf(#[from] ElfError),
    #[error(transparent)]
    Inspect(#[from] InspectError),
    #[error(transparent)]
    Materials(#[from] MaterialsError),
    #[error(transparent)]
    Pack(#[from] PackError),
}
