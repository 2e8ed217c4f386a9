//! The program's source, which tells what the program is linked with: it is written once the lock is
//! complete.

use super::auditable;
use super::compile::Profile;
use super::discover::Policies;
use super::engine::{Engine, PROGRAM};
use super::grants;
use super::vet::Rules;
use super::workspace::{self, BuildPlan, GenerateError, Stamp, Workspace};
use crate::container;
use policy_cargo::{Cargo, CargoError, DependencyTree};

/// Writes the program's source and its build plan into a workspace, and gives the plan.
///
/// Cargo takes a moment to tell what is linked. A quick program carries no list of that, so Cargo is
/// asked only where policies may do something at run time.
pub(crate) fn write(
    workspace: &Workspace,
    policies: &Policies,
    engine: &Engine,
    stamp: &Stamp<'_>,
    profile: Profile,
    rules: &Rules,
    cargo: impl FnOnce() -> Result<Cargo, CargoError>,
) -> Result<BuildPlan, GenerateError> {
    let is_released = profile == Profile::Release;
    let tree = if is_released || rules.at_run_time().next().is_some() {
        let tree = DependencyTree::read(&cargo()?, &workspace.root, PROGRAM, stamp.target);
        tree.map_err(container::explain)?
    } else {
        DependencyTree::default()
    };
    let grants = grants::find(rules, policies, &tree);
    let plan = BuildPlan::new(policies, engine, stamp, grants, rules.advisories().collect());
    let list = is_released.then(|| auditable::list(&tree, &plan.fetched)).transpose()?;
    workspace::write_program(workspace, policies, engine, &plan, list)?;
    Ok(plan)
}
