/// The facts that are stamped into the program.
#[derive(Debug)]
pub(crate) struct Stamp<'a> {
    /// The target triple.
    pub(crate) target: &'a str,
    /// The source revision, when known.
    pub(crate) revision: Option<&'a str>,
}
