/// A line and a column, both counted from 1.
pub type Position = (usize, usize);

/// All that one run of a command found, in order: the cases of a file stand together.
#[derive(Debug)]
pub struct Report {
    /// The program.
    pub tool: Tool,
    /// The words of its command.
    pub words: Words,
    /// The rules that its findings may be of.
    pub rules: Vec<Rule>,
    /// What it looked at.
    pub cases: Vec<Case>,
}

/// The program that reports.
#[derive(Debug, Clone, Copy)]
pub struct Tool {
    /// Its name, such as `policy-engine`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// The words of a command.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// Its name, such as `eval`.
    pub command: &'static str,
    /// What passed is called: `allowed`, for instance.
    pub passed: &'static str,
    /// What did not pass is called: `denied`, for instance.
    pub failed: &'static str,
    /// What could not be looked at is called.
    pub broken: &'static str,
}

/// A rule that something may break.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The id, such as `pods/hostNetwork`: [`Case::rule`], and a check behind a `/`.
    pub id: String,
    /// One sentence: what it demands.
    pub summary: String,
    /// The weight of breaking it.
    pub severity: Severity,
    /// A page that says more.
    pub link: Option<String>,
}

/// The weight of breaking a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// To be mended in time.
    Medium,
    /// To be mended now.
    High,
    /// An open door.
    Critical,
}

/// What came of one thing, such as one document of a file.
#[derive(Debug)]
pub struct Case {
    /// The file, as it was named; `-` is standard input.
    pub file: String,
    /// The name within its file, such as `document 2`.
    pub name: String,
    /// What judged it, such as `pods@1.0.0`.
    pub judge: String,
    /// The id of the rule that it breaks where no check is named, such as `pods`.
    pub rule: String,
    /// The place that it begins at.
    pub place: Option<Position>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of one thing.
#[derive(Debug)]
pub enum Outcome {
    /// It breaks no rule.
    Passed,
    /// It breaks some. What was found, if that is known.
    Failed(Vec<Finding>),
    /// It could not be looked at, for this reason.
    Broken(String),
}

/// One thing that is not as a rule demands.
#[derive(Debug)]
pub struct Finding {
    /// The check that found it.
    pub check: Option<String>,
    /// The path of what offends, such as `spec.hostNetwork`.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The place of that in the file, or of the nearest part around it.
    pub place: Option<Position>,
}

impl Report {
    /// The cases of each file, in order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &[Case]> {
        self.cases.chunk_by(|one, next| one.file == next.file)
    }

    /// The rule of an id. Of a check that was not declared, it is that of its policy.
    pub(crate) fn rule(&self, id: &str) -> Option<&Rule> {
        let find = |id: &str| self.rules.iter().find(|rule| rule.id == id);
        find(id).or_else(|| find(id.split_once('/')?.0))
    }
}

impl Case {
    /// The file as messages name it.
    pub(crate) fn file_name(&self) -> &str {
        if self.is_standard_input() { "standard input" } else { &self.file }
    }

    pub(crate) fn is_standard_input(&self) -> bool {
        self.file == "-"
    }

    /// All that keeps it from passing, each with its place: findings, or the reason why there is no
    /// answer.
    pub(crate) fn problems<'c>(&'c self, words: Words) -> Vec<Problem<'c>> {
        let problem = |text: String, check: Option<&'c str>, place: Option<Position>| Problem {
            text,
            check,
            rule: match check {
                Some(check) => format!("{}/{check}", self.rule),
                None => self.rule.clone(),
            },
            place: place.or(self.place),
        };
        match &self.outcome {
            Outcome::Passed => Vec::new(),
            Outcome::Broken(reason) => vec![problem(reason.clone(), None, None)],
            Outcome::Failed(findings) if findings.is_empty() => {
                vec![problem(format!("{}, without a reason", words.failed), None, None)]
            }
            Outcome::Failed(findings) => findings
                .iter()
                .map(|finding| problem(finding.text(), finding.check.as_deref(), finding.place))
                .collect(),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        matches!(self.outcome, Outcome::Broken(_))
    }

    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }
}

/// A line of a report.
pub(crate) struct Problem<'a> {
    pub(crate) text: String,
    pub(crate) check: Option<&'a str>,
    /// The id of the rule.
    pub(crate) rule: String,
    pub(crate) place: Option<Position>,
}

impl Finding {
    fn text(&self) -> String {
        match &self.field {
            Some(field) => format!("{field}: {}", self.message),
            None => self.message.clone(),
        }
    }
}
