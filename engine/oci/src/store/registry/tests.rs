//! Cases that the registries of the integration tests do not have: resume uploads, give out
//! tokens, know the referrers API, lie.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};

use super::credentials::{Credentials, FoundCredentials};
use super::error::AttemptError;
use super::secret::Secret;
use super::*;
use crate::store::source::Store as _;

/// An address at which nobody listens. A port that was free a moment ago may be another test's by now.
const UNUSED_ADDRESS: &str = "127.0.0.1:1";

/// An answer, and after how many bytes of a request's body the connection is cut in its place.
type Step = (String, Option<usize>);

/// A server that gives these answers, one a connection; what it was asked, at the end.
struct Script {
    address: String,
    /// The replacement of `BACK` in the answers, known later.
    back: Arc<OnceLock<String>>,
    thread: JoinHandle<Vec<String>>,
}

impl Script {
    /// One that a client meets first, and asks whether it speaks HTTP.
    fn new(mut steps: Vec<Step>) -> Self {
        steps.insert(0, ("200\r\n\r\n".to_owned(), None));
        Self::from_steps(steps)
    }

    fn from_steps(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (here, back) = (address.clone(), Arc::<OnceLock<String>>::default());
        let its_back = Arc::clone(&back);
        let thread = thread::spawn(move || {
            let mut asked = Vec::new();
            for (answer, cut) in steps {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(&stream);
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ")
                    {
                        length = value.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                    head.push_str(&line);
                }
                let mut body = vec![0; cut.unwrap_or(length)];
                reader.read_exact(&mut body).unwrap();
                asked.push(head + &String::from_utf8_lossy(&body));
                if cut.is_none() {
                    let answer = answer.replace("HERE", &here);
                    let answer = answer.replace("BACK", back.get().map_or("", String::as_str));
                    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
                    let length = body.len();
                    let headers = format!("{headers}\r\ncontent-length: {length}");
                    let headers = headers.trim_start();
                    write!(
                        &stream,
                        "HTTP/1.1 {status} S\r\nconnection: close\r\n{headers}\r\n\r\n{body}"
                    )
                    .unwrap();
                }
                let _ = stream.shutdown(Shutdown::Both);
            }
            asked.retain(|request: &String| !request.starts_with("GET /v2/ "));
            asked
        });
        Self { address, back: its_back, thread }
    }

    fn client(&self, purpose: Purpose) -> Client {
        let password = Secret::new("pass".to_owned());
        self.client_as(purpose, Credentials::Password { user: "me".to_owned(), password })
    }

    fn client_as(&self, purpose: Purpose, credentials: Credentials) -> Client {
        let repository = format!("{}/a/b", self.address).parse::<Reference>().unwrap().repository();
        let client =
            Client::new(&repository, purpose, RegistryOptions::default(), Rc::new(Progress::new()))
                .unwrap();
        // Whoever runs the tests may have logged in somewhere.
        let _ = client
            .found
            .set(FoundCredentials { credentials: Some(credentials), source: String::new() });
        client
    }

    /// The first lines of the requests.
    fn asked(self) -> Vec<String> {
        let asked = self.thread.join().unwrap();
        asked
            .iter()
            .map(|request| request.lines().next().unwrap().replace(" HTTP/1.1", ""))
            .collect()
    }
}

fn has(request: &str, header: &str) -> bool {
    request.lines().any(|line| line.eq_ignore_ascii_case(header))
}

#[test]
fn interrupted_upload_resumes() {
    let script = Script::new(vec![
        ("202\r\nlocation: /up/1\r\n\r\n".into(), None),
        (String::new(), Some(4)),
        ("404\r\n\r\n".into(), None),
        ("204\r\nlocation: http://HERE/up/2?state=x\r\nrange: 0-3\r\n\r\n".into(), None),
        ("202\r\nlocation: /up/3?state=y\r\n\r\n".into(), None),
        ("201\r\n\r\n".into(), None),
    ]);
    let digest = digest::sha256(b"0123456789").unwrap();
    script.client(Purpose::Push).upload(&digest, b"0123456789").unwrap();
    let asked = script.thread.join().unwrap();
    let [begun, first, looked, status, rest, ended] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(begun.starts_with("POST /v2/a/b/blobs/uploads/ "), "{begun}");
    assert!(first.starts_with("PATCH /up/1 ") && first.ends_with("\n0123"), "{first}");
    assert!(!first.contains("content-range"), "{first}");
    assert!(looked.starts_with(&format!("HEAD /v2/a/b/blobs/{digest} ")), "{looked}");
    assert!(status.starts_with("GET /up/1 "), "{status}");
    assert!(rest.starts_with("PATCH /up/2?state=x ") && rest.ends_with("\n456789"), "{rest}");
    assert!(has(rest, "content-range: 4-9"), "{rest}");
    assert!(ended.starts_with(&format!("PUT /up/3?state=y&digest={digest} ")), "{ended}");
}

