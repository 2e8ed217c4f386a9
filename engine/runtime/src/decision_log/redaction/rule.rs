use super::pointer::Segment;

/// Bytes of the pointers that an event lists. Keys are the client's: a long one over many elements
/// would make an event far larger than its input.
const MAX_LISTED: usize = 16 << 10;

/// The pointers of values that were changed in one event.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) erased: Vec<String>,
    pub(crate) masked: Vec<String>,
    /// Bytes of both.
    listed: usize,
    /// Pointers as configured, of those that are listed so.
    abridged: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The value as it was configured.
    pub(super) pointer: String,
    pub(super) path: Vec<Segment>,
    pub(super) action: Action,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    Erase,
    /// The replacement, as JSON text.
    Mask(String),
}

impl Changes {
    pub(super) fn note(&mut self, rule: &Rule, pointer: &str) {
        let list = match rule.action {
            Action::Erase => &mut self.erased,
            Action::Mask(_) => &mut self.masked,
        };
        if list.last().is_some_and(|last| last == pointer) {
            // Keys of one object whose names are not told.
        } else if self.listed + pointer.len() <= MAX_LISTED {
            self.listed += pointer.len();
            list.push(pointer.to_owned());
        } else if !self.abridged.contains(&rule.pointer) {
            self.abridged.push(rule.pointer.clone());
            list.push(rule.pointer.clone());
        }
    }
}
