use std::cmp::Reverse;
use std::io;
use std::sync::Arc;

use policy_api::Registration;
use policy_confinement::{Grant, Grants, Mode, Violation};
use policy_text::most_similar;
use semver::Version;

use crate::confinement::{Confinement, EarlierThreads, Zone};
use crate::policies::made_schemas::MadeSchemas;
use crate::policies::{PolicyRef, VersionSelector};
use crate::program::Program;

/// The policies of this binary, sorted by name, highest version first.
#[derive(Debug, Clone)]
pub struct Registry {
    entries: Vec<Entry>,
}

/// One policy of the registry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The policy's registration.
    pub registration: Registration,
    /// Its version.
    pub version: Version,
    /// Where its code runs.
    pub(crate) zone: Zone,
    /// What [`super::schema`] has made of it.
    pub(super) schemas: Arc<MadeSchemas>,
}

impl Registry {
    /// The policies that were linked into this binary.
    ///
    /// # Errors
    /// Two policies of one name and version, or a version that is none.
    pub fn linked() -> Result<Self, RegistryError> {
        Self::from_registrations(policy_api::registered().copied())
    }

    pub(crate) fn from_registrations(
        registrations: impl IntoIterator<Item = Registration>,
    ) -> Result<Self, RegistryError> {
        let mut entries =
            registrations.into_iter().map(Entry::new).collect::<Result<Vec<_>, _>>()?;
        entries.sort_by(|a, b| a.order().cmp(&b.order()));
        for pair in entries.windows(2) {
            if let [first, second] = pair
                && first.name() == second.name()
                && first.version == second.version
            {
                return Err(RegistryError::Twice {
                    name: first.name(),
                    version: first.version.clone(),
                    first: first.registration.crate_name,
                    second: second.registration.crate_name,
                });
            }
        }
        Ok(Self { entries })
    }

    /// Confines the code of policies from now on, to what their crates are granted. Must come before
    /// any of it runs.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn confine(
        &mut self,
        program: &Program,
        mode: Mode,
        earlier: &EarlierThreads,
        on_violation: impl Fn(&Violation) + Send + Sync + 'static,
    ) -> io::Result<Confinement> {
        let grants = |entry: &Entry| {
            let granted = program.grants_of(entry.registration.crate_name);
            // Other words of the builder are of no consequence while the program runs.
            granted.iter().filter_map(|grant| grant.what.parse::<Grant>().ok()).collect::<Grants>()
        };
        let confinement =
            Confinement::start(mode, earlier, self.entries.iter().map(grants), on_violation)?;
        for entry in &mut self.entries {
            entry.zone = confinement.zone(grants(entry));
        }
        Ok(confinement)
    }

    /// All policies, sorted by name, highest version first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The policy that is meant: of several versions the highest release, or when there is none,
    /// the highest pre-release.
    ///
    /// # Errors
    /// When there is no such policy, or not in such a version.
    pub fn find(&self, wanted: &PolicyRef) -> Result<&Entry, UnknownPolicy> {
        let versions = self.versions(&wanted.name);
        if versions.is_empty() {
            return Err(UnknownPolicy::Name {
                name: wanted.name.clone(),
                similar: self.most_similar(&wanted.name),
            });
        }
        let meant = |entry: &&Entry| {
            wanted.version.as_ref().is_none_or(|selector| selector.matches(&entry.version))
        };
        versions
            .iter()
            .filter(meant)
            .find(|entry| entry.version.pre.is_empty())
            .or_else(|| versions.iter().find(meant))
            .ok_or_else(|| UnknownPolicy::Version {
                name: wanted.name.clone(),
                wanted: wanted.version.clone(),
                versions: versions.iter().map(|entry| entry.version.clone()).collect(),
            })
    }

    /// The versions of one policy, highest first.
    #[must_use]
    pub fn versions(&self, name: &str) -> &[Entry] {
        let start = self.entries.partition_point(|entry| entry.name() < name);
        let from = self.entries.get(start..).unwrap_or_default();
        let count = from.partition_point(|entry| entry.name() == name);
        from.get(..count).unwrap_or_default()
    }

    fn most_similar(&self, name: &str) -> Option<&'static str> {
        most_similar(name, self.entries.iter().map(Entry::name))
    }
}

impl Entry {
    fn new(registration: Registration) -> Result<Self, RegistryError> {
        let version = registration.version.parse().map_err(|source| RegistryError::Version {
            name: registration.name,
            version: registration.version,
            crate_name: registration.crate_name,
            source,
        })?;
        Ok(Self { registration, version, zone: Zone::default(), schemas: Arc::default() })
    }

