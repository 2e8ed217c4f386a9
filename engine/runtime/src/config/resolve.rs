use std::sync::Arc;

use policy_confinement as confinement;

use super::load::load_as_far_as_possible;
use super::{
    Config, DefaultDecision, Loaded, Mode, PolicyConfig, PolicySelection, ShadowConfig, Sources,
};
use crate::documents::located::{ConfigError, ConfigErrors, Origin};
use crate::policies::{
    Entry, Hidden, Instance, InstanceError, MASK, PolicyRef, Registry, Settings, VersionSelector,
    settings_schema,
};

/// A policy that can be asked.
pub(crate) struct Resolved {
    /// The policy in this binary.
    pub(crate) entry: Entry,
    /// The configuration of the policy.
    pub(crate) config: Arc<PolicyConfig>,
    pub(crate) instance: Instance,
    /// The policy that is asked the same questions, if the configuration names one.
    pub(crate) shadow: Option<Result<ResolvedShadow, ConfigError>>,
}

/// A shadow that can be asked.
pub(crate) struct ResolvedShadow {
    /// The policy in this binary.
    pub(crate) entry: Entry,
    pub(crate) instance: Instance,
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
        PolicySelection::All { timeout, max_stuck, budget } => registry
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
                    budget: *budget,
                    shadow: None,
                    origin: Origin::Default,
                    policy_origin: Origin::Default,
                });
                let instance = Instance::configure(entry, &config.settings)
                    .map_err(|error| {
                        ConfigError::message(format_args!(
                            "policy `{}` {}: settings: {error}; name the policies to serve under \
                             `policies`, with their settings",
                            entry.name(),
                            entry.version
                        ))
                    })
                    .map(|instance| Resolved {
                        entry: entry.clone(),
                        config,
                        instance: instance.with_budget(*budget),
                        shadow: None,
                    });
                (entry.name().to_owned(), instance)
            })
            .collect(),
    }
}

fn one(id: &str, config: &Arc<PolicyConfig>, registry: &Registry) -> Result<Resolved, ConfigError> {
    let path = format!("policies.{id}");
    let PolicyConfig { policy, policy_origin, settings, origin, .. } = &**config;
    let (entry, instance) = ask(&path, (policy, policy_origin), (settings, origin), registry)?;
    let shadow = config.shadow.as_ref().map(|shadow| {
        let ShadowConfig { policy, policy_origin, settings, origin, .. } = shadow;
        let path = format!("{path}.shadow");
        let (entry, instance) = ask(&path, (policy, policy_origin), (settings, origin), registry)?;
        Ok(ResolvedShadow { entry, instance: instance.with_budget(config.budget) })
    });
    let instance = instance.with_budget(config.budget);
    Ok(Resolved { entry, config: Arc::clone(config), instance, shadow })
}

/// Finds a policy and has it validate its settings, both with their places.
fn ask(
    path: &str,
    (policy, policy_origin): (&PolicyRef, &Origin),
    (settings, origin): (&Settings, &Origin),
    registry: &Registry,
) -> Result<(Entry, Instance), ConfigError> {
    let entry = registry.find(policy).map_err(|error| {
        let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
        ConfigError::at(policy_origin, format_args!("`{path}`: {error}{help}"))
    })?;
    // Copied from where secrets are not shown.
    if str::from_utf8(settings.as_json()).is_ok_and(|json| json.contains(MASK)) {
        let message = format_args!(
            "`{path}.settings` has `{MASK}`, which stands for a secret that is not shown: write the \
             secret"
        );
        return Err(ConfigError::at(settings.origin().unwrap_or(origin), message));
    }
    let name = path.strip_prefix("policies.").unwrap_or(path);
    let instance = Instance::configure_as(name, entry, settings).map_err(|error| match error {
        // It has its place already.
        InstanceError::Shape(message) => {
            ConfigError::told_at(origin, presentable(&message, entry, settings))
        }
        error => ConfigError::at(
            settings.origin().unwrap_or(origin),
            format_args!("`{path}.settings`: {}", presentable(&error.to_string(), entry, settings)),
        ),
    })?;
    Ok((entry.clone(), instance))
}

/// What a policy says of its settings, without their secrets.
fn presentable(message: &str, entry: &Entry, settings: &Settings) -> String {
    let value = serde_json::from_slice(settings.as_json()).unwrap_or_default();
    Hidden::new(&value, settings_schema(entry).as_ref()).masked(message.to_owned())
}

/// What is wrong with policies and with their shadows.
pub(crate) fn mistakes(policies: &[Named]) -> impl Iterator<Item = &ConfigError> {
    policies.iter().filter_map(|(_, policy)| match policy {
        Ok(Resolved { shadow: Some(Err(mistake)), .. }) | Err(mistake) => Some(mistake),
        Ok(_) => None,
    })
}

/// A configuration as far as it could be read, before any policy has seen its settings.
#[derive(Debug)]
pub(crate) struct Unresolved(Result<Loaded, (Vec<ConfigError>, PolicySelection)>);

impl Unresolved {
    pub(crate) fn load(sources: &Sources) -> Self {
        Self(load_as_far_as_possible(sources))
    }

    /// The configuration, if all of it could be read.
    pub(crate) fn config(&self) -> Option<&Config> {
        self.0.as_ref().ok().map(|loaded| &loaded.config)
    }

    /// How the code of policies is confined.
    pub(crate) fn confinement(&self) -> confinement::Mode {
        self.config().map(|config| config.confinement).unwrap_or_default()
    }

    /// Resolves the policies. Those that are not valid are a mistake unless they are to be skipped.
    ///
    /// # Errors
    /// Everything that is wrong, with the configuration and with the policies.
    pub(crate) fn resolve(self, registry: &Registry) -> Result<(Loaded, Vec<Named>), ConfigErrors> {
        let (mut mistakes, policies, loaded) = match self.0 {
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
                        "`default-decision` is `{path}`: expected the id of a policy that is \
                         served, perhaps with what is wanted of its answer"
                    ),
                ));
            }
        }
        match loaded {
            Some(loaded)
                if mistakes.is_empty()
                    && (loaded.config.skip_invalid
                        || self::mistakes(&policies).next().is_none()) =>
            {
                Ok((loaded, policies))
            }
            _ => {
                mistakes.extend(self::mistakes(&policies).cloned());
                Err(ConfigErrors::new(mistakes))
            }
        }
    }
}
