//! The names of spans, each shared by many requests.

use hyper::Method;

/// The name of a request's span. `template` is its route's path.
pub(super) fn span(requested: &Method, template: Option<&str>) -> String {
    let method = match method(requested) {
        "_OTHER" => "HTTP",
        method => method,
    };
    template.map_or_else(|| method.to_owned(), |template| format!("{method} {template}"))
}

/// A method of the standard's; clients may make up others.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn span_names_contain_no_client_input() {
        let name = |method: &str, template| {
            span(&Method::from_bytes(method.as_bytes()).unwrap(), template)
        };
        let template = Some("/v1/data/{policy}");
        assert_eq!(name("POST", template), "POST /v1/data/{policy}");
        assert_eq!(name("POST", None), "POST");
        assert_eq!(name("PROPFIND", None), "HTTP");
    }
}
