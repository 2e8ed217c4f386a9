use std::sync::Arc;

use super::load::load_as_far_as_possible;
use super::{DefaultDecision, Loaded, Mode, PolicyConfig, PolicySelection, Sources};
use crate::documents::located::{ConfigError, ConfigErrors, Origin};
use crate::policies::{Entry, InstanceError, PolicyRef, Registry, Settings, VersionSelector};

/// A policy that can be asked.
pub(crate) struct Resolved {
    /// The policy in this binary.
    pub(crate) entry: Entry,
    /// The configuration of the policy.
    pub(crate) config: Arc<PolicyConfig>,
    pub(crate) instance: crate::policies::Instance,
}

/// A policy's id, and the policy itself or why it cannot be asked.
pub(crate) type Named = (String, Result<Resolved, ConfigError>);

/// Finds the policies and has each validate its settings. Several versions of a policy may have one
/// id where none were named.
pub(crate) fn resolve(policies: &PolicySelection, registry: &Registry) -> Vec<Named> {
    match policies {
        PolicySelection::Named(instances) => {
            instances.iter().map(|(id, config)| (id.clone(), one(id, config, registry))).collect()
        }
        PolicySelection::All { timeout, max_stuck } => registry
            .entries()
            .iter()
            .map(|entry| {
                let config = Arc::new(PolicyConfig {
                    policy: PolicyRef {
                        name: entry.name().to_owned(),
                        version: Some(VersionSelector::Exact(entry.version.clone())),
                    },
                    settings: Settings::default(),
                    timeout: *timeout,
                    mode: Mode::Enforce,
                    blocking: None,
                    max_stuck: *max_stuck,
                    origin: Origin::Default,
                    policy_origin: Origin::Default,
                });
                let instance = crate::Instance::configure(entry, &config.settings)
                    .map_err(|error| {
                        ConfigError::message(format_args!(
                            "policy `{}` {}: settings: {error}; name the policies to serve under \
                             `policies`, with their settings",
                            entry.name(),
                            entry.version
                        ))
                    })
                    .map(|instance| Resolved { entry: entry.clone(), config, instance });
                (entry.name().to_owned(), instance)
            })
            .collect(),
    }
}

fn one(id: &str, config: &Arc<PolicyConfig>, registry: &Registry) -> Result<Resolved, ConfigError> {
    let entry = registry.find(&config.policy).map_err(|error| {
        let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
        ConfigError::at(&config.policy_origin, format_args!("`policies.{id}`: {error}{help}"))
    })?;
    let instance =
        crate::Instance::configure(entry, &config.settings).map_err(|error| match error {
            // It has its place already.
            InstanceError::Shape(message) => ConfigError::told_at(&config.origin, message),
            InstanceError::Refused(_) | InstanceError::Panicked(_) => ConfigError::at(
                config.settings.origin().unwrap_or(&config.origin),
                format_args!("`policies.{id}.settings`: {error}"),
            ),
        })?;
    Ok(Resolved { entry: entry.clone(), config: Arc::clone(config), instance })
}

/// Loads the configuration and resolves its policies. Those that are not valid are a mistake unless
/// they are to be skipped.
///
/// # Errors
/// Everything that is wrong, with the configuration and with the policies.
pub(crate) fn load_and_resolve(
    sources: &Sources,
    registry: &Registry,
) -> Result<(Loaded, Vec<Named>), ConfigErrors> {
    let (mut mistakes, policies, loaded) = match load_as_far_as_possible(sources) {
        Ok(loaded) => (Vec::new(), resolve(&loaded.config.policies, registry), Some(loaded)),
        Err((mistakes, readable)) => (mistakes, resolve(&readable, registry), None),
    };
    let default_decision =
        loaded.as_ref().and_then(|loaded| loaded.config.default_decision.as_ref());
    if let Some(DefaultDecision { path, origin }) = default_decision {
        let is_below = |id: &str| {
            path.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !policies.iter().any(|(id, _)| is_below(id)) {
            mistakes.push(ConfigError::at(
                origin,
                format_args!(
                    "`default-decision` is `{path}`: expected the id of a policy that is served, \
                     perhaps with what is wanted of its answer"
                ),
            ));
        }
    }
    match loaded {
        Some(loaded)
            if mistakes.is_empty()
                && (loaded.config.skip_invalid
                    || policies.iter().all(|(_, policy)| policy.is_ok())) =>
        {
            Ok((loaded, policies))
        }
        _ => {
            mistakes.extend(policies.into_iter().filter_map(|(_, policy)| policy.err()));
            Err(ConfigErrors::new(mistakes))
        }
    }
}
