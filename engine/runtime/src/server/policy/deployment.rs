use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use policy_text::most_similar;
use semver::Version;

use super::Served;
use crate::net::dns;
use crate::policies::VersionSelector;
use crate::server::http::route::Path;

/// The policies that are served, by the ids that they are asked for by.
#[derive(Default)]
pub(crate) struct Deployment {
    /// Of each id every version: releases first, the highest before the others.
    served: HashMap<String, Vec<Arc<Served>>>,
    /// What is configured but not served, and why.
    skipped: BTreeMap<String, String>,
    /// The most segments that an id has, also one that is skipped.
    deepest: usize,
}

/// What a path leads to.
pub(crate) enum Found<'a> {
    /// A policy, and the path into its answer.
    Policy(&'a Arc<Served>, &'a str),
    /// One that is configured but not served: its id, and why.
    Skipped(&'a str, &'a str),
    /// Nothing: in words.
    Nothing(String),
}

impl Deployment {
    pub(crate) fn new(all: Vec<Served>, skipped: BTreeMap<String, String>) -> Self {
        let deepest = skipped.keys().map(|id| id.split('/').count()).max().unwrap_or_default();
        let mut deployment = Self { skipped, deepest, ..Self::default() };
        for served in all {
            deployment.deepest = deployment.deepest.max(served.id.split('/').count());
            deployment.served.entry(served.id.clone()).or_default().push(Arc::new(served));
        }
        for versions in deployment.served.values_mut() {
            versions.sort_by(|a, b| {
                let order = |it: &Served| {
                    let version = it.entry.version.clone();
                    (!version.pre.is_empty(), Reverse(version))
                };
                order(a).cmp(&order(b))
            });
        }
        deployment
    }

    /// What a path leads to: `ID`, `ID/VERSION`, and either with more after it. Of ids that begin
    /// alike the longest is meant.
    pub(crate) fn find<'a>(&'a self, path: &'a Path) -> Found<'a> {
        let path = path.as_str();
        let ends = || path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        // From the deepest id that the path has room for.
        let most = ends().take(self.deepest.max(1)).count();
        for end in (0..most).rev().filter_map(|depth| ends().nth(depth)) {
            let (id, rest) = path.split_at_checked(end).unwrap_or((path, ""));
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            if let Some(versions) = self.served.get(id) {
                return version_of(id, versions, rest);
            }
            if let Some((id, problem)) = self.skipped.get_key_value(id) {
                return Found::Skipped(id, problem);
            }
        }
        Found::Nothing(self.nothing(path))
    }

