use serde::Deserialize;

use crate::Pod;

/// The `spec` of a workload with a pod template.
#[derive(Deserialize)]
pub(crate) struct WorkloadSpec<'a> {
    #[serde(borrow)]
    pub(crate) template: Option<Pod<'a>>,
}

/// The `spec` of a `CronJob`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CronJobSpec<'a> {
    #[serde(borrow)]
    pub(crate) job_template: Option<JobTemplate<'a>>,
}

/// The template of the jobs of a `CronJob`.
#[derive(Deserialize)]
pub(crate) struct JobTemplate<'a> {
    #[serde(borrow)]
    pub(crate) spec: Option<WorkloadSpec<'a>>,
}
