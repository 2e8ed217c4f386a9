//! The settings that a policy's author defined.

use super::report::{Read, Report};
use super::section::Section;
use crate::documents::located::{ConfigError, Node, Origin, TableEntry, Value};
use crate::policies::Settings;

/// Reads the settings of a policy, or of a shadow, whose place is given.
pub(super) fn read(
    section: &mut Section,
    instance: &Origin,
    report: &mut Report,
) -> Read<Settings> {
    let path = section.path_of("settings");
    let node = section.take("settings").unwrap_or_else(|| Node::empty_table(Origin::Default));
    if !matches!(node.value, Value::Table(_)) {
        return Err(report.error(ConfigError::wrong(&path, &node, "a table")));
    }
    report.show(path.clone(), &node);
    show_what_is_set_over(&path, &node, report);
    let node = match &node.at {
        // What is missing is missing in the instance.
        Origin::Default => Node { value: node.value, at: instance.clone() },
        _ => node,
    };
    Ok(Settings::from_config(path, node))
}

/// Every part of the settings that comes from somewhere else than the rest of them.
fn show_what_is_set_over(path: &str, node: &Node, report: &mut Report) {
    let Value::Table(entries) = &node.value else { return };
    for TableEntry { key, value, .. } in entries {
        let path = format!("{path}.{key}");
        if value.at.is_like(&node.at) {
            show_what_is_set_over(&path, value, report);
        } else {
            report.show(path, value);
        }
    }
}
