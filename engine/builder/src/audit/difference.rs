use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::described::{Described, PlatformImage};
use super::facts::{Fact, FactKind, facts};

/// The differences between two images.
#[derive(Debug, Serialize)]
pub(crate) struct Difference {
    /// `true` if they are the same, byte for byte.
    pub(crate) same: bool,
    /// In an order in which what is first may have caused what comes after it.
    changes: Vec<FactChange>,
    /// Something that only one of them says anything of.
    #[serde(rename = "notCompared")]
    not_compared: BTreeSet<FactKind>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct FactChange {
    /// The platform, where the images are for several.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    of: FactKind,
    name: String,
    #[serde(flatten)]
    what: ChangeKind,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
enum ChangeKind {
    Added {
        new: String,
    },
    Removed {
        old: String,
    },
    Changed {
        old: String,
        new: String,
    },
    /// Another source of the same version.
    Sources {
        version: String,
        old: String,
        new: String,
    },
}

impl Difference {
    pub(crate) fn between(old: &Described, new: &Described) -> Self {
        let [olds, news] = [&old.platforms, &new.platforms].map(Vec::as_slice);
        if let ([old], [new]) = (olds, news) {
            return Self::between_platforms(old, new);
        }
        let mut difference = Self::none(old.digest == new.digest);
        let platforms: BTreeSet<_> = olds.iter().chain(news).map(|image| &image.platform).collect();
        for platform in platforms {
            let of =
                |all: &'_ [PlatformImage]| all.iter().position(|image| image.platform == *platform);
            let old = of(olds).and_then(|place| olds.get(place));
            let new = of(news).and_then(|place| news.get(place));
            let what = match (old, new) {
                (Some(old), Some(new)) => {
                    difference.compare(Some(platform), old, new);
                    continue;
                }
                (Some(old), None) => ChangeKind::Removed { old: old.digest.to_string() },
                (None, Some(new)) => ChangeKind::Added { new: new.digest.to_string() },
                (None, None) => continue,
            };
            let of = FactKind::Target;
            difference.changes.push(FactChange {
                platform: None,
                of,
                name: platform.clone(),
                what,
            });
        }
        difference
    }

    /// Compares images for one platform each.
    pub(super) fn between_platforms(old: &PlatformImage, new: &PlatformImage) -> Self {
        let mut difference = Self::none(old.digest == new.digest);
        difference.compare(None, old, new);
        difference
    }

    fn none(same: bool) -> Self {
        Self { same, changes: Vec::new(), not_compared: BTreeSet::new() }
    }

    fn compare(&mut self, platform: Option<&String>, old: &PlatformImage, new: &PlatformImage) {
        let (old, new) = (facts(old), facts(new));
        let mut changes = Vec::new();
        for kind in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let (Some(old), Some(new)) = (old.get(kind), new.get(kind)) else {
                self.not_compared.insert(*kind);
                continue;
            };
            for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                if let Some(what) = change(old.get(name), new.get(name)) {
                    let platform = platform.cloned();
                    changes.push(FactChange { platform, of: *kind, name: name.clone(), what });
                }
            }
        }
        leave_out_consequences(&mut changes);
        self.changes.extend(changes);
    }
}

/// A crate is told by its policies, and a configuration by what it is made of.
fn leave_out_consequences(changes: &mut Vec<FactChange>) {
    let has = |kind| move |change: &FactChange| change.of == kind;
    if changes.iter().any(has(FactKind::Policy)) {
        changes.retain(|change| change.of != FactKind::PolicyCrate);
    }
    if changes.iter().any(|change| change.of != FactKind::Configuration) {
        changes.retain(|change| change.of != FactKind::Configuration);
    }
}

fn change(old: Option<&Fact>, new: Option<&Fact>) -> Option<ChangeKind> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (Some(old), None) => return Some(ChangeKind::Removed { old: old.value.clone() }),
        (None, Some(new)) => return Some(ChangeKind::Added { new: new.value.clone() }),
        (None, None) => return None,
    };
    if old.value != new.value {
        return Some(ChangeKind::Changed { old: old.value.clone(), new: new.value.clone() });
    }
    match (&old.source, &new.source) {
        (Some(before), Some(after)) if before != after => Some(ChangeKind::Sources {
            version: old.value.clone(),
            old: before.clone(),
            new: after.clone(),
        }),
        _ => None,
    }
}

/// A line for each change.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for FactChange { platform, of, name, what } in &self.changes {
            if let Some(platform) = platform {
                write!(f, "{platform:<12}  ")?;
            }
            write!(f, "{of:<8}  ")?;
            if !name.is_empty() {
                write!(f, "{name} ")?;
            }
            match what {
                ChangeKind::Added { new } => writeln!(f, "{new}: added"),
                ChangeKind::Removed { old } => writeln!(f, "{old}: removed"),
                ChangeKind::Changed { old, new } => writeln!(f, "{old} -> {new}"),
                ChangeKind::Sources { version, old, new } => {
                    writeln!(f, "{version}: other sources, {old} -> {new}")
                }
            }?;
        }
        if !self.not_compared.is_empty() {
            let kinds: Vec<_> = self.not_compared.iter().map(ToString::to_string).collect();
            writeln!(f, "note      only one of the images tells: {}", kinds.join(", "))?;
        }
        Ok(())
    }
}
