//! Documents that refer to an image, in registries that have no place for them, and how they are
//! found again.

use serde_json::{Value, json};

use super::layout::Layout;
use super::{builder_without_login, push, pushed};
use crate::support::{FaultyProxy, Folder, OciRegistry, ProxyAction, sentence};

const SBOM: &str = "application/vnd.cyclonedx+json";
const JSON: &str = "Content-Type: application/json\r\n";
const INDEX: &str = "Content-Type: application/vnd.oci.image.index.v1+json\r\n";
const INVALID: &str = r#"{"errors": [{"code": "MANIFEST_INVALID", "message": "no artifacts"}]}"#;

/// A action for the requests that hold all of these words.
fn when(
    words: Vec<String>,
    action: ProxyAction,
) -> impl Fn(&str, usize) -> ProxyAction + Send + Sync + 'static {
    move |request, _| {
        let is_meant = words.iter().all(|word| request.contains(word));
        if is_meant { action.clone() } else { ProxyAction::Forward }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn says(status: u16, body: &'static str) -> ProxyAction {
    ProxyAction::RespondWith(status, JSON.to_owned(), body)
}

/// Tries each case, all of them at once.
fn at_once<T: Send>(cases: impl Iterator<Item = T>, attempt: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| attempt(case));
        }
    });
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn image_is_tagged_even_if_the_registry_refuses_referrers() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 1000).with_document(SBOM, "{}");
    let (digest, referrer) = (image.digest(0), image.digest(1));
    let manifest = || words(&["PUT ", &referrer]);
    let index = || words(&["PUT ", &digest.replace(':', "-")]);
    let looked = || words(&["GET ", &digest.replace(':', "-")]);
    let cases = [
        (manifest(), says(400, INVALID), "400 (`no artifacts`)"),
        (manifest(), says(403, INVALID), "(`no artifacts`)"),
        (manifest(), says(404, ""), "404"),
        (manifest(), says(405, ""), "405"),
        (manifest(), says(413, ""), "413"),
        (manifest(), says(415, ""), "415"),
        (manifest(), says(422, INVALID), "422 (`no artifacts`)"),
        (manifest(), says(500, ""), "500, after 5 attempts"),
        (manifest(), says(501, ""), "501"),
        (manifest(), says(303, ""), "303"),
        (
            manifest(),
            ProxyAction::RespondWith(200, "Content-Type: text/html\r\n".into(), "<html>"),
            "200",
        ),
        (index(), says(400, INVALID), "400 (`no artifacts`)"),
        (index(), says(412, ""), "412"),
        (looked(), says(400, ""), "400"),
        (looked(), says(200, r#"{"schemaVersion": 2, "config": {}}"#), "with no index of images"),
        (
            looked(),
            ProxyAction::RespondWith(200, "Content-Type: text/html\r\n".into(), "<html>"),
            "text/html",
        ),
    ];
    at_once(cases.into_iter().enumerate(), |(place, (words, action, reason))| {
        let proxy = FaultyProxy::new(registry.address(), when(words, action));
        let name = format!("engine-{place}");
        let repository = format!("{}/{name}", proxy.address());
        let reference = format!("{repository}:v1");
        let (printed, said) =
            pushed(&mut push(&folder, &["image", &reference, "--format", "json"]));
        let tags = registry.tags(&name);
        assert!(tags.contains(&"v1".to_owned()), "{place}: {tags:?}");

        let note = format!(
            "note: `{repository}` gets the image without what refers to it (`{SBOM}`, \
             `{referrer}`): "
        );
        let (_, rest) = said.split_once(&note).unwrap_or_else(|| panic!("{place}: {said}"));
        let (found, _) = rest.split_once("; `--no-referrers` leaves such documents out").unwrap();
        assert!(found.contains(reason), "{place}: {found}");
        let mut printed: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(printed["pushed"][0]["tags"], json!(["v1"]));
        let refused = json!([{"repository": repository, "digest": referrer,
            "artifactType": SBOM, "reason": found}]);
        assert_eq!(printed["referrers"].take(), json!({"pushed": 0, "refused": refused}));
    });
}

/// An outage or a login that has run out is no refusal of documents.
#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn outage_or_login_failure_during_referrers_leaves_no_tag() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 1000).with_document(SBOM, "{}");
    let negotiate = "WWW-Authenticate: Negotiate YII==\r\n";
    let basic = "WWW-Authenticate: Basic realm=x\r\n";
    let cases = [
        (ProxyAction::Cut(0), "cannot be reached: "),
        (ProxyAction::Respond(503, "Retry-After: 0\r\n"), "still answers a manifest with 503"),
        (
            ProxyAction::Respond(401, basic),
            "the registry asks for credentials, and there is no file",
        ),
        (ProxyAction::Respond(401, negotiate), "the `WWW-Authenticate` (`Negotiate YII==`)"),
        (ProxyAction::Respond(401, ""), "without a `WWW-Authenticate`"),
    ];
    // Each outage is waited for, and all at once.
    at_once(cases.into_iter().enumerate(), |(place, (action, expected))| {
        let rule = when(words(&["PUT ", &image.digest(1)]), action);
        let proxy = FaultyProxy::new(registry.address(), rule);
        let reference = format!("{}/outage-{place}:v1", proxy.address());
        let said = sentence(&folder.fails_as(&mut push(&folder, &["image", &reference])));
        assert!(said.contains(expected), "{said}");
        assert!(registry.tags(&format!("outage-{place}")).is_empty());
    });
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn no_referrers_option_pushes_no_referrers() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 1000).with_document(SBOM, "{}");
    let reference = format!("{}/engine:v1", registry.address());
    let arguments = ["image", &reference, "--no-referrers", "--format", "json"];
    let (printed, said) = pushed(&mut push(&folder, &arguments));
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["referrers"], json!({"pushed": 0, "refused": []}));
    assert!(!said.contains("note: "), "{said}");
    let changes = registry.changes("engine");
    let manifests: Vec<_> =
        changes.iter().filter(|change| change.starts_with("PUT manifests/")).collect();
    assert_eq!(manifests, [&format!("PUT manifests/{}", image.digest(0)), "PUT manifests/v1"]);
    assert_eq!(registry.tags("engine"), ["v1"]);

    let (printed, _) = pushed(&mut push(&folder, &["image", &reference, "--format", "json"]));
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["referrers"], json!({"pushed": 1, "refused": []}));
}

