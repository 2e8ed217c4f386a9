use std::borrow::Cow;

use super::error::HttpError;
use super::path::percent_decode;

/// The options that OPA's API takes from a URL's query.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the URL")]
pub(crate) struct Query {
    /// Indents the response.
    pub(crate) pretty: bool,
    /// Adds durations to the response.
    pub(crate) metrics: bool,
    /// Adds the policies and their versions to the response.
    pub(crate) provenance: bool,
    /// The input of a `GET` request.
    pub(crate) input: Option<String>,
    /// Asks `/health` for readiness.
    pub(crate) ready: bool,
}

impl Query {
    /// Parses a query. Unknown names are ignored, as by OPA.
    ///
    /// # Errors
    /// When a value is not UTF-8 once it is decoded.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, HttpError> {
        let mut parsed = Self::default();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').map_or((pair, None), |(n, v)| (n, Some(v)));
            match name {
                "pretty" => parsed.pretty = is_on(value),
                "metrics" | "instrument" => parsed.metrics |= is_on(value),
                "provenance" => parsed.provenance = is_on(value),
                "bundle" | "bundles" | "plugins" => parsed.ready |= is_on(value),
                "input" => {
                    let value = form_decode(value.unwrap_or_default()).ok_or(HttpError::Query(
                        "the query's `input` is not UTF-8 once it is decoded",
                    ))?;
                    parsed.input = Some(value.into_owned());
                }
                _ => {}
            }
        }
        Ok(parsed)
    }
}

/// Tells whether a switch is on. A name without a value is, as with OPA.
fn is_on(value: Option<&str>) -> bool {
    matches!(value, None | Some("" | "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// Decodes text as HTML forms encode it: a space is a `+`.
fn form_decode(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decode(&spaced).map(|text| Cow::Owned(text.into_owned()));
    }
    percent_decode(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switch_without_a_value_is_on() {
        let query =
            Query::parse(Some("pretty&metrics=true&provenance=false&explain=full")).unwrap();
        assert!(query.pretty && query.metrics && !query.provenance);
        assert_eq!(Query::parse(None).unwrap(), Query::default());
    }

    #[test]
    fn input_is_form_decoded() {
        let query = Query::parse(Some("input=%7B%22a%22%3A+%22%2B%22%7D")).unwrap();
        assert_eq!(query.input.as_deref(), Some(r#"{"a": "+"}"#));
        assert_eq!(
            Query::parse(Some("input=%ff")).unwrap_err().to_string(),
            "the query's `input` is not UTF-8 once it is decoded"
        );
    }
}
