use serde::Serialize;

/// Writes an object field by field, so that a result which is JSON text already is copied and not
/// read again.
pub(super) struct ObjectWriter(Vec<u8>);

impl ObjectWriter {
    /// Begins an object whose largest field has this many bytes.
    pub(super) fn with_room_for(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes + 64);
        text.push(b'{');
        Self(text)
    }

    /// A field of JSON text.
    pub(super) fn raw(&mut self, name: &str, json: &[u8]) {
        self.name(name);
        self.0.extend_from_slice(json);
    }

    /// A field of a value of ours, which has nothing in it that JSON could not say.
    pub(super) fn field(&mut self, name: &str, value: &impl Serialize) {
        self.name(name);
        let start = self.0.len();
        if serde_json::to_writer(&mut self.0, value).is_err() {
            self.0.truncate(start);
            self.0.extend_from_slice(b"null");
        }
    }

    /// The object up to the value of this field, which is to be its last.
    pub(super) fn open(mut self, name: &str) -> Vec<u8> {
        self.name(name);
        self.0
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }

    fn name(&mut self, name: &str) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        // Writing text to memory does not fail.
        let _ = serde_json::to_writer(&mut self.0, name);
        self.0.push(b':');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_in_which_they_are_written() {
        let mut object = ObjectWriter::with_room_for(0);
        object.raw("re\"sult", b"[1]");
        object.field("id", &"a");
        assert_eq!(String::from_utf8(object.end()).unwrap(), r#"{"re\"sult":[1],"id":"a"}"#);
        assert_eq!(ObjectWriter::with_room_for(0).end(), b"{}");
    }
}
