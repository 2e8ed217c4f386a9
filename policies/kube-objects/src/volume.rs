use std::fmt;

use schemars::JsonSchema;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::Text;

/// A volume of a pod.
#[derive(Debug, Default, PartialEq, Eq, JsonSchema)]
pub struct Volume<'a> {
    /// Its name in the pod.
    pub name: Option<Text<'a>>,
    /// The image that it shows, where it is an image.
    pub image: Option<ImageSource<'a>>,
    /// The names of the sources that are given, as `hostPath`; there is to be one.
    #[schemars(skip)]
    pub sources: Vec<&'static str>,
    /// A field that Kubernetes 1.37 knows nothing of, and that could be a source all the same, as
    /// its value is an object. An API server passes over fields that it does not know: in a
    /// manifest it is a slip, in an `AdmissionReview` a source of a newer Kubernetes.
    #[schemars(skip)]
    pub unknown: Option<Text<'a>>,
}

impl Volume<'_> {
    /// Returns whether it has this source.
    #[must_use]
    pub fn has(&self, source: &str) -> bool {
        self.sources.contains(&source)
    }
}

/// An image as the source of a volume.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct ImageSource<'a> {
    /// The image.
    #[serde(borrow)]
    pub reference: Option<Text<'a>>,
}

/// The sources of `VolumeSource` (`core/v1`), without `image`, which is read on its own.
const SOURCES: [&str; 29] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "iscsi",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// Written by hand, as a source counts by its name alone, unless it is `null`.
impl<'de: 'a, 'a> Deserialize<'de> for Volume<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Not as a map: its fields are not kept as one.
        deserializer.deserialize_struct("Volume", &[], Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Volume<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a volume")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Volume<'de>, A::Error> {
        let mut volume = Volume::default();
        // A bit for each field: Kubernetes takes the last of two, which may be `null`.
        let mut seen = 0_u32;
        let mut once = |field: u32, key: &Text<'de>| {
            let twice = seen & (1 << field) != 0;
            seen |= 1 << field;
            let error = || A::Error::custom(format_args!("duplicate field `{key}`"));
            if twice { Err(error()) } else { Ok(()) }
        };
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key {
                "name" => {
                    once(30, &key)?;
                    volume.name = map.next_value()?;
                }
                "image" => {
                    once(31, &key)?;
                    volume.image = map.next_value()?;
                    volume.sources.extend(volume.image.is_some().then_some("image"));
                }
                field => match SOURCES.into_iter().zip(0..).find(|(name, _)| *name == field) {
                    Some((source, index)) => {
                        once(index, &key)?;
                        let given = map.next_value::<Option<AnyObject>>()?;
                        volume.sources.extend(given.map(|AnyObject| source));
                    }
                    None => {
                        if map.next_value_seed(IsObject)? {
                            volume.unknown.get_or_insert(key);
                        }
                    }
                },
            }
        }
        Ok(volume)
    }
}

/// An object, whatever is in it.
struct AnyObject;

impl<'de> Deserialize<'de> for AnyObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = AnyObject;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<AnyObject, A::Error> {
                ignore(map)?;
                Ok(AnyObject)
            }
        }
        deserializer.deserialize_struct("Object", &[], Object)
    }
}

/// True if a value is an object.
struct IsObject;

impl<'de> DeserializeSeed<'de> for IsObject {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for IsObject {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
        ignore(map)?;
        Ok(true)
    }
}

fn ignore<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_volume_source_does_not_count() {
        let volume: Volume<'_> = serde_json::from_str(
            r#"{"name": "v", "hostPath": {"path": "/"}, "emptyDir": {}, "nfs": null, "image": null}"#,
        )
        .unwrap();
        assert_eq!(volume.name.as_deref(), Some("v"));
        assert!(volume.has("hostPath") && volume.has("emptyDir"));
        assert!(!volume.has("nfs") && !volume.has("image") && !volume.has("name"));
    }

    #[test]
    fn duplicate_volume_source_is_an_error() {
        for field in ["emptyDir", "name", "image", "vsphereVolume", "awsElasticBlockStore"] {
            let json = format!(r#"{{"{field}": null, "other": 1, "other": 2, "{field}": null}}"#);
            let error = serde_json::from_str::<Volume<'_>>(&json).unwrap_err().to_string();
            assert!(error.starts_with(&format!("duplicate field `{field}`")), "{error}");
        }
    }

    #[test]
    fn image_is_a_volume_source() {
        let volume: Volume<'_> =
            serde_json::from_str(r#"{"image": {"reference": "a"}, "name": null}"#).unwrap();
        assert!(volume.has("image"));
        assert_eq!(volume.image.unwrap().reference.as_deref(), Some("a"));
    }

    #[test]
    fn misplaced_field_is_no_volume_source() {
        for beside in [
            r#""volumeID": "vol-1""#,
            r#""items": [{"key": "a"}]"#,
            r#""readOnly": true, "iops": 3, "share": -0.5, "path": null"#,
            r#""Secret": {"a": {"b": []}}"#,
        ] {
            let json = format!(r#"{{"awsElasticBlockStore": null, {beside}}}"#);
            let volume: Volume<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(volume.sources, [""; 0], "{json}");
            let object = beside.starts_with("\"Secret").then_some("Secret");
            assert_eq!(volume.unknown.as_deref(), object, "{json}");
        }
    }

    #[test]
    fn volume_source_must_be_an_object() {
        for value in ["[]", "\"/\"", "7", "true"] {
            let json = format!(r#"{{"hostPath": {value}}}"#);
            assert!(serde_json::from_str::<Volume<'_>>(&json).is_err(), "{json}");
        }
    }
}
