use hyper::Method;

use crate::policies::PolicyPath;
use crate::server::api::definition::{NoRoute, Route, Routed};
use crate::server::http::path::{percent_decode, strip_prefix};

/// A question to OPA's API.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpaQuestion {
    /// `POST /v1/data/…`, `GET /v1/data/…?input=`, `POST /v0/data/…`
    Data(DataApi, PolicyPath),
    /// `POST /`: as `POST /v0/data/…` with the configured path
    Default,
    /// `POST /v1/batch/data/…`
    Batch(PolicyPath),
}

/// Information that OPA's API serves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpaInfo {
    /// `GET /v1/policies`
    Policies,
    /// `GET /v1/policies/…`
    Policy(PolicyPath),
    /// `GET /v1/config`
    Config,
}

/// The three forms of OPA's Data API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DataApi {
    /// The input is the body, and the result is the response.
    V0,
    /// Input and result are fields of objects.
    V1,
    /// A variant of [`Self::V1`] with the input in the query.
    V1Get,
}

/// Finds the route of a path; `None` where the path is not one of OPA's.
pub(super) fn find(method: &Method, path: &str) -> Option<Routed<OpaInfo, OpaQuestion>> {
    let is_get = matches!(*method, Method::GET | Method::HEAD);
    let is_post = *method == Method::POST;
    let get =
        |route| if is_get { Ok(Route::Info(route)) } else { Err(NoRoute::Method("GET, HEAD")) };
    let post =
        |route| if is_post { Ok(Route::Decision(route)) } else { Err(NoRoute::Method("POST")) };
    if let Some(rest) = strip_prefix(path, "/v1/data") {
        let api = match (is_get, is_post) {
            (true, _) => DataApi::V1Get,
            (_, true) => DataApi::V1,
            _ => return Some(Err(NoRoute::Method("GET, HEAD, POST"))),
        };
        return Some(decode(rest).map(|path| Route::Decision(OpaQuestion::Data(api, path))));
    }
    if path == "/" {
        return Some(post(OpaQuestion::Default));
    }
    if let Some(rest) = strip_prefix(path, "/v0/data") {
        let question = |path| post(OpaQuestion::Data(DataApi::V0, path));
        return Some(decode(rest).and_then(question));
    }
    if let Some(rest) = strip_prefix(path, "/v1/batch/data") {
        return Some(decode(rest).and_then(|path| post(OpaQuestion::Batch(path))));
    }
    match path.trim_end_matches('/') {
        "/v1/policies" => return Some(get(OpaInfo::Policies)),
        "/v1/config" => return Some(get(OpaInfo::Config)),
        _ => {}
    }
    let rest = strip_prefix(path, "/v1/policies")?;
    Some(decode(rest).and_then(|path| get(OpaInfo::Policy(path))))
}

/// The path of a route, with a placeholder for the client's own part.
pub(super) fn template(route: &Route<OpaInfo, OpaQuestion>) -> &'static str {
    match route {
        Route::Decision(OpaQuestion::Data(DataApi::V0, _)) => "/v0/data/{policy}",
        Route::Decision(OpaQuestion::Data(DataApi::V1 | DataApi::V1Get, _)) => "/v1/data/{policy}",
        Route::Decision(OpaQuestion::Default) => "/",
        Route::Decision(OpaQuestion::Batch(_)) => "/v1/batch/data/{policy}",
        Route::Info(OpaInfo::Policies) => "/v1/policies",
        Route::Info(OpaInfo::Policy(_)) => "/v1/policies/{policy}",
        Route::Info(OpaInfo::Config) => "/v1/config",
    }
}

/// Decodes a policy's path. Clients write its slashes as they are or percent-encoded.
fn decode(path: &str) -> Result<PolicyPath, NoRoute> {
    percent_decode(path).map(|path| PolicyPath::new(&path)).ok_or(NoRoute::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_method_and_path() {
        let path = PolicyPath::new;
        for (method, asked, question) in [
            (
                Method::POST,
                "/v1/data/http/authz",
                OpaQuestion::Data(DataApi::V1, path("http/authz")),
            ),
            (
                Method::POST,
                "/v1/data/http%2Fauthz/1",
                OpaQuestion::Data(DataApi::V1, path("http/authz/1")),
            ),
            (Method::GET, "/v1/data/a", OpaQuestion::Data(DataApi::V1Get, path("a"))),
            (Method::POST, "/v0/data/a", OpaQuestion::Data(DataApi::V0, path("a"))),
            (Method::POST, "/", OpaQuestion::Default),
            (Method::POST, "/v1/data", OpaQuestion::Data(DataApi::V1, path(""))),
            (Method::POST, "/v1/batch/data/a", OpaQuestion::Batch(path("a"))),
        ] {
            let route = Some(Ok(Route::Decision(question)));
            assert_eq!(find(&method, asked), route, "{method} {asked}");
        }
        for (method, asked, info) in [
            (Method::GET, "/v1/policies/", OpaInfo::Policies),
            (Method::GET, "/v1/policies/a", OpaInfo::Policy(path("a"))),
            (Method::HEAD, "/v1/config", OpaInfo::Config),
        ] {
            assert_eq!(find(&method, asked), Some(Ok(Route::Info(info))), "{method} {asked}");
        }
        for (method, asked, reason) in [
            (Method::GET, "/", NoRoute::Method("POST")),
            (Method::PUT, "/", NoRoute::Method("POST")),
            (Method::PUT, "/v1/data/a", NoRoute::Method("GET, HEAD, POST")),
            (Method::PUT, "/v1/policies/a", NoRoute::Method("GET, HEAD")),
            (Method::POST, "/v1/data/%ff", NoRoute::Encoding),
        ] {
            assert_eq!(find(&method, asked), Some(Err(reason)), "{method} {asked}");
        }
        for (method, asked) in [(Method::POST, "//"), (Method::GET, "/v1/database")] {
            assert_eq!(find(&method, asked), None, "{method} {asked}");
        }
    }
}
