use uuid::Uuid;

/// Writes an object, field by field. Text that is empty is left out, as OPA does.
pub(super) struct Object<'a>(&'a mut Vec<u8>);

impl<'a> Object<'a> {
    pub(super) fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self(out)
    }

    pub(super) fn end(self) {
        self.0.push(b'}');
    }

    fn key(&mut self, name: &str) {
        if self.0.last() != Some(&b'{') {
            self.0.push(b',');
        }
        write(self.0, name);
        self.0.push(b':');
    }

    /// A value that is JSON already.
    pub(super) fn json(&mut self, name: &str, value: &str) {
        self.key(name);
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.key(name);
            write(self.0, value);
        }
    }

    pub(super) fn id(&mut self, name: &str, id: Uuid) {
        self.text(name, id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }

    pub(super) fn texts(&mut self, name: &str, values: &[String]) {
        if !values.is_empty() {
            self.key(name);
            write(self.0, values);
        }
    }

    pub(super) fn object(&mut self, name: &str, fields: impl FnOnce(&mut Object<'_>)) {
        self.key(name);
        let mut inner = Object::begin(self.0);
        fields(&mut inner);
        inner.end();
    }

    /// A field that is not there when `write` says that it has no value.
    pub(super) fn unless_empty(&mut self, name: &str, write: impl FnOnce(&mut Vec<u8>) -> bool) {
        let before = self.0.len();
        self.key(name);
        if !write(self.0) {
            self.0.truncate(before);
        }
    }
}

/// Text is written to memory, of which neither fails.
fn write(out: &mut Vec<u8>, text: impl serde::Serialize) {
    serde_json::to_writer(out, &text).unwrap_or_default();
}
