//! The engine's optional parts, and what they are linked with.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::str::FromStr;

use toml_edit::{DocumentMut, Item, TableLike, Value};

use policy_cargo::manifest::{for_each_dependency, for_each_holder};

/// The feature of a manifest that names the default ones.
const DEFAULT: &str = "default";

/// An error of choosing features.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FeatureError {
    #[error("the engine has no feature `{feature}`: expected {}", listed(.known))]
    Unknown { feature: String, known: Vec<String> },
    #[error(
        "the engine's feature `{0}` is both asked for and left out\nhelp: name one of `{0}` and \
         `-{0}`"
    )]
    Contradiction(String),
}

/// What is asked of the engine's features, sorted: a name adds one to the default ones, and
/// `-name` leaves one of these out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Features(Vec<String>);

impl FromStr for Features {
    type Err = Infallible;

    /// Reads names with commas between them.
    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Self::new(names.map(str::to_owned)))
    }
}

impl Features {
    /// These names, in whatever order.
    pub(crate) fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// All that a crate has.
    pub(crate) fn all(document: &DocumentMut) -> Self {
        Self::new(Declared::new(document).names())
    }

    /// The names as they were asked for.
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// The features that are turned on beside the default ones.
    pub(crate) fn added(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str).filter(|name| !name.starts_with('-'))
    }

    /// The default features that are not.
    fn left_out(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|name| name.strip_prefix('-'))
    }

    /// Makes the engine's default features those that are wanted, takes out of its manifest what it
    /// depends on for others than these and the added ones, and tells what that is: a program's
    /// lock has nothing of it, and policies may have these packages in versions of their own. The
    /// features' names stay, for the compiler to know them.
    pub(crate) fn choose(
        &self,
        document: &mut DocumentMut,
    ) -> Result<BTreeSet<String>, FeatureError> {
        self.check(&Declared::new(document))?;
        let unwanted: BTreeSet<_> = self.left_out().collect();
        retain_enabled(document, |feature, enabled| {
            feature != DEFAULT || !unwanted.contains(enabled)
        });
        let taken = self.dependencies(&Declared::new(document));
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
        retain_enabled(document, |_, enabled| {
            !dependency_of(enabled).is_some_and(|dependency| left_out.contains(dependency))
        });
        Ok(left_out)
    }

    fn check(&self, declared: &Declared<'_>) -> Result<(), FeatureError> {
        if let Some(unknown) = self.added().chain(self.left_out()).find(|name| !declared.has(name))
        {
            let (feature, known) = (unknown.to_owned(), declared.names().collect());
            return Err(FeatureError::Unknown { feature, known });
        }
        let added: BTreeSet<_> = self.added().collect();
        match self.left_out().find(|name| added.contains(name)) {
            Some(both) => Err(FeatureError::Contradiction(both.to_owned())),
            None => Ok(()),
        }
    }

    /// The dependencies of the default and the added features, and of those that they turn on.
    fn dependencies(&self, declared: &Declared<'_>) -> BTreeSet<String> {
        let mut next: Vec<_> = self.added().chain([DEFAULT]).collect();
        let mut seen = BTreeSet::new();
        let mut taken = BTreeSet::new();
        while let Some(feature) = next.pop() {
            if !seen.insert(feature) {
                continue;
            }
            for enabled in declared.enabled_by(feature) {
                match dependency_of(enabled) {
                    Some(dependency) => {
                        taken.insert(dependency.to_owned());
                    }
                    None => next.push(enabled),
                }
            }
        }
        taken
    }
}

/// The features that a manifest declares.
struct Declared<'a>(Option<&'a dyn TableLike>);

impl<'a> Declared<'a> {
    fn new(document: &'a DocumentMut) -> Self {
        Self(document.get("features").and_then(Item::as_table_like))
    }

