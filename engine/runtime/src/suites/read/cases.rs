use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::reader::Reader;
use crate::documents::located::{ConfigError, ConfigErrors, Node, Origin};
use crate::documents::{self, Source};
use crate::policies::Registry;
use crate::suites::fields::Fields;
use crate::suites::keys;
use crate::suites::suite::{Case, Suite};

/// Reads a suite, for the policies of this binary.
///
/// # Errors
/// All that is wrong with it, and with the files that it names.
pub(crate) fn read(source: &Source, registry: &Registry) -> Result<Suite, ConfigErrors> {
    let file: Arc<str> = source.name().into();
    let at = |(line, column)| Origin::File { file: Arc::clone(&file), line, column };
    let whole = || at((1, 1));
    let tree = documents::tree(source).map_err(|error| {
        let place = error.place.map_or_else(whole, at);
        ConfigErrors::new(vec![ConfigError::at(&place, error.message)])
    })?;
    let Some(tree) = tree else {
        let error = ConfigError::at(&whole(), "the suite is empty: expected `policy` and `cases`");
        return Err(ConfigErrors::new(vec![error]));
    };
    let folder = Path::new(source.name()).parent().unwrap_or(Path::new(""));
    let mut reader = Reader {
        registry,
        folder,
        errors: Vec::new(),
        subjects: BTreeMap::new(),
        files: BTreeMap::new(),
        used: BTreeSet::new(),
    };
    let cases = reader.suite(tree.placed(&at));
    if reader.errors.is_empty() {
        return Ok(Suite { file: source.name().to_owned(), cases });
    }
    Err(ConfigErrors::new(reader.errors))
}

/// What the cases of a suite have where they say nothing else.
#[derive(Default)]
struct Defaults {
    policy: Option<(String, Origin)>,
    settings: Option<Node>,
    labels: Vec<(String, String)>,
}

impl Reader<'_> {
    fn suite(&mut self, node: Node) -> Vec<Case> {
        let Some(mut fields) = Fields::new("", node, &keys::SUITE, &mut self.errors) else {
            return Vec::new();
        };
        fields.text("$schema", &mut self.errors);
        let defaults = Defaults {
            policy: fields.text("policy", &mut self.errors),
            settings: self.settings(&mut fields),
            labels: self.labels(&mut fields).unwrap_or_default(),
        };
        let files = fields.list("files", &mut self.errors);
        let before = self.errors.len();
        let Some((nodes, at)) = fields.list("cases", &mut self.errors) else {
            if self.errors.len() == before {
                self.error(&fields.at, "the suite has no `cases`");
            }
            return Vec::new();
        };
        if nodes.is_empty() {
            self.error(&at, "`cases` has none");
        }
        let mut names = BTreeMap::new();
        let mut cases = Vec::new();
        for (index, node) in nodes.into_iter().enumerate() {
            let path = format!("cases[{index}]");
            cases.extend(self.case(&path, node, &defaults, &mut names));
        }
        for (index, node) in files.into_iter().flat_map(|(nodes, _)| nodes).enumerate() {
            self.check_used(&format!("files[{index}]"), &node);
        }
        cases
    }

    fn case(
        &mut self,
        path: &str,
        node: Node,
        defaults: &Defaults,
        names: &mut BTreeMap<String, Origin>,
    ) -> Option<Case> {
        let mut fields = Fields::new(path, node, &keys::CASE, &mut self.errors)?;
        let at = fields.at.clone();
        let name = self.required(&mut fields, "name", |reader, fields| {
            fields.text("name", &mut reader.errors)
        });
        if let Some((name, at)) = &name
            && let Some(first) = names.insert(name.clone(), at.clone())
        {
            self.error(at, format_args!("another case has the name `{name}`, at {first}"));
        }
        let policy = fields.text("policy", &mut self.errors).or_else(|| defaults.policy.clone());
        let settings = self.settings(&mut fields).or_else(|| defaults.settings.clone());
        let labels = self.labels(&mut fields).unwrap_or_else(|| defaults.labels.clone());
        if policy.is_none() {
            self.error(&at, format_args!("`{path}` has no `policy`, nor has the suite"));
        }
        let subject = policy.and_then(|(policy, at)| self.subject(&policy, &at, settings));
        let input = self.input(&mut fields);
        let expect = self.required(&mut fields, "expect", |_, fields| fields.take("expect"));
        let entry = subject.as_ref().map(|subject| &subject.entry);
        let expectation =
            expect.and_then(|node| self.expectation(&fields.path_of("expect"), node, entry));
        let Origin::File { line, column, .. } = at else { return None };
        Some(Case {
            name: name?.0,
            at: (line, column),
            subject: subject?,
            input: input?,
            labels,
            expectation: expectation?,
        })
    }
}
