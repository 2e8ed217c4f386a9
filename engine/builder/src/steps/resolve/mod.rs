//! Completing the lock of a workspace that is laid out.

mod clash;
mod engine;
pub(crate) mod policies_lock;
mod requirement;

use std::io;
use std::process;

use semver::{Version, VersionReq};

use crate::container;
use crate::steps::answers::{Answers, Question};
use crate::steps::discover::{Policies, Role};
use crate::steps::engine::POLICY_API;
use crate::steps::workspace::{GenerateError, Workspace};
use clash::Clash;
pub(crate) use engine::linked;
use policies_lock::{Locked, LockedError};
use policy_cargo::CargoError;
use policy_cargo::Network;
use policy_cargo::lockfile::{Lock, LockError, Package};
use policy_cargo::manifest::dependencies;
use policy_host::progress::Progress;
use requirement::{named, reaches};

/// Which versions Cargo chooses of what is pinned nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Versions on this machine, where they do: nothing is asked of the network then.
    AtHand,
    /// The newest that there are.
    Newest,
}

/// Has Cargo complete the lock of a workspace, and compares it with `policies.lock`, or tells what
/// Cargo chose by itself: that may be something else another day. Cargo is asked again where
/// something changed since the last of these `answers`.
///
/// # Errors
/// Also when Cargo would move what the engine is linked with to another version, and when it is not
/// what it is `locked` to.
pub(crate) fn complete_lock(
    workspace: &Workspace,
    policies: &Policies,
    locked: Locked,
    answers: &Answers,
    progress: &Progress,
) -> Result<(), ResolveError> {
    let resolved = resolve_again(workspace, policies, answers)?;
    Ok(policies_lock::follow(policies, workspace, &resolved, locked, progress)?)
}

/// The kind of question that a completed lock answers.
const LOCK: &str = "lock";

/// Resolves like [`resolve`], where that was not done before.
///
/// What is pinned nowhere goes by the registries at hand. So nobody takes another process's word for
/// it, which may have had others.
fn resolve_again(
    workspace: &Workspace,
    policies: &Policies,
    answers: &Answers,
) -> Result<Lock, ResolveError> {
    let path = workspace.root.join("Cargo.lock");
    let lasting = Question::new()?.about(&workspace.root)?;
    let passing = lasting.clone().and(process::id().to_string());
    let kept = [&lasting, &passing].into_iter().find_map(|question| answers.find(LOCK, question));
    if let Some(kept) = kept {
        fs_err::write(&path, kept)?;
        return Ok(policies_lock::with_sources(Lock::read(&path)?, policies));
    }
    let resolved = resolve(workspace, policies, Choice::AtHand)?;
    let question =
        if Lock::read(&path)?.pins().all(|pin| workspace.pins(pin)) { &lasting } else { &passing };
    answers.keep(LOCK, question, &fs_err::read(&path)?)?;
    Ok(resolved)
}

/// Has Cargo complete the lock of a workspace, and gives it, the policies from elsewhere with their
/// sources.
///
/// # Errors
/// Fails like [`complete_lock`].
pub(crate) fn resolve(
    workspace: &Workspace,
    policies: &Policies,
    choice: Choice,
) -> Result<Lock, ResolveError> {
    let path = workspace.root.join("Cargo.lock");
    let seed = fs_err::read(&path)?;
    let complete = |network| {
        // In place of what another attempt left.
        fs_err::write(&path, &seed)?;
        policy_cargo::complete_lock(&workspace.root, network).map_err(container::explain).map_err(
            |error| {
                let is_unresolved = matches!(error, CargoError::Resolve(_));
                let why = || why(policies, &workspace.engine_pins);
                is_unresolved.then(why).flatten().unwrap_or_else(|| error.into())
            },
        )?;
        let completed = Lock::read(&path)?;
        check_engine(&completed, policies, &workspace.engine_pins).map(|()| completed)
    };
    let completed = match complete(Network::Off) {
        Ok(lock) if choice == Choice::AtHand || lock.pins().all(|pin| workspace.pins(pin)) => lock,
        Ok(_) => complete(Network::On)?,
        // Without the network Cargo may also have moved what is pinned to what it has at hand.
        Err(offline) => complete(Network::On).map_err(|online| match (offline, online) {
            (moved @ ResolveError::Moved(_), ResolveError::Cargo(_)) => moved,
            (_, online) => online,
        })?,
    };
    Ok(policies_lock::with_sources(completed, policies))
}

/// Finds what in the policies' own manifests explains that Cargo finds no versions.
fn why(policies: &Policies, pins: &[Package]) -> Option<ResolveError> {
    let unmet = unmet(policies, pins).into_iter().next();
    unmet.map(ResolveError::from).or_else(|| clash::find(policies).map(ResolveError::from))
}

