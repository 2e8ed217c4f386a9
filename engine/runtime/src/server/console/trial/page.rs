use hyper::body::Bytes;
use policy_api::Verdict;
use policy_console::{ResultKind, TrialPage, TrialResult, TriedSide, Violation};
use serde_json::{Value, json};

use super::choices::{Choices, Subject};
use super::differences::differences;
use super::evaluate::{Evaluated, Question, evaluate};
use super::example::example;
use super::fields::{Field, fields};
use super::form::{Action, SentForm};
use super::input::Input;
use super::settings::{TrialSettings, configured};
use super::yaml::yaml;
use crate::policies::{Hidden, SchemaOf, Settings, masked, schema};
use crate::server::console::decision;
use crate::server::console::places::{Places, marked, violations};
use crate::server::console::pretty::pretty;
use crate::server::console_state::Console;
use crate::server::console_state::TrialPlace;
use crate::server::http::memory_budget::Reservation;
use crate::server::policy::{EvaluationFailure, EvaluationOutput};
use crate::server::state::{App, AppState, digest};
use crate::system::long_work;

/// The page on which policies are tried, by the query of its address and the form that was sent.
pub(in crate::server::console) async fn page(
    app: &App,
    console: &Console,
    state: &AppState,
    query: &str,
    body: &Bytes,
) -> TrialPage {
    let mut sent = SentForm::parse(query, body);
    let choices = Choices::new(state, &console.registry);
    let mut problems = Vec::new();
    if let Some(id) = sent.decision.take() {
        problems.extend(begin_with_decision(app, state, &choices, &id, &mut sent));
    }
    if sent.form.policy.is_empty()
        && let Some(first) = choices.first()
    {
        first.clone_into(&mut sent.form.policy);
    }
    let mut page = TrialPage {
        policies: Vec::new(),
        form: sent.form.clone(),
        fields: Vec::new(),
        configuration: None,
        problems,
        settings_are_valid: false,
        result: None,
    };
    match tried(&choices, &sent).await {
        Ok(tried) => tried.fill(console, state, &sent, &mut page).await,
        Err(problem) => page.problems.push(problem),
    }
    page.policies = choices.into_models();
    page
}

/// Begins with the input of a decision, and with the policy that made it. Tells what is missing.
fn begin_with_decision(
    app: &App,
    state: &AppState,
    choices: &Choices,
    id: &str,
    sent: &mut SentForm,
) -> Vec<String> {
    let Some(decided) = decision::question(app, state, id) else {
        return vec![format!("no decision `{id}` is kept, or not any more")];
    };
    sent.form.input = decided.input;
    let value = choices.value_of(&decided.id, &decided.policy, &decided.version);
    let reference = format!("{}@{}", decided.policy, decided.version);
    let mut problems: Vec<_> = decided.caveat.into_iter().collect();
    match value {
        Some(value) => value.clone_into(&mut sent.form.policy),
        None => problems.push(format!("`{reference}` is not in this program")),
    }
    problems
}

/// The policy that is tried and, if there is one, the one beside it.
async fn tried(choices: &Choices, sent: &SentForm) -> Result<Tried, String> {
    let mut hidden = Hidden::default();
    let find = |value: &str| {
        let subject = choices.find(value).cloned();
        subject.ok_or_else(|| format!("no policy `{value}` is served, or in this program"))
    };
    let first =
        Side::new(find(&sent.form.policy)?, &sent.form.settings, Some(sent), &mut hidden).await;
    let second = match sent.action {
        Action::Compare if !sent.form.other.is_empty() => {
            let other = find(&sent.form.other)?;
            Some(Side::new(other, &sent.form.other_settings, None, &mut hidden).await)
        }
        // The same policy, as it is.
        Action::Compare if first.settings.as_ref().is_ok_and(|settings| !settings.are_own) => {
            Some(Side::new(first.subject.clone(), "", None, &mut hidden).await)
        }
        Action::Compare => {
            return Err("choose a policy beside it, or other settings, to compare".to_owned());
        }
        _ => None,
    };
    Ok(Tried { first, second, hidden })
}

/// What is tried.
struct Tried {
    first: Side,
    second: Option<Side>,
    hidden: Hidden,
}