#[test]
fn upload_with_a_lost_final_response_is_complete() {
    let script = Script::new(vec![
        ("202\r\nlocation: /up/1\r\n\r\n".into(), None),
        ("202\r\nlocation: /up/2\r\n\r\n".into(), None),
        (String::new(), Some(0)),
        ("200\r\n\r\n".into(), None),
    ]);
    let digest = digest::sha256(b"0123").unwrap();
    script.client(Purpose::Push).upload(&digest, b"0123").unwrap();
    assert_eq!(script.asked().last().unwrap(), &format!("HEAD /v2/a/b/blobs/{digest}"));
}

#[test]
fn credentials_do_not_follow_an_upload_to_another_server() {
    let other = Script::from_steps(vec![
        ("202\r\nlocation: http://HERE/up/2\r\n\r\n".into(), None),
        ("201\r\n\r\n".into(), None),
    ]);
    let location = format!("202\r\nlocation: http://{}/up/1\r\n\r\n", other.address);
    let basic = "401\r\nwww-authenticate: Basic realm=r\r\n\r\n";
    let script = Script::new(vec![(basic.into(), None), (location, None)]);
    let digest = digest::sha256(b"0123").unwrap();
    script.client(Purpose::Push).upload(&digest, b"0123").unwrap();
    let asked = script.thread.join().unwrap();
    assert!(has(&asked[1], "authorization: Basic bWU6cGFzcw=="), "{asked:?}");
    let asked = other.thread.join().unwrap();
    assert!(asked.iter().all(|request| !request.contains("authorization")), "{asked:?}");
    assert_eq!(asked.len(), 2);
}

#[test]
fn credentials_do_not_follow_redirects_to_another_server() {
    // Another port of the same machine is another server.
    let other = Script::from_steps(vec![
        ("308\r\nlocation: /further\r\n\r\n".into(), None),
        ("307\r\nlocation: http://BACK/v2/a/b/back\r\n\r\n".into(), None),
    ]);
    let basic = "401\r\nwww-authenticate: Basic realm=r\r\n\r\n";
    let location = format!("307\r\nlocation: http://{}/elsewhere\r\n\r\n", other.address);
    let script = Script::new(vec![
        (basic.into(), None),
        ("301\r\nlocation: ../here\r\n\r\n".into(), None),
        (location, None),
        ("201\r\n\r\n".into(), None),
    ]);
    other.back.set(script.address.clone()).unwrap();
    let client = script.client(Purpose::Push);
    client.put_manifest(&Selector::Tag("v1".into()), &MediaType::ImageIndex, b"{}").unwrap();
    let asked = script.thread.join().unwrap();
    let [_, first, here, back] = asked.as_slice() else { panic!("{asked:?}") };
    let authorization = "authorization: Basic bWU6cGFzcw==";
    assert!(first.starts_with("PUT /v2/a/b/manifests/v1 ") && has(first, authorization), "{first}");
    assert!(here.starts_with("PUT /v2/a/b/here ") && has(here, authorization), "{here}");
    assert!(back.starts_with("PUT /v2/a/b/back ") && back.ends_with("\n{}"), "{back}");
    let kind = "content-type: application/vnd.oci.image.index.v1+json";
    assert!(has(back, kind) && !back.contains("authorization"), "{back}");
    let asked = other.thread.join().unwrap();
    assert!(
        asked.iter().all(|request| request.starts_with("PUT /") && request.ends_with("\n{}")),
        "{asked:?}"
    );
    assert!(asked.iter().all(|request| !request.contains("authorization")), "{asked:?}");
}

