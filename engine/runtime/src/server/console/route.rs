use hyper::Method;
use percent_encoding::percent_decode_str;

use crate::policies::PolicyPath;

/// What is at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    Page(PageRoute),
    /// A stylesheet or a script, by its path.
    Asset(String),
}

/// A page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageRoute {
    Policies,
    Policy(PolicyPath),
    Decisions,
    Decision(String),
    Trial,
    Server,
    Replay,
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
    let path = decoded.trim_end_matches('/');
    let route = match page(path) {
        Some(page) => Route::Page(page),
        None if path.starts_with("/assets/") => Route::Asset(path.to_owned()),
        None => return Err(NoPage::NotFound),
    };
    let takes_forms = matches!(route, Route::Page(PageRoute::Trial | PageRoute::Replay));
    match *method {
        Method::GET | Method::HEAD => Ok(route),
        Method::POST if takes_forms => Ok(route),
        _ => Err(NoPage::Method(if takes_forms { "GET, HEAD, POST" } else { "GET, HEAD" })),
    }
}

fn page(path: &str) -> Option<PageRoute> {
    Some(match path {
        "" | "/policies" => PageRoute::Policies,
        "/decisions" => PageRoute::Decisions,
        "/try" => PageRoute::Trial,
        "/server" => PageRoute::Server,
        "/replay" => PageRoute::Replay,
        path => match path.strip_prefix("/policies/") {
            Some(policy) => PageRoute::Policy(PolicyPath::new(policy)),
            None => PageRoute::Decision(path.strip_prefix("/decisions/")?.to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_their_paths() {
        let get = |path| find(&Method::GET, path);
        let page = |page| Ok(Route::Page(page));
        let policy = |path| page(PageRoute::Policy(PolicyPath::new(path)));
        assert_eq!(get("/"), page(PageRoute::Policies));
        assert_eq!(get("/policies/http/authz/1.2.0"), policy("http/authz/1.2.0"));
        assert_eq!(get("/policies/a%20b"), policy("a b"));
        assert_eq!(get("/decisions/"), page(PageRoute::Decisions));
        assert_eq!(get("/decisions/1-2"), page(PageRoute::Decision("1-2".to_owned())));
        assert_eq!(get("/assets/a.css"), Ok(Route::Asset("/assets/a.css".to_owned())));
        assert_eq!(get("/nothing"), Err(NoPage::NotFound));
        assert_eq!(get("/%ff"), Err(NoPage::NotFound));
        assert_eq!(find(&Method::POST, "/try"), page(PageRoute::Trial));
        assert_eq!(find(&Method::POST, "/"), Err(NoPage::Method("GET, HEAD")));
        assert_eq!(find(&Method::POST, "/assets/a.css"), Err(NoPage::Method("GET, HEAD")));
        assert_eq!(find(&Method::PUT, "/replay"), Err(NoPage::Method("GET, HEAD, POST")));
    }
}
