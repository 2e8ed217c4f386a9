use std::sync::atomic::{AtomicUsize, Ordering};

use super::layout::Layout;
use super::{kinds, push, pushed};
use crate::support::{FaultyProxy, Folder, OciRegistry, ProxyAction, UNUSED_ADDRESS, sentence};

/// A action for the first request that begins so; the others pass.
fn once(
    beginning: &'static str,
    action: ProxyAction,
) -> impl Fn(&str, usize) -> ProxyAction + Send + Sync + 'static {
    let met = AtomicUsize::new(0);
    move |request, _| {
        let is_meant = request.starts_with(beginning);
        let is_first = is_meant && met.fetch_add(1, Ordering::Relaxed) == 0;
        if is_first { action.clone() } else { ProxyAction::Forward }
    }
}

/// Cuts the first large uploads in the middle.
fn cut(count: usize) -> impl Fn(&str, usize) -> ProxyAction + Send + Sync + 'static {
    let met = AtomicUsize::new(0);
    move |request, length| {
        let is_meant = request.starts_with("PATCH ") && length > 100_000;
        if is_meant && met.fetch_add(1, Ordering::Relaxed) < count {
            ProxyAction::Cut(100_000)
        } else {
            ProxyAction::Forward
        }
    }
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn transient_registry_errors_are_retried() {
    let registry = OciRegistry::start();
    let actions = [
        ("HEAD ", ProxyAction::Respond(503, "")),
        ("POST ", ProxyAction::Respond(429, "Retry-After: 1\r\n")),
        ("POST ", ProxyAction::Respond(503, "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n")),
        ("PATCH ", ProxyAction::Respond(502, "")),
        ("PUT ", ProxyAction::Respond(500, "")),
        ("POST ", ProxyAction::Cut(0)),
        ("PUT ", ProxyAction::Cut(0)),
    ];
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    for (place, (beginning, action)) in actions.into_iter().enumerate() {
        let proxy = FaultyProxy::new(registry.address(), once(beginning, action));
        let reference = format!("{}/engine-{place}:v1", proxy.address());
        let (_, said) = pushed(&mut push(&folder, &["image", &reference]));
        assert_eq!(said.matches("; trying again in ").count(), 1, "{beginning}: {said}");
        assert_eq!(registry.tags(&format!("engine-{place}")), ["v1"]);
    }
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn retry_after_date_is_followed_by_the_registrys_clock() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    // By the registry's own clock, as this machine's may be wrong.
    let until = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                 Retry-After: Sun, 06 Nov 1994 08:49:39 GMT\r\n";
    let proxy =
        FaultyProxy::new(registry.address(), once("PATCH ", ProxyAction::Respond(429, until)));
    let reference = format!("{}/engine:v1", proxy.address());
    let (_, said) = pushed(&mut push(&folder, &["image", &reference]));
    assert!(said.contains("with 429; trying again in 2s\n"), "{said}");
}

/// Registries that refuse chunks, or the first chunk.
#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn upload_falls_back_if_the_registry_refuses_chunks() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    for (status, name) in [(405, "whole"), (416, "chunks")] {
        let no_patch = name == "whole";
        let met = AtomicUsize::new(0);
        let rule = move |request: &str, _: usize| {
            let is_meant = request.starts_with("PATCH ")
                && (no_patch || met.fetch_add(1, Ordering::Relaxed) == 0);
            if is_meant { ProxyAction::Respond(status, "") } else { ProxyAction::Forward }
        };
        let proxy = FaultyProxy::new(registry.address(), rule);
        pushed(&mut push(&folder, &["image", &format!("{}/{name}:v1", proxy.address())]));
        assert_eq!(registry.tags(name), ["v1"]);
        let heads = proxy.heads();
        let ranges =
            heads.iter().filter(|head| head.to_lowercase().contains("\ncontent-range: 0-"));
        // What a registry takes is found out once: by the first of the two blobs.
        assert_eq!(ranges.count(), if no_patch { 1 } else { 2 }, "{heads:?}");
        assert_eq!(proxy.count("PATCH "), if no_patch { 2 } else { 3 }, "{heads:?}");
    }
}

/// A registry without `HEAD` for blobs gets all of them.
#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn registry_without_head_requests_gets_every_blob() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    let rule = |request: &str, _: usize| {
        if request.starts_with("HEAD ") {
            ProxyAction::Respond(405, "")
        } else {
            ProxyAction::Forward
        }
    };
    let proxy = FaultyProxy::new(registry.address(), rule);
    for _ in 0..2 {
        pushed(&mut push(&folder, &["image", &format!("{}/engine:v1", proxy.address())]));
    }
    assert_eq!(proxy.count("PATCH "), 4);
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn interrupted_upload_resumes() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    let image = Layout::new(&folder, "image", "amd64", 300_000);
    let proxy = FaultyProxy::new(registry.address(), cut(2));
    let reference = format!("{}/engine:v1", proxy.address());
    let (printed, said) = pushed(&mut push(&folder, &["image", &reference]));
    assert_eq!(printed, format!("{}/engine@{}\n", proxy.address(), image.digest(0)));
    assert_eq!(said.matches("; trying again in ").count(), 2, "{said}");
    assert_eq!(proxy.count("PATCH "), 4);
    let changes = registry.changes("engine");
    assert_eq!(kinds(&changes), "bmt", "{changes:?}");
    assert_eq!(registry.tags("engine"), ["v1"]);
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn lasting_outage_leaves_no_tag() {
    let registry = OciRegistry::start();
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 300_000);
    let proxy = FaultyProxy::new(registry.address(), cut(usize::MAX));
    let reference = format!("{}/engine:v1", proxy.address());
    let said = folder.fails_as(&mut push(&folder, &["image", &reference]));
    let address = proxy.address();
    let reason = "the connection was cut";
    assert_eq!(
        sentence(&said),
        format!(
            "failed to push to `{address}/engine`: the registry `{address}` cannot be reached: \
             {reason}, at each of 5 attempts\nhelp: check the registry, and the network in \
             between"
        )
    );
    assert_eq!(proxy.count("PATCH "), 1 + 5);
    assert_eq!(kinds(&registry.changes("engine")), "b");
    assert!(registry.tags("engine").is_empty());
}

#[test]
fn unreachable_registry_is_named() {
    let folder = Folder::new();
    Layout::new(&folder, "image", "amd64", 1000);
    let refused =
        |reference: &str| sentence(&folder.fails_as(&mut push(&folder, &["image", reference])));
    assert_eq!(
        refused(&format!("{UNUSED_ADDRESS}/engine")),
        format!(
            "failed to push to `{UNUSED_ADDRESS}/engine`: the registry `{UNUSED_ADDRESS}` cannot be \
             reached: \
             connection refused, at each of 5 attempts\nhelp: check the registry, and the \
             network in between"
        )
    );
    let said = refused("registry.invalid/engine");
    let unknown = "failed to push to `registry.invalid/engine`: there is no host \
                   `registry.invalid` that this machine knows\nhelp: check the spelling of the \
                   registry, and the network";
    // Without any name server, nobody knows.
    let unasked = "failed to push to `registry.invalid/engine`: the registry `registry.invalid` \
                   cannot be reached: failed to lookup address information: Temporary failure in \
                   name resolution, at each of 5 attempts\nhelp: check the registry, and the \
                   network in between";
    assert!([unknown, unasked].contains(&said.as_str()), "{said}");
}
