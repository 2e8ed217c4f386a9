use std::fmt;

use policy_api::{Check, Error};

use crate::checks::{DIGEST, REFERENCE, REGISTRY, REPOSITORY};
use crate::pattern::ImagePattern;
use crate::reference::{Reference, is_meant_as_registry, is_registry, normal_registry};
use crate::settings::{Rule, Settings};

/// The settings' rules, ready to be asked.
#[derive(Debug)]
pub(crate) struct Allowlist {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    registry: Box<str>,
    repository: ImagePattern,
    pinned: bool,
}

/// The reason why an image is not allowed.
#[derive(Debug)]
pub(crate) enum Denial<'d> {
    Invalid { image: &'d str, reason: &'static str },
    Registry { reference: Reference<'d>, allowed: &'d Allowlist },
    Repository { reference: Reference<'d>, allowed: &'d Allowlist },
    Unpinned { reference: Reference<'d> },
}

impl Allowlist {
    pub(crate) fn parse(settings: &Settings) -> Result<Self, Error> {
        let entries = settings.allowed.iter().enumerate().map(|(index, rule)| {
            Entry::parse(rule, settings.require_digest)
                .map_err(|error| Error::msg(format_args!("`allowed[{index}].{error}")))
        });
        Ok(Self { entries: entries.collect::<Result<_, _>>()? })
    }

    /// An image may fit several rules: one that is satisfied is enough.
    pub(crate) fn judge<'d>(&'d self, image: &'d str) -> Result<(), Denial<'d>> {
        let reference =
            Reference::parse(image).map_err(|reason| Denial::Invalid { image, reason })?;
        let mut denial = Denial::Registry { reference, allowed: self };
        for entry in self.entries.iter().filter(|entry| *entry.registry == *reference.registry) {
            if entry.repository.matches(reference.repository()) {
                if reference.is_pinned() || !entry.pinned {
                    return Ok(());
                }
                denial = Denial::Unpinned { reference };
            } else if matches!(denial, Denial::Registry { .. }) {
                denial = Denial::Repository { reference, allowed: self };
            }
        }
        Err(denial)
    }
}

impl Entry {
    /// The error goes on from the rule's own place: `FIELD` is wrong.
    fn parse(rule: &Rule, require_digest: bool) -> Result<Self, String> {
        let Rule { registry, repository, digest } = rule;
        if !is_meant_as_registry(registry) || !is_registry(registry) {
            return Err(format!(
                "registry` is `{registry}`: expected a registry as images name it, such as \
                 `ghcr.io` or `localhost:5000`, without wildcards"
            ));
        }
        let repository = ImagePattern::parse(repository)
            .map_err(|reason| format!("repository` is `{repository}`: {reason}"))?;
        Ok(Self {
            registry: normal_registry(registry).into(),
            repository,
            pinned: digest.unwrap_or(require_digest),
        })
    }
}

impl Denial<'_> {
    pub(crate) fn check(&self) -> &'static Check {
        match self {
            Self::Invalid { .. } => &REFERENCE,
            Self::Registry { .. } => &REGISTRY,
            Self::Repository { .. } => &REPOSITORY,
            Self::Unpinned { .. } => &DIGEST,
        }
    }
}

impl fmt::Display for Denial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { image, reason } => {
                write!(f, "`{image}` is no image reference: {reason}")
            }
            Self::Registry { reference, allowed } => {
                write!(f, "the image `{reference}` is of a registry that is not allowed: {allowed}")
            }
            Self::Repository { reference, allowed } => {
                write!(
                    f,
                    "the image `{reference}` is of a repository that is not allowed: {allowed}"
                )
            }
            Self::Unpinned { reference } => {
                write!(
                    f,
                    "the image `{reference}` is not pinned: it must end with a digest, as \
                     `@sha256:...`"
                )
            }
        }
    }
}

/// The number of rules that a message shows.
const SHOWN: usize = 5;

/// The allowed images, for people.
impl fmt::Display for Allowlist {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return f.write_str("the settings allow no registry");
        }
        f.write_str("the settings allow only ")?;
        for (index, Entry { registry, repository, .. }) in
            self.entries.iter().take(SHOWN).enumerate()
        {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}`{registry}/{repository}`")?;
        }
        match self.entries.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