    /// The policy's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.registration.name
    }

    fn order(&self) -> (&'static str, Reverse<&Version>) {
        (self.name(), Reverse(&self.version))
    }
}

/// The reason why the policies linked into this binary cannot serve together.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Nobody could say which of them is meant.
    #[error(
        "policy `{name}` version {version} is registered twice, by crate `{first}` and by crate \
         `{second}`: give one of them another name or version"
    )]
    Twice {
        /// The name.
        name: &'static str,
        /// The version.
        version: Version,
        /// One crate that registers it.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A version that cannot be compared with others.
    #[error(
        "policy `{name}` of crate `{crate_name}` has the version `{version}`, which is not a \
         semantic version such as `1.2.0`: {source}"
    )]
    Version {
        /// The policy's name.
        name: &'static str,
        /// The version as it was registered.
        version: &'static str,
        /// Its crate.
        crate_name: &'static str,
        /// The problem with it.
        source: semver::Error,
    },
}

/// The reason why no policy answers to what was asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownPolicy {
    /// No policy of that name.
    #[error(
        "no policy `{name}` is in this binary{}",
        similar.map(|similar| format!(" (did you mean `{similar}`?)")).unwrap_or_default()
    )]
    Name {
        /// The value that was asked for.
        name: String,
        /// A name very like it.
        similar: Option<&'static str>,
    },
    /// The policy, but not in that version.
    #[error(
        "policy `{name}` is in this binary, but not as version {}: it has {}",
        wanted.as_ref().map(VersionSelector::to_string).unwrap_or_default(),
        versions.iter().map(Version::to_string).collect::<Vec<_>>().join(", ")
    )]
    Version {
        /// The policy.
        name: String,
        /// The value that was asked for.
        wanted: Option<VersionSelector>,
        /// The versions in this binary, highest first.
        versions: Vec<Version>,
    },
}

impl UnknownPolicy {
    /// The remedy, where there is one.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Name { .. } => Some("`list` shows the policies in this binary"),
            Self::Version { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::registration;

    fn registry(policies: &[(&'static str, &'static str)]) -> Registry {
        Registry::from_registrations(
            policies.iter().map(|(name, version)| registration(name, version)),
        )
        .unwrap()
    }

    fn found(registry: &Registry, wanted: &str) -> String {
        let entry = registry.find(&wanted.parse().unwrap());
        entry.map_or_else(|error| error.to_string(), |entry| entry.version.to_string())
    }

    #[test]
    fn highest_release_is_the_default() {
        let all = registry(&[
            ("pods", "1.2.0"),
            ("pods", "10.0.0-rc.1"),
            ("pods", "2.0.0"),
            ("pods", "1.10.3"),
            ("new", "0.1.0-a"),
            ("new", "0.1.0-b"),
        ]);
        for (wanted, version) in [
            ("pods", "2.0.0"),
            ("pods@1", "1.10.3"),
            ("pods@1.2", "1.2.0"),
            ("pods@1.2.0", "1.2.0"),
            ("pods@10", "10.0.0-rc.1"),
            ("pods@10.0.0-rc.1", "10.0.0-rc.1"),
            ("new", "0.1.0-b"),
        ] {
            assert_eq!(found(&all, wanted), version, "{wanted}");
        }
    }

    #[test]
    fn unknown_policy_error_suggests_names_and_versions() {
        let all = registry(&[("pod-security", "1.0.0"), ("pod-security", "2.0.0")]);
        assert_eq!(
            found(&all, "pod-securty"),
            "no policy `pod-securty` is in this binary (did you mean `pod-security`?)"
        );
        assert_eq!(found(&all, "zzz"), "no policy `zzz` is in this binary");
        assert_eq!(
            found(&all, "pod-security@3"),
            "policy `pod-security` is in this binary, but not as version 3: it has 2.0.0, 1.0.0"
        );
    }

    #[test]
    fn duplicate_policies_are_refused() {
        let twice = [registration("pods", "1.0.0"), registration("pods", "1.0.0")];
        assert_eq!(
            Registry::from_registrations(twice).unwrap_err().to_string(),
            "policy `pods` version 1.0.0 is registered twice, by crate `pods-crate` and by crate \
             `pods-crate`: give one of them another name or version"
        );
        assert_eq!(
            Registry::from_registrations([registration("pods", "1.02.0")]).unwrap_err().to_string(),
            "policy `pods` of crate `pods-crate` has the version `1.02.0`, which is not a semantic \
             version such as `1.2.0`: invalid leading zero in minor version number"
        );
    }
}
