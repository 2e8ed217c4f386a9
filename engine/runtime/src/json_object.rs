//! JSON objects that are written field by field, so that values which are JSON text already are
//! copied and not parsed.

use serde::Serialize;
use uuid::Uuid;

/// A JSON object that is being written.
pub(crate) struct JsonObject<'a>(&'a mut Vec<u8>);

impl<'a> JsonObject<'a> {
    pub(crate) fn begin(text: &'a mut Vec<u8>) -> Self {
        text.push(b'{');
        Self(text)
    }

    pub(crate) fn end(self) {
        self.0.push(b'}');
    }

    /// Writes the name of the last field. Its value and the end of the object are up to the caller.
    pub(crate) fn last_field(mut self, name: &str) {
        self.name(name);
    }

    /// Writes a field whose value is JSON text.
    pub(crate) fn json(&mut self, name: &str, value: impl AsRef<[u8]>) {
        self.name(name);
        self.0.extend_from_slice(value.as_ref());
    }

    /// Writes a field.
    pub(crate) fn value(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        write(self.0, value);
    }

    /// Writes a field of text, unless the text is empty.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.value(name, &value);
        }
    }

    pub(crate) fn id(&mut self, name: &str, id: Uuid) {
        self.text(name, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    /// Writes a field of texts, unless there are none.
    pub(crate) fn texts(&mut self, name: &str, values: &[impl Serialize]) {
        if !values.is_empty() {
            self.value(name, &values);
        }
    }

    pub(crate) fn object(&mut self, name: &str, fields: impl FnOnce(&mut JsonObject<'_>)) {
        self.name(name);
        let mut inner = JsonObject::begin(self.0);
        fields(&mut inner);
        inner.end();
    }

    /// Writes a field, unless `write` says that there is no value.
    pub(crate) fn unless_empty(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let before = self.0.len();
        self.name(name);
        if !write(self.0) {
            self.0.truncate(before);
        }
    }

    fn name(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        write(self.0, name);
        self.0.push(b':');
    }
}

/// Writes a value, or `null` where JSON has no form for it.
fn write(text: &mut Vec<u8>, value: impl Serialize) {
    let start = text.len();
    if serde_json::to_writer(&mut *text, &value).is_err() {
        text.truncate(start);
        text.extend_from_slice(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fields: impl FnOnce(&mut JsonObject<'_>)) -> String {
        let mut text = Vec::new();
        let mut object = JsonObject::begin(&mut text);
        fields(&mut object);
        object.end();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn fields_keep_their_order() {
        let object = written(|object| {
            object.json("re\"sult", b"[1]");
            object.value("id", &"a");
            object.object("inner", |inner| inner.json("a", "{}"));
        });
        assert_eq!(object, r#"{"re\"sult":[1],"id":"a","inner":{"a":{}}}"#);
        assert_eq!(written(|_| {}), "{}");
    }

    #[test]
    fn empty_fields_are_left_out() {
        let object = written(|object| {
            object.text("text", "");
            object.texts("texts", &[] as &[&str]);
            object.unless_empty("value", |_| false);
            object.text("last", "x");
        });
        assert_eq!(object, r#"{"last":"x"}"#);
    }
}
