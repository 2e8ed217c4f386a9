use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::report::{Read, Report};
use super::schema::{self, DefaultedSetting};
use super::section::Section;
use super::{PolicyConfig, PolicyDefaults, PolicySelection, settings, shadow, values};
use crate::documents::located::{ConfigError, Node, TableEntry, Value};
use crate::policies::Budget;

/// The settings of every policy that sets none of its own.
pub(super) struct Defaults {
    timeout: Inherited<Duration>,
    max_stuck: Inherited<usize>,
    allocation: Inherited<Option<u64>>,
    cpu: Inherited<Option<Duration>>,
}

/// A value, and how it was set, for those that take it over.
struct Inherited<T> {
    value: T,
    node: Node,
}

impl<T> Inherited<T> {
    fn read(
        root: &mut Section,
        DefaultedSetting { setting, default }: &DefaultedSetting<T>,
        report: &mut Report,
    ) -> Read<Self> {
        let node = root.take(setting.path).unwrap_or_else(|| Node::default_text(default));
        let path = root.path_of(setting.path);
        let value = report.scalar(&path, &node, &setting.parser)?;
        report.show(path, &node);
        Ok(Self { value, node })
    }
}

impl Defaults {
    pub(super) fn read(root: &mut Section, report: &mut Report) -> Read<Self> {
        let timeout = Inherited::read(root, &schema::TIMEOUT, report);
        let max_stuck = Inherited::read(root, &schema::MAX_STUCK, report);
        let allocation = Inherited::read(root, &schema::ALLOCATION_BUDGET, report);
        let cpu = Inherited::read(root, &schema::CPU_BUDGET, report);
        Ok(Self { timeout: timeout?, max_stuck: max_stuck?, allocation: allocation?, cpu: cpu? })
    }

    pub(super) fn values(&self) -> PolicyDefaults {
        PolicyDefaults {
            timeout: self.timeout.value,
            budget: Budget { allocation: self.allocation.value, cpu: self.cpu.value },
        }
    }
}

/// The policies that can be read.
pub(super) fn read(
    root: &mut Section,
    defaults: Read<Defaults>,
    report: &mut Report,
) -> PolicySelection {
    let path = root.path_of("policies");
    let Some(entry) = root.entry("policies") else {
        report.show(path, &Node::default_text("all"));
        return match defaults {
            Ok(Defaults { timeout, max_stuck, allocation, cpu }) => PolicySelection::All {
                timeout: timeout.value,
                max_stuck: max_stuck.value,
                budget: Budget { allocation: allocation.value, cpu: cpu.value },
            },
            Err(_) => PolicySelection::none(),
        };
    };
    let entries = match entry.value.value {
        Value::Table(entries) if !entries.is_empty() => entries,
        // With all of them commented out, for one: to serve every policy then would be a surprise.
        Value::Table(_) | Value::Null => {
            report.error(ConfigError::at(
                &entry.at,
                format_args!("`{path}` has none: name one, or leave `{path}` out to serve all"),
            ));
            return PolicySelection::none();
        }
        _ => {
            report.error(ConfigError::wrong(
                &path,
                &entry.value,
                "a table of policies by their ids",
            ));
            return PolicySelection::none();
        }
    };
    let mut instances = BTreeMap::new();
    for entry in entries {
        let id = entry.key.clone();
        if let Ok(instance) = instance(entry, defaults.as_ref().ok(), report) {
            instances.insert(id, Arc::new(instance));
        }
    }
    PolicySelection::Named(instances)
}

fn instance(
    TableEntry { key: id, at, value }: TableEntry,
    defaults: Option<&Defaults>,
    report: &mut Report,
) -> Read<PolicyConfig> {
    let path = format!("policies.{id}");
    let named = if values::is_id(&id) {
        Ok(())
    } else {
        Err(report.error(ConfigError::at(
            &at,
            format_args!(
                "`{path}` has the id `{id}`: expected letters, digits, `.`, `_` and `-`, the \
                 first of them a letter, a digit or `_`, or several such with `/` between them"
            ),
        )))
    };
    let mut section = Section::new(path.clone(), value, report)?;
    let policy_node = section
        .take("policy")
        .unwrap_or_else(|| Node { value: Value::Text(id.clone()), at: at.clone() });
    let policy_path = section.path_of("policy");
    let policy = report.scalar(&policy_path, &policy_node, &values::POLICY);
    report.show(policy_path, &policy_node);
    let settings = settings::read(&mut section, &at, report);
    let timeout = inherited(&schema::TIMEOUT, defaults.map(|all| &all.timeout.node));
    let timeout = section.value_or(&schema::TIMEOUT, || timeout, report);
    let mode = section.value(&schema::MODE, report);
    let blocking = section.optional(&schema::BLOCKING, report);
    let max_stuck = inherited(&schema::MAX_STUCK, defaults.map(|all| &all.max_stuck.node));
    let max_stuck = section.value_or(&schema::MAX_STUCK, || max_stuck, report);
    let allocation =
        inherited(&schema::ALLOCATION_BUDGET, defaults.map(|all| &all.allocation.node));
    let allocation = section.value_or(&schema::ALLOCATION_BUDGET, || allocation, report);
    let cpu = inherited(&schema::CPU_BUDGET, defaults.map(|all| &all.cpu.node));
    let cpu = section.value_or(&schema::CPU_BUDGET, || cpu, report);
    let shadow = shadow::read(&mut section, report);
    section.finish(report);
    named?;
    Ok(PolicyConfig {
        policy: policy?,
        settings: settings?,
        timeout: timeout?,
        mode: mode?,
        blocking: blocking?,
        max_stuck: max_stuck?,
        budget: Budget { allocation: allocation?, cpu: cpu? },
        shadow: shadow?,
        origin: at,
        policy_origin: policy_node.at,
    })
}

/// The value for policies that set none of their own.
fn inherited<T>(setting: &DefaultedSetting<T>, for_all: Option<&Node>) -> Node {
    for_all.cloned().unwrap_or_else(|| Node::default_text(setting.default))
}

impl PolicySelection {
    /// No policies: they stand for those that cannot be read.
    pub(super) fn none() -> Self {
        Self::Named(BTreeMap::new())
    }
}
