//! The packages that the engine is linked with.

use std::collections::BTreeSet;

use super::ResolveError;
use crate::steps::answers::{Answers, Question};
use crate::steps::engine::Engine;
use crate::steps::workspace;
use policy_cargo::Network;
use policy_cargo::lockfile::{self, Lock, Package};
use policy_host::signals::ScratchDir;

/// The packages that the engine alone is linked with, on whichever platform, as its own lock has
/// it. Cargo is asked where something changed since the last of these `answers`.
///
/// That lock is of the whole repository: it holds what only tests and tools are made of, and what
/// the engine's dependencies would depend on with the features that those turn on. Cargo, asked to
/// lock the engine without them, leaves these out. Platforms are not told apart, as programs for
/// all of them are made by one lock.
pub(crate) fn linked(engine: &Engine, answers: &Answers) -> Result<Vec<Package>, ResolveError> {
    let lock = engine.lock()?;
    if lock.pins().next().is_none() {
        return Ok(Vec::new());
    }
    let question = question(engine, &lock)?;
    let alone = if let Some(kept) = answers.find(LINKED, &question) {
        String::from_utf8_lossy(&kept).into_owned()
    } else if let Some(alone) = alone(engine, &lock)? {
        let listed = list(alone.pins());
        answers.keep(LINKED, &question, listed.as_bytes())?;
        listed
    } else {
        // Why Cargo has no answer, it tells when it is asked for the whole.
        let all = lock.without("policy-engine", &engine.left_out);
        list(all.linked_with("policy-engine", |_| true))
    };
    let alone: BTreeSet<_> = alone.lines().collect();
    Ok(lock.pins().filter(|pin| alone.contains(line(pin).as_str())).cloned().collect())
}

/// The kind of question that the list of these packages answers.
const LINKED: &str = "engine";

/// The question with all that the list depends on.
fn question(engine: &Engine, lock: &Lock) -> Result<Question, ResolveError> {
    let mut question = Question::new()?.and(format!("{:?}", engine.features));
    for (_, manifest) in engine.crates() {
        question = question.and(manifest.document.to_string());
    }
    Ok(question.and(lockfile::text("", &lock.packages)))
}

/// Packages, one a line.
fn list<'a>(packages: impl IntoIterator<Item = &'a Package>) -> String {
    packages.into_iter().map(|package| line(package) + "\n").collect()
}

fn line(Package { name, version, source, .. }: &Package) -> String {
    format!("{name} {version} {}", source.as_deref().unwrap_or_default())
}

/// What Cargo leaves of the engine's lock for the engine alone; `None` where it has no answer.
fn alone(engine: &Engine, lock: &Lock) -> Result<Option<Lock>, ResolveError> {
    let folder = ScratchDir::new()?;
    let locked = |network| -> Result<Lock, ResolveError> {
        let workspace = workspace::engine_alone(engine, folder.path())?;
        policy_cargo::complete_lock(&workspace.root, network)?;
        Ok(Lock::read(&workspace.root.join("Cargo.lock"))?)
    };
    let is_locked = |package: &Package| lock.pins().any(|pin| pin.is(package));
    // Without the network Cargo may move what is locked to what it has at hand.
    let at_hand = locked(Network::Off).ok().filter(|found| found.pins().all(is_locked));
    Ok(at_hand.or_else(|| locked(Network::On).ok()))
}
