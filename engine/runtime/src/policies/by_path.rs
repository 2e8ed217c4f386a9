use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use policy_text::most_similar;
use semver::Version;

use super::VersionSelector;
use super::path::PolicyPath;
use crate::net::dns;

/// Policies that paths name, as the HTTP API does.
pub(crate) struct PoliciesByPath<P> {
    /// All versions of each id: releases first, the highest before the others.
    served: HashMap<String, Vec<P>>,
    /// Policies that are configured but not served, with the reason.
    skipped: BTreeMap<String, String>,
    /// The largest number of segments in an id, skipped ones included.
    deepest: usize,
}

/// A policy in one version, under the id that it is served as.
pub(crate) trait Served {
    fn id(&self) -> &str;
    fn version(&self) -> &Version;
}

/// The result of looking a path up.
pub(crate) enum PolicyLookup<'a, 'p, P> {
    /// A policy, and the path into its output.
    Found(&'a P, &'p str),
    /// The path names a policy that is configured but not served: a message.
    NotServed(String),
    /// The path names no policy: a message.
    Missing(String),
}

impl<P: Served> PoliciesByPath<P> {
    pub(crate) fn new(all: Vec<P>, skipped: BTreeMap<String, String>) -> Self {
        let deepest = skipped.keys().map(|id| id.split('/').count()).max().unwrap_or_default();
        let mut policies = Self { served: HashMap::new(), skipped, deepest };
        for served in all {
            policies.deepest = policies.deepest.max(served.id().split('/').count());
            policies.served.entry(served.id().to_owned()).or_default().push(served);
        }
        for versions in policies.served.values_mut() {
            versions.sort_by_key(|policy| {
                let version = policy.version().clone();
                (!version.pre.is_empty(), Reverse(version))
            });
        }
        policies
    }

    /// Looks up a path: `ID` or `ID/VERSION`, and perhaps more after either. The longest id that
    /// matches wins.
    pub(crate) fn find<'p>(&self, path: &'p PolicyPath) -> PolicyLookup<'_, 'p, P> {
        let path = path.as_str();
        let ends = || path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        // Longest candidate first.
        let most = ends().take(self.deepest.max(1)).count();
        for end in (0..most).rev().filter_map(|depth| ends().nth(depth)) {
            let (id, rest) = path.split_at_checked(end).unwrap_or((path, ""));
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            if let Some(versions) = self.served.get(id) {
                return version_of(id, versions, rest);
            }
            if let Some((id, problem)) = self.skipped.get_key_value(id) {
                return PolicyLookup::NotServed(format!("policy `{id}` is not served: {problem}"));
            }
        }
        PolicyLookup::Missing(self.missing(path))
    }

    /// Resolves a path whose id is written as the DNS allows, which webhooks' paths require:
    /// `my-policy/1.2` means `my_policy/1.2`. `None` where no id or several match.
    pub(crate) fn named_in_dns(&self, path: &PolicyPath) -> Option<PolicyPath> {
        let path = path.as_str();
        let resolve = |id: &str| match path.strip_prefix(&*dns::subdomains(id)) {
            // The DNS form of an id may be empty.
            Some(rest) if rest.len() < path.len() && (rest.is_empty() || rest.starts_with('/')) => {
                Some(PolicyPath::new(&format!("{id}{rest}")))
            }
            _ => None,
        };
        let mut found = self.served.keys().chain(self.skipped.keys()).filter_map(|id| resolve(id));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// The policy of this id in exactly this version.
    pub(crate) fn exactly(&self, id: &str, version: &Version) -> Option<&P> {
        self.served.get(id)?.iter().find(|served| served.version() == version)
    }

    /// All served policies, by id, the highest version first.
    pub(crate) fn all(&self) -> Vec<&P> {
        let mut all: Vec<_> = self.served.values().flatten().collect();
        all.sort_by(|a, b| (a.id(), Reverse(a.version())).cmp(&(b.id(), Reverse(b.version()))));
        all
    }

    /// Policies that are configured but not served, with the reason.
    pub(crate) fn skipped(&self) -> &BTreeMap<String, String> {
        &self.skipped
    }

    fn missing(&self, path: &str) -> String {
        if path.is_empty() {
            return "no policy is named; `/v1/policies` lists those that are served".to_owned();
        }
        let similar = most_similar(path, self.served.keys())
            .map(|id| format!(" (did you mean `{id}`?)"))
            .unwrap_or_default();
        format!("no policy `{path}` is served{similar}; `/v1/policies` lists those that are")
    }
}

