//! The program's source, which tells what the program is linked with: it is written once the lock is
//! complete.

use super::answers::{Answers, Question};
use super::auditable;
use super::compile::Profile;
use super::discover::Policies;
use super::engine::{Engine, PROGRAM};
use super::grants;
use super::vet::Rules;
use super::workspace::{self, BuildPlan, GenerateError, Stamp, Workspace};
use crate::container;
use policy_cargo::{Cargo, CargoError, DependencyTree};

/// What a program's source is written from.
#[derive(Clone, Copy)]
pub(crate) struct ProgramSource<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) policies: &'a Policies,
    pub(crate) engine: &'a Engine,
    pub(crate) rules: &'a Rules,
}

impl ProgramSource<'_> {
    /// Writes the program's source and its build plan into the workspace, and gives the plan.
    ///
    /// Cargo takes a moment to tell what is linked, so it is asked where something changed since
    /// the last of these `answers`. A quick program carries no list of that, so Cargo is asked only
    /// where policies may do something at run time.
    pub(crate) fn write(
        self,
        stamp: &Stamp<'_>,
        profile: Profile,
        answers: &Answers,
        cargo: impl FnOnce() -> Result<Cargo, CargoError>,
    ) -> Result<BuildPlan, GenerateError> {
        let Self { workspace, policies, engine, rules } = self;
        let is_released = profile == Profile::Release;
        let tree = if is_released || rules.at_run_time().next().is_some() {
            self.tree(stamp.target, answers, cargo)?
        } else {
            DependencyTree::default()
        };
        let grants = grants::find(rules, policies, &tree);
        let plan = BuildPlan::new(policies, engine, stamp, grants, rules.advisories().collect());
        let list = is_released.then(|| auditable::list(&tree, &plan.fetched)).transpose()?;
        workspace::write_program(workspace, policies, engine, &plan, list)?;
        Ok(plan)
    }

    /// What the program is going to be linked with for a target.
    fn tree(
        self,
        triple: &str,
        answers: &Answers,
        cargo: impl FnOnce() -> Result<Cargo, CargoError>,
    ) -> Result<DependencyTree, GenerateError> {
        let root = &self.workspace.root;
        let question = Question::new()?.about(root)?;
        let printed = answers.find_or(&format!("tree-{triple}"), &question, || {
            let printed = DependencyTree::print(&cargo()?, root, PROGRAM, triple);
            Ok::<_, GenerateError>(printed.map_err(container::explain)?)
        })?;
        Ok(DependencyTree::read(&printed, root)?)
    }
}
