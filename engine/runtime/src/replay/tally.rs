use std::collections::{BTreeMap, HashMap};

use super::ReplayError;
use super::effect::{Change, Effect};
use super::hidden::HiddenCounts;
use super::log::EventPlace;
use super::times::Times;
use crate::policies::Reason;

/// The most policies, with their versions, of one replay. Nobody has as many, and what is counted of
/// each is kept.
const MAX_GROUPS: usize = 4096;

/// Everything that was counted.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The groups of each policy.
    policies: HashMap<String, Vec<Group>>,
    groups: usize,
    pub(super) hidden: HiddenCounts,
    /// Events that are no decisions.
    pub(super) others: u64,
    pub(super) unreadable: u64,
    /// The first of the unreadable events, and what is wrong with it.
    pub(super) first_unreadable: Option<(Place, String)>,
}

/// The place of an event: the number of its log, and its place there.
pub(super) type Place = (usize, EventPlace);

/// The decisions of one policy in one version, and what decides now.
#[derive(Debug)]
pub(crate) struct Group {
    /// The id that it is served under; the path where no policy is served there.
    pub(crate) policy: String,
    /// The version that decided; OPA's logs have none.
    pub(crate) before: Option<String>,
    /// The version that decides now, if a policy is served there.
    pub(crate) after: Option<String>,
    pub(crate) times_before: Times,
    pub(crate) times_after: Times,
    pub(crate) cells: BTreeMap<CellKey, Cell>,
}

/// The place of a cell in the matrix: what changes most comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CellKey {
    pub(crate) change: Change,
    pub(crate) before: Effect,
    pub(crate) after: Effect,
}

/// Decisions that have become the same way.
#[derive(Debug, Default)]
pub(crate) struct Cell {
    pub(crate) decisions: u64,
    /// The first of them, in the order of the logs.
    pub(crate) examples: Vec<Example>,
}

#[derive(Debug)]
pub(crate) struct Example {
    pub(super) place: Place,
    pub(crate) decision_id: String,
    pub(crate) path: String,
    pub(crate) before: Side,
    pub(crate) after: Side,
}

/// What was answered at one time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Answered(Vec<Reason>),
    /// The reason why there was no answer.
    Failed(String),
    /// It is not known.
    Unknown,
}

impl Tally {
    /// The group of a policy and its versions.
    ///
    /// # Errors
    /// Where there are too many.
    pub(super) fn group(
        &mut self,
        policy: &str,
        before: Option<&str>,
        after: Option<&str>,
    ) -> Result<&mut Group, ReplayError> {
        if !self.policies.contains_key(policy) {
            self.policies.insert(policy.to_owned(), Vec::new());
        }
        let too_many = ReplayError::TooManyPolicies { limit: MAX_GROUPS };
        let Some(groups) = self.policies.get_mut(policy) else { return Err(too_many) };
        let is_meant =
            |group: &Group| group.before.as_deref() == before && group.after.as_deref() == after;
        let at = match groups.iter().position(is_meant) {
            Some(at) => at,
            None if self.groups == MAX_GROUPS => return Err(too_many),
            None => {
                self.groups += 1;
                groups.push(Group::new(policy, before, after));
                groups.len() - 1
            }
        };
        groups.get_mut(at).ok_or(too_many)
    }

    pub(super) fn merge(&mut self, other: Self, examples: usize) -> Result<(), ReplayError> {
        for group in other.policies.into_values().flatten() {
            let Group { policy, before, after, times_before, times_after, cells } = group;
            let mine = self.group(&policy, before.as_deref(), after.as_deref())?;
            mine.times_before.merge(&times_before);
            mine.times_after.merge(&times_after);
            for (key, cell) in cells {
                let mine = mine.cells.entry(key).or_default();
                mine.decisions += cell.decisions;
                mine.examples.extend(cell.examples);
                mine.examples.sort_by_key(|example| example.place);
                mine.examples.truncate(examples);
            }
        }
        self.hidden.merge(&other.hidden);
        self.others += other.others;
        self.unreadable += other.unreadable;
        let first = |unreadable: &(Place, String)| unreadable.0;
        let both = self.first_unreadable.take().into_iter().chain(other.first_unreadable);
        self.first_unreadable = both.min_by_key(first);
        Ok(())
    }

    pub(super) fn into_groups(self) -> Vec<Group> {
        let mut groups: Vec<_> = self.policies.into_values().flatten().collect();
        groups.sort_by(|a, b| {
            (&a.policy, &a.before, &a.after).cmp(&(&b.policy, &b.before, &b.after))
        });
        groups
    }
}

impl Group {
    fn new(policy: &str, before: Option<&str>, after: Option<&str>) -> Self {
        Self {
            policy: policy.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            times_before: Times::default(),
            times_after: Times::default(),
            cells: BTreeMap::new(),
        }
    }

    pub(crate) fn decisions(&self, is: impl Fn(&CellKey) -> bool) -> u64 {
        let cells = self.cells.iter().filter(|(key, _)| is(key));
        cells.map(|(_, cell)| cell.decisions).sum()
    }
}

impl Example {
    /// The number of its log.
    pub(crate) fn log(&self) -> usize {
        self.place.0
    }

    /// The number of the event in its log, counted from 1.
    pub(crate) fn number(&self) -> u64 {
        self.place.1.number
    }

    /// Line and column in the log.
    pub(crate) fn position(&self) -> crate::documents::tree::Position {
        self.place.1.place
    }
}
