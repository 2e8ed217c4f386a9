use std::process::Command;

use super::layout::Layout;
use super::{push, pushed};
use crate::support::{Folder, OciRegistry, sentence};

/// `robot` and [`PASSWORD`], as `htpasswd -B` writes them.
const USERS: &str = "robot:$2y$04$MvSVJRS.zQgOg8QoWv0QqOIeVDRNY9zG37VKNdk99UJbmHF3rOj1K\n";
const PASSWORD: &str = "s3cret-word";
/// The name and the password, and the name and another one, as `docker login` writes them.
const RIGHT: &str = "cm9ib3Q6czNjcmV0LXdvcmQ=";
const WRONG: &str = "cm9ib3Q6YW5vdGhlci13b3Jk";

/// A registry for `robot` alone.
fn guarded() -> OciRegistry {
    let folder = Folder::new().file("users", USERS);
    OciRegistry::with("auth: {htpasswd: {realm: r, path: users}}", "", folder)
}

/// A folder with an image and Docker's configuration.
fn folder(config: &str) -> Folder {
    let folder = Folder::new().file("docker/config.json", config);
    Layout::new(&folder, "image", "amd64", 1000);
    folder
}

/// Docker's configuration after `docker login`.
fn logged_in(registry: &OciRegistry, auth: &str) -> String {
    format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, registry.address())
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn push_authenticates_with_docker_login() {
    let registry = guarded();
    let folder = folder(&logged_in(&registry, RIGHT));
    let reference = format!("{}/engine:v1", registry.address());
    let (printed, said) = pushed(&mut push(&folder, &["image", &reference]));
    assert!(printed.starts_with(&format!("{}/engine@sha256:", registry.address())), "{printed}");
    assert!(!said.contains(PASSWORD) && !said.contains(RIGHT), "{said}");
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn push_authenticates_with_podman_login() {
    let registry = guarded();
    let reference = format!("{}/team/engine:v1", registry.address());
    let namespaced = |auth: &str| {
        let address = registry.address();
        format!(r#"{{"auths": {{"{address}/team": {{"auth": "{auth}"}}}}}}"#)
    };
    for path in ["session/containers/auth.json", "home/.config/containers/auth.json"] {
        // What Docker keeps comes after it.
        let folder = folder(&logged_in(&registry, WRONG)).file(path, &namespaced(RIGHT));
        pushed(&mut push(&folder, &["image", &reference]));
    }
    let folder = folder("{}")
        .file("elsewhere/containers/auth.json", &logged_in(&registry, RIGHT))
        .file("named.json", &namespaced(RIGHT))
        .file("home/.config/containers/auth.json", "{");
    let mut by_config = push(&folder, &["image", &reference]);
    pushed(by_config.env("XDG_CONFIG_HOME", folder.path().join("elsewhere")));
    let mut by_name = push(&folder, &["image", &reference]);
    pushed(by_name.env("REGISTRY_AUTH_FILE", folder.path().join("named.json")));
    let said = sentence(&folder.fails_as(&mut push(&folder, &["image", &reference])));
    assert_eq!(
        said.replace(&folder.path().display().to_string(), ""),
        format!(
            "failed to push to `{}/team/engine`: failed to read the credentials in \
             `/home/.config/containers/auth.json`: line 1, column 1: not the JSON that `docker \
             login` writes\nhelp: mend the file, or log in again",
            registry.address()
        )
    );
}

#[test]
#[cfg_attr(
    not(all(has_skopeo, has_docker_registry)),
    ignore = "needs skopeo and `docker-registry`"
)]
fn push_authenticates_with_skopeo_login() {
    let registry = guarded();
    let folder = folder("{}").file("session/any", "");
    let login = Command::new("skopeo")
        .args(["login", "--tls-verify=false", "--username", "robot", "--password", PASSWORD])
        .arg(registry.address())
        .env("XDG_RUNTIME_DIR", folder.path().join("session"))
        .env_remove("REGISTRY_AUTH_FILE")
        .output()
        .unwrap();
    assert!(login.status.success(), "{}", String::from_utf8_lossy(&login.stderr));
    pushed(&mut push(&folder, &["image", &format!("{}/team/engine:v1", registry.address())]));
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn refused_login_error_names_user_and_remedy() {
    let registry = guarded();
    let address = registry.address();
    let refused = |folder: &Folder| {
        let reference = format!("{address}/engine:v1");
        let said = folder.fails_as(&mut push(folder, &["image", &reference]));
        assert!(!said.contains("another-word") && !said.contains(WRONG), "{said}");
        sentence(&said).replace(&folder.path().display().to_string(), "")
    };
    assert_eq!(
        refused(&folder(&logged_in(&registry, WRONG))),
        format!(
            "failed to push to `{address}/engine`: the registry refuses `robot` (from \
             `/docker/config.json`)\nhelp: log in again with `docker login {address}`"
        )
    );
    assert_eq!(
        refused(&folder("{}")),
        format!(
            "failed to push to `{address}/engine`: the registry asks for credentials, and there \
             are none for `{address}` in `/docker/config.json`\nhelp: log in with `docker login \
             {address}`"
        )
    );
    assert!(registry.changes("engine").is_empty());
}

/// A folder whose configuration names a credential helper, which this is the script of.
fn with_helper(config: &str, helper: &str) -> Folder {
    folder(config).script("bin/docker-credential-keeper", helper)
}

fn push_with_helper(folder: &Folder, reference: &str) -> assert_cmd::Command {
    let mut push = push(folder, &["image", reference]);
    let path = std::env::var("PATH").unwrap();
    push.env("PATH", format!("{}:{path}", folder.path().join("bin").display()));
    push
}

#[test]
#[cfg_attr(not(has_docker_registry), ignore = "needs `docker-registry`")]
fn push_authenticates_with_a_credential_helper() {
    let registry = guarded();
    let address = registry.address();
    let reference = format!("{address}/engine:v1");
    let helper = format!(
        "read -r server\n[ \"$1 $server\" = 'get {address}' ] || exit 1\n\
         echo '{{\"ServerURL\": \"\", \"Username\": \"robot\", \"Secret\": \"{PASSWORD}\"}}'\n"
    );
    for config in [
        format!(r#"{{"credHelpers": {{"{address}": "keeper"}}}}"#),
        r#"{"credsStore": "keeper"}"#.to_owned(),
    ] {
        pushed(&mut push_with_helper(&with_helper(&config, &helper), &reference));
    }

    // One that has nothing leaves the file to be looked into.
    let nothing = "echo 'credentials not found in native keychain'\nexit 1\n";
    let both = logged_in(&registry, RIGHT).replacen('{', r#"{"credsStore": "keeper", "#, 1);
    pushed(&mut push_with_helper(&with_helper(&both, nothing), &reference));

    let broken = "echo 'the keychain is locked'\nexit 3\n";
    let folder = with_helper(&both, broken);
    let said = folder.fails_as(&mut push_with_helper(&folder, &reference));
    assert_eq!(
        sentence(&said).replace(&folder.path().display().to_string(), ""),
        format!(
            "failed to push to `{address}/engine`: the credential helper \
             `docker-credential-keeper`, which `/docker/config.json` names, ended with exit \
             status: 3 for `{address}` (`the keychain is locked`)\nhelp: try `echo {address} | \
             docker-credential-keeper get`"
        )
    );
}

#[test]
#[cfg_attr(
    not(all(has_docker_registry, has_openssl)),
    ignore = "needs `docker-registry` and OpenSSL"
)]
fn registry_with_tls_is_trusted_by_its_ca() {
    let certificates = Folder::new();
    let made = Command::new("openssl")
        .args("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(' '))
        .args(["-subj", "/CN=r", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "tls.key", "-out", "tls.crt"])
        .current_dir(certificates.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificate = certificates.path().join("tls.crt");
    let tls = ", tls: {certificate: tls.crt, key: tls.key}";
    let users = certificates.file("users", USERS);
    let auth = "auth: {htpasswd: {realm: r, path: users}}";
    let registry = OciRegistry::with(auth, tls, users);

    let folder = folder(&logged_in(&registry, RIGHT));
    let reference = format!("{}/engine:v1", registry.address());
    let push = || push(&folder, &["image", &reference]);
    pushed(push().env("SSL_CERT_FILE", &certificate));
    let said = sentence(&folder.fails_as(&mut push()));
    let address = registry.address();
    let expected = format!(
        "failed to push to `{address}/engine`: the registry `{address}` cannot be trusted: \
         invalid peer certificate: "
    );
    assert!(said.starts_with(&expected), "{said}");
}