#[test]
fn early_response_to_a_large_body_is_read() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let registry = listener.local_addr().unwrap().to_string();
    let thread = thread::spawn(move || {
        for status in [200, 413, 417, 201] {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
            }
            if status == 201 {
                reader.read_exact(&mut vec![0; 8 << 20]).unwrap();
            }
            let answer = format!("HTTP/1.1 {status} S\r\nconnection: close\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            stream.write_all(b"content-length: 0\r\n\r\n").unwrap();
        }
    });
    let repository = format!("{registry}/a/b").parse::<Reference>().unwrap().repository();
    let progress = Rc::new(Progress::new());
    let client =
        Client::new(&repository, Purpose::Push, RegistryOptions::default(), progress).unwrap();
    let put = || {
        let tag = Selector::Tag("v1".into());
        client.put_manifest(&tag, &MediaType::ImageIndex, &vec![b' '; 8 << 20])
    };
    let error = put().unwrap_err().reason();
    assert_eq!(error, "the registry answers a manifest with 413");
    // Who does not know the question gets the body.
    assert!(!put().unwrap());
    thread.join().unwrap();
}

#[test]
fn identity_token_goes_to_the_token_server_only() {
    const DENIED: &str = "401\r\nwww-authenticate: Bearer realm=\"http://HERE/token\"\r\n\r\n";
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let other = other.local_addr().unwrap();
    let script = Script::new(vec![
        (DENIED.into(), None),
        (format!("307\r\nlocation: http://{other}/token?a\r\n\r\n"), None),
    ]);
    let identity = Credentials::IdentityToken(Secret::new("secret".to_owned()));
    let client = script.client_as(Purpose::Pull, identity);
    let error = client.manifest(&Selector::Tag("v1".into())).unwrap_err();
    assert_eq!(
        error.to_string().replace(&script.address, "r.io").replace(&other.to_string(), "other"),
        "failed to read from `r.io/a/b`: the registry answers the request for a token by sending \
         it on to another server (`http://other/token`), expected an answer of the OCI \
         distribution specification\nhelp: ask its operators"
    );
    // Whatever keeps somebody from logging in is no refusal of what they do.
    assert!(!error.is_refusal());
    let asked = script.thread.join().unwrap();
    assert!(asked[1].starts_with("POST /token ") && asked[1].contains("=secret"), "{asked:?}");
}

#[test]
fn password_is_not_sent_to_a_remote_token_server_without_tls() {
    let challenge = "www-authenticate: Bearer realm=\"http://auth.example.com/token?a=b\"";
    let script = Script::new(vec![(format!("401\r\n{challenge}\r\n\r\n"), None)]);
    let error = script.client(Purpose::Pull).referrers(&digest::sha256(b"0").unwrap()).unwrap_err();
    assert_eq!(
        error.to_string().replace(&script.address, "r.io"),
        "failed to read from `r.io/a/b`: the registry answers a request with the token server \
         (`http://auth.example.com/token`), without TLS, which only `--plain-http` allows for \
         another machine, expected an answer of the OCI distribution specification\nhelp: ask \
         its operators"
    );
}

#[test]
fn upload_follows_a_relative_location() {
    let script = Script::new(vec![
        ("307\r\nlocation: ../../c/uploads/\r\n\r\n".into(), None),
        ("202\r\nlocation: 1?\r\n\r\n".into(), None),
        // None is given for what stays where it is.
        ("202\r\n\r\n".into(), None),
        ("204\r\n\r\n".into(), None),
        ("200\r\n\r\n".into(), None),
    ]);
    let digest = digest::sha256(b"0123").unwrap();
    script.client(Purpose::Push).upload(&digest, b"0123").unwrap();
    assert_eq!(
        script.asked(),
        [
            "POST /v2/a/b/blobs/uploads/".to_owned(),
            "POST /v2/a/b/c/uploads/".to_owned(),
            "PATCH /v2/a/b/c/uploads/1?".to_owned(),
            format!("PUT /v2/a/b/c/uploads/1?digest={digest}"),
            // It was not said that it was created.
            format!("HEAD /v2/a/b/blobs/{digest}"),
        ]
    );
}