/// The result of `inspect` for an image in a registry whose referrers API meets this action.
fn inspected(
    folder: &Folder,
    registry: &OciRegistry,
    action: ProxyAction,
) -> Result<Value, String> {
    let proxy = FaultyProxy::new(registry.address(), when(words(&["/referrers/"]), action));
    let reference = format!("{}/engine:v1", proxy.address());
    let mut inspect = builder_without_login(folder);
    let output = inspect.args(["inspect", &reference, "--format", "json"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(sentence(&said))
    }
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn documents_are_found_by_tag_without_the_referrers_api() {
    const EMPTY: &str = r#"{"schemaVersion": 2, "manifests": []}"#;
    const UNKNOWN: &str = r#"{"errors": [{"code": "NAME_UNKNOWN"}]}"#;
    const PAGE: &str = "<html>log in</html>";
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let bom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}"#;
    Layout::new(&folder, "image", "amd64", 1000).with_document(SBOM, bom);
    pushed(&mut push(&folder, &["image", &format!("{}/engine:v1", registry.address())]));

    let login = FaultyProxy::new(registry.address(), |_, _| {
        ProxyAction::RespondWith(200, "Content-Type: text/html\r\n".to_owned(), PAGE)
    });
    let html = || "Content-Type: text/html; charset=utf-8\r\n".to_owned();
    for action in [
        ProxyAction::Forward,
        says(404, UNKNOWN),
        says(400, ""),
        says(403, ""),
        says(405, ""),
        says(406, ""),
        says(415, ""),
        says(501, ""),
        says(204, ""),
        ProxyAction::RespondWith(200, html(), PAGE),
        ProxyAction::Respond(200, ""),
        says(200, "{}"),
        says(200, "[]"),
        says(200, EMPTY),
        says(200, r#"{"manifests": "none"}"#),
        ProxyAction::RespondWith(
            302,
            format!("Location: http://{}/login?to=x\r\n", login.address()),
            "",
        ),
        ProxyAction::Respond(302, "Location: ftp://r.io/\r\n"),
        ProxyAction::Respond(307, "Location: again\r\n"),
        ProxyAction::Respond(302, ""),
    ] {
        let shown = match &action {
            ProxyAction::Respond(status, headers) => format!("{status} {headers}"),
            ProxyAction::RespondWith(status, headers, body) => format!("{status} {headers} {body}"),
            _ => String::new(),
        };
        let found = inspected(&folder, &registry, action).unwrap();
        assert_eq!(found["platforms"][0]["sbom"], true, "{shown}");
    }
    let proxy = FaultyProxy::new(registry.address(), when(words(&["/referrers/"]), says(403, "")));
    let reference = format!("{}/engine:v1", proxy.address());
    let same =
        builder_without_login(&folder).args(["diff", "image", &reference]).assert().success();
    let said = String::from_utf8(same.get_output().stderr.clone()).unwrap();
    assert!(said.contains("; what refers to the image is looked for by its tag\n"), "{said}");
    // An API that says that there is nothing is believed.
    for nothing in [EMPTY, r#"{"schemaVersion": 2, "manifests": null}"#] {
        let found =
            inspected(&folder, &registry, ProxyAction::RespondWith(200, INDEX.to_owned(), nothing));
        assert_eq!(found.unwrap()["platforms"][0]["sbom"], false);
    }
    let cases = [
        (ProxyAction::Cut(0), "cannot be reached: "),
        (ProxyAction::Respond(503, ""), "with 503, after 5 attempts"),
        (ProxyAction::Respond(401, "WWW-Authenticate: Basic realm=x\r\n"), "asks for credentials"),
        (ProxyAction::Respond(401, "WWW-Authenticate: NTLM\r\n"), "`WWW-Authenticate` (`NTLM`)"),
    ];
    at_once(cases.into_iter(), |(action, expected)| {
        let said = inspected(&folder, &registry, action).unwrap_err();
        assert!(said.contains(expected), "{said}");
    });
}

/// An index as `cosign` writes it: without annotations and document types, and with entries of
/// deleted manifests.
#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn documents_are_found_in_an_index_without_annotations() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 1000).with_document(SBOM, "{}");
    pushed(&mut push(&folder, &["image", &format!("{}/engine:v1", registry.address())]));
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let size = |digest: String| {
        let path = folder.path().join("image/blobs").join(digest.replace(':', "/"));
        std::fs::metadata(path).unwrap().len()
    };
    let gone = format!("sha256:{}", "0".repeat(64));
    let index = json!({"schemaVersion": 2, "manifests": [
        {"mediaType": media_type, "digest": gone, "size": 9},
        {"mediaType": media_type, "digest": gone, "size": 9, "artifactType": SBOM},
        {"mediaType": media_type, "digest": image.digest(0), "size": size(image.digest(0))},
        {"mediaType": media_type, "digest": image.digest(1), "size": size(image.digest(1))},
    ]});
    let tag = image.digest(0).replace(':', "-");
    let path = format!("/v2/engine/manifests/{tag}");
    // Distribution wants every manifest of an index to be there; others do not.
    let answers = ProxyAction::RespondWith(200, INDEX.to_owned(), index.to_string().leak());
    let proxy = FaultyProxy::new(registry.address(), when(words(&["GET ", &path]), answers));
    let reference = format!("{}/engine:v1", proxy.address());
    let inspect =
        builder_without_login(&folder).args(["inspect", &reference, "--sbom"]).assert().success();
    assert_eq!(inspect.get_output().stdout, b"{}\n");
}