/// Checks that the engine is linked with what its own lock has.
fn check_engine(
    completed: &Lock,
    policies: &Policies,
    pins: &[Package],
) -> Result<(), ResolveError> {
    let is_pinned = |package: &Package| pins.iter().any(|pin| pin.is(package));
    for taken in completed.linked_with("policy-engine", |_| true) {
        let moved = pins.iter().find(|pin| pin.key() == taken.key());
        let Some(pin) = moved.filter(|_| !is_pinned(taken)) else { continue };
        if let Some(unmet) =
            unmet(policies, pins).into_iter().find(|unmet| unmet.package == pin.name)
        {
            return Err(unmet.into());
        }
        // What the engine is linked with as well does with the engine's version.
        let asks = |package: &Package| package.name != POLICY_API && !is_pinned(package);
        let of_role = policies.of_role(Role::Policy).map(|policy_crate| policy_crate.name.as_str());
        let by = of_role.filter(|name| completed.linked_with(name, asks).contains(&taken));
        return Err(Moved {
            package: pin.name.clone(),
            engine: pin.version.clone(),
            taken: taken.version.clone(),
            by: by.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        }
        .into());
    }
    Ok(())
}

/// Finds the policies' own requirements that the engine's versions do not meet.
fn unmet(policies: &Policies, pins: &[Package]) -> Vec<Unmet> {
    let mut found = Vec::new();
    for policy_crate in &policies.crates {
        for dependency in dependencies(&policy_crate.manifest) {
            let Some(requirement) = dependency.version_req() else { continue };
            let is_same = |pin: &&Package| pin.is_from_registry() && pin.name == dependency.package;
            let of_same = || pins.iter().filter(is_same);
            if of_same().any(|pin| requirement.matches(&pin.version)) {
                continue;
            }
            if let Some(pin) = of_same().find(|pin| reaches(&requirement, &pin.version)) {
                found.push(Unmet {
                    role: policy_crate.role,
                    name: policy_crate.name.clone(),
                    package: pin.name.clone(),
                    requirement,
                    engine: pin.version.clone(),
                });
            }
        }
    }
    found
}

/// A crate of the policies folder does not do with the engine's version of a package.
#[derive(Debug, thiserror::Error)]
#[error(
    "{role} crate `{name}` asks for `{package}` `{requirement}`, but the engine is linked with \
     {engine}, and a program has one version of each compatible range\nhelp: have `{name}` ask for \
     what {engine} meets, or build with an engine that has another"
)]
pub(crate) struct Unmet {
    role: Role,
    name: String,
    package: String,
    requirement: VersionReq,
    engine: Version,
}

/// Something that policies depend on does not do with the engine's version of a package.
#[derive(Debug, thiserror::Error)]
#[error(
    "the engine is linked with `{package}` {engine}, but Cargo takes {taken} for what policy \
     crates depend on ({by}), and a program has one version of each compatible range\nhelp: have \
     those crates depend on what does with {engine} (`cargo tree --invert {package}` shows what \
     asks for it), and lock that, or build with an engine that has {taken}"
)]
pub(crate) struct Moved {
    package: String,
    engine: Version,
    taken: Version,
    by: String,
}

/// An error of completing the lock.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveError {
    #[error(transparent)]
    Unmet(Box<Unmet>),
    #[error(transparent)]
    Moved(Box<Moved>),
    #[error(transparent)]
    Clash(Box<Clash>),
    #[error(transparent)]
    Locked(#[from] LockedError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Cargo(#[from] CargoError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error("failed to complete the lock of the workspace: {0}")]
    Files(#[from] io::Error),
}

impl From<Unmet> for ResolveError {
    fn from(unmet: Unmet) -> Self {
        Self::Unmet(Box::new(unmet))
    }
}

impl From<Clash> for ResolveError {
    fn from(clash: Clash) -> Self {
        Self::Clash(Box::new(clash))
    }
}

impl From<Moved> for ResolveError {
    fn from(moved: Moved) -> Self {
        Self::Moved(Box::new(moved))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirement_covers_its_compatible_range() {
        let reaches = |requirement: &str, version: &str| {
            reaches(&requirement.parse().unwrap(), &version.parse().unwrap())
        };
        for requirement in ["1.0.300", "=1.0.10", "~1.2", ">=1.0.300"] {
            assert!(reaches(requirement, "1.0.228"), "{requirement}");
        }
        for requirement in ["2", "=0.9.0", ">=2.1", "<1", ">=0.9, <1.0.3", "*"] {
            assert!(!reaches(requirement, "1.0.228"), "{requirement}");
        }
        assert!(reaches("0.3.9", "0.3.1") && !reaches("0.4", "0.3.1"));
    }
}
