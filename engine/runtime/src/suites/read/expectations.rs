//! What is expected of answers, as far as it can hold.

use policy_api::Verdict;
use policy_text::most_similar;

use super::reader::{Reader, Reported};
use crate::documents::located::{Node, Value};
use crate::policies::Entry;
use crate::suites::expectation::{CheckIds, Expectation, ExpectedAnswer, ExpectedChecks};
use crate::suites::fields::{Fields, below, wrong};
use crate::suites::keys;

impl Reader<'_> {
    /// An expectation: a verdict alone, or a table.
    pub(super) fn expectation(
        &mut self,
        path: &str,
        node: Node,
        entry: Option<&Entry>,
    ) -> Option<Expectation> {
        let at = node.at.clone();
        if let Value::Text(_) = &node.value {
            let verdict = Some((self.verdict(path, &node).ok()?, at));
            let answer = ExpectedAnswer { verdict, ..ExpectedAnswer::default() };
            return Some(Expectation::Answer(answer));
        }
        let before = self.errors.len();
        let mut fields = Fields::new(path, node, &keys::EXPECT, &mut self.errors)?;
        let error = fields.text("error", &mut self.errors);
        let verdict = fields.take("verdict");
        let checks = fields.take("checks");
        let output = fields.take_any("output");
        let operations = fields.take("patch");
        if self.errors.len() > before {
            return None;
        }
        if let Some((part, error_at)) = error {
            if verdict.is_some() || checks.is_some() || output.is_some() || operations.is_some() {
                let message = "never holds: where there is an error there is no answer";
                self.error(&error_at, format_args!("`{path}.error` beside others {message}"));
                return None;
            }
            return Some(Expectation::Error(part, error_at));
        }
        let verdict = match verdict {
            Some(node) => {
                let found = self.verdict(&below(path, "verdict"), &node);
                found.ok().map(|verdict| (verdict, node.at))
            }
            None => None,
        };
        let checks = checks.and_then(|node| self.checks(&below(path, "checks"), node, entry));
        if let Some(node) = &operations
            && !matches!(node.value, Value::List(_))
        {
            self.errors.push(wrong(&below(path, "patch"), node, "a list of operations"));
        }
        if self.errors.len() > before {
            return None;
        }
        let answer = ExpectedAnswer { verdict, checks, output, patch: operations };
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

    fn verdict(&mut self, path: &str, node: &Node) -> Result<Option<Verdict>, Reported> {
        match &node.value {
            Value::Text(text) if text == "allowed" => Ok(Some(Verdict::Allowed)),
            Value::Text(text) if text == "denied" => Ok(Some(Verdict::Denied)),
            Value::Text(text) if text == "none" => Ok(None),
            _ => {
                self.errors.push(wrong(path, node, "`allowed`, `denied` or `none`"));
                Err(Reported)
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
}
