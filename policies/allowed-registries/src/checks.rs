use policy_api::{Check, Severity};

pub(crate) const REFERENCE: Check = Check::new("reference", "Images are named by valid references");

pub(crate) const REGISTRY: Check = Check::new("registry", "Images come from allowed registries");

pub(crate) const REPOSITORY: Check =
    Check::new("repository", "Images come from allowed repositories of their registry");

pub(crate) const DIGEST: Check =
    Check::new("digest", "Images are pinned by a digest where the settings ask for one")
        .severity(Severity::Medium)
        .link("https://kubernetes.io/docs/concepts/containers/images/#image-names");

/// All checks, each later one made only where the earlier ones pass.
pub(crate) const CHECKS: &[Check] = &[REFERENCE, REGISTRY, REPOSITORY, DIGEST];
