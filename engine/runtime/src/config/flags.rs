use policy_confinement::Mode;

use super::schema;
use crate::documents::located::{ConfigError, Node, Origin, Value};
use crate::policies::Assignment;

/// The settings of the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub(crate) listen: Vec<String>,
    pub(crate) decision_log: Option<String>,
    pub(crate) console: Option<String>,
    pub(crate) skip_invalid: bool,
    pub(crate) confinement: Option<Mode>,
    /// Any setting, in their order; the flags with names of their own are over them.
    pub(crate) set: Vec<Assignment>,
}

/// Tables whose keys are not ours, so that a dot in one does not lead deeper.
const MAPS: [&str; 2] = ["decision-log.labels.", "decision-log.mask."];

impl Flags {
    /// Puts what the command line says over everything else.
    pub(super) fn apply(&self, root: &mut Node, mistakes: &mut Vec<ConfigError>) {
        for assignment in &self.set {
            let key = assignment.path().join(".");
            let at = Origin::flag(format!("--set {key}"));
            let value = Node { value: Value::from_json(assignment.value(), &at), at };
            if let Err(outer) = root.set(&path(assignment, &key, root, &value), value) {
                mistakes.push(ConfigError::at(
                    &Origin::flag(format!("--set {key}")),
                    format_args!("`{outer}` has no settings in it"),
                ));
            }
        }
        if !self.listen.is_empty() {
            let at = Origin::flag("--listen");
            let addresses = self.listen.iter().map(|address| Node::text(address, at.clone()));
            let value = Node { value: Value::List(addresses.collect()), at };
            set(root, &["listen"], value);
        }
        if let Some(to) = &self.decision_log {
            set(root, &["decision-log", "to"], Node::text(to, Origin::flag("--decision-log")));
        }
        if let Some(address) = &self.console {
            set(root, &["console", "listen"], Node::text(address, Origin::flag("--console")));
        }
        if let Some(mode) = self.confinement {
            set(root, &["confinement"], Node::text(mode.as_str(), Origin::flag("--confinement")));
        }
        if self.skip_invalid {
            set(root, &["skip-invalid"], Node::text("true", Origin::flag("--skip-invalid")));
        }
    }
}

/// Sets a value. A value in the way is itself an error, which the reader finds.
fn set(root: &mut Node, path: &[&str], value: Node) {
    let path: Vec<_> = path.iter().map(|&key| key.to_owned()).collect();
    let _ = root.set(&path, value);
}

/// The keys that an assignment leads through.
fn path(assignment: &Assignment, key: &str, root: &Node, value: &Node) -> Vec<String> {
    let path = assignment.path();
    if let Some((map, rest)) =
        MAPS.iter().find_map(|map| Some((map.trim_end_matches('.'), key.strip_prefix(map)?)))
    {
        return map.split('.').chain([rest]).map(str::to_owned).collect();
    }
    if value.as_text().is_some()
        && let Some(long) = schema::longhand(key)
    {
        return long.split('.').map(str::to_owned).collect();
    }
    match path {
        // An id may have dots in it: the longest that there is is meant.
        [policies, rest @ ..] if policies == "policies" => {
            let known = (2..=rest.len()).rev().find_map(|count| {
                let (id, rest) = rest.split_at_checked(count)?;
                let id = id.join(".");
                root.child(policies)?.child(&id)?;
                Some((id, rest))
            });
            match known {
                Some((id, rest)) => {
                    [policies.clone(), id].into_iter().chain(rest.iter().cloned()).collect()
                }
                None => path.to_vec(),
            }
        }
        _ => path.to_vec(),
    }
}
