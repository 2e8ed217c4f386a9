use std::fmt::Write;

use serde_json::Value;

use super::page;
use crate::support::Server;

#[test]
fn page_of_the_http_api_is_the_openapi_document() {
    let server = Server::start(&[]);
    let document = server.get("/openapi.json").json();
    let mut text = page::row(&["method", "path", "does"]) + &page::row(&["---", "---", "---"]);
    let mut sections = String::new();
    each(&document, |path, method, operation| {
        let summary = operation["summary"].as_str().unwrap();
        text += &page::row(&[method, &format!("`{path}`"), summary]);
        let _ = write!(sections, "\n## `{method} {path}`\n\n{summary}.\n");
        let parameters = parameters(&document, path, operation);
        if !parameters.is_empty() {
            sections += "\n| parameter | in | is |\n| --- | --- | --- |\n";
            sections.extend(parameters);
        }
        let bodies = operation["requestBody"]["content"].as_object();
        if let Some(bodies) = bodies {
            let kinds: Vec<_> = bodies.keys().map(|kind| format!("`{kind}`")).collect();
            let _ = write!(sections, "\nBody: {}.\n", kinds.join(" or "));
        }
        sections += "\n| status | when |\n| --- | --- |\n";
        let mut responses: Vec<_> = operation["responses"].as_object().unwrap().iter().collect();
        responses.sort_by_key(|(status, _)| status.parse::<u16>().unwrap());
        for (status, response) in responses {
            let response = resolved(&document, response);
            sections += &page::row(&[status, response["description"].as_str().unwrap()]);
        }
    });
    page::holds("reference/http-api.md", &(text + &sections));
}

/// Calls a function with every operation.
fn each(document: &Value, mut then: impl FnMut(&str, &str, &Value)) {
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if method != "parameters" {
                then(path, &method.to_uppercase(), operation);
            }
        }
    }
}

/// The rows of an operation's parameters, with those of its path.
fn parameters(document: &Value, path: &str, operation: &Value) -> Vec<String> {
    let lists = [&document["paths"][path]["parameters"], &operation["parameters"]];
    let all = lists.into_iter().filter_map(Value::as_array).flatten();
    let all = all.map(|parameter| resolved(document, parameter));
    all.map(|parameter| {
        let text = |field: &str| parameter[field].as_str().unwrap_or_default();
        page::row(&[&format!("`{}`", text("name")), text("in"), text("description")])
    })
    .collect()
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let pointer = value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
    pointer.map_or(value, |pointer| document.pointer(pointer).unwrap())
}