    /// The same path with the id itself in it, where it begins with the form that a webhook's path
    /// can have of one: `my-policy/1.2` means `my_policy/1.2`. `None` where it is no id's or that
    /// of several.
    pub(crate) fn named_in_dns(&self, path: &Path) -> Option<Path> {
        let path = path.as_str();
        let meant = |id: &str| match path.strip_prefix(&*dns::subdomains(id)) {
            // An id may have nothing in it that the DNS knows.
            Some(rest) if rest.len() < path.len() && (rest.is_empty() || rest.starts_with('/')) => {
                Some(Path::new(&format!("{id}{rest}")))
            }
            _ => None,
        };
        let mut found = self.served.keys().chain(self.skipped.keys()).filter_map(|id| meant(id));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The policy of this id in this very version.
    pub(crate) fn exactly(&self, id: &str, version: &Version) -> Option<&Arc<Served>> {
        self.served.get(id)?.iter().find(|served| served.entry.version == *version)
    }

    /// All that is served, by id, highest version first.
    pub(crate) fn all(&self) -> Vec<&Arc<Served>> {
        let mut all: Vec<_> = self.served.values().flatten().collect();
        all.sort_by(|a, b| {
            (&a.id, Reverse(&a.entry.version)).cmp(&(&b.id, Reverse(&b.entry.version)))
        });
        all
    }

    /// What is configured but not served, and why.
    pub(crate) fn skipped(&self) -> &BTreeMap<String, String> {
        &self.skipped
    }

    fn nothing(&self, path: &str) -> String {
        if path.is_empty() {
            return "no policy is named: `/v1/policies` lists those that are served".to_owned();
        }
        let similar = most_similar(path, self.served.keys())
            .map(|id| format!(" (did you mean `{id}`?)"))
            .unwrap_or_default();
        format!("no policy `{path}` is served{similar}: `/v1/policies` lists those that are")
    }
}

/// A segment that begins with a digit is a version: a policy's answer has no field of such a name.
fn version_of<'a>(id: &str, versions: &'a [Arc<Served>], rest: &'a str) -> Found<'a> {
    let (segment, below) = rest.split_once('/').unwrap_or((rest, ""));
    if !segment.starts_with(|first: char| first.is_ascii_digit()) {
        return match versions.first() {
            Some(served) => Found::Policy(served, rest),
            None => Found::Nothing(format!("no policy `{id}` is served")),
        };
    }
    let selected = segment.parse::<VersionSelector>().ok().and_then(|selector| {
        versions.iter().find(|served| selector.matches(&served.entry.version))
    });
    if let Some(served) = selected {
        return Found::Policy(served, below);
    }
    let there: Vec<_> = versions.iter().map(|served| served.version.as_str()).collect();
    let there = there.join(", ");
    Found::Nothing(format!("policy `{id}` is served, but not as version {segment}: it has {there}"))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;
    use std::time::Duration;

    use super::*;
    use crate::config::Mode;
    use crate::policies::Settings;
    use crate::server::policy::Readers;
    use crate::telemetry::Metrics;
    use crate::testing::registration;
    use crate::{Instance, Registry};

    fn deployment(all: &[(&str, &'static str)]) -> Deployment {
        let metrics = Metrics::new().unwrap();
        let served = all.iter().map(|(id, version)| {
            let registry = Registry::from_registrations([registration("echo", version)]).unwrap();
            let entry = registry.entries()[0].clone();
            Served {
                id: (*id).to_owned(),
                version: (*version).to_owned(),
                instance: Instance::configure(&entry, &Settings::default()).unwrap(),
                entry,
                settings_digest: String::new(),
                timeout: Duration::from_secs(1),
                mode: Mode::Enforce,
                max_stuck: 1,
                discreet: false,
                blocking: AtomicBool::new(false),
                stuck: Arc::default(),
                metrics: metrics.policy(id, "echo", version),
                readers: Arc::new(Readers::new(1)),
            }
        });
        let skipped =
            ["broken", "http/deep/broken"].map(|id| (id.to_owned(), "it is".to_owned())).into();
        Deployment::new(served.collect(), skipped)
    }

    fn found(deployment: &Deployment, path: &str) -> String {
        match deployment.find(&Path::new(path)) {
            Found::Policy(served, rest) => format!("{}@{} {rest}", served.id, served.version),
            Found::Skipped(id, problem) => format!("{id} skipped: {problem}"),
            Found::Nothing(message) => message,
        }
    }

    #[test]
    fn a_webhooks_path_names_a_policy_in_the_form_of_the_dns() {
        let all = deployment(&[
            ("my_pods", "1.2.0"),
            ("a_b", "1.0.0"),
            ("a.-b", "1.0.0"),
            ("a_-b", "1.0.0"),
            ("Pods/x_", "1.0.0"),
            ("_", "1.0.0"),
        ]);
        let named = |path| {
            all.named_in_dns(&Path::new(path))
                .map(|path| path.as_str().to_owned())
                .unwrap_or_default()
        };
        for (path, expected) in [
            ("my-pods", "my_pods"),
            ("my-pods/1.2/", "my_pods/1.2"),
            ("my-podsx", ""),
            ("pods/x", "Pods/x_"),
            ("a-b", "a_b"),
            ("a--b", "a_-b"),
            ("a.b", "a.-b"),
            ("broken", "broken"),
            ("other", ""),
            ("", ""),
        ] {
            assert_eq!(named(path), expected, "{path}");
        }
        let twice = deployment(&[("a_b", "1.0.0"), ("a-b_", "1.0.0")]);
        assert!(twice.named_in_dns(&Path::new("a-b")).is_none());
    }

    #[test]
    fn a_path_names_a_policy_perhaps_its_version_and_what_is_wanted_of_its_answer() {
        let all = deployment(&[
            ("pods", "1.2.0"),
            ("pods", "2.0.0"),
            ("pods", "3.0.0-rc.1"),
            ("http", "1.0.0"),
            ("http/authz", "1.0.0"),
        ]);
        for (path, expected) in [
            ("pods", "pods@2.0.0 "),
            ("pods/1", "pods@1.2.0 "),
            ("pods/1.2.0/allowed", "pods@1.2.0 allowed"),
            ("pods/3/a/b", "pods@3.0.0-rc.1 a/b"),
            ("/pods//allowed", "pods@2.0.0 allowed"),
            ("http/authz/allowed", "http/authz@1.0.0 allowed"),
            ("http/else", "http@1.0.0 else"),
            ("broken/allowed", "broken skipped: it is"),
            ("http/deep/broken/allowed", "http/deep/broken skipped: it is"),
            (
                "pods/4",
                "policy `pods` is served, but not as version 4: it has 2.0.0, 1.2.0, 3.0.0-rc.1",
            ),
            (
                "pods/1x",
                "policy `pods` is served, but not as version 1x: it has 2.0.0, 1.2.0, 3.0.0-rc.1",
            ),
            (
                "pod",
                "no policy `pod` is served (did you mean `pods`?): `/v1/policies` lists those that are",
            ),
            ("", "no policy is named: `/v1/policies` lists those that are served"),
        ] {
            assert_eq!(found(&all, path), expected, "{path}");
        }
        let listed: Vec<_> =
            all.all().iter().map(|it| format!("{}@{}", it.id, it.version)).collect();
        assert_eq!(
            listed,
            ["http@1.0.0", "http/authz@1.0.0", "pods@3.0.0-rc.1", "pods@2.0.0", "pods@1.2.0"]
        );
    }
}
