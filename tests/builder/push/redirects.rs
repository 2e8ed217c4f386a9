//! Registries that send requests on to another place.

use super::layout::Layout;
use super::{builder_without_login, push, pushed};
use crate::support::{FaultyProxy, Folder, OciRegistry, ProxyAction, sentence};

/// Everything but what a client meets first is sent on to another server.
fn sent_on(
    status: u16,
    to: String,
    methods: &'static [&'static str],
) -> impl Fn(&str, usize) -> ProxyAction + Send + Sync + 'static {
    move |request, _| {
        let mut parts = request.split(' ');
        let (method, path) = (parts.next().unwrap(), parts.next().unwrap());
        if path != "/v2/" && methods.contains(&method) {
            ProxyAction::RespondWith(status, format!("Location: http://{to}{path}\r\n"), "")
        } else {
            ProxyAction::Forward
        }
    }
}

const ALL: &[&str] = &["GET", "HEAD", "POST", "PATCH", "PUT"];

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn push_and_read_follow_redirects() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 100_000).with_referrer("document");
    for status in [301, 302, 307, 308] {
        let behind = FaultyProxy::new(registry.address(), |_, _| ProxyAction::Forward);
        let first = FaultyProxy::new(registry.address(), sent_on(status, behind.address(), ALL));
        let reference = format!("{}/engine-{status}:v1", first.address());
        let (printed, said) = pushed(&mut push(&folder, &["image", &reference]));
        assert!(printed.ends_with(&format!("@{}\n", image.digest(0))), "{said}");
        assert_eq!(registry.tags(&format!("engine-{status}")).len(), 2);
        assert!(behind.count("PUT ") > 2);
        let inspect =
            builder_without_login(&folder).args(["inspect", &reference]).assert().success();
        let printed = String::from_utf8(inspect.get_output().stdout.clone()).unwrap();
        assert!(printed.contains(&image.digest(0)), "{printed}");
    }
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn relative_location_is_resolved() {
    let registry = OciRegistry::with("", ", relativeurls: true", Folder::new());
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    // Sent on to a path of the registry's own, which is relative as well.
    let rule = |request: &str, _: usize| match request.split(' ').nth(1) {
        Some("/v2/old/blobs/uploads/") => {
            ProxyAction::Respond(307, "Location: ../../../team/engine/blobs/uploads/\r\n")
        }
        Some(path) if path.starts_with("/v2/old/manifests/") => {
            let path = path.replace("/v2/old/", "");
            ProxyAction::RespondWith(308, format!("Location: ../../team/engine/{path}\r\n"), "")
        }
        _ => ProxyAction::Forward,
    };
    let proxy = FaultyProxy::new(registry.address(), rule);
    pushed(&mut push(&folder, &["image", &format!("{}/old:v1", proxy.address())]));
    assert_eq!(registry.tags("team/engine"), ["v1"]);
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn redirect_loop_is_an_error() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    let again = || ProxyAction::Respond(307, "Location: again\r\n");
    let rule = move |request: &str, _: usize| {
        if request.starts_with("POST ") { again() } else { ProxyAction::Forward }
    };
    let proxy = FaultyProxy::new(registry.address(), rule);
    let address = proxy.address();
    let said = folder.fails_as(&mut push(&folder, &["image", &format!("{address}/engine")]));
    assert_eq!(
        sentence(&said),
        format!(
            "failed to push to `{address}/engine`: the registry answers the beginning of an \
             upload by sending it on more than 10 times, expected an answer of the OCI \
             distribution specification\nhelp: ask its operators"
        )
    );
    assert_eq!(proxy.count("POST "), 11);
}