/// A policy with its settings.
struct Side {
    subject: Subject,
    /// What it is served with, without secrets.
    shown_settings: Value,
    fields: Vec<Field>,
    settings: Result<TrialSettings, Vec<String>>,
}

impl Side {
    async fn new(
        subject: Subject,
        text: &str,
        sent: Option<&SentForm>,
        hidden: &mut Hidden,
    ) -> Self {
        let entry = subject.entry();
        let schema = schema(entry, SchemaOf::Settings).await;
        // Where nobody can tell what is secret, all is.
        let all_secret = json!({"writeOnly": true});
        let schema = schema.as_ref().map_or(Some(&all_secret), Option::as_ref);
        let configured = configured(&subject);
        let fields = schema.map(fields).unwrap_or_default();
        let none = SentForm::default();
        let sent = sent.unwrap_or(&none);
        let settings = TrialSettings::new(&configured, schema, text, &fields, sent, hidden);
        Self { shown_settings: masked(&configured, schema), subject, fields, settings }
    }

    fn ready(&self) -> Result<ReadySide<'_>, Vec<String>> {
        let settings = self.settings.as_ref().map_err(Vec::clone)?;
        Ok(ReadySide { side: self, settings })
    }

    /// The policy's own settings are those that it is asked with.
    fn is_as_served(&self) -> bool {
        let are_own = self.settings.as_ref().is_ok_and(|settings| settings.are_own);
        are_own && self.subject.served().is_some()
    }

    /// Which settings it is asked with, in words.
    fn settings_from(&self) -> &'static str {
        let are_own = self.settings.as_ref().is_ok_and(|settings| settings.are_own);
        match (are_own, self.subject.served()) {
            (true, Some(_)) => "as served",
            (true, None) => "with its defaults",
            (false, _) => "with the settings below",
        }
    }
}

/// A policy with settings that could be read.
#[derive(Clone, Copy)]
struct ReadySide<'a> {
    side: &'a Side,
    settings: &'a TrialSettings,
}

impl Tried {
    /// Does what is asked for, and fills the page.
    async fn fill(
        self,
        console: &Console,
        state: &AppState,
        sent: &SentForm,
        page: &mut TrialPage,
    ) {
        let action = match sent.action {
            Action::Show => Ok(()),
            Action::Example => self.example(page).await,
            Action::Check => self.check(console, state, page).await,
            Action::Try | Action::Compare => self.evaluate(console, state, page).await,
        };
        if let Err(problems) = action {
            let told = problems.into_iter().map(|problem| self.hidden.masked(problem));
            page.problems.extend(told);
        }
        let Self { first: Side { subject, shown_settings, fields, settings }, .. } = self;
        page.configuration = settings.ok().map(|settings| settings.configuration(&subject));
        let models =
            fields.into_iter().map(|field| field.into_model(&sent.fields, &shown_settings));
        page.fields = models.collect();
    }

    async fn example(&self, page: &mut TrialPage) -> Result<(), Vec<String>> {
        let entry = self.first.subject.entry();
        match schema(entry, SchemaOf::Input).await {
            Ok(Some(schema)) => {
                page.form.input = yaml(&example(&schema));
                Ok(())
            }
            _ => Err(vec![format!("`{}` describes no input by a schema: paste one", entry.name())]),
        }
    }

    async fn check(
        &self,
        console: &Console,
        state: &AppState,
        page: &mut TrialPage,
    ) -> Result<(), Vec<String>> {
        let first = self.first.ready()?;
        let place = console.trials.place().await.map_err(|problem| vec![problem])?;
        let memory = Reservation::empty(&console.memory);
        put(&place, state, first, None, memory)
            .await
            .map_err(|problem| vec![format!("the settings: {problem}")])?;
        page.settings_are_valid = true;
        Ok(())
    }

    /// Both policies with settings that could be read, or all that is wrong with either's.
    fn ready(&self) -> Result<(ReadySide<'_>, Option<ReadySide<'_>>), Vec<String>> {
        match (self.first.ready(), self.second.as_ref().map(Side::ready).transpose()) {
            (Ok(first), Ok(second)) => Ok((first, second)),
            (first, second) => {
                let problems = [first.err(), second.err()].into_iter().flatten();
                Err(problems.flatten().collect())
            }
        }
    }

