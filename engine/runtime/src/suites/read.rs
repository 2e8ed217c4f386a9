//! Reading a suite: every mistake is reported with its place, and what is read can be run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy_api::Verdict;
use policy_text::most_similar;
use serde_json::{Map, Value as Json};

use super::discover::is_suite;
use super::expectation::{CheckIds, Expectation, ExpectedAnswer, ExpectedChecks};
use super::fields::{Fields, below, wrong};
use super::input::{Input, InputFile, Part, path_from};
use super::keys;
use super::review::{Operation, Review};
use super::suite::{Case, Subject, Suite};
use crate::documents::files;
use crate::documents::located::{ConfigError, ConfigErrors, Node, Origin, Value};
use crate::documents::{self, Source};
use crate::policies::{Entry, Instance, PolicyRef, Registry, Settings};

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

struct Reader<'a> {
    registry: &'a Registry,
    /// The folder that paths are relative to.
    folder: &'a Path,
    errors: Vec<ConfigError>,
    /// The policies by their name and version, and the settings' text; `None` where they are invalid.
    subjects: BTreeMap<(&'static str, String, Vec<u8>), Option<Arc<Subject>>>,
    /// The files by their real path; `None` where one cannot be read.
    files: BTreeMap<PathBuf, Option<Arc<InputFile>>>,
    /// The documents that are in a case.
    used: BTreeSet<(PathBuf, usize)>,
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
        let subject = match policy {
            Some((policy, at)) => self.subject(&policy, &at, settings),
            None => {
                self.error(&at, format_args!("`{path}` has no `policy`, nor has the suite"));
                None
            }
        };
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

    /// A value that a case has to have.
    fn required<T>(
        &mut self,
        fields: &mut Fields,
        key: &str,
        take: impl FnOnce(&mut Self, &mut Fields) -> Option<T>,
    ) -> Option<T> {
        let before = self.errors.len();
        let value = take(self, fields);
        if value.is_none() && self.errors.len() == before {
            let path = fields.path_of(key);
            self.error(&fields.at, format_args!("`{path}` is missing"));
        }
        value
    }

    /// Settings, or those of a file.
    fn settings(&mut self, fields: &mut Fields) -> Option<Node> {
        let node = fields.take("settings")?;
        let path = fields.path_of("settings");
        match &node.value {
            Value::Table(_) => Some(node),
            Value::Text(named) => {
                let file = path_from(self.folder, named);
                match read_settings(&file) {
                    Ok(node) => Some(node),
                    Err(error) => {
                        self.errors.push(error.located(&path, &node.at));
                        None
                    }
                }
            }
            _ => {
                self.errors.push(wrong(&path, &node, "settings, or the path of a file"));
                None
            }
        }
    }

    fn labels(&mut self, fields: &mut Fields) -> Option<Vec<(String, String)>> {
        let node = fields.take("labels")?;
        let path = fields.path_of("labels");
        let Value::Table(entries) = node.value else {
            self.errors.push(wrong(&path, &node, "a table of labels"));
            return None;
        };
        let mut labels = Vec::new();
        for entry in entries {
            match entry.value.value {
                Value::Text(value) => labels.push((entry.key, value)),
                _ => self.errors.push(wrong(&below(&path, &entry.key), &entry.value, "text")),
            }
        }
        Some(labels)
    }

    /// The policy with these settings, which it checks once.
    fn subject(
        &mut self,
        policy: &str,
        at: &Origin,
        settings: Option<Node>,
    ) -> Option<Arc<Subject>> {
        let found = policy
            .parse::<PolicyRef>()
            .map_err(|error| error.to_string())
            .and_then(|policy| self.registry.find(&policy).map_err(|error| error.to_string()));
        let entry = match found {
            Ok(entry) => entry,
            Err(error) => {
                self.error(at, error);
                return None;
            }
        };
        let settings_at = settings.as_ref().map(|node| node.at.clone());
        let settings = settings.map_or_else(Settings::default, |node| {
            Settings::from_config("settings".to_owned(), node)
        });
        let version = entry.version.to_string();
        let key = (entry.name(), version.clone(), settings.as_json().to_vec());
        if let Some(known) = self.subjects.get(&key) {
            return known.clone();
        }
        let subject = match Instance::configure(entry, &settings) {
            Ok(instance) => Some(Arc::new(Subject { entry: entry.clone(), version, instance })),
            Err(error) => {
                let place = settings_at.as_ref().unwrap_or(at);
                let text = error.to_string();
                // An error in the settings' shape has its place already.
                self.errors.push(if text.starts_with('`') && text.contains(" line ") {
                    ConfigError::told_at(place, text)
                } else {
                    ConfigError::at(place, format_args!("settings: {text}"))
                });
                None
            }
        };
        self.subjects.insert(key, subject.clone());
        subject
    }

    fn input(&mut self, fields: &mut Fields) -> Option<Input> {
        let before = self.errors.len();
        let inline = fields.take_any("input");
        let file = fields.text("file", &mut self.errors);
        let object = fields.take("object");
        let old_object = fields.take("oldObject");
        let operation = fields.text("operation", &mut self.errors);
        let request = fields.take("request");
        let document = fields.take("document");
        if self.errors.len() > before {
            return None;
        }
        let is_review = object.is_some() || old_object.is_some();
        let given: Vec<_> = [
            ("input", inline.is_some()),
            ("file", file.is_some()),
            (if object.is_some() { "object" } else { "oldObject" }, is_review),
        ]
        .into_iter()
        .filter_map(|(key, is_given)| is_given.then(|| format!("`{key}`")))
        .collect();
        let at = fields.at.clone();
        match given.as_slice() {
            [_] => {}
            [] => {
                let message = "has no input: expected `input`, `file` or `object`";
                self.error(&at, format_args!("the case {message}"));
                return None;
            }
            several => {
                let several = several.join(" and ");
                self.error(&at, format_args!("the case has {several}: expected one of them"));
                return None;
            }
        }
        if !is_review {
            for (key, node) in [
                ("operation", operation.map(|(_, at)| at)),
                ("request", request.map(|node| node.at)),
            ] {
                if let Some(at) = node {
                    let path = fields.path_of(key);
                    self.error(
                        &at,
                        format_args!("`{path}` is of a review: expected `object`, too"),
                    );
                    return None;
                }
            }
            let document = self.document(fields, document.as_ref(), file.is_some())?;
            return Some(Input::of_part(match (inline, file) {
                (Some(node), _) => Part::Inline(node),
                (None, Some((named, at))) => self.file(&named, &at, document)?,
                (None, None) => return None,
            }));
        }
        let is_file = |node: &Node| matches!(node.value, Value::Text(_));
        let in_file = object.as_ref().is_some_and(is_file);
        let document = self.document(fields, document.as_ref(), in_file)?;
        let operation = self.operation(fields, operation, object.is_some(), old_object.is_some());
        let request = self.request(fields, request);
        let object = object.map(|node| self.object(fields, "object", node, document));
        let old_object = old_object.map(|node| self.object(fields, "oldObject", node, None));
        let review = Review { operation: operation?, request: request? };
        let object = object.map_or(Some(None), |part| part.map(Some))?;
        let old_object = old_object.map_or(Some(None), |part| part.map(Some))?;
        Some(Input::of_review(review, object, old_object))
    }

    /// The number of a document, counted from 0. It is `None` within where none is given.
    fn document(
        &mut self,
        fields: &Fields,
        node: Option<&Node>,
        of_file: bool,
    ) -> Option<Option<usize>> {
        let Some(node) = node else { return Some(None) };
        let path = fields.path_of("document");
        if !of_file {
            self.error(&node.at, format_args!("`{path}` is of a file, and the case names none"));
            return None;
        }
        let number = match &node.value {
            Value::Literal(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
            _ => None,
        };
        if number.is_none() {
            self.errors.push(wrong(&path, node, "a whole number from 1"));
        }
        number.map(|number| Some(number - 1))
    }

    /// The operation of a review, which needs its objects.
    fn operation(
        &mut self,
        fields: &Fields,
        named: Option<(String, Origin)>,
        object: bool,
        old_object: bool,
    ) -> Option<Operation> {
        let Some((text, at)) = named else {
            return Some(Operation::of_objects(object, old_object));
        };
        let path = fields.path_of("operation");
        let Some(operation) = Operation::parse(&text) else {
            let expected = "expected `CREATE`, `UPDATE`, `DELETE` or `CONNECT`";
            self.error(&at, format_args!("`{path}` is `{text}`: {expected}"));
            return None;
        };
        if operation.objects() == (object, old_object) {
            return Some(operation);
        }
        let expected = match operation.objects() {
            (true, true) => "`object` and `oldObject`",
            (true, false) => "`object` alone",
            (false, _) => "`oldObject` alone",
        };
        self.error(&at, format_args!("an API server sends `{operation}` with {expected}"));
        None
    }

    /// Other fields of a review's request.
    fn request(&mut self, fields: &Fields, node: Option<Node>) -> Option<Map<String, Json>> {
        let Some(node) = node else { return Some(Map::new()) };
        let path = fields.path_of("request");
        let Value::Table(entries) = &node.value else {
            self.errors.push(wrong(&path, &node, "a table of fields"));
            return None;
        };
        for entry in entries {
            if Review::OWN_FIELDS.contains(&entry.key.as_str()) {
                let key = &entry.key;
                self.error(&entry.at, format_args!("`{path}.{key}`: write `{key}` in the case"));
                return None;
            }
        }
        serde_json::from_str(&node.to_json()).ok()
    }

    fn object(
        &mut self,
        fields: &Fields,
        key: &str,
        node: Node,
        document: Option<usize>,
    ) -> Option<Part> {
        match &node.value {
            Value::Table(_) => Some(Part::Inline(node)),
            Value::Text(named) if !named.is_empty() => {
                let (named, at) = (named.clone(), node.at);
                self.file(&named, &at, document)
            }
            _ => {
                let path = fields.path_of(key);
                self.errors.push(wrong(&path, &node, "an object, or the path of a file"));
                None
            }
        }
    }

    /// A document of a file, the only one where none is named.
    fn file(&mut self, named: &str, at: &Origin, document: Option<usize>) -> Option<Part> {
        let path = path_from(self.folder, named);
        let (key, file) = self.open(&path, at)?;
        let name = file.name();
        let count = file.documents.len();
        let index = match (document, count) {
            (_, 0) => {
                self.error(at, format_args!("`{name}` holds no document"));
                return None;
            }
            (None, 1) => 0,
            (None, _) => {
                let help = "say which by `document`, counted from 1";
                self.error(at, format_args!("`{name}` holds {count} documents: {help}"));
                return None;
            }
            (Some(index), _) if index >= count => {
                let number = index + 1;
                let message = format!("`{name}` has no document {number}: it holds {count}");
                self.error(at, message);
                return None;
            }
            (Some(index), _) => index,
        };
        self.used.insert((key, index));
        if let Some(Err(error)) = file.documents.get(index) {
            self.error(at, format_args!("`{name}`: {error}"));
            return None;
        }
        Some(Part::File { file, document: index })
    }

    /// Reads a file once.
    fn open(&mut self, path: &Path, at: &Origin) -> Option<(PathBuf, Arc<InputFile>)> {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.files.contains_key(&key) {
            let file = match InputFile::read(path) {
                Ok(file) => Some(Arc::new(file)),
                Err(error) => {
                    self.error(at, error);
                    None
                }
            };
            self.files.insert(key.clone(), file);
        }
        let file = self.files.get(&key)?.clone()?;
        Some((key, file))
    }

    /// Reports the documents of these files that are in no case.
    fn check_used(&mut self, path: &str, node: &Node) {
        let Value::Text(named) = &node.value else {
            self.errors.push(wrong(path, node, "the path of a file or a folder"));
            return;
        };
        let named = path_from(self.folder, named);
        for file in files::named(&[named], true, is_suite) {
            let file = match file {
                Ok(file) => file,
                Err(error) => {
                    self.error(&node.at, error);
                    continue;
                }
            };
            let Some((key, file)) = self.open(&file, &node.at) else { continue };
            for index in 0..file.documents.len() {
                if self.used.contains(&(key.clone(), index)) {
                    continue;
                }
                let name = file.name();
                let document = match file.documents.len() {
                    1 => String::new(),
                    _ => format!(" document {}", index + 1),
                };
                self.error(
                    &node.at,
                    format_args!(
                        "`{name}`{document} is in no case: write one, or leave it out of `files`"
                    ),
                );
            }
        }
    }

    /// An expectation: a verdict alone, or a table.
    fn expectation(
        &mut self,
        path: &str,
        node: Node,
        entry: Option<&Entry>,
    ) -> Option<Expectation> {
        let at = node.at.clone();
        if let Value::Text(_) = &node.value {
            let verdict = Some((self.verdict(path, &node)?, at));
            let answer = ExpectedAnswer { verdict, ..ExpectedAnswer::default() };
            return Some(Expectation::Answer(answer));
        }
        let before = self.errors.len();
        let mut fields = Fields::new(path, node, &keys::EXPECT, &mut self.errors)?;
        let error = fields.text("error", &mut self.errors);
        let verdict = fields.take("verdict");
        let checks = fields.take("checks");
        let output = fields.take_any("output");
        let patch = fields.take("patch");
        if self.errors.len() > before {
            return None;
        }
        if let Some((part, error_at)) = error {
            if verdict.is_some() || checks.is_some() || output.is_some() || patch.is_some() {
                let message = "never holds: where there is an error there is no answer";
                self.error(&error_at, format_args!("`{path}.error` beside others {message}"));
                return None;
            }
            return Some(Expectation::Error(part, error_at));
        }
        let verdict = match verdict {
            Some(node) => {
                let found = self.verdict(&below(path, "verdict"), &node);
                found.map(|verdict| (verdict, node.at))
            }
            None => None,
        };
        let checks = checks.and_then(|node| self.checks(&below(path, "checks"), node, entry));
        if let Some(node) = &patch
            && !matches!(node.value, Value::List(_))
        {
            self.errors.push(wrong(&below(path, "patch"), node, "a list of operations"));
        }
        if self.errors.len() > before {
            return None;
        }
        let answer = ExpectedAnswer { verdict, checks, output, patch };
        if let Some((at, message)) = answer.contradiction(path) {
            self.error(&at, message);
            return None;
        }
        if answer.is_empty() {
            self.error(&at, format_args!("`{path}` expects nothing: every answer would do"));
            return None;
        }
        Some(Expectation::Answer(answer))
    }

    fn verdict(&mut self, path: &str, node: &Node) -> Option<Option<Verdict>> {
        match &node.value {
            Value::Text(text) if text == "allowed" => Some(Some(Verdict::Allowed)),
            Value::Text(text) if text == "denied" => Some(Some(Verdict::Denied)),
            Value::Text(text) if text == "none" => Some(None),
            _ => {
                self.errors.push(wrong(path, node, "`allowed`, `denied` or `none`"));
                None
            }
        }
    }

    fn checks(&mut self, path: &str, node: Node, entry: Option<&Entry>) -> Option<ExpectedChecks> {
        let at = node.at.clone();
        if let Value::List(elements) = node.value {
            let ids = self.check_ids(path, elements, entry)?;
            return Some(ExpectedChecks::Exactly(ids, at));
        }
        let before = self.errors.len();
        let mut fields = Fields::new(path, node, &keys::CHECKS, &mut self.errors)?;
        let mut list = |key| {
            let list = fields.list(key, &mut self.errors);
            let elements = list.map(|(elements, _)| elements).unwrap_or_default();
            self.check_ids(&below(path, key), elements, entry)
        };
        let (include, exclude) = (list("include")?, list("exclude")?);
        if self.errors.len() > before {
            return None;
        }
        Some(ExpectedChecks::Among { include, exclude })
    }

    /// The ids of checks, each of which the policy has to declare, if it declares any.
    fn check_ids(
        &mut self,
        path: &str,
        elements: Vec<Node>,
        entry: Option<&Entry>,
    ) -> Option<CheckIds> {
        let declared = entry.map_or(&[][..], |entry| entry.registration.checks);
        let declared = || declared.iter().map(|check| check.id);
        let before = self.errors.len();
        let mut ids = CheckIds::new();
        for (index, node) in elements.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Value::Text(id) = node.value else {
                self.errors.push(wrong(&path, &node, "the id of a check"));
                continue;
            };
            if ids.iter().any(|(known, _)| *known == id) {
                self.error(&node.at, format_args!("`{path}` is `{id}` once more"));
            } else if let (Some(entry), true) = (entry, declared().next().is_some())
                && !declared().any(|known| known == id)
            {
                let advice = most_similar(&id, declared()).map_or_else(
                    || "`describe` shows those that it has".to_owned(),
                    |similar| format!("did you mean `{similar}`?"),
                );
                let policy = entry.name();
                self.error(
                    &node.at,
                    format_args!("`{path}` is `{id}`, which never denies: policy `{policy}` has no such check ({advice})"),
                );
            } else {
                ids.push((id, node.at));
            }
        }
        (self.errors.len() == before).then_some(ids)
    }

    fn error(&mut self, at: &Origin, message: impl std::fmt::Display) {
        self.errors.push(ConfigError::at(at, message));
    }
}

