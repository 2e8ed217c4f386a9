use std::collections::HashMap;

use policy_api::Verdict;
use serde_json::Value;

use super::ReplayError;
use super::effect::{Change, Effect};
use super::log::{Chunk, LoggedDecision, Read};
use super::program::{Ask, Asked, Program, Question, Target};
use super::tally::{CellKey, Example, Place, Side, Tally};
use crate::config::Mode;
use crate::documents::value_at;
use crate::policies::{PoliciesByPath, PolicyLookup, PolicyPath, reasons};

/// The most paths that are remembered with what they name.
const MAX_PATHS: usize = 4096;

/// The most reasons of an example, and the most characters of one.
const MAX_REASONS: usize = 8;
const MAX_CHARACTERS: usize = 300;

/// A thread that puts questions and counts what comes of them.
pub(super) struct Worker<'p> {
    policies: &'p PoliciesByPath<Target>,
    ask: Box<dyn Ask + 'p>,
    paths: HashMap<String, Named<'p>>,
    /// The last answer; kept for its room.
    output: Vec<u8>,
    /// How many decisions of a cell are told.
    examples: usize,
    tally: Tally,
}

/// What a path names: a policy, and the path into its answer.
type Named<'p> = Option<(&'p Target, String)>;

/// What a program answers to a question now.
struct Answer {
    effect: Effect,
    /// The reason why there is no answer.
    problem: Option<String>,
    /// True if the output is the policy's own.
    is_whole: bool,
}

impl<'p> Worker<'p> {
    pub(super) fn new(program: &'p dyn Program, examples: usize) -> Result<Self, ReplayError> {
        Ok(Self {
            policies: program.policies(),
            ask: program.asker()?,
            paths: HashMap::new(),
            output: Vec::new(),
            examples,
            tally: Tally::default(),
        })
    }

    pub(super) fn into_tally(self) -> Tally {
        self.tally
    }

    /// Makes the decisions of a chunk of this log once more.
    pub(super) fn replay(&mut self, log: usize, chunk: &Chunk) -> Result<(), ReplayError> {
        for (place, text) in chunk.events() {
            let read = std::str::from_utf8(text)
                .map_err(|_| "the text is not UTF-8".to_owned())
                .and_then(|text| Read::parse(text).map_err(|error| error.to_string()));
            match read {
                Ok(Read::Decision(decision)) => self.decide(&decision, (log, place))?,
                Ok(Read::Hidden(hidden)) => self.tally.hidden.add(hidden, 1),
                Ok(Read::NoDecision) => self.tally.others += 1,
                Err(problem) => {
                    self.tally.unreadable += 1;
                    self.tally.first_unreadable.get_or_insert(((log, place), problem));
                }
            }
        }
        Ok(())
    }

    fn decide(&mut self, logged: &LoggedDecision<'_>, place: Place) -> Result<(), ReplayError> {
        let version = logged.own.as_ref().map(|own| &*own.version);
        self.output.clear();
        let Some((target, field)) = named(&mut self.paths, self.policies, &logged.path) else {
            let id = logged.own.as_ref().map_or(&*logged.path, |own| &own.id);
            let key = CellKey {
                change: Change::Verdict,
                before: logged.effect,
                after: Effect::NotServed,
            };
            let group = self.tally.group(id, version, None)?;
            if let Some(time) = logged.time {
                group.times_before.add(time);
            }
            let cell = group.cells.entry(key).or_default();
            cell.decisions += 1;
            if cell.examples.len() < self.examples {
                cell.examples.push(example(logged, place, Side::Unknown));
            }
            return Ok(());
        };
        let question = Question { input: logged.input, request_id: &logged.request_id };
        let asked = self.ask.ask(target, &question, &mut self.output)?;
        let output = std::str::from_utf8(&self.output).unwrap_or_default();
        // OPA logs what stands at the path; this engine, all that the policy said.
        let output = match &logged.own {
            Some(_) => Some(output),
            None => value_at(output, field.split('/').filter(|segment| !segment.is_empty())),
        };
        let elapsed = asked.elapsed.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let answer = Answer::new(asked, target.mode, logged.own.is_some(), output);
        let key = CellKey {
            change: answer.change_of(logged, output),
            before: logged.effect,
            after: answer.effect,
        };
        let group = self.tally.group(&target.id, version, Some(&target.version_text))?;
        if let Some(time) = elapsed {
            group.times_after.add(time);
        }
        if let Some(time) = logged.time {
            group.times_before.add(time);
        }
        let cell = group.cells.entry(key).or_default();
        cell.decisions += 1;
        if cell.examples.len() < self.examples {
            cell.examples.push(example(logged, place, answer.side(output)));
        }
        Ok(())
    }
}

