use kube_objects::{Object, Pod};
use policy_api::{Check, Context, Decision, Error, Violations};

use crate::Version;
use crate::check::{Level, Run};
use crate::checks::{self, CHECKS};
use crate::report::Report;

/// Containers of a pod up to which the clock is read once for all checks.
const FEW_CONTAINERS: usize = 64;

/// The checks of one level as of one version.
#[derive(Debug)]
pub(crate) struct Standard {
    version: Version,
    checks: Vec<(&'static Check, Run)>,
}

impl Standard {
    pub(crate) fn new(level: Level, version: Version) -> Self {
        let in_force = || {
            CHECKS
                .iter()
                .filter(|check| check.level == Level::Baseline || level == Level::Restricted)
                .filter_map(|check| Some((check, check.as_of(version)?)))
        };
        let is_overridden = |id| in_force().any(|(stricter, _)| stricter.overrides == Some(id));
        let checks = in_force()
            .filter(|(check, _)| !is_overridden(check.declared.id))
            .map(|(check, run)| (&check.declared, run))
            .collect();
        Self { version, checks }
    }

    pub(crate) fn judge(
        &self,
        object: &Object<'_>,
        context: &Context<'_>,
    ) -> Result<Decision, Error> {
        let mut violations = Violations::new();
        object.try_for_each_pod_unless(is_same, |path, pod| {
            context.check()?;
            // Of a pod of a few containers the checks are made in less time than the clock is read.
            let is_large = pod.spec().all_containers().nth(FEW_CONTAINERS).is_some();
            for (check, run) in &self.checks {
                if is_large {
                    context.check()?;
                }
                let version = self.version;
                run(pod, &mut Report { check, version, pod: path, violations: &mut violations });
            }
            Ok::<_, Error>(())
        })?;
        Ok(violations.into())
    }
}

/// Returns whether no check can tell a pod from what it is before an update.
fn is_same(pod: &Pod<'_>, old: &Pod<'_>) -> bool {
    let annotations =
        |pod| Pod::annotations(pod).filter(|(name, _)| checks::reads_annotation(name));
    pod.spec() == old.spec() && annotations(pod).eq(annotations(old))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(level: Level, minor: u8) -> Vec<&'static str> {
        Standard::new(level, Version::v1(minor)).checks.iter().map(|(check, _)| check.id).collect()
    }

    #[test]
    fn check_table_is_sorted() {
        assert!(
            CHECKS.is_sorted_by_key(|check| (check.level == Level::Restricted, check.declared.id))
        );
        for check in CHECKS {
            assert!(check.revisions.is_sorted_by(|a, b| a.0 < b.0), "{}", check.declared.id);
            if let Some(id) = check.overrides {
                assert_eq!(check.level, Level::Restricted);
                assert!(
                    CHECKS.iter().any(|c| c.declared.id == id && c.level == Level::Baseline),
                    "{id}"
                );
            }
        }
    }

    #[test]
    fn policies_declare_the_checks_that_hold_in_some_version() {
        let holding = |level| -> Vec<_> {
            let ids: Vec<_> = (0..=37).flat_map(|minor| ids(level, minor)).collect();
            let holds = |check: &&crate::check::Check| ids.contains(&check.declared.id);
            CHECKS.iter().filter(holds).map(|check| check.declared).collect()
        };
        assert_eq!(checks::DECLARED_BY_BASELINE, holding(Level::Baseline));
        assert_eq!(checks::DECLARED_BY_RESTRICTED, holding(Level::Restricted));
        // A stricter check stands for it in every version.
        assert!(!checks::DECLARED_BY_RESTRICTED.contains(&checks::DECLARED_BY_BASELINE[3]));
    }

    #[test]
    fn first_version_has_few_checks() {
        assert_eq!(
            ids(Level::Restricted, 0),
            [
                "appArmorProfile",
                "capabilities_baseline",
                "hostNamespaces",
                "hostPorts",
                "privileged",
                "procMount",
                "seLinuxOptions",
                "seccompProfile_baseline",
                "sysctls",
                "windowsHostProcess",
                "restrictedVolumes",
                "runAsNonRoot",
            ]
        );
    }

    #[test]
    fn latest_version_has_every_check() {
        let baseline = ids(Level::Baseline, 37);
        assert_eq!(baseline.len(), 12);
        assert!(baseline.contains(&"hostProbesAndHostLifecycle"));
        assert_eq!(
            ids(Level::Restricted, 37),
            [
                "appArmorProfile",
                "hostNamespaces",
                "hostPorts",
                "hostProbesAndHostLifecycle",
                "privileged",
                "seLinuxOptions",
                "sysctls",
                "windowsHostProcess",
                "allowPrivilegeEscalation",
                "capabilities_restricted",
                "procMount_restricted",
                "restrictedVolumes",
                "runAsNonRoot",
                "runAsUser",
                "seccompProfile_restricted",
            ]
        );
    }

    #[test]
    fn checks_apply_from_their_version() {
        for (id, level, first) in [
            ("hostProbesAndHostLifecycle", Level::Baseline, 34),
            ("allowPrivilegeEscalation", Level::Restricted, 8),
            ("seccompProfile_restricted", Level::Restricted, 19),
            ("capabilities_restricted", Level::Restricted, 22),
            ("runAsUser", Level::Restricted, 23),
            ("procMount_restricted", Level::Restricted, 35),
        ] {
            assert!(!ids(level, first - 1).contains(&id), "{id}");
            assert!(ids(level, first).contains(&id), "{id}");
        }
    }
}
