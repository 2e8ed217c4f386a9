use std::convert::Infallible;

use policy_api::DecodeError;

use crate::{Path, Pod};

/// A Kubernetes object, as far as it holds pods.
#[derive(Debug)]
#[non_exhaustive]
pub enum Object<'a> {
    /// A Pod, or a workload with the template of one.
    Pod {
        /// The way from the object to the pod: empty, or such as `spec.template.`.
        template: &'static str,
        /// The pod.
        pod: Box<Pod<'a>>,
    },
    /// A list of objects of one kind or several.
    List(Vec<Object<'a>>),
    /// The request of an `AdmissionReview`.
    Review(AdmissionRequest<'a>),
    /// An object of a kind that holds no pod.
    Podless,
}

impl<'a> Object<'a> {
    /// Decodes an object from JSON text.
    ///
    /// A policy calls it in `Policy::decode_input`: the decoder is compiled once, in this crate, and not
    /// again in each policy's.
    ///
    /// # Errors
    /// Text that is not JSON, or no Kubernetes object.
    pub fn from_json(json: &'a [u8]) -> Result<Self, DecodeError> {
        policy_api::decode(json)
    }

    /// Shows every pod that is to be judged, with its path: all of them, but for one that an
    /// `AdmissionReview` wants to update and of which nothing changes that this crate decodes.
    ///
    /// So a pod that is not allowed (any more) can still be labelled, and can go.
    pub fn for_each_pod(&self, visit: impl FnMut(&Path<'_>, &Pod<'a>)) {
        self.for_each_pod_unless(PartialEq::eq, visit);
    }

    /// Shows the same pods, but for an update where `is_same` finds that nothing changes which the
    /// policy reads: all that it reads has to be compared there. It is asked about the pod as it
    /// is to be, and as it is.
    pub fn for_each_pod_unless(
        &self,
        is_same: impl Fn(&Pod<'a>, &Pod<'a>) -> bool,
        mut visit: impl FnMut(&Path<'_>, &Pod<'a>),
    ) {
        let Ok(()) = self.try_for_each_pod_unless(is_same, |path, pod| {
            visit(path, pod);
            Ok::<_, Infallible>(())
        });
    }

    /// Shows the same pods up to the first that something is wrong with, such as that nobody waits
    /// for the answer any more (`policy_api::Context::check`).
    ///
    /// # Errors
    /// Fails with the error of `visit`.
    pub fn try_for_each_pod_unless<E>(
        &self,
        is_same: impl Fn(&Pod<'a>, &Pod<'a>) -> bool,
        mut visit: impl FnMut(&Path<'_>, &Pod<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.visit(None, &Path::Top, &is_same, &mut visit)
    }

    fn visit<E>(
        &self,
        old: Option<&Self>,
        path: &Path<'_>,
        is_same: &dyn Fn(&Pod<'a>, &Pod<'a>) -> bool,
        visit: &mut dyn FnMut(&Path<'_>, &Pod<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Pod { template, pod } => {
                if old.is_some_and(|old| old.pod_at(template).is_some_and(|old| is_same(pod, old)))
                {
                    return Ok(());
                }
                visit(&Path::Template(path, template), pod)
            }
            Self::List(items) => items.iter().enumerate().try_for_each(|(index, item)| {
                item.visit(None, &Path::Item(path, index), is_same, visit)
            }),
            Self::Review(request) => match request.object() {
                Some(object) => {
                    object.visit(request.old_object(), &Path::Request(path), is_same, visit)
                }
                None => Ok(()),
            },
            Self::Podless => Ok(()),
        }
    }

    /// The pod of an object whose pod is in this place.
    fn pod_at(&self, place: &str) -> Option<&Pod<'a>> {
        match self {
            Self::Pod { template, pod } if *template == place => Some(pod),
            _ => None,
        }
    }

    /// Returns whether it is a Pod, and not a workload.
    pub(crate) fn is_pod(&self) -> bool {
        self.pod_at("").is_some()
    }
}

/// The request of an `AdmissionReview`, as far as there is something in it to be judged.
///
/// Nothing is to be judged of an object that is deleted or connected to, of a pod's subresource
/// that says nothing of its containers (`pods/status`), and of any other resource's subresource.
#[derive(Debug, Default)]
pub struct AdmissionRequest<'a> {
    pub(crate) object: Option<Box<Object<'a>>>,
    pub(crate) old_object: Option<Box<Object<'a>>>,
}

impl<'a> AdmissionRequest<'a> {
    /// The object to create, or the object after an update.
    #[must_use]
    pub fn object(&self) -> Option<&Object<'a>> {
        self.object.as_deref()
    }

    /// The object before an update.
    #[must_use]
    pub fn old_object(&self) -> Option<&Object<'a>> {
        self.old_object.as_deref()
    }
}
