use std::borrow::Cow;

use hyper::Method;

/// What a request asks for, told by its method and path alone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /v1/data/…`, `GET /v1/data/…?input=`
    Data(DataApi, Path),
    /// `POST /`: of the policy that the configuration names, as `POST /v0/data/…`
    Default,
    /// `POST /v1/batch/data/…`
    Batch(Path),
    /// `POST /validate/…`, `POST /audit/…`
    Admission(Endpoint, Path),
    /// `GET /v1/policies`
    Policies,
    /// `GET /v1/policies/…`
    Policy(Path),
    /// `GET /v1/config`
    Config,
    Health(Health),
    Metrics,
    OpenApi,
}

/// The three forms of OPA's Data API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataApi {
    /// The input is the body, and the result the answer.
    V0,
    /// Both are fields of objects.
    V1,
    /// The same, with the input in the query.
    V1Get,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// As the policy's mode says.
    Validate,
    /// As the policy says.
    Audit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    /// As OPA has it: alive, and ready where the query asks for that.
    Opa,
    Live,
    Ready,
}

/// Which error bodies a client understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Opa,
    Kubernetes,
}

/// The part of a path that is the user's own, decoded and with no empty segment in it: a policy's
/// id, perhaps its version, and what is wanted of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(String);

impl Path {
    pub(crate) fn new(path: &str) -> Self {
        let mut joined = String::with_capacity(path.len());
        for segment in path.split('/').filter(|segment| !segment.is_empty()) {
            if !joined.is_empty() {
                joined.push('/');
            }
            joined.push_str(segment);
        }
        Self(joined)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why there is no route.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    NotFound,
    /// With the methods that there are, for the header `Allow`.
    Method(&'static str),
    /// The path is not UTF-8 once it is decoded.
    Encoding,
}

impl Route {
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, NoRoute> {
        let get = matches!(*method, Method::GET | Method::HEAD);
        let post = *method == Method::POST;
        let on_get = |route| if get { Ok(route) } else { Err(NoRoute::Method("GET, HEAD")) };
        let on_post = |route| if post { Ok(route) } else { Err(NoRoute::Method("POST")) };
        if path == "/" {
            return on_post(Self::Default);
        }
        match path.trim_end_matches('/') {
            "/health" => return on_get(Self::Health(Health::Opa)),
            "/health/live" => return on_get(Self::Health(Health::Live)),
            "/health/ready" => return on_get(Self::Health(Health::Ready)),
            "/metrics" => return on_get(Self::Metrics),
            "/openapi.json" => return on_get(Self::OpenApi),
            "/v1/policies" => return on_get(Self::Policies),
            "/v1/config" => return on_get(Self::Config),
            _ => {}
        }
        if let Some(rest) = below(path, "/v1/data") {
            let api = if get { DataApi::V1Get } else { DataApi::V1 };
            if !get && !post {
                return Err(NoRoute::Method("GET, HEAD, POST"));
            }
            return Ok(Self::Data(api, decoded(rest)?));
        }
        if let Some(rest) = below(path, "/validate") {
            return on_post(Self::Admission(Endpoint::Validate, decoded(rest)?));
        }
        if let Some(rest) = below(path, "/audit") {
            return on_post(Self::Admission(Endpoint::Audit, decoded(rest)?));
        }
        if let Some(rest) = below(path, "/v0/data") {
            return on_post(Self::Data(DataApi::V0, decoded(rest)?));
        }
        if let Some(rest) = below(path, "/v1/batch/data") {
            return on_post(Self::Batch(decoded(rest)?));
        }
        if let Some(rest) = below(path, "/v1/policies") {
            return on_get(Self::Policy(decoded(rest)?));
        }
        Err(NoRoute::NotFound)
    }
}

/// In which words a path's clients want to be told what went wrong.
pub(crate) fn dialect(path: &str) -> Dialect {
    if below(path, "/validate").or_else(|| below(path, "/audit")).is_some() {
        Dialect::Kubernetes
    } else {
        Dialect::Opa
    }
}

/// What follows a prefix that ends where a segment does.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// Clients write a policy's path with its slashes as they are or percent-encoded: both are taken.
fn decoded(path: &str) -> Result<Path, NoRoute> {
    percent_decoded(path).map(|path| Path::new(&path)).ok_or(NoRoute::Encoding)
}

/// Text with its `%20`s resolved; `None` where that is not UTF-8.
pub(crate) fn percent_decoded(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)),
            _ => None,
        };
        if let Some((high, low)) = escaped {
            bytes.push(high << 4 | low);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(text: &str) -> Path {
        Path(text.to_owned())
    }

    #[test]
    fn empty_segments_do_not_count() {
        assert_eq!(Path::new("//a//b/"), path("a/b"));
    }

    #[test]
    fn routes_go_by_method_and_path() {
        for (method, asked, route) in [
            (Method::POST, "/v1/data/http/authz", Route::Data(DataApi::V1, path("http/authz"))),
            (
                Method::POST,
                "/v1/data/http%2Fauthz/1",
                Route::Data(DataApi::V1, path("http/authz/1")),
            ),
            (Method::GET, "/v1/data/a", Route::Data(DataApi::V1Get, path("a"))),
            (Method::POST, "/v0/data/a", Route::Data(DataApi::V0, path("a"))),
            (Method::POST, "/", Route::Default),
            (Method::POST, "/v1/data", Route::Data(DataApi::V1, path(""))),
            (Method::POST, "/v1/batch/data/a", Route::Batch(path("a"))),
            (Method::POST, "/validate/a", Route::Admission(Endpoint::Validate, path("a"))),
            (Method::POST, "/audit/a", Route::Admission(Endpoint::Audit, path("a"))),
            (Method::GET, "/v1/policies/", Route::Policies),
            (Method::GET, "/v1/policies/a", Route::Policy(path("a"))),
            (Method::HEAD, "/health", Route::Health(Health::Opa)),
        ] {
            assert_eq!(Route::of(&method, asked), Ok(route), "{method} {asked}");
        }
        for (method, asked, none) in [
            (Method::GET, "/", NoRoute::Method("POST")),
            (Method::POST, "//", NoRoute::NotFound),
            (Method::PUT, "/", NoRoute::Method("POST")),
            (Method::GET, "/v1/database", NoRoute::NotFound),
            (Method::PUT, "/v1/data/a", NoRoute::Method("GET, HEAD, POST")),
            (Method::PUT, "/v1/policies/a", NoRoute::Method("GET, HEAD")),
            (Method::GET, "/validate/a", NoRoute::Method("POST")),
            (Method::POST, "/v1/data/%ff", NoRoute::Encoding),
        ] {
            assert_eq!(Route::of(&method, asked), Err(none), "{method} {asked}");
        }
    }

    proptest! {
        #[test]
        fn decoding_takes_any_text(text in "[%a0-9f/é]{0,20}") {
            let decoded = percent_decoded(&text);
            prop_assert!(text.contains('%') || decoded.as_deref() == Some(text.as_str()));
        }
    }
}
