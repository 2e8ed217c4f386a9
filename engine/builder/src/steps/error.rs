use super::compile::CompileError;
use super::discover::DiscoverError;
use super::engine::EngineError;
use super::provenance::MaterialsError;
use super::resolve::ResolveError;
use super::resolve::policies_lock::LockedError;
use super::self_check::SelfCheckError;
use super::vet::{RulesError, VetError};
use super::work_folder::WorkFolderError;
use super::workspace::GenerateError;
use policy_cargo::CargoError;

/// An error of any step of a build.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    #[error(transparent)]
    WorkFolder(#[from] WorkFolderError),
    #[error(transparent)]
    Locked(#[from] LockedError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    #[error(transparent)]
    Rules(#[from] RulesError),
    #[error(transparent)]
    Vet(#[from] VetError),
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Compile(#[from] CompileError),
    #[error(transparent)]
    SelfCheck(#[from] SelfCheckError),
    #[error(transparent)]
    Materials(#[from] MaterialsError),
}
