use policy_cargo::Target;

use crate::steps::discover::Policies;
use crate::steps::workspace::Workspace;

/// The subject of vetting: a workspace whose lock is complete, and what it was made of.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) workspace: &'a Workspace,
    pub(crate) policies: &'a Policies,
    pub(crate) target: &'a Target,
}
