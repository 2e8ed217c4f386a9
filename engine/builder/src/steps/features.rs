//! The engine's optional parts, and what they are linked with.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::str::FromStr;

use toml_edit::{DocumentMut, Item, Value};

use policy_cargo::manifest::{for_each_dependency, for_each_holder};

/// A feature that the engine does not have.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has no feature `{feature}`: expected {}", listed(.known))]
pub(crate) struct UnknownFeature {
    feature: String,
    known: Vec<String>,
}

/// The engine's features that are wanted, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Features(Vec<String>);

impl FromStr for Features {
    type Err = Infallible;

    /// Reads names with commas between them.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: BTreeSet<_> = names.map(str::to_owned).collect();
        Ok(Self(names.into_iter().collect()))
    }
}

impl Features {
    /// These names, in whatever order.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// All that the engine has.
    pub(crate) fn all(document: &DocumentMut) -> Self {
        let features = document.get("features").and_then(Item::as_table_like);
        let names: BTreeSet<_> = features
            .into_iter()
            .flat_map(|features| features.iter())
            .map(|(name, _)| name.to_owned())
            .collect();
        Self(names.into_iter().collect())
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// Takes out of the engine's manifest what it depends on for other features than these, and
    /// tells what that is: a program's lock has nothing of it, and policies may have these packages
    /// in versions of their own. The features' names stay, for the compiler to know them.
    ///
    /// # Errors
    /// When the engine has no such feature.
    pub(crate) fn choose(
        &self,
        document: &mut DocumentMut,
    ) -> Result<BTreeSet<String>, UnknownFeature> {
        let taken = self.dependencies(document)?;
        let mut left_out = BTreeSet::new();
        for_each_dependency(document, |_, key, item| {
            let optional = item.get("optional").and_then(Item::as_bool).unwrap_or(false);
            if optional && !taken.contains(key) {
                left_out.insert(key.to_owned());
            }
        });
        for_each_holder(document, |holder, _| {
            let dependencies = holder.get_mut("dependencies").and_then(Item::as_table_like_mut);
            if let Some(dependencies) = dependencies {
                for key in &left_out {
                    dependencies.remove(key);
                }
            }
        });
        let features = document.get_mut("features").and_then(Item::as_table_like_mut);
        for (_, feature) in features.into_iter().flat_map(|features| features.iter_mut()) {
            if let Some(enables) = feature.as_array_mut() {
                enables.retain(|enabled| {
                    !enabled
                        .as_str()
                        .and_then(dependency_of)
                        .is_some_and(|dependency| left_out.contains(dependency))
                });
            }
        }
        Ok(left_out)
    }

    /// The dependencies of the features, and of those that they turn on.
    fn dependencies(&self, document: &DocumentMut) -> Result<BTreeSet<String>, UnknownFeature> {
        let features = document.get("features").and_then(Item::as_table_like);
        let enabled_by = |name: &str| features?.get(name)?.as_array();
        if let Some(unknown) = self.0.iter().find(|name| enabled_by(name).is_none()) {
            let known = features.into_iter().flat_map(|features| features.iter());
            return Err(UnknownFeature {
                feature: unknown.clone(),
                known: known.map(|(name, _)| name.to_owned()).collect(),
            });
        }
        let default = features.filter(|features| features.contains_key("default"));
        let default = default.map(|_| "default");
        let mut next: Vec<_> = self.0.iter().map(String::as_str).chain(default).collect();
        let mut seen = BTreeSet::new();
        let mut taken = BTreeSet::new();
        while let Some(feature) = next.pop() {
            if !seen.insert(feature) {
                continue;
            }
            for enabled in enabled_by(feature).into_iter().flatten().filter_map(Value::as_str) {
                match dependency_of(enabled) {
                    Some(dependency) => {
                        taken.insert(dependency.to_owned());
                    }
                    None => next.push(enabled),
                }
            }
        }
        Ok(taken)
    }
}

/// `serde` of `dep:serde` and of `serde/std`; `None` of another feature's name.
fn dependency_of(enabled: &str) -> Option<&str> {
    enabled
        .strip_prefix("dep:")
        .or_else(|| enabled.split_once('/').map(|(key, _)| key.trim_end_matches('?')))
}

fn listed(known: &[String]) -> String {
    match known {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        several => format!("one of `{}`", several.join("`, `")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"[features]
all = ["spans", "more"]
more = []
spans = ["dep:otlp", "hyper/client"]

[dependencies]
hyper = "1"
otlp = { version = "1", optional = true }
other = { version = "1", optional = true }
"#;

    fn chosen(features: &str) -> Result<(String, Vec<String>), UnknownFeature> {
        let mut document = MANIFEST.parse().unwrap();
        let features: Features = features.parse().unwrap();
        let left_out = features.choose(&mut document)?;
        Ok((document.to_string(), left_out.into_iter().collect()))
    }

    #[test]
    fn unselected_optional_dependencies_are_removed() {
        let without = |text: &str, part: &str| {
            assert!(text.contains(part), "{part}");
            text.replace(part, "")
        };
        let spans = without(MANIFEST, "other = { version = \"1\", optional = true }\n");
        for features in ["spans", "all", " more,all,,all "] {
            assert_eq!(chosen(features), Ok((spans.clone(), vec!["other".to_owned()])));
        }
        let nothing = without(&spans, "otlp = { version = \"1\", optional = true }\n");
        let nothing = without(&nothing, "\"dep:otlp\",");
        for features in ["", "more"] {
            let left_out = vec!["other".to_owned(), "otlp".to_owned()];
            assert_eq!(chosen(features), Ok((nothing.clone(), left_out)));
        }
    }

    #[test]
    fn unknown_feature_is_refused() {
        assert_eq!(
            chosen("more,oltp").unwrap_err().to_string(),
            "the engine has no feature `oltp`: expected one of `all`, `more`, `spans`"
        );
    }
}
