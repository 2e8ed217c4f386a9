use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::documents::located::Origin;
use crate::policies::{Entry, Hidden, Settings, call_guarded, masked};

/// The settings of a policy as the console shows them, and their place in the configuration.
pub(crate) struct PolicySettings {
    pub(crate) settings: Settings,
    pub(crate) origin: Origin,
    hidden: OnceLock<Hidden>,
}

impl PolicySettings {
    pub(crate) fn new(settings: Settings, origin: Origin) -> Self {
        Self { settings, origin, hidden: OnceLock::new() }
    }

    /// All of them, with their secrets.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(self.settings.as_json()).unwrap_or_default()
    }

    /// The settings of this policy without their secrets.
    pub(crate) fn shown(&self, entry: &Entry) -> Value {
        masked(&self.value(), schema(entry).as_ref())
    }

    /// The secrets in the settings of this policy.
    pub(crate) fn hidden(&self, entry: &Entry) -> &Hidden {
        self.hidden.get_or_init(|| {
            let value = self.value();
            if value.as_object().is_some_and(serde_json::Map::is_empty) {
                return Hidden::default();
            }
            Hidden::new(&value, schema(entry).as_ref())
        })
    }
}

/// The schema of a policy's settings. Where its author's code does not tell, all of them are secret.
fn schema(entry: &Entry) -> Option<Value> {
    call_guarded(entry, entry.registration.settings_schema)
        .unwrap_or_else(|_| Some(json!({"writeOnly": true})))
}