/// Selects a version. A segment that begins with a digit is one: no output has a field of such a
/// name.
fn version_of<'a, 'p, P: Served>(
    id: &str,
    versions: &'a [P],
    rest: &'p str,
) -> PolicyLookup<'a, 'p, P> {
    let (segment, below) = rest.split_once('/').unwrap_or((rest, ""));
    if !segment.starts_with(|first: char| first.is_ascii_digit()) {
        return match versions.first() {
            Some(served) => PolicyLookup::Found(served, rest),
            None => PolicyLookup::Missing(format!("no policy `{id}` is served")),
        };
    }
    let selected = segment
        .parse::<VersionSelector>()
        .ok()
        .and_then(|selector| versions.iter().find(|served| selector.matches(served.version())));
    if let Some(served) = selected {
        return PolicyLookup::Found(served, below);
    }
    let available: Vec<_> = versions.iter().map(|served| served.version().to_string()).collect();
    let available = available.join(", ");
    PolicyLookup::Missing(format!(
        "policy `{id}` is served, but not as version {segment}: it has {available}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Named(&'static str, Version);

    impl Served for Named {
        fn id(&self) -> &str {
            self.0
        }

        fn version(&self) -> &Version {
            &self.1
        }
    }

    fn policies(all: &[(&'static str, &str)]) -> PoliciesByPath<Named> {
        let served = all.iter().map(|(id, version)| Named(id, version.parse().unwrap()));
        let skipped = ["broken", "http/deep/broken"]
            .map(|id| (id.to_owned(), "it is wrong".to_owned()))
            .into();
        PoliciesByPath::new(served.collect(), skipped)
    }

    fn found(policies: &PoliciesByPath<Named>, path: &str) -> String {
        match policies.find(&PolicyPath::new(path)) {
            PolicyLookup::Found(served, rest) => {
                format!("{}@{} {rest}", served.id(), served.version())
            }
            PolicyLookup::NotServed(message) | PolicyLookup::Missing(message) => message,
        }
    }

    #[test]
    fn webhook_path_names_a_policy_in_dns_form() {
        let all = policies(&[
            ("my_pods", "1.2.0"),
            ("a_b", "1.0.0"),
            ("a.-b", "1.0.0"),
            ("a_-b", "1.0.0"),
            ("Pods/x_", "1.0.0"),
            ("_", "1.0.0"),
        ]);
        let named = |path| {
            all.named_in_dns(&PolicyPath::new(path))
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
        let twice = policies(&[("a_b", "1.0.0"), ("a-b_", "1.0.0")]);
        assert!(twice.named_in_dns(&PolicyPath::new("a-b")).is_none());
    }

    #[test]
    fn path_names_a_policy_then_a_version_then_a_field() {
        let all = policies(&[
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
            ("broken/allowed", "policy `broken` is not served: it is wrong"),
            ("http/deep/broken/allowed", "policy `http/deep/broken` is not served: it is wrong"),
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
                "no policy `pod` is served (did you mean `pods`?); `/v1/policies` lists those that are",
            ),
            ("", "no policy is named; `/v1/policies` lists those that are served"),
        ] {
            assert_eq!(found(&all, path), expected, "{path}");
        }
        let listed: Vec<_> = all
            .all()
            .iter()
            .map(|policy| format!("{}@{}", policy.id(), policy.version()))
            .collect();
        assert_eq!(
            listed,
            ["http@1.0.0", "http/authz@1.0.0", "pods@3.0.0-rc.1", "pods@2.0.0", "pods@1.2.0"]
        );
    }
}
