//! `policies.lock`, beside the crates of a policies folder: every package of the program, in the
//! format of Cargo's own locks.
//!
//! It is the lock of the generated workspace, but for the policies from elsewhere: they are laid
//! out there like the folder's own crates, and stand in this file with the source and the checksum
//! that they came with. So tools that read a `Cargo.lock` read this one, too.

mod difference;
mod follow;

use crate::steps::discover::Policies;
pub(crate) use difference::{PackageChange, changes};
pub(crate) use follow::{Locked, LockedError, check_is_there, follow};
use policy_cargo::Source;
use policy_cargo::lockfile::{self, Lock, Package};

const HEADER: &str = "# This file is written by `policy-builder lock`, in the format of Cargo's locks.\n\
                      # It is not intended for manual editing.\n";

/// The file's text for a lock in which the policies from elsewhere have their sources.
pub(crate) fn text(lock: &Lock) -> String {
    lockfile::text(HEADER, &lock.packages)
}

/// The lock of a generated workspace, with the sources of the policies from elsewhere.
pub(crate) fn with_sources(mut lock: Lock, policies: &Policies) -> Lock {
    for policy_crate in &policies.crates {
        let Source::Remote { source, checksum } = &policy_crate.origin else { continue };
        let is_it = |package: &&mut Package| {
            package.source.is_none()
                && package.name == policy_crate.name
                && package.version == policy_crate.version
        };
        if let Some(package) = lock.packages.iter_mut().find(is_it) {
            package.source.clone_from(source);
            package.checksum.clone_from(checksum);
        }
    }
    lock
}
