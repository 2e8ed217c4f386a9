use hyper::body::Bytes;
use policy_console::{ReplayPage, ReplayReport};
use serde_json::{Deserializer, Value};

/// The page of a report, which a form brings in the field `report`.
pub(super) fn page(form: &Bytes) -> ReplayPage {
    let report = form_urlencoded::parse(form).find(|(name, _)| name == "report");
    let Some((_, text)) = report.filter(|(_, text)| !text.trim().is_empty()) else {
        return ReplayPage::default();
    };
    match policy_api::decode::<ReplayReport>(text.as_bytes()) {
        Ok(report) => ReplayPage { report: Some(report), problem: None },
        Err(error) => {
            let problem = match first_value(&text) {
                Some(value) if is_event(&value) => {
                    "this is a decision log: run `policy-engine replay --format json` on it, and \
                     paste its report"
                        .to_owned()
                }
                None if !text.trim_start().starts_with(['{', '[']) => {
                    "this is no report of `policy-engine replay --format json`: expected JSON"
                        .to_owned()
                }
                _ => format!("this is no report of `policy-engine replay --format json`: {error}"),
            };
            ReplayPage { report: None, problem: Some(problem) }
        }
    }
}

fn first_value(text: &str) -> Option<Value> {
    Deserializer::from_str(text).into_iter().next()?.ok()
}

/// An event of a decision log, or a list of them as collectors get it.
fn is_event(value: &Value) -> bool {
    value.get(0).unwrap_or(value).get("decision_id").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(report: &str) -> ReplayPage {
        let form =
            form_urlencoded::Serializer::new(String::new()).append_pair("report", report).finish();
        page(&form.into())
    }

    #[test]
    fn report_is_read_from_its_form() {
        let report = r#"{"decisions":2,"changed":1,"cannot_be_replayed":{},"other_events":0,
            "unreadable_events":0,"policies":[{"policy":"p","before":{"version":"1.0.0",
            "nanoseconds":null},"after":{"version":null,"nanoseconds":{"mean":1,"p50":1,"p99":2}},
            "matrix":[{"before":"allowed","after":"denied","change":"verdict","decisions":1,
            "examples":[]}]}]}"#;
        let report = page_of(report).report.unwrap();
        assert_eq!((report.decisions, report.policies[0].matrix[0].decisions), (2, 1));
    }

    #[test]
    fn other_text_is_told() {
        assert_eq!(
            page_of("[]").problem.unwrap(),
            "this is no report of `policy-engine replay --format json`: expected an object, found an \
             array, at line 1 column 2"
        );
        let event = r#"{"decision_id": "1", "input": {}}"#;
        for log in [event.to_owned(), format!("{event}\n{event}\n"), format!("[{event}, {event}]")]
        {
            assert_eq!(
                page_of(&log).problem.unwrap(),
                "this is a decision log: run `policy-engine replay --format json` on it, and paste \
                 its report"
            );
        }
        assert_eq!(
            page_of("decisions  changed").problem.unwrap(),
            "this is no report of `policy-engine replay --format json`: expected JSON"
        );
        let empty = page(&Bytes::new());
        assert!(empty.report.is_none() && empty.problem.is_none());
    }
}
