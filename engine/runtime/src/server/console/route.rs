use hyper::Method;
use percent_encoding::percent_decode_str;

use crate::policies::PolicyPath;

/// A page, by its path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Policies,
    Policy(PolicyPath),
    Decisions,
    Decision(String),
    Trial,
    Server,
    Replay,
    /// A stylesheet or a script, by its path.
    Asset(String),
}

/// The reason why there is no page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoPage {
    NotFound,
    /// Holds the methods that there are, for the header `Allow`.
    Method(&'static str),
}

/// Finds the page of a path.
///
/// # Errors
/// When there is none, or it takes no such method.
pub(super) fn find(method: &Method, path: &str) -> Result<Route, NoPage> {
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| NoPage::NotFound)?;
    let route = match decoded.trim_end_matches('/') {
        "" | "/policies" => Route::Policies,
        "/decisions" => Route::Decisions,
        "/try" => Route::Trial,
        "/server" => Route::Server,
        "/replay" => Route::Replay,
        path => {
            let below = |folder: &str| path.strip_prefix(folder).map(str::to_owned);
            if let Some(policy) = below("/policies/") {
                Route::Policy(PolicyPath::new(&policy))
            } else if let Some(id) = below("/decisions/") {
                Route::Decision(id)
            } else if path.starts_with("/assets/") {
                Route::Asset(path.to_owned())
            } else {
                return Err(NoPage::NotFound);
            }
        }
    };
    let takes_forms = matches!(route, Route::Trial | Route::Replay);
    match *method {
        Method::GET | Method::HEAD => Ok(route),
        Method::POST if takes_forms => Ok(route),
        _ => Err(NoPage::Method(if takes_forms { "GET, HEAD, POST" } else { "GET, HEAD" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_their_paths() {
        let get = |path| find(&Method::GET, path);
        assert_eq!(get("/"), Ok(Route::Policies));
        assert_eq!(
            get("/policies/http/authz/1.2.0"),
            Ok(Route::Policy(PolicyPath::new("http/authz/1.2.0")))
        );
        assert_eq!(get("/policies/a%20b"), Ok(Route::Policy(PolicyPath::new("a b"))));
        assert_eq!(get("/decisions/"), Ok(Route::Decisions));
        assert_eq!(get("/decisions/1-2"), Ok(Route::Decision("1-2".to_owned())));
        assert_eq!(get("/nothing"), Err(NoPage::NotFound));
        assert_eq!(get("/%ff"), Err(NoPage::NotFound));
        assert_eq!(find(&Method::POST, "/try"), Ok(Route::Trial));
        assert_eq!(find(&Method::POST, "/"), Err(NoPage::Method("GET, HEAD")));
        assert_eq!(find(&Method::PUT, "/replay"), Err(NoPage::Method("GET, HEAD, POST")));
    }
}
