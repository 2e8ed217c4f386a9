use policy_api::{Check, Severity};

pub(crate) const ROLES: Check = Check::new("roles", "The settings define roles");

pub(crate) const METHOD: Check =
    Check::new("method", "The method is one that HTTP knows the form of");

pub(crate) const PATH: Check =
    Check::new("path", "Every server takes the path for the same one").severity(Severity::Critical);

pub(crate) const ROLE: Check = Check::new("role", "The request carries a role of the settings");

pub(crate) const GRANT: Check =
    Check::new("grant", "A role of the request allows its method on its path");

/// All checks, each later one made only where the earlier ones pass.
pub(crate) const CHECKS: &[Check] = &[ROLES, METHOD, PATH, ROLE, GRANT];