    /// Their names, but for `default`, which no one chooses.
    fn names(&self) -> impl Iterator<Item = String> + use<'a> {
        let features = self.0.into_iter().flat_map(TableLike::iter);
        features.map(|(name, _)| name.to_owned()).filter(|name| name != DEFAULT)
    }

    fn has(&self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The features and dependencies that one turns on.
    fn enabled_by(&self, feature: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let enabled = self.0.and_then(|features| features.get(feature)).and_then(Item::as_array);
        enabled.into_iter().flatten().filter_map(Value::as_str)
    }
}

/// Leaves of what features turn on only what a condition holds for: of a feature, and one thing that
/// it turns on.
fn retain_enabled(document: &mut DocumentMut, mut keep: impl FnMut(&str, &str) -> bool) {
    let features = document.get_mut("features").and_then(Item::as_table_like_mut);
    for (name, feature) in features.into_iter().flat_map(|features| features.iter_mut()) {
        if let Some(enables) = feature.as_array_mut() {
            enables.retain(|enabled| enabled.as_str().is_none_or(|enabled| keep(&name, enabled)));
        }
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
default = ["pages", "more"]
all = ["spans", "more"]
more = []
pages = ["dep:html"]
spans = ["dep:otlp", "hyper/client"]

[dependencies]
html = { version = "1", optional = true }
hyper = "1"
otlp = { version = "1", optional = true }
other = { version = "1", optional = true }
"#;

    fn chosen(features: &str) -> Result<(String, Vec<String>), FeatureError> {
        let mut document = MANIFEST.parse().unwrap();
        let features: Features = features.parse().unwrap();
        let left_out = features.choose(&mut document)?;
        Ok((document.to_string(), left_out.into_iter().collect()))
    }

    fn without(text: &str, part: &str) -> String {
        assert!(text.contains(part), "{part}");
        text.replace(part, "")
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn unselected_optional_dependencies_are_removed() {
        let spans = without(MANIFEST, "other = { version = \"1\", optional = true }\n");
        for features in ["spans", "all", " more,all,,all ", "spans,pages"] {
            assert_eq!(chosen(features), Ok((spans.clone(), names(&["other"]))));
        }
        let nothing = without(&spans, "otlp = { version = \"1\", optional = true }\n");
        let nothing = without(&nothing, "\"dep:otlp\",");
        for features in ["", "more"] {
            assert_eq!(chosen(features), Ok((nothing.clone(), names(&["other", "otlp"]))));
        }
    }

    #[test]
    fn default_feature_is_left_out_with_its_dependencies() {
        let spans = without(MANIFEST, "other = { version = \"1\", optional = true }\n");
        let alone = without(&spans, "html = { version = \"1\", optional = true }\n");
        let alone = without(&alone, "\"dep:html\"");
        let alone = without(&alone, "\"pages\",");
        for features in ["spans,-pages", "-pages, all"] {
            assert_eq!(chosen(features), Ok((alone.clone(), names(&["html", "other"]))));
        }
        // What is not a default one is out already.
        assert_eq!(chosen("-spans"), chosen(""));
    }

    #[test]
    fn names_are_kept_as_they_were_asked_for() {
        let features: Features = "spans, -pages,spans".parse().unwrap();
        assert_eq!(features.names(), ["-pages", "spans"]);
        assert_eq!(Features::new(features.names().to_vec()), features);
    }

    #[test]
    fn unknown_feature_is_refused() {
        let expected = "the engine has no feature `oltp`: expected one of `all`, `more`, `pages`, \
                        `spans`";
        assert_eq!(chosen("more,oltp").unwrap_err().to_string(), expected);
        assert_eq!(chosen("more,-oltp").unwrap_err().to_string(), expected);
        assert_eq!(chosen("default").unwrap_err().to_string(), expected.replace("oltp", "default"));
    }

    #[test]
    fn feature_both_asked_for_and_left_out_is_refused() {
        assert_eq!(
            chosen("pages,spans,-pages").unwrap_err().to_string(),
            "the engine's feature `pages` is both asked for and left out\nhelp: name one of \
             `pages` and `-pages`"
        );
    }
}
