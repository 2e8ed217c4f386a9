use serde::de::DeserializeSeed;

use crate::documents::ToJson;

/// JSON text on many lines, in its own order and with its own numbers.
pub(super) fn pretty(json: &str) -> String {
    let mut pretty = Vec::with_capacity(json.len());
    let mut reader = serde_json::Deserializer::from_str(json);
    let laid_out = ToJson::pretty(&mut pretty).deserialize(&mut reader);
    match (laid_out, String::from_utf8(pretty)) {
        (Ok(()), Ok(text)) => text,
        // Not even JSON, or nested too deep.
        _ => json.to_owned(),
    }
}
