use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::JsonSchema;
use serde::Deserialize;

/// A string of the object, borrowed from the request unless it holds escapes.
///
/// Serde borrows a plain `Cow` only where it stands as a field by itself; this one is borrowed
/// inside options, lists and maps as well.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_escapes_is_borrowed() {
        let list: Option<Vec<Text<'_>>> = serde_json::from_str(r#"["a", "b\n"]"#).unwrap();
        let [plain, escaped] = &list.unwrap()[..] else { panic!() };
        assert!(matches!(plain.0, Cow::Borrowed("a")));
        assert!(matches!(escaped.0, Cow::Owned(_)));
        assert_eq!(&**escaped, "b\n");
    }
}
