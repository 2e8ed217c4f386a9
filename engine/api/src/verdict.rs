use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

/// The answer to "may this happen?".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may.
    Allowed,
    /// It may not.
    Denied,
}

impl Verdict {
    /// Reads the verdict off an output, as JSON text: a boolean, or an object with a boolean
    /// `allowed` or `allow` at its top (where both are there and differ, it is a denial). `None`
    /// when the output is neither.
    ///
    /// It goes by the text and not by the type that made it, so that whatever way a policy
    /// writes its answer, it counts.
    #[must_use]
    pub fn from_output(output: &[u8]) -> Option<Self> {
        match output.first()? {
            b't' => Some(Self::Allowed),
            b'f' => Some(Self::Denied),
            b'{' => serde_json::from_slice::<Flags>(output).ok()?.0,
            _ => None,
        }
    }
}

impl From<bool> for Verdict {
    fn from(allowed: bool) -> Self {
        if allowed { Self::Allowed } else { Self::Denied }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
        })
    }
}

struct Flags(Option<Verdict>);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Allowed,
    Allow,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Flags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Flags;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Flags, A::Error> {
                let mut verdict = None;
                while let Some(key) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    if !matches!(key, Key::Other)
                        && let Ok(allowed) = value.get().parse::<bool>()
                    {
                        verdict = verdict.max(Some(Verdict::from(allowed)));
                    }
                }
                Ok(Flags(verdict))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_is_read_from_booleans_and_flags() {
        for (output, expected) in [
            ("true", Some(Verdict::Allowed)),
            ("false", Some(Verdict::Denied)),
            (r#"{"allowed":true}"#, Some(Verdict::Allowed)),
            (r#"{"why":["x"],"allow":false}"#, Some(Verdict::Denied)),
            (r#"{"allow":true,"allowed":false}"#, Some(Verdict::Denied)),
            (r#"{"allowed":false,"allow":true}"#, Some(Verdict::Denied)),
            (r#"{"allowed":"yes"}"#, None),
            (r#"{"inner":{"allowed":true}}"#, None),
            ("{}", None),
            ("[true]", None),
            ("\"true\"", None),
            ("", None),
        ] {
            assert_eq!(Verdict::from_output(output.as_bytes()), expected, "{output}");
        }
    }
}
