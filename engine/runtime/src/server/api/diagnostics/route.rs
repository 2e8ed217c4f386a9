use std::convert::Infallible;

use hyper::Method;

use crate::server::api::definition::{NoRoute, Route, Routed};

/// Information about the server itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiagnosticInfo {
    Health(HealthCheck),
    Metrics,
    OpenApi,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HealthCheck {
    /// `/health`, as OPA has it: liveness, or readiness where the query asks for it.
    Opa,
    Live,
    Ready,
}

/// Finds the route of a path; `None` where the path is not one of diagnostics'.
pub(super) fn find(method: &Method, path: &str) -> Option<Routed<DiagnosticInfo, Infallible>> {
    let info = match path.trim_end_matches('/') {
        "/health" => DiagnosticInfo::Health(HealthCheck::Opa),
        "/health/live" => DiagnosticInfo::Health(HealthCheck::Live),
        "/health/ready" => DiagnosticInfo::Health(HealthCheck::Ready),
        "/metrics" => DiagnosticInfo::Metrics,
        "/openapi.json" => DiagnosticInfo::OpenApi,
        _ => return None,
    };
    let is_get = matches!(*method, Method::GET | Method::HEAD);
    Some(if is_get { Ok(Route::Info(info)) } else { Err(NoRoute::Method("GET, HEAD")) })
}

/// The path of a route.
pub(super) fn template(route: &Route<DiagnosticInfo, Infallible>) -> &'static str {
    match route {
        Route::Info(DiagnosticInfo::Health(_)) => "/health",
        Route::Info(DiagnosticInfo::Metrics) => "/metrics",
        Route::Info(DiagnosticInfo::OpenApi) => "/openapi.json",
        Route::Decision(never) => match *never {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_method_and_path() {
        let health = DiagnosticInfo::Health(HealthCheck::Opa);
        assert_eq!(find(&Method::HEAD, "/health"), Some(Ok(Route::Info(health))));
        let metrics = Some(Ok(Route::Info(DiagnosticInfo::Metrics)));
        assert_eq!(find(&Method::GET, "/metrics/"), metrics);
        let wrong_method = Some(Err(NoRoute::Method("GET, HEAD")));
        assert_eq!(find(&Method::POST, "/openapi.json"), wrong_method);
        assert_eq!(find(&Method::GET, "/healthy"), None);
    }
}
