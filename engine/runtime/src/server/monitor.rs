//! Outputs of monitored policies: a denial is answered as an approval.

use std::fmt;

use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Rewrites a denying output to an approving one, and leaves everything else as it is.
pub(super) fn allowed(output: &str) -> Option<String> {
    match output.as_bytes().first()? {
        b'f' => Some("true".to_owned()),
        b'{' => serde_json::Deserializer::from_str(output).deserialize_map(VerdictRewriter).ok(),
        _ => None,
    }
}

struct VerdictRewriter;

impl<'de> Visitor<'de> for VerdictRewriter {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
        let mut written = String::from("{");
        while let Some((key, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if written.len() > 1 {
                written.push(',');
            }
            written.push_str(key.get());
            written.push(':');
            let is_verdict = matches!(
                serde_json::from_str::<std::borrow::Cow<'_, str>>(key.get()).as_deref(),
                Ok("allowed" | "allow")
            );
            written.push_str(match value.get() {
                "false" if is_verdict => "true",
                other => other,
            });
        }
        written.push('}');
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verdict_is_rewritten() {
        for (output, expected) in [
            ("false", Some("true")),
            (
                r#"{"why":{"allowed":false},"allowed":false,"x":false}"#,
                Some(r#"{"why":{"allowed":false},"allowed":true,"x":false}"#),
            ),
            (
                r#"{"allow":false,"all\u006fwed":false}"#,
                Some(r#"{"allow":true,"all\u006fwed":true}"#),
            ),
            ("7", None),
        ] {
            assert_eq!(allowed(output).as_deref(), expected, "{output}");
        }
    }
}
