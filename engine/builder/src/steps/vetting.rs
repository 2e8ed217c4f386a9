use std::collections::BTreeSet;

use super::build::{Order, PipelineError};
use super::sources::Sources;
use crate::cargo::Target;
use crate::progress::Progress;
use crate::steps::vet::{self, Outcome, Rules, RulesError, VetError};
use crate::steps::workspace::Workspace;

/// How the policies are vetted.
pub(super) struct Vetting<'a> {
    pub(super) wanted: vet::Wanted<'a>,
    pub(super) rules: Rules,
}

impl<'a> Vetting<'a> {
    /// Before any work: the rules may be wrong. `None` where nothing is to be vetted.
    pub(super) fn of(order: &Order<'a>) -> Result<Option<Self>, RulesError> {
        let read = |wanted| Ok(Self { wanted, rules: Rules::read(order.policies)? });
        order.vet.map(read).transpose()
    }
}

impl Sources {
    /// Stops a build by what vetting finds for any of its targets.
    pub(super) fn vetted<'a>(
        &self,
        vetting: Option<&Vetting<'_>>,
        laid_out: impl IntoIterator<Item = (&'a Target, &'a Workspace)>,
        progress: &Progress,
    ) -> Result<(), PipelineError> {
        let Some(vetting) = vetting else { return Ok(()) };
        let mut told = BTreeSet::new();
        for (target, workspace) in laid_out {
            let outcome = self.vet(vetting, workspace, target, progress)?;
            for note in outcome.notes() {
                if told.insert(note.clone()) {
                    progress.line(&format!("note: {note}"));
                }
            }
            if !outcome.passes() {
                progress.line(&outcome.text());
                return Err(VetError::Found(outcome.sentence()).into());
            }
        }
        Ok(())
    }

    pub(super) fn vet(
        &self,
        vetting: &Vetting<'_>,
        workspace: &Workspace,
        target: &Target,
        progress: &Progress,
    ) -> Result<Outcome, PipelineError> {
        let subject = vet::Subject { workspace, policies: &self.policies, target };
        Ok(progress.phase("vet", "the crates of the policies folder", || {
            vet::vet(subject, &vetting.rules, vetting.wanted, &self.work.path, progress)
        })?)
    }
}