#[test]
fn digest_mismatch_of_the_registry_is_an_error() {
    let other = digest::sha256(b"other").unwrap();
    let answer = format!("201\r\ndocker-content-digest: {other}\r\n\r\n");
    let script = Script::new(vec![(answer, None)]);
    let client = script.client(Purpose::Push);
    let put = client.put_manifest(&Selector::Tag("v1".into()), &MediaType::ImageIndex, b"{}");
    assert_eq!(
        put.unwrap_err().to_string().replace(&script.address, "r.io"),
        format!(
            "failed to push to `r.io/a/b`: what the registry gives for `{}` is not that: found \
             the digest (`{other}`)\nhelp: ask its operators",
            digest::sha256(b"{}").unwrap()
        )
    );
}

#[test]
fn login_page_is_not_taken_for_a_blob() {
    let digest = digest::sha256(b"0123").unwrap();
    let page = "200\r\ncontent-type: text/html; charset=utf-8\r\n\r\n";
    let script = Script::new(vec![
        ("302\r\nlocation: /login\r\n\r\n".into(), None),
        (page.into(), None),
        (format!("200\r\ndocker-content-digest: {digest}\r\n\r\n"), None),
        ("200\r\ndocker-content-digest: sha256:0\r\n\r\n".into(), None),
        ("405\r\n\r\n".into(), None),
        // What cannot be reached from here may be anything.
        (format!("307\r\nlocation: http://{UNUSED_ADDRESS}/\r\n\r\n"), None),
    ]);
    let client = script.client(Purpose::Push);
    let there: Vec<_> = (0..5).map(|_| client.has_blob(&digest, 4).unwrap()).collect();
    assert_eq!(there, [false, true, false, false, false]);
}

#[test]
fn manifest_type_is_read_from_the_manifest_if_the_header_lacks_it() {
    let manifest = r#"{"schemaVersion":2,"config":{},"layers":[]}"#;
    let script = Script::new(vec![
        (format!("200\r\ncontent-type: application/json\r\n\r\n{manifest}"), None),
        ("200\r\ncontent-type: text/html\r\n\r\n<html>".into(), None),
    ]);
    let client = script.client(Purpose::Pull);
    let tag = Selector::Tag("v1".into());
    assert_eq!(client.manifest(&tag).unwrap().unwrap().0, MediaType::ImageManifest);
    assert_eq!(
        client.manifest(&tag).unwrap_err().to_string().replace(&script.address, "r.io"),
        "failed to read from `r.io/a/b`: the registry answers the request for a manifest with \
         what is no image manifest (`text/html`), expected an answer of the OCI distribution \
         specification\nhelp: ask its operators"
    );
}

#[test]
fn foreign_entries_of_a_referrers_index_are_kept() {
    const INDEX: &str = "200\r\ncontent-type: application/vnd.oci.image.index.v1+json\r\n\r\n\
                         {\"annotations\":{\"a\":\"b\"},\"manifests\":[{\"digest\":\"?\",\"x\":1}]}";
    let script = Script::new(vec![
        ("201\r\n\r\n".into(), None),
        (INDEX.into(), None),
        ("201\r\n\r\n".into(), None),
    ]);
    let destination = PushDestination(script.client(Purpose::Push));
    let referrer = Descriptor::new(MediaType::ImageManifest, 2, digest::sha256(b"{}").unwrap());
    destination.put_referrer(&digest::sha256(b"0").unwrap(), &referrer, b"{}").unwrap();
    let asked = script.thread.join().unwrap();
    let (_, written) = asked[2].rsplit_once('\n').unwrap();
    let written: serde_json::Value = serde_json::from_str(written).unwrap();
    assert_eq!(written["annotations"], serde_json::json!({"a": "b"}));
    assert_eq!(written["manifests"][0], serde_json::json!({"digest": "?", "x": 1}));
    assert_eq!(written["manifests"][1]["digest"], referrer.digest().to_string());
}

