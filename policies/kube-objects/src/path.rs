use std::fmt;
use std::ops::Deref;

/// The way from the top of an object to a pod: empty, or such as `items[3].spec.template.`, ready
/// to have a field of the pod put behind it. Of an `AdmissionReview` the object is meant that it
/// asks about, which is what its reader wrote.
#[derive(Debug, Clone, Copy)]
pub enum Path<'p> {
    /// The top of the input.
    Top,
    /// The object that an `AdmissionReview` asks about.
    Request(&'p Path<'p>),
    /// An element of a list.
    Item(&'p Path<'p>, usize),
    /// The pod inside a workload.
    Template(&'p Path<'p>, &'static str),
}

impl Path<'_> {
    /// Returns whether an API server asks, which sends objects as it has read them: of the fields
    /// that it knows, and with its defaults.
    #[must_use]
    pub fn is_in_review(&self) -> bool {
        match self {
            Self::Top => false,
            Self::Request(_) => true,
            Self::Item(parent, _) | Self::Template(parent, _) => parent.is_in_review(),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Top => Ok(()),
            Self::Request(parent) => parent.fmt(f),
            Self::Item(parent, index) => write!(f, "{parent}items[{index}]."),
            Self::Template(parent, template) => write!(f, "{parent}{template}"),
        }
    }
}

/// A place inside a pod: its `spec`, or an element of a list of it, as `spec.containers[0]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The pod's `spec`.
    Spec,
    /// An element of one of the spec's lists.
    Element {
        /// The list's name.
        list: &'static str,
        /// The element's position, counted from 0.
        index: usize,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spec => f.write_str("spec"),
            Self::Element { list, index } => write!(f, "spec.{list}[{index}]"),
        }
    }
}

/// Something of a pod, with its place.
#[derive(Debug)]
pub struct Placed<'s, T> {
    /// Its place in the pod.
    pub place: Place,
    pub(crate) value: &'s T,
}

impl<'a, T> Placed<'a, T> {
    /// The value, for as long as the object that it is in.
    #[must_use]
    pub fn get(&self) -> &'a T {
        self.value
    }
}

impl<T> Deref for Placed<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value
    }
}

/// The elements of a list of the spec, each with its place.
pub(crate) fn placed<'s, T>(
    list: &'static str,
    elements: Option<&'s Vec<T>>,
) -> impl Iterator<Item = Placed<'s, T>> + use<'s, T> {
    elements
        .into_iter()
        .flatten()
        .enumerate()
        .map(move |(index, value)| Placed { place: Place::Element { list, index }, value })
}
