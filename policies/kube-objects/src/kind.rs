use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::admission::AdmissionRequest;
use crate::decode::{self, Part};
use crate::{Object, Pod, PodSpec};

/// What an object's `kind` says of where its pods are.
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
    /// By the name alone, whatever API group it is of: judging one object too many is safe.
    pub(crate) fn of(name: &'k str) -> Self {
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

    /// Decodes that part; `null` is as good as absent.
    pub(crate) fn decode_part<'de, D: Deserializer<'de>>(
        self,
        part: D,
    ) -> Result<Object<'de>, D::Error> {
        // A pod is there for each of them, also where nothing is said of it.
        if matches!(self, Self::Pod | Self::PodTemplate | Self::Workload | Self::CronJob) {
            policy_api::charge(size_of::<Pod<'_>>()).map_err(D::Error::custom)?;
        }
        Ok(match self {
            Self::Pod => {
                let spec = Option::<PodSpec<'_>>::deserialize(part)?;
                template("", Some(Pod { metadata: None, spec }))
            }
            Self::PodTemplate => template("template.", Option::deserialize(part)?),
            Self::Workload => {
                let spec = Option::<WorkloadSpec<'_>>::deserialize(part)?;
                template("spec.template.", spec.and_then(|spec| spec.template))
            }
            Self::CronJob => {
                let spec = Option::<CronJobSpec<'_>>::deserialize(part)?;
                let job = spec.and_then(|spec| spec.job_template).and_then(|job| job.spec);
                template("spec.jobTemplate.spec.template.", job.and_then(|spec| spec.template))
            }
            Self::List(items) => Object::List(decode::items(items, part)?),
            Self::AdmissionReview => {
                let request = Option::<AdmissionRequest<'_>>::deserialize(part)?;
                Object::Review(
                    request.ok_or_else(|| {
                        D::Error::custom("an AdmissionReview without a `request`")
                    })?,
                )
            }
            Self::Podless => Object::Podless,
        })
    }
}

fn template<'a>(path: &'static str, pod: Option<Pod<'a>>) -> Object<'a> {
    Object::Pod { template: path, pod: Box::new(pod.unwrap_or_default()) }
}

#[derive(Deserialize)]
struct WorkloadSpec<'a> {
    #[serde(borrow)]
    template: Option<Pod<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CronJobSpec<'a> {
    #[serde(borrow)]
    job_template: Option<JobTemplate<'a>>,
}

#[derive(Deserialize)]
struct JobTemplate<'a> {
    #[serde(borrow)]
    spec: Option<WorkloadSpec<'a>>,
}
