use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{EffectiveSetting, ShownValue};
use crate::policies::{Hidden, PolicyRef, Registry, masked, settings_schema};

/// Settings as they may be shown, and what is left out of them: the secrets in those of policies.
pub(super) fn without_secrets(
    settings: &[EffectiveSetting],
    registry: &Registry,
) -> (Vec<EffectiveSetting>, Hidden) {
    let mut secrets = Hidden::default();
    let shown =
        settings.iter().map(|setting| shown(setting, settings, registry, &mut secrets)).collect();
    (shown, secrets)
}

fn shown(
    setting: &EffectiveSetting,
    all: &[EffectiveSetting],
    registry: &Registry,
    secrets: &mut Hidden,
) -> EffectiveSetting {
    let of_policy = setting.path.strip_suffix(".settings");
    let of_policy = of_policy.filter(|path| path.starts_with("policies."));
    let (Some(of_policy), ShownValue::Json(json)) = (of_policy, &setting.value) else {
        return setting.clone();
    };
    let value: Value = serde_json::from_str(json.get()).unwrap_or_default();
    if value == json!({}) {
        return setting.clone();
    }
    let schema = schema(&format!("{of_policy}.policy"), all, registry);
    let masked = masked(&value, schema.as_ref());
    if masked == value {
        return setting.clone();
    }
    secrets.add(&value, &masked);
    let value = RawValue::from_string(masked.to_string())
        .map_or_else(|error| ShownValue::Text(error.to_string()), ShownValue::Json);
    EffectiveSetting { value, ..setting.clone() }
}

/// The schema of the settings of the policy that a setting names, whether it is served or skipped.
/// Where there is no such policy, nobody can tell what is secret, and all is.
fn schema(path: &str, all: &[EffectiveSetting], registry: &Registry) -> Option<Value> {
    let named = all.iter().find(|setting| setting.path == path);
    let entry = named.and_then(|setting| match &setting.value {
        ShownValue::Text(text) => registry.find(&text.parse::<PolicyRef>().ok()?).ok(),
        ShownValue::Json(_) | ShownValue::Nothing => None,
    });
    entry.map_or_else(|| Some(json!({"writeOnly": true})), settings_schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, Sources, load};
    use crate::testing::registration;

    #[test]
    fn secrets_of_policies_are_not_shown() {
        let set = [
            r#"policies.a.settings={"password":"hush","b":"x"}"#,
            r#"policies.a.shadow={"policy":"a","settings":{"token":"hush"}}"#,
            "default-decision=a",
        ];
        let set = set.iter().map(|text| text.parse().unwrap()).collect();
        let sources = Sources { flags: Flags { set, ..Flags::default() }, ..Sources::default() };
        let loaded = load(&sources).unwrap();
        let registry = Registry::from_registrations([registration("a", "1.0.0")]).unwrap();
        let (shown, secrets) = without_secrets(&loaded.effective, &registry);
        assert!(secrets.are_in("hush"));
        let text = serde_json::to_string(&shown).unwrap();
        assert!(!text.contains("hush") && text.contains(r#""b":"x""#), "{text}");
        assert_eq!(shown.len(), loaded.effective.len());
    }
}
