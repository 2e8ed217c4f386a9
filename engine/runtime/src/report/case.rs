use crate::documents::tree::Position;

/// All that one run decided, in order: the cases of a file stand together.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    /// The command that decided, such as `eval`.
    pub(crate) command: &'static str,
    pub(crate) policy: &'a str,
    pub(crate) version: &'a str,
    /// The policy's own, in one sentence; it may be empty.
    pub(crate) description: &'a str,
    pub(crate) cases: Vec<Case>,
}

/// What came of one document.
#[derive(Debug)]
pub(crate) struct Case {
    /// The file, as it was named; `-` is standard input.
    pub(crate) file: String,
    /// Its number in the file, counted from 1; `None` where the file as a whole failed.
    pub(crate) document: Option<usize>,
    /// The place that the document begins at.
    pub(crate) place: Option<Position>,
    pub(crate) verdict: Verdict,
}

/// A verdict, with what led to it.
#[derive(Debug)]
pub(crate) enum Verdict {
    Allowed,
    /// The output is no verdict.
    None,
    /// What was found, if the policy says so.
    Denied(Vec<Finding>),
    /// There is no answer, for this reason.
    Failed(String),
}

/// One thing that a policy does not allow.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The check that found it.
    pub(crate) check: Option<String>,
    /// The path of what offends, such as `spec.hostNetwork`.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
    /// The place of that in the file, or of the nearest part around it.
    pub(crate) place: Option<Position>,
}

impl Report<'_> {
    /// The cases of each file, in order.
    pub(super) fn files(&self) -> impl Iterator<Item = &[Case]> {
        self.cases.chunk_by(|one, next| one.file == next.file)
    }

    /// The policy with its version, such as `pods@1.0.0`.
    pub(super) fn policy_ref(&self) -> String {
        format!("{}@{}", self.policy, self.version)
    }
}

impl Case {
    /// The file as messages name it.
    pub(super) fn file_name(&self) -> &str {
        if self.is_standard_input() { "standard input" } else { &self.file }
    }

    pub(super) fn is_standard_input(&self) -> bool {
        self.file == "-"
    }

    /// The name within its file, such as `document 2`.
    pub(super) fn name(&self) -> String {
        self.document.map_or_else(|| "the file".to_owned(), |number| format!("document {number}"))
    }

    /// All that keeps it from passing, each with its place: findings, or the reason why there is no
    /// answer.
    pub(super) fn problems(&self) -> Vec<Problem<'_>> {
        let problem = |text: String, check, place: Option<Position>| Problem {
            text,
            check,
            place: place.or(self.place),
        };
        match &self.verdict {
            Verdict::Allowed | Verdict::None => Vec::new(),
            Verdict::Failed(reason) => vec![problem(reason.clone(), None, None)],
            Verdict::Denied(findings) if findings.is_empty() => {
                vec![problem("denied, without a reason".to_owned(), None, None)]
            }
            Verdict::Denied(findings) => findings
                .iter()
                .map(|finding| problem(finding.text(), finding.check.as_deref(), finding.place))
                .collect(),
        }
    }

    pub(super) fn is_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed(_))
    }

    pub(super) fn is_denied(&self) -> bool {
        matches!(self.verdict, Verdict::Denied(_))
    }
}

/// A line of a report.
pub(super) struct Problem<'a> {
    pub(super) text: String,
    pub(super) check: Option<&'a str>,
    pub(super) place: Option<Position>,
}

impl Finding {
    fn text(&self) -> String {
        match &self.field {
            Some(field) => format!("{field}: {}", self.message),
            None => self.message.clone(),
        }
    }
}
