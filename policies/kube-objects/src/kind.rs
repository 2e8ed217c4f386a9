/// The kinds of objects, told apart by the part that holds their pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind<'k> {
    Pod,
    PodTemplate,
    Workload,
    CronJob,
    /// A list, and the kind of its items where they do not say.
    List(Option<&'k str>),
    AdmissionReview,
    /// Any other: it holds no pod.
    Podless,
}

/// The kinds with a pod template in their `spec`.
pub(crate) const WORKLOADS: [&str; 6] =
    ["Deployment", "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet", "Job"];

impl<'k> Kind<'k> {
    /// The kind of a name alone, whatever API group it is of: judging one object too many is safe.
    pub(crate) fn from_name(name: &'k str) -> Self {
        match name {
            "Pod" => Self::Pod,
            "PodTemplate" => Self::PodTemplate,
            _ if WORKLOADS.contains(&name) => Self::Workload,
            "CronJob" => Self::CronJob,
            "AdmissionReview" => Self::AdmissionReview,
            _ => match name.strip_suffix("List") {
                Some(items) => Self::List(Some(items).filter(|items| !items.is_empty())),
                None => Self::Podless,
            },
        }
    }

    /// The part of the object that the pods are in.
    pub(crate) fn part(self) -> Option<Part> {
        match self {
            Self::Pod | Self::Workload | Self::CronJob => Some(Part::Spec),
            Self::PodTemplate => Some(Part::Template),
            Self::List(_) => Some(Part::Items),
            Self::AdmissionReview => Some(Part::Request),
            Self::Podless => None,
        }
    }
}

/// A field that pods can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Spec,
    Template,
    Items,
    Request,
}

impl Part {
    const ALL: [Self; 4] = [Self::Spec, Self::Template, Self::Items, Self::Request];

    /// The part whose field has this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }

    /// The field's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Template => "template",
            Self::Items => "items",
            Self::Request => "request",
        }
    }
}
