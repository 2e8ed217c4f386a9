use super::Part;

/// A step of a pointer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Segment {
    /// `*`
    Any,
    /// A key, and an index where it is one.
    Named(String, Option<usize>),
}

/// Reads a pointer into a decision (RFC 6901).
pub(super) fn parse(pointer: &str) -> Result<(Part, Vec<Segment>), PointerError> {
    let nowhere = || PointerError::Nowhere(pointer.to_owned());
    let mut segments = pointer.strip_prefix('/').ok_or_else(nowhere)?.split('/');
    let part = match segments.next() {
        Some("input") => Part::Input,
        Some("result") => Part::Result,
        _ => return Err(nowhere()),
    };
    let segments = segments.map(|segment| {
        if segment == "*" {
            return Ok(Segment::Any);
        }
        if !segment.split('~').skip(1).all(|after| after.starts_with(['0', '1'])) {
            return Err(PointerError::Escape(pointer.to_owned()));
        }
        let key = segment.replace("~1", "/").replace("~0", "~");
        let index = key.parse().ok().filter(|index: &usize| index.to_string() == key);
        Ok(Segment::Named(key, index))
    });
    Ok((part, segments.collect::<Result<_, _>>()?))
}

/// The reason why a pointer cannot be followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PointerError {
    /// There is nothing to find by it.
    #[error(
        "`{0}` leads nowhere in a decision: expected `/input`, `/result`, or a pointer below one \
         of them, such as `/input/password`"
    )]
    Nowhere(String),
    /// RFC 6901 knows two escapes.
    #[error("`{0}` is no JSON pointer: write `~0` for `~` in a key, and `~1` for `/`")]
    Escape(String),
}
