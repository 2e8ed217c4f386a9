use kube_objects::Pod;

use crate::Version;
use crate::check::{Check, Level, baseline};
use crate::report::Report;

pub(super) const CHECK: Check = Check {
    declared: baseline(
        "seLinuxOptions",
        "The SELinux type is one made for containers, and user and role are not chosen",
    ),
    level: Level::Baseline,
    revisions: &[(Version::v1(0), v1_0), (Version::v1(31), v1_31)],
    overrides: None,
};

const TYPES_V1_0: &[&str] = &["container_t", "container_init_t", "container_kvm_t"];
const TYPES_V1_31: &[&str] =
    &["container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn v1_0(pod: &Pod<'_>, report: &mut Report<'_>) {
    run(TYPES_V1_0, pod, report);
}

fn v1_31(pod: &Pod<'_>, report: &mut Report<'_>) {
    run(TYPES_V1_31, pod, report);
}

fn run(types: &[&str], pod: &Pod<'_>, report: &mut Report<'_>) {
    for context in pod.spec().security_contexts() {
        let Some(options) = &context.se_linux_options else { continue };
        let found = options.type_.as_deref().unwrap_or_default();
        if !found.is_empty() && !types.contains(&found) {
            report.add(
                format_args!("{}.securityContext.seLinuxOptions.type", context.place),
                format_args!(
                    "the SELinux type is `{found}`: only `{}` are allowed",
                    types.join("`, `")
                ),
            );
        }
        for (field, value) in [("user", &options.user), ("role", &options.role)] {
            let value = value.as_deref().unwrap_or_default();
            if !value.is_empty() {
                report.add(
                    format_args!("{}.securityContext.seLinuxOptions.{field}", context.place),
                    format_args!("the SELinux {field} is `{value}`: it may not be set"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{NONE, baseline, container_with, pod_with};

    fn options(field: &str, value: &str) -> String {
        format!(r#"{{"seLinuxOptions": {{"level": "s0", "{field}": "{value}"}}}}"#)
    }

    #[test]
    fn types_for_containers_are_allowed() {
        for allowed in ["", "container_t", "container_init_t", "container_kvm_t"] {
            assert_eq!(baseline("v1.0", &container_with(&options("type", allowed))), NONE);
        }
        assert_eq!(
            baseline("v1.0", &pod_with(&options("type", "spc_t"))),
            ["seLinuxOptions spec.securityContext.seLinuxOptions.type: the SELinux type is \
              `spc_t`: only `container_t`, `container_init_t`, `container_kvm_t` are allowed"]
        );
    }

    #[test]
    fn from_1_31_container_engine_type_is_allowed() {
        let engine = pod_with(&options("type", "container_engine_t"));
        assert_eq!(baseline("v1.30", &engine).len(), 1);
        assert_eq!(baseline("v1.31", &engine), NONE);
    }

    #[test]
    fn user_and_role_may_not_be_set() {
        for field in ["user", "role"] {
            assert_eq!(baseline("v1.0", &container_with(&options(field, ""))), NONE);
            assert_eq!(
                baseline("latest", &container_with(&options(field, "x"))),
                [format!(
                    "seLinuxOptions spec.containers[0].securityContext.seLinuxOptions.{field}: \
                     the SELinux {field} is `x`: it may not be set"
                )]
            );
        }
    }
}
