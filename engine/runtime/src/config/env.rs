//! `POLICY_ENGINE_LIMITS_BODY` for `limits.body`, and what else has such a name.

use std::ffi::OsString;

use policy_text::most_similar;

use super::schema::{self, PATHS};
use crate::documents::located::{ConfigError, Node, Origin, VARIABLE_PREFIX, Value, variable_of};

/// Names the file.
pub(super) const CONFIG: &str = "POLICY_ENGINE_CONFIG";

/// The variable of an image's default addresses, with a lower precedence than the file.
const DEFAULT_LISTEN: &str = "POLICY_ENGINE_DEFAULT_LISTEN";

/// Read elsewhere: the log level, and what is the builder's.
const OTHERS: [&str; 5] = [
    "POLICY_ENGINE_LOG",
    "POLICY_ENGINE_FEATURES",
    "POLICY_ENGINE_IMAGE_REPO",
    "POLICY_ENGINE_TAG",
    "POLICY_ENGINE_SOURCE",
];

/// The variables of a process that may be meant for this program, sorted by name.
pub(super) fn process_variables() -> Vec<(String, OsString)> {
    let mut variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX))
        .collect();
    variables.sort();
    variables
}

/// The value of a variable that is set to something.
pub(super) fn get<'a>(variables: &'a [(String, OsString)], name: &str) -> Option<&'a OsString> {
    let (_, value) = variables.iter().find(|(known, _)| known == name)?;
    (!value.is_empty()).then_some(value)
}

/// Puts what the environment says over the file, and what an image says under it.
pub(super) fn apply(
    variables: &[(String, OsString)],
    root: &mut Node,
    errors: &mut Vec<ConfigError>,
    warnings: &mut Vec<String>,
) {
    for (name, value) in variables {
        if value.is_empty() || name == CONFIG || OTHERS.contains(&name.as_str()) {
            continue;
        }
        let path = match setting_of(name) {
            Some(path) => path,
            None if name == DEFAULT_LISTEN => schema::LISTEN.setting.path,
            None => {
                if !is_of_a_service(name) {
                    warnings.push(unknown(name));
                }
                continue;
            }
        };
        let origin = Origin::variable(name);
        let Some(text) = value.to_str() else {
            errors.push(ConfigError::at(&origin, "its value is not UTF-8"));
            continue;
        };
        if name != DEFAULT_LISTEN || root.child(path).is_none_or(Node::is_null) {
            let node = parse(text, origin);
            // A table is what the short form stands for.
            let longhand = node.as_text().and_then(|_| schema::longhand(path));
            let path: Vec<String> =
                longhand.unwrap_or(path).split('.').map(str::to_owned).collect();
            // What is in the way is itself a mistake, which the reader finds.
            let _ = root.set(&path, node);
        }
    }
}

/// The setting of a variable.
fn setting_of(name: &str) -> Option<&'static str> {
    PATHS.into_iter().find(|path| variable_of(path) == *name)
}

/// Tells whether a variable is one of a setting.
pub(super) fn is_setting(name: &str) -> bool {
    setting_of(name).is_some()
}

/// Text, unless it is JSON with parts.
fn parse(text: &str, at: Origin) -> Node {
    if text.starts_with(['[', '{'])
        && let Ok(json) = policy_api::decode::<serde_json::Value>(text.as_bytes())
    {
        return Node { value: Value::from_json(&json, &at), at };
    }
    Node::text(text, at)
}

/// Returns whether Kubernetes sets such a variable for a Service called `policy-engine`, or one
/// whose name begins so: `…SERVICE_HOST`, `…SERVICE_PORT`, `…SERVICE_PORT_HTTP`, `…PORT`,
/// `…PORT_8181_TCP`, `…PORT_8181_TCP_ADDR`.
fn is_of_a_service(name: &str) -> bool {
    let name = name.strip_prefix("POLICY_ENGINE").unwrap_or(name);
    let of_port = |(_, rest): (&str, &str)| {
        let (number, rest) = rest.split_once('_').unwrap_or((rest, ""));
        let protocol = rest.split('_').next().unwrap_or_default();
        number.parse::<u16>().is_ok() && matches!(protocol, "TCP" | "UDP" | "SCTP")
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_PORT")
        || name.contains("_SERVICE_PORT_")
        || name.split_once("_PORT_").is_some_and(of_port)
}

fn unknown(name: &str) -> String {
    // What all of them begin with says nothing.
    let own_part = |name: &str| name.strip_prefix(VARIABLE_PREFIX).unwrap_or(name).to_owned();
    let known = PATHS.into_iter().map(|path| own_part(&variable_of(path)));
    match most_similar(&own_part(name), known) {
        Some(known) => format!("`{name}` sets nothing: did you mean `POLICY_ENGINE_{known}`?"),
        None if name.starts_with("POLICY_ENGINE_POLICIES_") => {
            format!("`{name}` sets nothing: policies are set in the file or by `--set`")
        }
        None => format!("`{name}` sets nothing: `policy-engine config` prints what can be set"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_service_variables_are_recognized_and_distinct_from_settings() {
        for name in [
            "POLICY_ENGINE_SERVICE_HOST",
            "POLICY_ENGINE_SERVICE_PORT",
            "POLICY_ENGINE_SERVICE_PORT_HTTP_API",
            "POLICY_ENGINE_PORT",
            "POLICY_ENGINE_PORT_8181_TCP",
            "POLICY_ENGINE_PORT_8181_TCP_PROTO",
            "POLICY_ENGINE_PORT_8181_TCP_PORT",
            "POLICY_ENGINE_PORT_8181_UDP_ADDR",
            "POLICY_ENGINE_METRICS_SERVICE_HOST",
            "POLICY_ENGINE_METRICS_PORT_8282_SCTP_ADDR",
        ] {
            assert!(is_of_a_service(name), "{name}");
        }
        for name in PATHS.into_iter().map(variable_of) {
            assert!(!is_of_a_service(&name), "{name}");
        }
        for name in ["POLICY_ENGINE_PORT_X", "POLICY_ENGINE_PORTS", "POLICY_ENGINE_PORT_1_FTP"] {
            assert!(!is_of_a_service(name), "{name}");
        }
    }

    #[test]
    fn every_setting_has_a_variable_of_its_own() {
        let names: std::collections::HashSet<_> =
            PATHS.iter().map(|path| variable_of(path)).collect();
        assert_eq!(names.len(), PATHS.len());
        assert_eq!(variable_of("limits.in-flight"), "POLICY_ENGINE_LIMITS_IN_FLIGHT");
    }
}
