//! A suite of what a policy decides today, made of files of inputs.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use policy_api::{EvaluateError, Verdict};
use serde_json::{Map, Value as Json};

use super::discover::is_suite;
use super::input::{Input, InputFile, Part};
use super::json_schema::ID;
use super::review::{Operation, Review};
use super::run::denying;
use super::yaml_text::{json, plain};
use crate::documents::files::{self, FolderError};
use crate::documents::{DocumentError, SourceError};
use crate::policies::{
    DecisionError, Entry, EvaluationLimits, Instance, Settings, TimedError, TimedEvaluator,
    TimedQuestion,
};

/// A suite as text, and the number of cases by what is expected.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
    pub(crate) allowed: usize,
    pub(crate) denied: usize,
    /// Without a verdict.
    pub(crate) others: usize,
}

/// Writes the suite of a policy, to be kept in this folder, on all documents of these files and
/// folders.
///
/// # Errors
/// Fails where one cannot be read, or there are none.
pub(crate) fn init(
    (policy, entry): (&str, &Entry),
    (settings, instance): (&Settings, &Arc<Instance>),
    limits: EvaluationLimits,
    paths: &[PathBuf],
    folder: &Path,
) -> Result<Written, InitError> {
    let head = format!(
        "# yaml-language-server: $schema={ID}\n\
         # What the policy decided when `policy-engine test --init` wrote this.\n\
         policy: {}\n",
        plain(policy)
    );
    let mut evaluator = TimedEvaluator::new(limits);
    let mut written = Written { text: head, ..Written::default() };
    if settings.as_json() != b"{}" {
        let settings: Json = serde_json::from_slice(settings.as_json()).unwrap_or_default();
        let _ = writeln!(written.text, "settings: {}", json(&settings));
    }
    written.text.push_str("files:\n");
    for path in paths {
        let _ = writeln!(written.text, "  - {}", plain(&relative(path, folder)));
    }
    written.text.push_str("cases:\n");
    let is_for_kubernetes = !entry.registration.kubernetes_resources.is_empty();
    let mut seen = BTreeSet::new();
    for file in files::named(paths, true, is_suite) {
        let file = file?;
        // A folder may be named, and a file in it.
        if !seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone())) {
            continue;
        }
        let file = Arc::new(InputFile::read(&file)?);
        let name = relative(Path::new(file.name()), folder);
        let count = file.documents.len();
        for (index, document) in file.documents.iter().enumerate() {
            let json = document
                .as_ref()
                .map_err(|error| InitError::Document(file.name().to_owned(), error.clone()))?;
            let part = Part::File { file: Arc::clone(&file), document: index };
            let (key, input) = if is_for_kubernetes && is_object(json) {
                let review = Review { operation: Operation::Create, request: Map::new() };
                ("object", Input::of_review(review, Some(part), None))
            } else {
                ("file", Input::of_part(part))
            };
            written.case(&name, key, (count > 1).then_some(index + 1));
            written.expect(&mut evaluator, instance, &input);
        }
    }
    if written.cases() == 0 {
        return Err(InitError::Empty);
    }
    Ok(written)
}

impl Written {
    pub(crate) fn cases(&self) -> usize {
        self.allowed + self.denied + self.others
    }

    fn case(&mut self, file: &str, key: &str, document: Option<usize>) {
        let name = match document {
            Some(number) => format!("{file} {number}"),
            None => file.to_owned(),
        };
        let _ = write!(self.text, "  - name: {}\n    {key}: {}\n", plain(&name), plain(file));
        if let Some(number) = document {
            let _ = writeln!(self.text, "    document: {number}");
        }
    }

    fn expect(&mut self, evaluator: &mut TimedEvaluator, instance: &Arc<Instance>, input: &Input) {
        let decided = evaluator.decide(TimedQuestion {
            instance: Arc::clone(instance),
            input: input.json.clone(),
            request_id: "init".to_owned(),
            labels: Vec::new(),
        });
        match decided {
            Ok((decision, output)) => match decision.verdict {
                Some(Verdict::Allowed) => {
                    self.allowed += 1;
                    self.text.push_str("    expect: allowed\n");
                }
                Some(Verdict::Denied) => {
                    self.denied += 1;
                    let checks = denying(&String::from_utf8_lossy(&output));
                    if checks.is_empty() {
                        self.text.push_str("    expect: denied\n");
                        return;
                    }
                    self.text.push_str("    expect:\n      verdict: denied\n      checks:\n");
                    for check in checks {
                        let _ = writeln!(self.text, "        - {}", plain(&check));
                    }
                }
                None => {
                    self.others += 1;
                    let output = serde_json::from_slice(&output).unwrap_or_default();
                    let output = json(&output);
                    let _ = write!(
                        self.text,
                        "    expect:\n      verdict: none\n      output: {output}\n"
                    );
                }
            },
            Err(error) => {
                self.others += 1;
                let message = match error {
                    TimedError::Decision(DecisionError::Evaluate(EvaluateError::Input(error))) => {
                        input.message(&error)
                    }
                    error => error.to_string(),
                };
                let message = json(&message.into());
                let _ = write!(self.text, "    expect:\n      error: {message}\n");
            }
        }
    }
}

/// Returns whether JSON text is an object of Kubernetes, which a review would be about.
fn is_object(json: &[u8]) -> bool {
    let value: Json = serde_json::from_slice(json).unwrap_or_default();
    let kind = value.get("kind").and_then(Json::as_str);
    kind.is_some_and(|kind| !matches!(kind, "" | "AdmissionReview" | "List"))
}

/// The path of a file as seen from a folder.
fn relative(path: &Path, folder: &Path) -> String {
    let absolute = |path: &Path| {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    };
    let (path, folder) = (absolute(path), absolute(folder));
    let mut below = path.components().peekable();
    let mut above = folder.components().peekable();
    while below.peek().is_some() && below.peek() == above.peek() {
        below.next();
        above.next();
    }
    let relative: PathBuf = above.map(|_| Component::ParentDir).chain(below).collect();
    if relative.as_os_str().is_empty() { ".".to_owned() } else { relative.display().to_string() }
}

/// The reason why there is nothing to write a suite of.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Read(#[from] SourceError),
    #[error("`{0}`: {1}")]
    Document(String, DocumentError),
    #[error("no file that is named holds a document")]
    Empty,
}
