use std::convert::Infallible;

use hyper::Method;

use crate::policies::PolicyPath;
use crate::server::api::definition::{NoRoute, Route, Routed};
use crate::server::http::path::{percent_decode, strip_prefix};

/// A question to a webhook.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct AdmissionQuestion {
    pub(super) endpoint: AdmissionEndpoint,
    pub(super) path: PolicyPath,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdmissionEndpoint {
    /// `POST /validate/…`: a denial counts as the policy's mode says.
    Validate,
    /// `POST /audit/…`: a denial always counts.
    Audit,
}

/// Finds the route of a path; `None` where the path is not one of a webhook's.
pub(super) fn find(method: &Method, path: &str) -> Option<Routed<Infallible, AdmissionQuestion>> {
    let (endpoint, rest) = if let Some(rest) = strip_prefix(path, "/validate") {
        (AdmissionEndpoint::Validate, rest)
    } else {
        (AdmissionEndpoint::Audit, strip_prefix(path, "/audit")?)
    };
    let Some(decoded) = percent_decode(rest) else { return Some(Err(NoRoute::Encoding)) };
    if *method != Method::POST {
        return Some(Err(NoRoute::Method("POST")));
    }
    let path = PolicyPath::new(&decoded);
    Some(Ok(Route::Decision(AdmissionQuestion { endpoint, path })))
}

/// The path of a route, with a placeholder for the client's own part.
pub(super) fn template(route: &Route<Infallible, AdmissionQuestion>) -> &'static str {
    match route {
        Route::Decision(question) => match question.endpoint {
            AdmissionEndpoint::Validate => "/validate/{policy}",
            AdmissionEndpoint::Audit => "/audit/{policy}",
        },
        Route::Info(never) => match *never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_method_and_path() {
        for (asked, endpoint, path) in [
            ("/validate/a%2Fb", AdmissionEndpoint::Validate, "a/b"),
            ("/audit/a", AdmissionEndpoint::Audit, "a"),
            ("/audit", AdmissionEndpoint::Audit, ""),
        ] {
            let question = AdmissionQuestion { endpoint, path: PolicyPath::new(path) };
            assert_eq!(find(&Method::POST, asked), Some(Ok(Route::Decision(question))), "{asked}");
        }
        assert_eq!(find(&Method::GET, "/validate/a"), Some(Err(NoRoute::Method("POST"))));
        assert_eq!(find(&Method::POST, "/validate/%ff"), Some(Err(NoRoute::Encoding)));
        assert_eq!(find(&Method::POST, "/validator"), None);
    }
}
