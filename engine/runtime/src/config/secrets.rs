use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{EffectiveSetting, ShownValue};
use crate::documents::located::Origin;
use crate::policies::{Hidden, MASK, PolicyRef, Registry, masked, settings_schema};

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
    let Some((whole, inside)) = settings_of_policy(&setting.path, all) else {
        return setting.clone();
    };
    let ShownValue::Json(json) = &whole.value else { return setting.clone() };
    let value: Value = serde_json::from_str(json.get()).unwrap_or_default();
    if value == json!({}) {
        return setting.clone();
    }
    let of_policy = whole.path.strip_suffix(".settings").unwrap_or(&whole.path);
    let schema = schema(&format!("{of_policy}.policy"), all, registry);
    let masked = masked(&value, schema.as_ref());
    if masked == value {
        return setting.clone();
    }
    secrets.add(&value, &masked);
    let part = part_at(&masked, inside);
    if part.is_some() && part == part_at(&value, inside) {
        return setting.clone();
    }
    let value = match part {
        Some(part @ (Value::Object(_) | Value::Array(_))) => {
            RawValue::from_string(part.to_string())
                .map_or_else(|error| ShownValue::Text(error.to_string()), ShownValue::Json)
        }
        Some(Value::String(text)) => ShownValue::Text(text.clone()),
        _ => ShownValue::Text(MASK.to_owned()),
    };
    if part.is_some() {
        return EffectiveSetting { value, ..setting.clone() };
    }
    // The keys of what is masked as a whole are secrets, too.
    let visible = inside.get(..visible(&masked, inside)).unwrap_or_default();
    let path = format!("{}{visible}", whole.path);
    let origin = match &setting.origin {
        Origin::Flag { flag } => Origin::flag(flag.replace(&setting.path, &path)),
        origin => origin.clone(),
    };
    EffectiveSetting { path, value, origin }
}

/// The settings of a policy that this is a part of, or is, and the place of the part in them.
fn settings_of_policy<'s>(
    path: &'s str,
    all: &'s [EffectiveSetting],
) -> Option<(&'s EffectiveSetting, &'s str)> {
    let is_settings = |whole: &&EffectiveSetting| {
        whole.path.starts_with("policies.") && whole.path.ends_with(".settings")
    };
    let parts = all.iter().filter(is_settings).filter_map(|whole| {
        let inside = path.strip_prefix(&whole.path)?;
        (inside.is_empty() || inside.starts_with('.')).then_some((whole, inside))
    });
    // A key of settings may be called so, too.
    parts.min_by_key(|(whole, _)| whole.path.len())
}

/// The part of a value at a place such as `.key.other`; keys may have dots themselves.
fn part_at<'v>(value: &'v Value, inside: &str) -> Option<&'v Value> {
    let Some(inside) = inside.strip_prefix('.') else { return Some(value) };
    let fields = value.as_object()?;
    fields.iter().find_map(|(key, value)| {
        let inside = inside.strip_prefix(key.as_str())?;
        (inside.is_empty() || inside.starts_with('.')).then(|| part_at(value, inside))?
    })
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

/// The length of that much of a place as a value has.
fn visible(value: &Value, inside: &str) -> usize {
    let (Some(inside), Some(fields)) = (inside.strip_prefix('.'), value.as_object()) else {
        return 0;
    };
    let part = fields.iter().find_map(|(key, value)| {
        let inside = inside.strip_prefix(key.as_str())?;
        let is_key = inside.is_empty() || inside.starts_with('.');
        is_key.then(|| 1 + key.len() + visible(value, inside))
    });
    part.unwrap_or(0)
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

    #[test]
    fn secrets_that_are_set_over_others_are_not_shown() {
        let set = [
            r#"policies.a.settings={"url":"x","in":{"b":"y","password":"hush","t":{"key":"z"}}}"#,
            "policies.a.settings.token=hush",
            "policies.a.settings.url=https://me:hush@example.com/",
            "policies.a.settings.in.password=hush",
            "policies.a.settings.in.b=shown",
            r#"policies.a.settings.tokens={"other":"hush"}"#,
            "policies.a.settings.tokens.hush=alice",
            "policies.none.settings.b=hush",
        ];
        let set = set.iter().map(|text| text.parse().unwrap()).collect();
        let sources = Sources { flags: Flags { set, ..Flags::default() }, ..Sources::default() };
        let loaded = load(&sources).unwrap();
        let registry = Registry::from_registrations([registration("a", "1.0.0")]).unwrap();
        let (shown, _) = without_secrets(&loaded.effective, &registry);
        let text = serde_json::to_string(&shown).unwrap();
        assert!(!text.contains("hush") && text.contains("shown"), "{text}");
        let paths: Vec<_> = shown.iter().map(|setting| setting.path.as_str()).collect();
        for path in ["token", "url", "in.password", "in.b"] {
            assert!(paths.contains(&&*format!("policies.a.settings.{path}")), "{paths:?}");
        }
    }
}
