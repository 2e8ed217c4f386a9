use std::collections::BTreeMap;

use hyper::body::Bytes;
use policy_console::TrialForm;

/// The beginning of the names of fields of settings.
pub(super) const FIELD: &str = "set.";

/// What is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Action {
    /// The form is shown.
    #[default]
    Show,
    Try,
    Compare,
    /// An example takes the input's place.
    Example,
    /// The settings are validated.
    Check,
}

/// The form, as it was sent.
#[derive(Debug, Default)]
pub(super) struct SentForm {
    pub(super) form: TrialForm,
    pub(super) action: Action,
    /// The fields of settings that are not empty, by their names.
    pub(super) fields: BTreeMap<String, String>,
    /// The id of a decision to begin with.
    pub(super) decision: Option<String>,
}

impl SentForm {
    /// Reads a form from a query and a body. A query evaluates nothing: it may be another site's.
    pub(super) fn parse(query: &str, body: &Bytes) -> Self {
        let (mut form, mut fields) = (TrialForm::default(), BTreeMap::new());
        let (mut asked, mut decision) = (None, None);
        let pairs = [query.as_bytes(), body].into_iter().flat_map(form_urlencoded::parse);
        for (name, value) in pairs {
            // Browsers end the lines of a text as HTTP does.
            let value = value.replace("\r\n", "\n");
            match &*name {
                "policy" => form.policy = value,
                "other" => form.other = value,
                "input" => form.input = value,
                "settings" => form.settings = value,
                "other_settings" => form.other_settings = value,
                "do" => asked = Some(value),
                "decision" => decision = Some(value),
                _ if name.starts_with(FIELD) && !value.is_empty() => {
                    fields.insert(name.into_owned(), value);
                }
                _ => {}
            }
        }
        let action = match asked.as_deref() {
            Some("example") => Action::Example,
            _ if body.is_empty() => Action::Show,
            Some("check") => Action::Check,
            Some("compare") => Action::Compare,
            _ if !form.other.is_empty() => Action::Compare,
            Some(_) | None => Action::Try,
        };
        Self { form, action, fields, decision }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn action_is_by_the_button_and_never_an_evaluation_by_a_query() {
        for (query, body, action) in [
            ("", "", Action::Show),
            ("do=try&policy=pods", "", Action::Show),
            ("do=example", "", Action::Example),
            ("", "policy=pods", Action::Try),
            ("", "do=try&other=b", Action::Compare),
            ("", "other=b", Action::Compare),
            ("", "do=compare", Action::Compare),
            ("", "do=check", Action::Check),
        ] {
            let sent = SentForm::parse(query, &Bytes::copy_from_slice(body.as_bytes()));
            assert_eq!(sent.action, action, "{query} {body}");
        }
    }

    #[test]
    fn texts_are_decoded() {
        let body = Bytes::from_static(b"input=a%3A+1%0D%0Ab%3A+%C3%A9&set.a=&set.b.c=1");
        let sent = SentForm::parse("policy=pods&decision=d", &body);
        assert_eq!((&*sent.form.policy, &*sent.form.input), ("pods", "a: 1\nb: é"));
        assert_eq!(sent.fields, BTreeMap::from([("set.b.c".to_owned(), "1".to_owned())]));
        assert_eq!(sent.decision.as_deref(), Some("d"));
    }
}