/// The policy that a path names, as the server looks it up.
fn named<'w, 'p>(
    paths: &'w mut HashMap<String, Named<'p>>,
    policies: &'p PoliciesByPath<Target>,
    path: &str,
) -> Option<&'w (&'p Target, String)> {
    if !paths.contains_key(path) {
        if paths.len() == MAX_PATHS {
            paths.clear();
        }
        let asked = PolicyPath::new(path);
        let found =
            found(policies, &asked).or_else(|| found(policies, &policies.named_in_dns(&asked)?));
        paths.insert(path.to_owned(), found);
    }
    paths.get(path)?.as_ref()
}

fn found<'p>(policies: &'p PoliciesByPath<Target>, path: &PolicyPath) -> Named<'p> {
    match policies.find(path) {
        PolicyLookup::Found(target, field) => Some((target, field.to_owned())),
        PolicyLookup::NotServed(_) | PolicyLookup::Missing(_) => None,
    }
}

impl Answer {
    fn new(asked: Asked, mode: Mode, is_own: bool, output: Option<&str>) -> Self {
        match asked.verdict {
            Err(problem) => {
                Self { effect: Effect::Failed, problem: Some(problem), is_whole: false }
            }
            Ok(verdict) => {
                // What is not the policy's own says nothing of its verdict.
                let verdict = if is_own || !asked.is_whole {
                    verdict
                } else {
                    output.and_then(|output| Verdict::from_output(output.as_bytes()))
                };
                let effect = Effect::new(verdict, mode);
                Self { effect, problem: None, is_whole: asked.is_whole }
            }
        }
    }

    fn change_of(&self, logged: &LoggedDecision<'_>, output: Option<&str>) -> Change {
        if self.effect != logged.effect {
            return Change::Verdict;
        }
        match (logged.result, output) {
            (Some(before), Some(after)) if self.is_whole && !is_same(before, after) => {
                Change::Answer
            }
            _ => Change::Nothing,
        }
    }

    fn side(&self, output: Option<&str>) -> Side {
        match (&self.problem, output) {
            (Some(problem), _) => Side::Failed(shortened(problem)),
            (None, Some(output)) => answered(output),
            (None, None) => Side::Unknown,
        }
    }
}

/// Compares JSON text. The log has it on one line, and a collector may have sorted it.
fn is_same(before: &str, after: &str) -> bool {
    let parsed = |text| serde_json::from_str::<Value>(text).ok();
    before == after || parsed(before).is_some_and(|before| parsed(after) == Some(before))
}

fn example(logged: &LoggedDecision<'_>, place: Place, after: Side) -> Example {
    let before = match (&logged.problem, logged.result) {
        (Some(problem), _) => Side::Failed(shortened(problem)),
        (None, Some(result)) => answered(result),
        (None, None) => Side::Unknown,
    };
    let (decision_id, path) = (shortened(&logged.id), shortened(&logged.path));
    Example { place, decision_id, path, before, after }
}

fn answered(output: &str) -> Side {
    let mut reasons = reasons(output);
    let rest = reasons.len().saturating_sub(MAX_REASONS);
    reasons.truncate(MAX_REASONS);
    for reason in &mut reasons {
        reason.message = shortened(&reason.message);
        for part in [&mut reason.check, &mut reason.field].into_iter().flatten() {
            *part = shortened(part);
        }
    }
    if rest > 0 {
        reasons.push(format!("and {rest} more").into());
    }
    Side::Answered(reasons)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}
