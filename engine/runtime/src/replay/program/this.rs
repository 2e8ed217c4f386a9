use std::collections::BTreeMap;
use std::time::Instant;

use policy_api::Context;

use super::{Ask, Asked, Program, Question, Target};
use crate::config::Named;
use crate::policies::{Instance, PoliciesByPath};
use crate::replay::ReplayError;

/// The policies of this binary, configured.
pub(crate) struct ThisProgram {
    policies: PoliciesByPath<Target>,
    instances: Vec<Instance>,
}

impl ThisProgram {
    pub(crate) fn new(named: Vec<Named>) -> Self {
        let (mut targets, mut instances, mut skipped) = (Vec::new(), Vec::new(), BTreeMap::new());
        for (id, policy) in named {
            match policy {
                Ok(resolved) => {
                    targets.push(Target {
                        index: instances.len(),
                        id,
                        version_text: resolved.entry.version.to_string(),
                        version: resolved.entry.version,
                        mode: resolved.config.mode,
                        timeout: resolved.config.timeout,
                    });
                    instances.push(resolved.instance);
                }
                Err(mistake) => {
                    skipped.insert(id, mistake.to_string());
                }
            }
        }
        Self { policies: PoliciesByPath::new(targets, skipped), instances }
    }
}

impl Program for ThisProgram {
    fn policies(&self) -> &PoliciesByPath<Target> {
        &self.policies
    }

    fn asker(&self) -> Result<Box<dyn Ask + '_>, ReplayError> {
        Ok(Box::new(self.instances.as_slice()))
    }
}

impl Ask for &[Instance] {
    fn ask(
        &mut self,
        target: &Target,
        question: &Question<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Asked, ReplayError> {
        let Some(instance) = self.get(target.index) else {
            let verdict = Err(format!("no policy `{}` is there", target.id));
            return Ok(Asked { verdict, is_whole: false, elapsed: None });
        };
        let started = Instant::now();
        let context = Context::new(question.request_id).with_deadline(started + target.timeout);
        let decided = instance.decide(question.input.as_bytes(), &context, output);
        let elapsed = Some(started.elapsed());
        let verdict = decided.map(|decision| decision.verdict).map_err(|error| error.to_string());
        Ok(Asked { verdict, is_whole: true, elapsed })
    }
}
