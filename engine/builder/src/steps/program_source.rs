//! The program's source, which tells what the program is linked with: it is written once the lock is
//! complete.

use super::discover::Policies;
use super::engine::{Engine, PROGRAM};
use super::grants;
use super::vet::Rules;
use super::workspace::{self, BuildPlan, GenerateError, Stamp, Workspace};
use policy_cargo::{Cargo, CargoError, DependencyTree};

/// Writes the program's source and its build plan into a workspace, and gives the plan.
///
/// Cargo is asked only where the rules allow something at run time: it takes a moment.
pub(crate) fn write(
    workspace: &Workspace,
    policies: &Policies,
    engine: &Engine,
    stamp: &Stamp<'_>,
    rules: &Rules,
    cargo: impl FnOnce() -> Result<Cargo, CargoError>,
) -> Result<BuildPlan, GenerateError> {
    let grants = if rules.at_run_time().next().is_some() {
        let tree = DependencyTree::read(&cargo()?, &workspace.root, PROGRAM, stamp.target)?;
        grants::find(rules, policies, &tree)
    } else {
        Vec::new()
    };
    let plan = BuildPlan::new(policies, engine, stamp, grants);
    workspace::write_program(workspace, policies, engine, &plan)?;
    Ok(plan)
}
