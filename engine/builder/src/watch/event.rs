/// An event that `watch` reacts to.
#[derive(Debug)]
pub(super) enum Event {
    /// Something was saved: its path, as it is to be shown.
    Saved(String),
    /// It is time to end.
    End,
}
