use std::sync::Arc;

use policy_console::PolicyChoice;

use crate::config::Mode;
use crate::policies::{Entry, Registry};
use crate::server::policy::ServedPolicy;
use crate::server::state::AppState;

/// A policy that may be tried.
#[derive(Clone)]
pub(super) enum Subject {
    /// As it is served, with its own settings.
    Served(Arc<ServedPolicy>),
    /// As it is in the program, with nothing set.
    InProgram(Box<Entry>),
}

/// The policies that may be chosen, each with the value that the form sends.
pub(super) struct Choices(Vec<(String, Subject)>);

impl Subject {
    pub(super) fn entry(&self) -> &Entry {
        match self {
            Self::Served(policy) => &policy.entry,
            Self::InProgram(entry) => entry,
        }
    }

    pub(super) fn served(&self) -> Option<&Arc<ServedPolicy>> {
        match self {
            Self::Served(policy) => Some(policy),
            Self::InProgram(_) => None,
        }
    }

    /// The id that it is served under, or its own name.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Served(policy) => &policy.id,
            Self::InProgram(entry) => entry.name(),
        }
    }

    /// Whether denials are enforced.
    pub(super) fn mode(&self) -> Mode {
        self.served().map_or(Mode::Enforce, |policy| policy.mode)
    }

    /// `name@version`
    pub(super) fn reference(&self) -> String {
        let entry = self.entry();
        format!("{}@{}", entry.name(), entry.version)
    }
}

impl Choices {
    pub(super) fn new(state: &AppState, registry: &Registry) -> Self {
        let all = state.policies.all();
        let is_alone = |id: &str| all.iter().filter(|policy| policy.id == id).count() == 1;
        let served = all.iter().map(|policy| {
            let value = if is_alone(&policy.id) {
                policy.id.clone()
            } else {
                format!("{}/{}", policy.id, policy.version)
            };
            (value, Subject::Served(Arc::clone(policy)))
        });
        let in_program = registry.entries().iter().map(|entry| {
            let subject = Subject::InProgram(Box::new(entry.clone()));
            (subject.reference(), subject)
        });
        Self(served.chain(in_program).collect())
    }

    /// The subject of a value; of two that share one, what is served.
    pub(super) fn find(&self, value: &str) -> Option<&Subject> {
        self.0.iter().find(|(other, _)| other == value).map(|(_, subject)| subject)
    }

    /// The value of the first choice.
    pub(super) fn first(&self) -> Option<&str> {
        self.0.first().map(|(value, _)| value.as_str())
    }

    /// The value of what is served under an id in a version, or else of that version of a policy.
    pub(super) fn value_of(&self, id: &str, policy: &str, version: &str) -> Option<&str> {
        let is_version = |subject: &Subject| subject.entry().version.to_string() == version;
        let mut served = self.0.iter().filter(|(_, subject)| {
            subject.served().is_some() && subject.id() == id && subject.entry().name() == policy
        });
        let reference = format!("{policy}@{version}");
        served
            .find(|(_, subject)| is_version(subject))
            .or_else(|| self.0.iter().find(|(value, _)| *value == reference))
            .map(|(value, _)| value.as_str())
    }

    pub(super) fn into_models(self) -> Vec<PolicyChoice> {
        let model = |(value, subject): (String, Subject)| {
            let is_served = subject.served().is_some();
            let reference = subject.reference();
            let label = if is_served { format!("{value} ({reference})") } else { reference };
            PolicyChoice { value, label, is_served }
        };
        self.0.into_iter().map(model).collect()
    }
}
