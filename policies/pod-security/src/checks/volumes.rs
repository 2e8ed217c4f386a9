use kube_objects::Pod;
use policy_api::Severity;

use crate::Version;
use crate::check::{Check, Level, baseline, restricted};
use crate::report::Report;

const UNRESTRICTED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) const BASELINE: Check = Check {
    declared: baseline("hostPathVolumes", "Pods mount no path of the host")
        .severity(Severity::Critical),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), no_host_paths)],
    overrides: None,
};

pub(super) const RESTRICTED: Check = Check {
    declared: restricted(
        "restrictedVolumes",
        "Pods mount only volumes that lead to nothing of the host",
    ),
    level: Level::Restricted,
    revisions: &[(Version::v1(0), only_unrestricted)],
    overrides: Some(BASELINE.declared.id),
};

fn no_host_paths(pod: &Pod<'_>, report: &mut Report<'_>) {
    for volume in pod.spec().all_volumes() {
        if volume.has("hostPath") {
            report.add(
                format_args!("{}.hostPath", volume.place),
                "a path of the host is mounted: `hostPath` volumes are not allowed",
            );
        }
    }
}

fn only_unrestricted(pod: &Pod<'_>, report: &mut Report<'_>) {
    for volume in pod.spec().all_volumes() {
        // Kubernetes makes a volume without a source an `emptyDir`. What it asks about is made so
        // already: there a volume of no known source has one that is newer than this policy.
        let unknown = volume.unknown.as_deref().filter(|_| report.pod.is_in_review());
        let Some(source) = volume.sources.first().copied().or(unknown) else { continue };
        if !UNRESTRICTED.iter().any(|source| volume.has(source)) {
            report.add(
                format_args!("{}.{source}", volume.place),
                format_args!(
                    "the volume is of type `{source}`: only `{}` are allowed",
                    UNRESTRICTED.join("`, `")
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, restricted};

    const CHECK: &str = "restrictedVolumes";

    fn volume(fields: &str) -> String {
        format!(r#""spec": {{"volumes": [{{"emptyDir": {{}}}}, {{"name": "v"{fields}}}]}}"#)
    }

    #[test]
    fn paths_of_the_host_are_denied() {
        let host_path = volume(r#", "hostPath": {"path": "/"}"#);
        for version in ["v1.0", "latest"] {
            assert_eq!(
                baseline(version, &host_path),
                ["hostPathVolumes spec.volumes[1].hostPath: \
                  a path of the host is mounted: `hostPath` volumes are not allowed"]
            );
            assert_eq!(restricted(CHECK, version, &host_path).len(), 1);
            assert_eq!(restricted("hostPathVolumes", version, &host_path), NONE);
        }
        assert_eq!(baseline("latest", &volume(r#", "hostPath": null"#)), NONE);
    }

    #[test]
    fn restricted_pods_may_mount_only_some_types() {
        for allowed in super::UNRESTRICTED {
            assert_eq!(
                restricted(CHECK, "v1.0", &volume(&format!(r#", "{allowed}": {{}}"#))),
                NONE
            );
        }
        assert_eq!(
            restricted(CHECK, "latest", &volume(r#", "nfs": {"server": "x"}"#)),
            ["restrictedVolumes spec.volumes[1].nfs: the volume is of type `nfs`: only \
              `configMap`, `csi`, `downwardAPI`, `emptyDir`, `ephemeral`, `image`, \
              `persistentVolumeClaim`, `projected`, `secret` are allowed"]
        );
        assert_eq!(baseline("latest", &volume(r#", "nfs": {"server": "x"}"#)), NONE);
    }

    #[test]
    fn null_volume_source_is_ignored() {
        assert_eq!(restricted(CHECK, "latest", &volume(r#", "nfs": {}, "secret": null"#)).len(), 1);
        for beside in [r#""volumeID": "vol-1""#, r#""Secret": {}"#, r#""items": [{"key": "a"}]"#] {
            let slip = volume(&format!(r#", "awsElasticBlockStore": null, {beside}"#));
            assert_eq!(restricted(CHECK, "latest", &slip), NONE, "{beside}");
        }
    }

    #[test]
    fn unknown_volume_source_is_denied() {
        let in_review = |volume: &str| {
            let review = format!(
                r#"{{"kind": "AdmissionReview", "request": {{"operation": "CREATE", "object":
                    {{"kind": "Pod", "spec": {{"volumes": [{volume}]}}}}}}}}"#
            );
            let output = policy_api::decide::<crate::Restricted>("{}", &review).unwrap().output;
            let mut fields = output["violations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|violation| &violation["field"]);
            fields.any(|field| field == "spec.volumes[0].newest")
        };
        assert!(in_review(r#"{"name": "v", "newest": {}}"#));
        assert!(!in_review(r#"{"name": "v", "newest": {}, "emptyDir": {}}"#));
        assert!(!in_review(r#"{"name": "v", "nfs": null, "newest": "a"}"#));
        assert_eq!(restricted(CHECK, "latest", &volume(r#", "newest": {}"#)), NONE);
    }

    #[test]
    fn volume_without_a_source_is_an_empty_dir() {
        assert_eq!(restricted(CHECK, "latest", &volume("")), NONE);
        assert_eq!(restricted(CHECK, "latest", &volume(r#", "hostPath": null"#)), NONE);
    }
}