    async fn evaluate(
        &self,
        console: &Console,
        state: &AppState,
        page: &mut TrialPage,
    ) -> Result<(), Vec<String>> {
        let (first, second) = self.ready()?;
        let text = page.form.input.as_str();
        let place = console.trials.place().await.map_err(|problem| vec![problem])?;
        let input = long_work::on_bytes(text.len(), || Input::read(text, state.limits.body))
            .map_err(|problem| vec![problem])?;
        let side = self.side(console, state, &place, first, &input).await?;
        let other = match second {
            Some(second) => Some(self.side(console, state, &place, second, &input).await?),
            None => None,
        };
        page.result = Some(TrialResult {
            input: marked(text, &side.violations),
            differences: other.as_ref().map(|other| differences(&side, other)).unwrap_or_default(),
            side,
            other,
        });
        Ok(())
    }

    async fn side(
        &self,
        console: &Console,
        state: &AppState,
        place: &TrialPlace,
        ready: ReadySide<'_>,
        input: &Input,
    ) -> Result<TriedSide, Vec<String>> {
        let memory = Reservation::beside(&console.memory, input.json.len());
        let evaluated = put(place, state, ready, Some(input.json.clone()), memory)
            .await
            .map_err(|problem| vec![format!("the settings: {problem}")])?;
        let ReadySide { side, settings } = ready;
        let settings_digest = match side.subject.served() {
            Some(policy) if side.is_as_served() => policy.settings_digest.clone(),
            _ => digest(&to_settings(&settings.value)),
        };
        let entry = side.subject.entry();
        let tried = TriedSide {
            policy: entry.name().to_owned(),
            version: entry.version.to_string(),
            settings_digest,
            settings_from: side.settings_from(),
            verdict: ResultKind::Failed,
            mode: side.subject.mode().name(),
            violations: Vec::new(),
            omitted_violations: 0,
            output: None,
            error: None,
            microseconds: None,
            allocated_bytes: None,
        };
        Ok(match evaluated {
            Some(Ok(output)) => self.decided(tried, &output, &input.places),
            Some(Err(failure)) => TriedSide { error: Some(self.told(&failure, input)), ..tried },
            None => tried,
        })
    }

    fn decided(&self, tried: TriedSide, output: &EvaluationOutput, places: &Places) -> TriedSide {
        let text = String::from_utf8_lossy(&output.text);
        let none = (Vec::new(), 0);
        let (verdict, (mut violations, omitted_violations)) = match output.verdict {
            Some(Verdict::Allowed) => (ResultKind::Allowed, none),
            Some(Verdict::Denied) => (ResultKind::Denied, violations(&text, places)),
            None => (ResultKind::Answered, none),
        };
        for violation in &mut violations {
            self.mask(violation);
        }
        TriedSide {
            verdict,
            violations,
            omitted_violations,
            output: Some(self.hidden.masked(pretty(&text))),
            microseconds: Some(output.elapsed.as_secs_f64() * 1e6),
            allocated_bytes: Some(output.usage.allocated),
            ..tried
        }
    }

    /// Takes secrets out of a violation.
    fn mask(&self, Violation { check, field, message, .. }: &mut Violation) {
        for text in [check, field].into_iter().flatten().chain([message]) {
            *text = self.hidden.masked(std::mem::take(text));
        }
    }

    fn told(&self, failure: &EvaluationFailure, input: &Input) -> String {
        match failure {
            EvaluationFailure::Input(error) => self.hidden.masked(input.told(error)),
            EvaluationFailure::Exhausted(_) => {
                "more memory is needed than the console has for trials".to_owned()
            }
            failure => self.hidden.masked(failure.to_string()),
        }
    }
}

async fn put(
    place: &TrialPlace,
    state: &AppState,
    ReadySide { side, settings }: ReadySide<'_>,
    input: Option<Bytes>,
    memory: Reservation,
) -> Result<Evaluated, String> {
    let settings = (!side.is_as_served()).then(|| to_settings(&settings.value));
    let (subject, defaults) = (side.subject.clone(), state.policy_defaults);
    let question = Question { subject, defaults, settings, input, memory };
    evaluate(place, question).await
}

fn to_settings(value: &Value) -> Settings {
    // What a value writes is JSON.
    Settings::from_json(&value.to_string()).unwrap_or_default()
}
