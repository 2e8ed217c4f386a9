use std::borrow::Cow;

use super::route::percent_decoded;

/// The switches of OPA's Data API, from a URL's query.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own in the URL")]
pub(crate) struct Query {
    /// Lay the answer out for people.
    pub(crate) pretty: bool,
    /// Say how long it took.
    pub(crate) metrics: bool,
    /// Say what answered.
    pub(crate) provenance: bool,
    /// The input, of a `GET`.
    pub(crate) input: Option<String>,
    /// The question is whether the server is ready, of `/health`.
    pub(crate) ready: bool,
}

impl Query {
    /// Reads a query. What it does not know it passes over, as OPA does.
    ///
    /// # Errors
    /// Text that is not UTF-8 once it is decoded.
    pub(crate) fn of(query: Option<&str>) -> Result<Self, String> {
        let mut read = Self::default();
        for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').map_or((pair, None), |(n, v)| (n, Some(v)));
            match name {
                "pretty" => read.pretty = is_on(value),
                "metrics" | "instrument" => read.metrics |= is_on(value),
                "provenance" => read.provenance = is_on(value),
                "bundle" | "bundles" | "plugins" => read.ready |= is_on(value),
                "input" => {
                    let value = form_decoded(value.unwrap_or_default())
                        .ok_or("the query's `input` is not UTF-8 once it is decoded")?;
                    read.input = Some(value.into_owned());
                }
                _ => {}
            }
        }
        Ok(read)
    }
}

/// A bare name is on, as with OPA.
fn is_on(value: Option<&str>) -> bool {
    matches!(value, None | Some("" | "1" | "t" | "T" | "true" | "TRUE" | "True"))
}

/// As HTML forms encode: a space is a `+`.
fn form_decoded(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        return percent_decoded(&spaced).map(|text| Cow::Owned(text.into_owned()));
    }
    percent_decoded(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_on_when_they_are_there() {
        let query = Query::of(Some("pretty&metrics=true&provenance=false&explain=full")).unwrap();
        assert!(query.pretty && query.metrics && !query.provenance);
        assert_eq!(Query::of(None).unwrap(), Query::default());
    }

    #[test]
    fn an_input_is_decoded() {
        let query = Query::of(Some("input=%7B%22a%22%3A+%22%2B%22%7D")).unwrap();
        assert_eq!(query.input.as_deref(), Some(r#"{"a": "+"}"#));
        assert_eq!(
            Query::of(Some("input=%ff")).unwrap_err(),
            "the query's `input` is not UTF-8 once it is decoded"
        );
    }
}
