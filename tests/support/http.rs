use serde::Serialize;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::PATIENCE;

/// An address at which nobody listens. A port that was free a moment ago may be another test's by now.
pub(crate) const UNUSED_ADDRESS: &str = "127.0.0.1:1";

/// A client of one address.
pub(crate) struct Http {
    url: String,
    agent: Agent,
}

/// A response of any status.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Http {
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .timeout_global(Some(PATIENCE))
            // A connection that was closed meanwhile would fail the next request.
            .max_idle_connections(0)
            .proxy(None);
        Self { url: url.to_owned(), agent: config.build().new_agent() }
    }

    /// The URL, such as `http://127.0.0.1:8181`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn get(&self, path: &str) -> HttpResponse {
        self.send("GET", path, &[], Vec::new())
    }

    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> HttpResponse {
        self.send("POST", path, &[], serde_json::to_vec(body).unwrap())
    }

    /// Sends any request, over a connection of its own.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> HttpResponse {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = if body.is_empty() && method != "POST" {
            self.agent.run(request.body(()).unwrap())
        } else {
            self.agent.run(request.body(body).unwrap())
        };
        let (head, mut body) = response.unwrap().into_parts();
        let body = body.with_config().limit(u64::MAX).read_to_vec().unwrap();
        HttpResponse { status: head.status.as_u16(), headers: head.headers, body }
    }
}

impl HttpResponse {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        let text = self.text();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
    }

    /// A header; empty if it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}
