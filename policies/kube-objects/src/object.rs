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
    /// The object that an `AdmissionReview` asks about; a `DELETE` has none.
    Review(Option<Box<Object<'a>>>),
    /// An object of a kind that holds no pod.
    Podless,
}

impl<'a> Object<'a> {
    /// Shows every pod of the object, with its path.
    pub fn for_each_pod(&self, mut visit: impl FnMut(&Path<'_>, &Pod<'a>)) {
        self.visit(&Path::Top, &mut visit);
    }

    fn visit(&self, path: &Path<'_>, visit: &mut dyn FnMut(&Path<'_>, &Pod<'a>)) {
        match self {
            Self::Pod { template, pod } => visit(&Path::Template(path, template), pod),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.visit(&Path::Item(path, index), visit);
                }
            }
            Self::Review(object) => {
                if let Some(object) = object {
                    object.visit(&Path::Request(path), visit);
                }
            }
            Self::Podless => {}
        }
    }
}
