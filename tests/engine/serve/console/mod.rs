/// Decisions that are kept.
mod decisions;
/// Policies and their versions.
mod policies;
/// The headers of answers, and whom they are for.
mod responses;
/// Policies that are tried.
mod trial;

use serde_json::Value;

use crate::support::{Folder, Http, HttpResponse, Server};

/// A server with a console, by a configuration without the console's address.
fn serve(folder: &Folder, yaml: &str) -> (Server, Http) {
    let server = Server::with_config(folder, yaml, &["--set", "console.listen=127.0.0.1:0"]);
    let address = server.logged("serving the console")["address"].clone();
    (server, Http::new(address.as_str().unwrap()))
}

/// A page as JSON.
fn page(console: &Http, path: &str) -> Value {
    let response = console.send("GET", path, &[("accept", "application/json")], Vec::new());
    assert_eq!(response.status, 200, "{path}: {}", response.text());
    response.json()
}

/// Sends a form, and gives the page that comes back, as JSON.
fn submit(console: &Http, path: &str, fields: &[(&str, &str)]) -> Value {
    let json = [("accept", "application/json")];
    let response = submit_as(console, path, &json, fields);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

fn submit_as(
    console: &Http,
    path: &str,
    headers: &[(&str, &str)],
    fields: &[(&str, &str)],
) -> HttpResponse {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let encoded = |text: &str| text.bytes().map(byte).collect::<String>();
    let pair = |(name, value): &(&str, &str)| format!("{}={}", encoded(name), encoded(value));
    let form = fields.iter().map(pair).collect::<Vec<_>>().join("&");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    console.send("POST", path, &[headers, &kind].concat(), form.into_bytes())
}
