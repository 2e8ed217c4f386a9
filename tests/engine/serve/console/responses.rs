use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Folder, HttpResponse};

use super::{serve, submit, submit_as};

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// Checks what every answer of the console has.
#[track_caller]
fn expect(response: &HttpResponse, status: u16, kind: &str, cache: &str) {
    expect_with(response, status, kind, cache, "no-referrer");
}

/// The same, with another policy of the header `referer`.
#[track_caller]
fn expect_with(response: &HttpResponse, status: u16, kind: &str, cache: &str, referrer: &str) {
    let headers = &response.headers;
    assert_eq!(response.status, status, "{headers:?}");
    assert!(response.header("content-type").starts_with(kind), "{headers:?}");
    assert_eq!(response.header("cache-control"), cache, "{headers:?}");
    assert_eq!(response.header("x-content-type-options"), "nosniff", "{headers:?}");
    assert_eq!(response.header("referrer-policy"), referrer, "{headers:?}");
    assert_eq!(response.header("cross-origin-opener-policy"), "same-origin", "{headers:?}");
    assert_eq!(response.header("cross-origin-resource-policy"), "same-origin", "{headers:?}");
    let policy = response.header("content-security-policy");
    for part in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part) && !policy.contains("unsafe"), "{headers:?}");
    }
}

#[test]
fn every_answer_has_the_headers_that_guard_it() {
    let (_server, console) = serve(&Folder::new(), "policies: {echo: {}}\n");
    for (method, path, accept, status, kind) in [
        ("GET", "/", "text/html", 200, HTML),
        ("GET", "/", JSON, 200, JSON),
        ("HEAD", "/server", "text/html", 200, HTML),
        ("GET", "/policies/echo?format=json", "text/html", 200, JSON),
        ("GET", "/policies/nothing", "text/html", 404, HTML),
        ("GET", "/decisions/nothing", JSON, 404, JSON),
        ("GET", "/nothing", "text/html", 404, HTML),
        ("GET", "/assets/nothing.css", "text/html", 404, HTML),
        ("DELETE", "/", "text/html", 405, HTML),
        ("POST", "/try", "text/html", 200, HTML),
        ("POST", "/replay", JSON, 200, JSON),
    ] {
        let response = console.send(method, path, &[("accept", accept)], Vec::new());
        // Browsers do not tell the origin of forms otherwise.
        let has_form = matches!(path, "/try" | "/replay");
        let referrer = if has_form { "same-origin" } else { "no-referrer" };
        expect_with(&response, status, kind, "no-store", referrer);
    }
}

#[test]
fn assets_are_sent_once() {
    let (_server, console) = serve(&Folder::new(), "policies: {echo: {}}\n");
    for (path, kind) in
        [("/assets/console.css", "text/css"), ("/assets/console.js", "text/javascript")]
    {
        let first = console.get(path);
        expect(&first, 200, kind, "no-cache");
        let tag = first.header("etag");
        assert!(tag.starts_with('"') && !first.body.is_empty(), "{path}: {tag}");
        for known in [tag.to_owned(), format!("W/{tag}"), format!("\"other\", {tag}")] {
            let again = console.send("GET", path, &[("if-none-match", &known)], Vec::new());
            expect(&again, 304, kind, "no-cache");
            assert_eq!((again.header("etag"), again.body.len()), (tag, 0), "{path}: {known}");
        }
        let other = console.send("GET", path, &[("if-none-match", "\"other\"")], Vec::new());
        assert_eq!((other.status, other.body == first.body), (200, true));
    }
}

#[test]
fn nobody_without_a_token_sees_anything_but_the_reason() {
    let folder = Folder::new().file("tokens", "S3CRET\n");
    let tokens = folder.path().join("tokens");
    let config = format!("policies: {{guarded: {{policy: echo}}}}\ntokens: {}\n", tokens.display());
    let (_server, console) = serve(&folder, &config);
    let get = |path: &str, headers: &[(&str, &str)]| console.send("GET", path, headers, Vec::new());
    for path in ["/", "/server", "/decisions", "/policies/nothing", "/try", "/nothing"] {
        for headers in [&[][..], &[("authorization", "Bearer other")]] {
            let refused = get(path, headers);
            expect(&refused, 401, HTML, "no-store");
            let asked = refused.headers.get_all("www-authenticate").iter();
            let asked: Vec<_> = asked.map(|value| value.to_str().unwrap()).collect();
            assert!(asked[0].starts_with("Basic realm=") && asked[1] == "Bearer", "{asked:?}");
            assert!(!refused.text().contains("guarded"), "{path}: {}", refused.text());
        }
    }
    let admitted = get("/", &[("authorization", "Bearer S3CRET")]);
    expect(&admitted, 200, HTML, "no-store");
    assert!(admitted.text().contains("guarded"));
}

#[test]
fn page_is_not_for_a_name_that_is_not_this_machines() {
    let (_server, console) = serve(&Folder::new(), "policies: {echo: {}}\n");
    for path in ["/", "/try", "/decisions?format=json"] {
        let host = [("host", "evil.example")];
        let refused = console.send("GET", path, &host, Vec::new());
        let kind = if path.contains("json") { JSON } else { HTML };
        expect(&refused, 403, kind, "no-store");
        assert!(refused.text().contains("a name that is not this machine's"), "{path}");
        assert!(!refused.text().contains("echo"), "{path}: {}", refused.text());
    }
}

#[test]
fn form_of_another_site_evaluates_nothing() {
    let (_server, console) =
        serve(&Folder::new(), "policies: {stress: {}, echo: {}}\ntimeout: 200ms\n");
    let sleep = [("policy", "stress"), ("input", "do: sleep\nms: 8000")];
    let own = console.url();
    // Two that were evaluated would hold both places of trials.
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site"), ("origin", own)],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
    ] {
        let headers = [headers, &[("accept", JSON)]].concat();
        let refused = submit_as(&console, "/try", &headers, &sleep);
        expect(&refused, 403, JSON, "no-store");
        let message = "another site asks for this: open it from the console itself";
        assert_eq!(refused.json()["message"], message);
    }
    let headers = [("accept", JSON), ("sec-fetch-site", "same-origin"), ("origin", own)];
    let echo = [("policy", "echo"), ("input", "1")];
    assert_eq!(submit_as(&console, "/try", &headers, &echo).status, 200);
    assert!(!submit(&console, "/try", &echo)["result"].is_null());
}

/// There are places for two pages at one time.
#[test]
fn form_that_comes_slowly_delays_no_page() {
    let (_server, console) = serve(&Folder::new(), "policies: {echo: {}}\n");
    let address = console.url().trim_start_matches("http://");
    let slow: Vec<_> = (0..3)
        .map(|_| {
            let mut client = TcpStream::connect(address).unwrap();
            let head =
                format!("POST /replay HTTP/1.1\r\nhost: {address}\r\ncontent-length: 9\r\n\r\na");
            client.write_all(head.as_bytes()).unwrap();
            client
        })
        .collect();
    // Longer than their heads take to be read.
    std::thread::sleep(Duration::from_millis(300));
    let started = Instant::now();
    assert_eq!(console.get("/").status, 200);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    drop(slow);
}
