use std::fmt;

use serde::de::value::UnitDeserializer;
use serde::de::{
    DeserializeSeed, Error, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::kind::{Kind, Part};
use crate::workload::{CronJobSpec, WorkloadSpec};
use crate::{AdmissionRequest, Object, ObjectMeta, Pod, PodSpec, Text};

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        OfKind(None).deserialize(deserializer)
    }
}

/// Decodes an object of this kind, unless it says another.
#[derive(Clone, Copy)]
struct OfKind<'k>(Option<&'k str>);

impl<'de> DeserializeSeed<'de> for OfKind<'_> {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // Not as a map: its fields are not kept as one.
        deserializer.deserialize_struct("Object", &[], self)
    }
}

impl<'de> Visitor<'de> for OfKind<'_> {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Kubernetes object")
    }

    /// Decodes an object. The shape of a part depends on the object's kind. Kubernetes writes the
    /// kind first, and then the part is decoded as it comes; a part that comes earlier is kept as
    /// text.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut kind: Option<Text<'de>> = None;
        let mut metadata: Option<ObjectMeta<'de>> = None;
        let mut object: Option<Object<'de>> = None;
        let mut early: Vec<(Part, &'de RawValue)> = Vec::new();
        while let Some(field) = map.next_key::<Text<'_>>()? {
            match &*field {
                "kind" if kind.is_some() => return Err(A::Error::duplicate_field("kind")),
                "kind" => {
                    kind = map.next_value::<Option<Text<'_>>>()?.filter(|kind| !kind.is_empty());
                    continue;
                }
                "metadata" if metadata.is_some() => {
                    return Err(A::Error::duplicate_field("metadata"));
                }
                "metadata" => {
                    metadata = map.next_value()?;
                    continue;
                }
                _ => {}
            }
            let Some(part) = Part::from_name(&field) else {
                refuse_other_spelling_of_kind(&field)?;
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let is_early = early.iter().any(|(earlier, _)| *earlier == part);
            match kind.as_deref().map(Kind::from_name) {
                None if is_early => return Err(A::Error::duplicate_field(part.name())),
                None => early.push((part, map.next_value()?)),
                Some(kind) if kind.part() == Some(part) => {
                    if is_early || object.is_some() {
                        return Err(A::Error::duplicate_field(part.name()));
                    }
                    object = Some(map.next_value_seed(PartOf(kind))?);
                }
                Some(_) if part == Part::Items => refuse_items(map.next_value()?)?,
                Some(_) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let kind = kind.as_deref().or(self.0).ok_or_else(no_kind)?;
        let kind = Kind::from_name(kind);
        if !matches!(kind, Kind::List(_)) {
            let items = early.iter().find(|(part, _)| *part == Part::Items);
            items.map_or(Ok(()), |(_, text)| refuse_items(text))?;
        }
        let mut object = match object {
            Some(object) => object,
            None => match early.iter().find(|(part, _)| kind.part() == Some(*part)) {
                Some((part, text)) => decode_early(kind, *part, text)?,
                None => decode_part::<UnitDeserializer<_>>(kind, ().into_deserializer())?,
            },
        };
        if let (Kind::Pod, Object::Pod { pod, .. }) = (kind, &mut object) {
            pod.metadata = metadata;
        }
        Ok(object)
    }
}

/// Kubernetes' tools take any object with a list of `items` apart, whatever its kind: what is in
/// there would be created without having been judged.
fn refuse_items<E: Error>(items: &RawValue) -> Result<(), E> {
    if items.get().starts_with('[') {
        return Err(E::custom("an object with `items` that is no list by its `kind`"));
    }
    Ok(())
}

/// An API server takes `Kind` for `kind` when it looks for an object's kind.
fn refuse_other_spelling_of_kind<E: Error>(field: &str) -> Result<(), E> {
    // No other spelling is longer: the longest letter for a `k` has three bytes.
    if field.len() <= 6 && field.to_lowercase() == "kind" {
        return Err(E::custom(format_args!("a field `{field}`: expected `kind`")));
    }
    Ok(())
}

fn no_kind<E: Error>() -> E {
    E::custom(
        "an object without a `kind`: expected a Kubernetes object, such as a Pod, a Deployment, \
         a List or an AdmissionReview",
    )
}

fn decode_early<'de, E: Error>(
    kind: Kind<'_>,
    part: Part,
    text: &'de RawValue,
) -> Result<Object<'de>, E> {
    // The place is counted from the start of the part: no help to anyone.
    policy_api::decode_seed(PartOf(kind), text.get().as_bytes())
        .map_err(|error| E::custom(format_args!("in `{}`: {}", part.name(), error.message)))
}

struct PartOf<'k>(Kind<'k>);

impl<'de> DeserializeSeed<'de> for PartOf<'_> {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        decode_part(self.0, deserializer)
    }
}

/// Decodes the part of an object of this kind that holds the pods; `null` is as good as absent.
fn decode_part<'de, D: Deserializer<'de>>(
    kind: Kind<'_>,
    part: D,
) -> Result<Object<'de>, D::Error> {
    // A pod is there for each of them, also where nothing is said of it.
    if matches!(kind, Kind::Pod | Kind::PodTemplate | Kind::Workload | Kind::CronJob) {
        policy_api::charge(size_of::<Pod<'_>>()).map_err(D::Error::custom)?;
    }
    Ok(match kind {
        Kind::Pod => {
            let spec = Option::<PodSpec<'_>>::deserialize(part)?;
            template("", Some(Pod { metadata: None, spec }))
        }
        Kind::PodTemplate => template("template.", Option::deserialize(part)?),
        Kind::Workload => {
            let spec = Option::<WorkloadSpec<'_>>::deserialize(part)?;
            template("spec.template.", spec.and_then(|spec| spec.template))
        }
        Kind::CronJob => {
            let spec = Option::<CronJobSpec<'_>>::deserialize(part)?;
            let job = spec.and_then(|spec| spec.job_template).and_then(|job| job.spec);
            template("spec.jobTemplate.spec.template.", job.and_then(|spec| spec.template))
        }
        Kind::List(items) => Object::List(part.deserialize_option(Items(items))?),
        Kind::AdmissionReview => {
            let request = Option::<AdmissionRequest<'_>>::deserialize(part)?;
            Object::Review(
                request
                    .ok_or_else(|| D::Error::custom("an AdmissionReview without a `request`"))?,
            )
        }
        Kind::Podless => Object::Podless,
    })
}

fn template<'a>(path: &'static str, pod: Option<Pod<'a>>) -> Object<'a> {
    Object::Pod { template: path, pod: Box::new(pod.unwrap_or_default()) }
}

/// The items of a list, or `null`.
struct Items<'k>(Option<&'k str>);

impl<'de> Visitor<'de> for Items<'_> {
    type Value = Vec<Object<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of Kubernetes objects")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(Element(self.0))? {
            items.push(item);
        }
        Ok(items)
    }
}

/// An item of a list, whose kind the list may have told. One that is `null` is empty.
struct Element<'k>(Option<&'k str>);

impl<'de> DeserializeSeed<'de> for Element<'_> {
    type Value = Object<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Element<'_> {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OfKind(self.0).expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        let kind = Kind::from_name(self.0.ok_or_else(no_kind)?);
        decode_part::<UnitDeserializer<_>>(kind, ().into_deserializer())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        OfKind(self.0).deserialize(deserializer)
    }
}
