use serde_json::Value;
use serde_json::value::RawValue;

use super::{EffectiveSetting, Resolved, ShownValue};
use crate::policies::{self, Entry};

/// Settings as they may be shown: without the secrets in those of policies. `entry_of` finds the
/// policy of an id, or of `ID.shadow`, whose schema tells which they are.
pub(crate) fn without_secrets<'a>(
    settings: &[EffectiveSetting],
    entry_of: impl Fn(&str) -> Option<&'a Entry>,
) -> Vec<EffectiveSetting> {
    settings.iter().map(|setting| shown(setting, &entry_of)).collect()
}

/// The policy of an id, or of `ID.shadow`, among resolved ones.
pub(crate) fn entry_of<'a>(policies: &'a [super::Named], path: &str) -> Option<&'a Entry> {
    let resolved = |id: &str| -> Option<&'a Resolved> {
        policies.iter().find(|(known, _)| known == id)?.1.as_ref().ok()
    };
    if let Some(Resolved { entry, .. }) = resolved(path) {
        return Some(entry);
    }
    let shadow = resolved(path.strip_suffix(".shadow")?)?.shadow.as_ref()?.as_ref().ok()?;
    Some(&shadow.entry)
}

fn shown<'a>(
    setting: &EffectiveSetting,
    entry_of: &impl Fn(&str) -> Option<&'a Entry>,
) -> EffectiveSetting {
    let path = setting.path.strip_prefix("policies.");
    let of_policy = path.and_then(|path| path.strip_suffix(".settings"));
    let (Some(of_policy), ShownValue::Json(json)) = (of_policy, &setting.value) else {
        return setting.clone();
    };
    let value: Value = serde_json::from_str(json.get()).unwrap_or_default();
    // Schemas are made by the author's code, which may panic.
    let schema = entry_of(of_policy).and_then(|entry| {
        policies::call_guarded(entry, entry.registration.settings_schema).ok().flatten()
    });
    let masked = policies::masked(&value, schema.as_ref());
    if masked == value {
        return setting.clone();
    }
    let value = RawValue::from_string(masked.to_string())
        .map_or_else(|error| ShownValue::Text(error.to_string()), ShownValue::Json);
    EffectiveSetting { value, ..setting.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, Sources, load};

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
        let shown = without_secrets(&loaded.effective, |_| None);
        let text = serde_json::to_string(&shown).unwrap();
        assert!(!text.contains("hush") && text.contains(r#""b":"x""#), "{text}");
        assert_eq!(shown.len(), loaded.effective.len());
    }
}
