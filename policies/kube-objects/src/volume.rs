use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Text;

/// A volume of a pod.
#[derive(Debug, Default, JsonSchema)]
pub struct Volume<'a> {
    /// Its name in the pod.
    pub name: Option<Text<'a>>,
    /// The image that it shows, where it is an image.
    pub image: Option<ImageSource<'a>>,
    /// The names of the sources that are given, as `hostPath`; there is to be one.
    #[schemars(skip)]
    pub sources: Vec<Text<'a>>,
}

impl Volume<'_> {
    /// Whether it has this source.
    #[must_use]
    pub fn has(&self, source: &str) -> bool {
        self.sources.iter().any(|name| &**name == source)
    }
}

/// An image as the source of a volume.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct ImageSource<'a> {
    /// The image.
    #[serde(borrow)]
    pub reference: Option<Text<'a>>,
}

/// By hand, since a source counts by its name, known here or not, unless it is `null`.
impl<'de: 'a, 'a> Deserialize<'de> for Volume<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Volume<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a volume")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Volume<'de>, A::Error> {
                let mut volume = Volume::default();
                // Kubernetes takes the last of two, which may be `null`.
                let mut seen = BTreeSet::new();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format_args!("duplicate field `{key}`")));
                    }
                    let given = match &*key {
                        "name" => {
                            volume.name = map.next_value()?;
                            false
                        }
                        "image" => {
                            volume.image = map.next_value()?;
                            volume.image.is_some()
                        }
                        _ => map.next_value::<Option<IgnoredAny>>()?.is_some(),
                    };
                    if given {
                        volume.sources.push(key);
                    }
                }
                Ok(volume)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_counts_unless_it_is_null() {
        let volume: Volume<'_> = serde_json::from_str(
            r#"{"name": "v", "hostPath": {"path": "/"}, "emptyDir": {}, "nfs": null, "image": null}"#,
        )
        .unwrap();
        assert_eq!(volume.name.as_deref(), Some("v"));
        assert!(volume.has("hostPath") && volume.has("emptyDir"));
        assert!(!volume.has("nfs") && !volume.has("image") && !volume.has("name"));
    }

    #[test]
    fn a_source_given_twice_is_an_error() {
        let error = serde_json::from_str::<Volume<'_>>(
            r#"{"emptyDir": {}, "emptyDir": null, "hostPath": {"path": "/"}}"#,
        );
        assert!(error.unwrap_err().to_string().starts_with("duplicate field `emptyDir`"));
    }

    #[test]
    fn an_image_is_a_source_too() {
        let volume: Volume<'_> =
            serde_json::from_str(r#"{"image": {"reference": "a"}, "name": null}"#).unwrap();
        assert!(volume.has("image"));
        assert_eq!(volume.image.unwrap().reference.as_deref(), Some("a"));
    }
}
