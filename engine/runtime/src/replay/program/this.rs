use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use policy_api::{Context, Verdict};

use super::{Ask, Asked, Program, Question, Target};
use crate::config::Named;
use crate::confinement::Zone;
use crate::policies::{EvaluationLimits, Instance, PoliciesByPath, TimedEvaluator, TimedQuestion};
use crate::replay::ReplayError;

/// The policies of this binary, configured.
pub(crate) struct ThisProgram {
    zone: Zone,
    policies: PoliciesByPath<Target>,
    instances: Vec<Arc<Instance>>,
}

/// A way to ask its policies from a thread of the zone without grants.
struct AskThis<'p> {
    instances: &'p [Arc<Instance>],
    /// The evaluators of policies with grants, by the numbers of these.
    evaluators: BTreeMap<usize, TimedEvaluator>,
}

impl ThisProgram {
    /// The policies of a configuration, which are asked from threads of this zone, one without grants.
    pub(crate) fn new(named: Vec<Named>, zone: Zone) -> Self {
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
                    instances.push(Arc::new(resolved.instance));
                }
                Err(mistake) => {
                    skipped.insert(id, mistake.to_string());
                }
            }
        }
        Self { zone, policies: PoliciesByPath::new(targets, skipped), instances }
    }
}

impl Program for ThisProgram {
    fn policies(&self) -> &PoliciesByPath<Target> {
        &self.policies
    }

    fn zone(&self) -> Zone {
        self.zone.clone()
    }

    fn asker(&self) -> Result<Box<dyn Ask + '_>, ReplayError> {
        Ok(Box::new(AskThis { instances: &self.instances, evaluators: BTreeMap::new() }))
    }
}

impl AskThis<'_> {
    /// Asks a policy with grants, on a thread of its own zone.
    fn ask_granted(
        &mut self,
        target: &Target,
        instance: &Arc<Instance>,
        question: &Question<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Option<Verdict>, String> {
        let evaluator = self.evaluators.entry(target.index).or_insert_with(|| {
            let budget = instance.budget();
            TimedEvaluator::new(EvaluationLimits { timeout: target.timeout, budget })
        });
        let decided = evaluator.decide(TimedQuestion {
            instance: Arc::clone(instance),
            input: question.input.as_bytes().to_vec(),
            request_id: question.request_id.to_owned(),
            labels: Vec::new(),
        });
        let (decision, answer) = decided.map_err(|error| error.to_string())?;
        output.extend(answer);
        Ok(decision.verdict)
    }
}

impl Ask for AskThis<'_> {
    fn ask(
        &mut self,
        target: &Target,
        question: &Question<'_>,
        output: &mut Vec<u8>,
    ) -> Result<Asked, ReplayError> {
        let instances = self.instances;
        let Some(instance) = instances.get(target.index) else {
            let verdict = Err(format!("no policy `{}` is there", target.id));
            return Ok(Asked { verdict, is_whole: false, elapsed: None });
        };
        let started = Instant::now();
        let verdict = if instance.zone().grants().is_empty() {
            let context = Context::new(question.request_id);
            let context = context.with_deadline(started + target.timeout);
            let decided = instance.decide(question.input.as_bytes(), &context, output);
            decided.map(|decision| decision.verdict).map_err(|error| error.to_string())
        } else {
            self.ask_granted(target, instance, question, output)
        };
        let elapsed = Some(started.elapsed());
        Ok(Asked { verdict, is_whole: true, elapsed })
    }
}
