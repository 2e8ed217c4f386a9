//! The packages that the engine is linked with.

use std::sync::Mutex;

use super::ResolveError;
use crate::steps::engine::Engine;
use crate::steps::features::Features;
use crate::steps::workspace;
use policy_cargo::Network;
use policy_cargo::lockfile::{Lock, Package};
use policy_host::signals::ScratchDir;

/// The packages that the engine alone is linked with, on whichever platform, as its own lock has
/// it.
///
/// That lock is of the whole repository: it holds what only tests and tools are made of, and what
/// the engine's dependencies would depend on with the features that those turn on. Cargo, asked to
/// lock the engine without them, leaves these out. Platforms are not told apart, as programs for
/// all of them are made by one lock.
pub(crate) fn linked(engine: &Engine) -> Result<Vec<Package>, ResolveError> {
    // Who builds again and again asks it each time.
    static LAST: Mutex<Option<(CacheKey, Vec<Package>)>> = Mutex::new(None);
    let lock = engine.lock()?;
    let question = CacheKey::new(engine, &lock);
    let mut last = LAST.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some((_, linked)) = last.as_ref().filter(|(asked, _)| *asked == question) {
        return Ok(linked.clone());
    }
    let linked = linked_by(engine, &lock)?;
    *last = Some((question, linked.clone()));
    Ok(linked)
}

/// All that the answer depends on.
#[derive(PartialEq, Eq)]
struct CacheKey {
    manifests: Vec<String>,
    features: Features,
    packages: Vec<Package>,
}

impl CacheKey {
    fn new(engine: &Engine, lock: &Lock) -> Self {
        let manifests =
            engine.crates().map(|(_, manifest)| manifest.document.to_string()).collect();
        let features = engine.features.clone();
        Self { manifests, features, packages: lock.packages.clone() }
    }
}

fn linked_by(engine: &Engine, lock: &Lock) -> Result<Vec<Package>, ResolveError> {
    if lock.pins().next().is_none() {
        return Ok(Vec::new());
    }
    let folder = ScratchDir::new()?;
    let locked = |network| -> Result<Lock, ResolveError> {
        let workspace = workspace::engine_alone(engine, folder.path())?;
        policy_cargo::complete_lock(&workspace.root, network)?;
        Ok(Lock::read(&workspace.root.join("Cargo.lock"))?)
    };
    let is_locked = |package: &Package| lock.pins().any(|pin| pin.is(package));
    // Without the network Cargo may move what is locked to what it has at hand.
    let at_hand = locked(Network::Off).ok().filter(|found| found.pins().all(is_locked));
    let alone = at_hand.or_else(|| locked(Network::On).ok());
    let Some(alone) = alone else {
        // Why Cargo has no answer, it tells when it is asked for the whole.
        let all = lock.without("policy-engine", &engine.left_out);
        let all = all.linked_with("policy-engine", |_| true).into_iter();
        return Ok(all.filter(|package| package.source.is_some()).cloned().collect());
    };
    Ok(lock.pins().filter(|pin| alone.pins().any(|left| left.is(pin))).cloned().collect())
}