/// The reason why there are no settings: in the file itself, or where it is named.
enum SettingsFileError {
    Named(String),
    InFile(ConfigError),
}

impl SettingsFileError {
    fn located(self, path: &str, at: &Origin) -> ConfigError {
        match self {
            Self::Named(message) => ConfigError::at(at, format_args!("`{path}`: {message}")),
            Self::InFile(error) => ConfigError::told_at(at, error.to_string()),
        }
    }
}

/// The settings of a file, with their places.
fn read_settings(path: &Path) -> Result<Node, SettingsFileError> {
    let file =
        InputFile::read(path).map_err(|error| SettingsFileError::Named(error.to_string()))?;
    let name: Arc<str> = file.name().into();
    let at = |(line, column)| Origin::File { file: Arc::clone(&name), line, column };
    let tree = documents::tree(file.source()).map_err(|error| {
        let place = error.place.map_or_else(|| at((1, 1)), at);
        SettingsFileError::InFile(ConfigError::at(&place, error.message))
    })?;
    match tree.map(|tree| tree.placed(&at)) {
        None => Ok(Node::empty_table(at((1, 1)))),
        Some(node) if matches!(node.value, Value::Table(_)) => Ok(node),
        Some(node) => Err(SettingsFileError::InFile(wrong("settings", &node, "a table"))),
    }
}
