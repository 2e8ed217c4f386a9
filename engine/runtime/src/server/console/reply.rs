//! A page as it is sent: HTML for people, JSON for scripts.

use std::sync::LazyLock;

use hyper::StatusCode;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, HeaderName, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use policy_console::{ASSETS, Asset, Frame, Page, ProblemPage, document};
use sha2::{Digest, Sha256};

use crate::server::http::response::{self, Reply};

/// What a page may load, and from where: its own stylesheet and script, and nothing else.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' \
     data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
);

/// Other sites hold no window of the console, and embed nothing of it.
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The representation of a page that a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Representation {
    Html,
    Json,
}

impl Representation {
    /// JSON where the query asks for it (`format=json`), or the header `accept` and not for HTML.
    pub(super) fn wanted(head: &Parts) -> Self {
        let query = head.uri.query().unwrap_or_default();
        let by_query = query.split('&').rev().find_map(|pair| pair.strip_prefix("format="));
        let accepts = |kind: &str| {
            let mut values = head.headers.get_all(ACCEPT).iter();
            values.any(|value| value.to_str().is_ok_and(|value| value.contains(kind)))
        };
        match by_query {
            Some("json") => Self::Json,
            Some("html") => Self::Html,
            _ if accepts("application/json") && !accepts("text/html") => Self::Json,
            _ => Self::Html,
        }
    }
}

/// A page as it is wanted.
pub(super) fn page(
    status: StatusCode,
    representation: Representation,
    frame: &Frame,
    page: &dyn Page,
) -> Reply {
    let reply = match representation {
        Representation::Html => {
            response::with_type(status, "text/html; charset=utf-8", document(frame, page))
        }
        Representation::Json => response::json(status, page.json()),
    };
    let mut reply = guarded(reply);
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A page in place of another, with the headers that its status requires.
pub(super) fn problem(
    status: StatusCode,
    representation: Representation,
    frame: &Frame,
    message: String,
) -> Reply {
    let mut reply =
        page(status, representation, frame, &ProblemPage { status: status.as_u16(), message });
    if status == StatusCode::UNAUTHORIZED {
        let basic = HeaderValue::from_static("Basic realm=\"policy-engine\", charset=\"UTF-8\"");
        reply.headers_mut().append(WWW_AUTHENTICATE, basic);
        reply.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    reply
}

/// Lets the browser tell the origin of the forms on a page. It tells none of those under
/// `no-referrer`, and over plain HTTP nothing else tells that they are this console's.
pub(super) fn with_form(mut reply: Reply) -> Reply {
    reply.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    reply
}

/// Names the methods that there are.
pub(super) fn allowing(mut reply: Reply, methods: &'static str) -> Reply {
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}

/// A stylesheet or a script; nothing but its tag for those who have it. `None` where there is none.
pub(super) fn asset(path: &str, head: &Parts) -> Option<Reply> {
    static TAGS: LazyLock<[String; ASSETS.len()]> = LazyLock::new(|| ASSETS.map(tag));
    let (asset, tag) = ASSETS.iter().zip(&*TAGS).find(|(asset, _)| asset.path == path)?;
    let has_it = head
        .headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        // Compressed by a proxy, it has a weak tag.
        .is_some_and(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
    let mut reply = if has_it {
        response::with_type(StatusCode::NOT_MODIFIED, asset.content_type, "")
    } else {
        response::with_type(StatusCode::OK, asset.content_type, asset.text)
    };
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        reply.headers_mut().insert(ETAG, tag);
    }
    Some(guarded(reply))
}

/// The tag of an asset, by its text.
fn tag(asset: Asset) -> String {
    let digest = crate::server::state::sha256(Sha256::new().chain_update(asset.text));
    format!("\"{}\"", digest.trim_start_matches("sha256:"))
}

fn guarded(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
    reply
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn head(uri: &str, headers: &[(&str, &str)]) -> Parts {
        let request = headers.iter().fold(Request::builder().uri(uri), |request, (name, value)| {
            request.header(*name, *value)
        });
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn json_is_sent_where_it_is_asked_for() {
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (uri, accept, expected) in [
            ("/", browser, Representation::Html),
            ("/", "*/*", Representation::Html),
            ("/", "application/json", Representation::Json),
            ("/", "text/html, application/json", Representation::Html),
            ("/?format=json", browser, Representation::Json),
            ("/?policy=a&format=json", browser, Representation::Json),
            ("/?format=html", "application/json", Representation::Html),
        ] {
            assert_eq!(
                Representation::wanted(&head(uri, &[("accept", accept)])),
                expected,
                "{uri} {accept}"
            );
        }
    }

    #[test]
    fn asset_is_sent_once() {
        let first = asset("/assets/console.css", &head("/", &[])).unwrap();
        assert_eq!(first.status(), StatusCode::OK);
        let tag = first.headers()[ETAG].to_str().unwrap();
        for tag in [tag, &format!("W/{tag}"), &format!("\"a\", {tag}")] {
            let again =
                asset("/assets/console.css", &head("/", &[("if-none-match", tag)])).unwrap();
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{tag}");
        }
        let other =
            asset("/assets/console.css", &head("/", &[("if-none-match", "\"a\"")])).unwrap();
        assert_eq!(other.status(), StatusCode::OK);
        assert!(asset("/assets/other.css", &head("/", &[])).is_none());
    }
}
