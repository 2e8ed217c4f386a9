use serde_json::Value;

use crate::documents::located::Origin;
use crate::policies::Settings;

/// The settings of a policy as the console shows them, and their place in the configuration.
pub(crate) struct PolicySettings {
    pub(crate) settings: Settings,
    pub(crate) origin: Origin,
}

impl PolicySettings {
    pub(crate) fn new(settings: Settings, origin: Origin) -> Self {
        Self { settings, origin }
    }

    /// All of them, with their secrets.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(self.settings.as_json()).unwrap_or_default()
    }
}