#[test]
fn endless_pages_are_bounded() {
    let page = "200\r\nlink: <?n=1>; rel=next\r\n\r\n{\"manifests\":[]}";
    let script = Script::new(vec![(page.into(), None), (page.into(), None)]);
    script.client(Purpose::Pull).referrers(&digest::sha256(b"0").unwrap()).unwrap();
    assert_eq!(script.asked().len(), 2);
}

#[test]
fn invalid_upload_location_is_refused() {
    for (location, shown) in [
        ("location: file:///etc/passwd\r\n", "with the `Location` (`file:///etc/passwd`)"),
        (
            "location: http://me:word@elsewhere/up?signed=1\r\n",
            "with the `Location` (`http://elsewhere/up`)",
        ),
        ("", "without a `Location`"),
    ] {
        let script = Script::new(vec![(format!("202\r\n{location}\r\n"), None)]);
        let client = script.client(Purpose::Push);
        let error = client.upload(&digest::sha256(b"0123").unwrap(), b"0123").unwrap_err();
        assert_eq!(
            error.to_string().replace(&script.address, "r.io"),
            format!(
                "failed to push to `r.io/a/b`: the registry answers the beginning of an upload \
                 {shown}, expected an answer of the OCI distribution specification\nhelp: ask \
                 its operators"
            )
        );
        assert_eq!(script.asked(), ["POST /v2/a/b/blobs/uploads/"]);
    }
}

#[test]
fn token_is_requested_if_the_registry_demands_one() {
    const DENIED: &str = "401\r\nwww-authenticate: Bearer \
                          realm=\"http://HERE/token\",service=\"r\",scope=\"x\"\r\n\r\n";
    let script = Script::new(vec![
        (DENIED.into(), None),
        ("200\r\n\r\n{\"token\": \"t1\"}".into(), None),
        ("404\r\n\r\n".into(), None),
        // It has run out.
        (DENIED.into(), None),
        ("200\r\n\r\n{\"access_token\": \"t2\"}".into(), None),
        ("200\r\n\r\n".into(), None),
    ]);
    let client = script.client(Purpose::Push);
    let digest = digest::sha256(b"0123").unwrap();
    assert!(!client.has_blob(&digest, 4).unwrap());
    assert!(client.has_blob(&digest, 4).unwrap());
    let asked = script.thread.join().unwrap();
    let token = "GET /token?scope=repository%3Aa%2Fb%3Apull%2Cpush&service=r ";
    assert!(asked[1].starts_with(token) && asked[4].starts_with(token), "{asked:?}");
    assert!(!asked[0].contains("authorization"), "{asked:?}");
    assert!(has(&asked[1], "authorization: Basic bWU6cGFzcw=="), "{asked:?}");
    assert!(has(&asked[2], "authorization: Bearer t1"), "{asked:?}");
    assert!(has(&asked[5], "authorization: Bearer t2"), "{asked:?}");
}

#[test]
fn registry_without_tls_may_name_a_token_server_with_tls() {
    let challenge = format!("www-authenticate: Bearer realm=\"https://{UNUSED_ADDRESS}/token\"");
    let script = Script::new(vec![(format!("401\r\n{challenge}\r\n\r\n"), None)]);
    let client = script.client(Purpose::Pull);
    let request = RegistryRequest::new("a question", Method::GET, client.url("tags/list"));
    let Err(AttemptError::Transient(failed)) = client.send_once(&request) else {
        panic!("it answered")
    };
    assert_eq!(
        failed.to_string(),
        format!("`{UNUSED_ADDRESS}` cannot be reached: connection refused")
    );
    assert_eq!(script.asked(), ["GET /v2/a/b/tags/list"]);
}

