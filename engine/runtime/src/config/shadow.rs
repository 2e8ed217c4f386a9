//! The policy that is asked beside another one.

use super::report::{Read, Report};
use super::section::Section;
use super::{ShadowConfig, schema, settings, values};
use crate::documents::located::{ConfigError, Node, Origin, TableEntry, Value};

/// Reads `shadow` of a policy: a table, or the shadow's policy alone.
pub(super) fn read(policy: &mut Section, report: &mut Report) -> Read<Option<ShadowConfig>> {
    let path = policy.path_of(schema::SHADOW);
    let Some(node) = policy.take(schema::SHADOW) else {
        report.show_nothing(path);
        return Ok(None);
    };
    if matches!(node.value, Value::List(_)) {
        return Err(report.error(ConfigError::wrong(&path, &node, values::SHADOW.expected)));
    }
    let mut section = Section::new(path, table(node), report)?;
    let origin = section.origin.clone();
    let policy_origin =
        section.origin_of(schema::SHADOW_POLICY.path).unwrap_or_else(|| origin.clone());
    let policy = section.required(&schema::SHADOW_POLICY, report);
    let settings = settings::read(&mut section, &origin, report);
    let sample = section.value(&schema::SAMPLE, report);
    section.finish(report);
    Ok(Some(ShadowConfig {
        policy: policy?,
        settings: settings?,
        sample: sample?,
        origin,
        policy_origin,
    }))
}

/// The table that a shadow's policy alone stands for.
fn table(node: Node) -> Node {
    if node.as_text().is_none() {
        return node;
    }
    let at: Origin = node.at.clone();
    let key = schema::SHADOW_POLICY.path.to_owned();
    Node { value: Value::Table(vec![TableEntry { key, at: at.clone(), value: node }]), at }
}
