//! What spans are called: by a name that many requests share.

use hyper::Method;

use crate::server::http::route::{DataApi, Endpoint, Route};

/// Whether it asks for the server itself.
pub(super) fn is_diagnostic(route: &Route) -> bool {
    matches!(route, Route::Health(_) | Route::Metrics)
}

/// The span's name.
pub(super) fn span(asked: &Method, route: Option<&Route>) -> String {
    let method = match method(asked) {
        "_OTHER" => "HTTP",
        method => method,
    };
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {}", template(route)))
}

/// Any of the standard's; clients may make up others.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

/// The path with what is the user's own left out.
pub(super) fn template(route: &Route) -> &'static str {
    match route {
        Route::Data(DataApi::V0, _) => "/v0/data/{policy}",
        Route::Data(DataApi::V1 | DataApi::V1Get, _) => "/v1/data/{policy}",
        Route::Default => "/",
        Route::Batch(_) => "/v1/batch/data/{policy}",
        Route::Admission(Endpoint::Validate, _) => "/validate/{policy}",
        Route::Admission(Endpoint::Audit, _) => "/audit/{policy}",
        Route::Policies => "/v1/policies",
        Route::Policy(_) => "/v1/policies/{policy}",
        Route::Config => "/v1/config",
        Route::Health(_) => "/health",
        Route::Metrics => "/metrics",
        Route::OpenApi => "/openapi.json",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_clients_own_is_in_a_name() {
        let name = |method: &str, path: &str| {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            span(&method, Route::of(&method, path).as_ref().ok())
        };
        for (method, path, expected) in [
            ("POST", "/v1/data/a/b/allowed", "POST /v1/data/{policy}"),
            ("GET", "/v1/data/a", "GET /v1/data/{policy}"),
            ("POST", "/v0/data/a", "POST /v0/data/{policy}"),
            ("POST", "/", "POST /"),
            ("POST", "/validate/a", "POST /validate/{policy}"),
            ("POST", "/of/my/own", "POST"),
            ("PROPFIND", "/of/my/own", "HTTP"),
        ] {
            assert_eq!(name(method, path), expected);
        }
    }
}