#[test]
fn content_that_differs_from_its_digest_is_refused() {
    const INDEX: &str = "200\r\ncontent-type: application/vnd.oci.image.index.v1+json\r\n\r\n\
                         {\"schemaVersion\":2,\"manifests\":[]}";
    let script = Script::new(vec![
        (INDEX.into(), None),
        ("200\r\n\r\n0123".into(), None),
        ("200\r\n\r\n9876".into(), None),
        ("200\r\n\r\n01234".into(), None),
        (INDEX.into(), None),
        ("404\r\n\r\n".into(), None),
        ("404\r\n\r\n".into(), None),
        ("404\r\n\r\n".into(), None),
    ]);
    let reference = format!("{}/a/b:v1", script.address).parse().unwrap();
    let registry = RegistryImage::open(&reference, RegistryOptions::default()).unwrap();
    let root = registry.root().unwrap();
    assert_eq!((root.media_type(), root.size()), (&MediaType::ImageIndex, 34));

    let digest = digest::sha256(b"0123").unwrap();
    let blob = Descriptor::new(MediaType::ImageLayer, 4, digest.clone());
    assert_eq!(registry.read(&blob).unwrap(), b"0123");
    let shown = script.address.clone();
    let refused = || registry.read(&blob).unwrap_err().to_string().replace(&shown, "r.io");
    assert_eq!(
        refused(),
        format!(
            "failed to read from `r.io/a/b`: what the registry gives for `{digest}` is not that: \
             found `{}`\nhelp: ask its operators",
            digest::sha256(b"9876").unwrap()
        )
    );
    assert_eq!(
        refused(),
        "failed to read from `r.io/a/b`: the registry answers the request for a blob with more \
         than 4 bytes, expected an answer of the OCI distribution specification\nhelp: ask its \
         operators"
    );
    assert!(registry.referrers(&digest).unwrap().is_empty());
    assert!(registry.referrers(&digest).unwrap().is_empty());
    assert_eq!(
        registry.root().unwrap_err().to_string().replace(&shown, "r.io"),
        "failed to read from `r.io/a/b`: there is no such image in the registry\nhelp: check its \
         name"
    );
    let (api, tag) = (format!("GET /v2/a/b/referrers/{digest}"), digest.to_string());
    let tag = format!("GET /v2/a/b/manifests/{}", tag.replace(':', "-"));
    let asked = script.asked();
    assert_eq!(asked[4..7], [api.clone(), api, tag]);
}

#[test]
fn registry_with_the_referrers_api_gets_no_referrers_tag() {
    let script = Script::new(vec![("201\r\noci-subject: sha256:x\r\n\r\n".into(), None)]);
    let destination = PushDestination(script.client(Purpose::Push));
    let subject = digest::sha256(b"0").unwrap();
    let referrer = Descriptor::new(MediaType::ImageManifest, 2, digest::sha256(b"{}").unwrap());
    destination.put_referrer(&subject, &referrer, b"{}").unwrap();
    assert_eq!(script.asked(), [format!("PUT /v2/a/b/manifests/{}", referrer.digest())]);
}

#[test]
fn referrers_on_further_pages_are_found() {
    let page = |link: &str, of: &[u8]| {
        let digest = digest::sha256(of).unwrap();
        let media_type = MediaType::ImageManifest;
        let listed = format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":1}}"#);
        (format!("200\r\n{link}\r\n{{\"schemaVersion\":2,\"manifests\":[{listed}]}}"), None)
    };
    let next = "link: </v2/a/b/referrers/x?n=1>; rel=\"next\"\r\n";
    let script = Script::new(vec![page(next, b"1"), page("", b"2")]);
    let found = script.client(Purpose::Pull).referrers(&digest::sha256(b"0").unwrap()).unwrap();
    let found: Vec<_> = found.iter().map(|referrer| referrer.digest().clone()).collect();
    assert_eq!(found, [digest::sha256(b"1").unwrap(), digest::sha256(b"2").unwrap()]);
    assert_eq!(script.asked()[1..], ["GET /v2/a/b/referrers/x?n=1"]);
}

#[test]
fn message_of_a_registry_is_quoted_on_one_line() {
    let said =
        "422\r\n\r\n{\"errors\":[{\"code\":\"DENIED\",\"message\":\"no\\nrights\u{202e}\"}]}";
    let script = Script::new(vec![(said.into(), None)]);
    let client = script.client(Purpose::Push);
    let error = client.put_manifest(&Selector::Tag("v1".into()), &MediaType::ImageIndex, b"{}");
    assert_eq!(
        error.unwrap_err().to_string().replace(&script.address, "r.io"),
        "failed to push to `r.io/a/b`: the registry answers a manifest with 422 (`no \
         rights\\u{202e}`)\nhelp: ask its operators"
    );
    script.asked();
}
