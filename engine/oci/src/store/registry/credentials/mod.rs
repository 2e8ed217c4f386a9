//! Registry credentials: Podman's `auth.json`, Docker's configuration, and credential helpers.

mod error;
mod file;
mod helper;
mod login;

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use crate::reference::Repository;
use file::CredentialsFile;

pub(super) use error::CredentialsError;
pub(super) use login::{Credentials, FoundCredentials};

/// Looks into the files in which Podman and Docker keep credentials; the first that has some for
/// the repository counts.
pub(super) fn find(repository: &Repository) -> Result<FoundCredentials, CredentialsError> {
    let user = rustix::process::getuid().as_raw();
    let files = files(|name| env::var_os(name).map(PathBuf::from), user);
    find_in(files, repository)
}

/// The files, whether they are there or not, in Podman's order, to which Docker's belong
/// (containers-auth.json(5)). A file that `REGISTRY_AUTH_FILE` names stands for all of them.
fn files(variable: impl Fn(&str) -> Option<PathBuf>, user: u32) -> Vec<PathBuf> {
    const PODMANS: &str = "containers/auth.json";
    let named = |name| variable(name).filter(|path| !path.as_os_str().is_empty());
    if let Some(file) = named("REGISTRY_AUTH_FILE") {
        return vec![file];
    }
    let home = named("HOME");
    let at_home = |path| home.as_ref().map(|home| home.join(path));
    let runtime = named("XDG_RUNTIME_DIR");
    let runtime = runtime.unwrap_or_else(|| format!("/run/containers/{user}").into());
    // Without a folder of the session, the file is right in the one for the user.
    let of_session = if named("XDG_RUNTIME_DIR").is_some() { PODMANS } else { "auth.json" };
    let config = named("XDG_CONFIG_HOME").or_else(|| at_home(".config"));
    let docker = named("DOCKER_CONFIG").or_else(|| at_home(".docker"));
    [
        Some(runtime.join(of_session)),
        config.map(|folder| folder.join(PODMANS)),
        docker.map(|folder| folder.join("config.json")),
        at_home(file::LEGACY),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A file that cannot be read is an error, unless one before it serves: the user may be somebody
/// else by it.
fn find_in(
    files: Vec<PathBuf>,
    repository: &Repository,
) -> Result<FoundCredentials, CredentialsError> {
    let mut looked = Vec::new();
    let only = match files.as_slice() {
        [only] => Some(only.clone()),
        _ => None,
    };
    for path in files {
        let file = match CredentialsFile::read(&path) {
            // What is in a folder that is closed to the user, as root's `/run/containers`, is not
            // theirs.
            Err(CredentialsError::Read(_)) if only.is_none() && is_in_closed_folder(&path) => None,
            read => read?,
        };
        let Some(file) = file else { continue };
        if let Some(helper) = file.helper(repository)
            && let Some(credentials) = helper::get(helper, file::server(repository), &path)?
        {
            let source = format!("from `docker-credential-{helper}`, by `{}`", path.display());
            return Ok(FoundCredentials { credentials: Some(credentials), source });
        }
        if let Some(credentials) = file.credentials(repository, &path)? {
            let source = format!("from `{}`", path.display());
            return Ok(FoundCredentials { credentials: Some(credentials), source });
        }
        looked.push(format!("`{}`", path.display()));
    }
    let source = match only {
        Some(path) if looked.is_empty() => format!("there is no file `{}`", path.display()),
        _ if looked.is_empty() => {
            "there is no file with any, such as `~/.docker/config.json`".to_owned()
        }
        _ => format!("there are none for `{}` in {}", repository.registry(), looked.join(" or ")),
    };
    Ok(FoundCredentials { credentials: None, source })
}

fn is_in_closed_folder(path: &Path) -> bool {
    path.metadata().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::secret::Secret;
    use super::*;
    use crate::Reference;

    fn repository(name: &str) -> Repository {
        name.parse::<Reference>().unwrap().repository()
    }

    fn found(json: &str, name: &str) -> Result<FoundCredentials, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        fs::write(&path, json).unwrap();
        let found = find_in(vec![dir.path().join("none.json"), path], &repository(name));
        let shown = |text: String| text.replace(&dir.path().display().to_string(), "");
        found
            .map(|found| FoundCredentials { source: shown(found.source), ..found })
            .map_err(|error| shown(error.to_string()))
    }

    fn password(user: &str, password: &str) -> Credentials {
        let password = Secret::new(password.to_owned());
        Credentials::Password { user: user.to_owned(), password }
    }

    #[test]
    fn credentials_of_docker_login_are_found() {
        // `me:a:b`, as a password may hold colons.
        let json = r#"{"auths": {"r.io:5000": {"auth": "bWU6YTpi"}}}"#;
        let read = found(json, "r.io:5000/a").unwrap();
        assert_eq!(read.credentials, Some(password("me", "a:b")));
        assert_eq!(read.who(), "`me` (from `/config.json`)");
        let other = found(json, "other.io/a").unwrap();
        assert_eq!(other.credentials, None);
        assert_eq!(other.source, "there are none for `other.io` in `/config.json`");
    }

    #[test]
    fn docker_hub_credentials_are_found_under_its_old_address() {
        let json = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6eA=="}}}"#;
        assert_eq!(found(json, "engine").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn podman_namespace_entry_outranks_the_registry_entry() {
        let json =
            r#"{"auths": {"r.io": {"auth": "bWU6eA=="}, "r.io/team": {"auth": "eW91Onk="}}}"#;
        assert_eq!(found(json, "r.io/team/a").unwrap().credentials, Some(password("you", "y")));
        assert_eq!(found(json, "r.io/teams").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn trailing_slash_is_ignored() {
        let json = r#"{"auths": {"r.io/": {"auth": "bWU6eA=="}}}"#;
        assert_eq!(found(json, "r.io/a").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn url_entry_applies_to_its_host() {
        let json = r#"{"auths": {"https://r.io/v1/": {"username": "me", "password": "x"}}}"#;
        assert_eq!(found(json, "r.io/a").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn identity_token_outranks_a_password() {
        let json = r#"{"auths": {"r.io": {"auth": "bWU6eA==", "identitytoken": "t"}}}"#;
        let read = found(json, "r.io/a").unwrap();
        assert_eq!(read.credentials, Some(Credentials::IdentityToken(Secret::new("t".to_owned()))));
        let json = r#"{"auths": {"r.io": {"auth": "bWU6eA==", "identitytoken": ""}}}"#;
        assert_eq!(found(json, "r.io/a").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn empty_entry_has_no_credentials() {
        let read = found(r#"{"auths": {"r.io": {}}, "credsStore": ""}"#, "r.io/a").unwrap();
        assert_eq!(read.credentials, None);
        for json in [
            "{}",
            r#"{"auths": null, "credsStore": null, "credHelpers": null}"#,
            r#"{"auths": {"r.io": {"auth": null, "identitytoken": null}}}"#,
        ] {
            assert_eq!(found(json, "r.io/a").unwrap().credentials, None, "{json}");
        }
    }

    #[test]
    fn error_names_the_file_without_quoting_its_contents() {
        assert_eq!(
            found("{\"auths\": {\n\"r.io\": \"secret\"}}", "r.io/a").unwrap_err(),
            "failed to read the credentials in `/config.json`: line 2, column 16: not the JSON \
             that `docker login` writes\nhelp: mend the file, or log in again"
        );
        assert_eq!(
            found(r#"{"auths": {"r.io": {"auth": "c2VjcmV0"}}}"#, "r.io/a").unwrap_err(),
            "failed to read the credentials for `r.io` in `/config.json`: `auth` is not a name \
             and a password in base64, with `:` between\nhelp: log in again with `docker login \
             r.io`"
        );
    }

    #[test]
    fn files_are_looked_for_in_podmans_order() {
        let of = |set: &[(&str, &str)]| {
            let value = |name: &str| {
                set.iter().find(|(set, _)| *set == name).map(|(_, value)| PathBuf::from(value))
            };
            let files = files(value, 7);
            files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(&[]), "/run/containers/7/auth.json");
        assert_eq!(
            of(&[("HOME", "/me"), ("XDG_RUNTIME_DIR", ""), ("REGISTRY_AUTH_FILE", "")]),
            "/run/containers/7/auth.json /me/.config/containers/auth.json \
             /me/.docker/config.json /me/.dockercfg"
        );
        assert_eq!(
            of(&[
                ("HOME", "/me"),
                ("XDG_RUNTIME_DIR", "/run/user/7"),
                ("XDG_CONFIG_HOME", "/c"),
                ("DOCKER_CONFIG", "/d"),
            ]),
            "/run/user/7/containers/auth.json /c/containers/auth.json /d/config.json \
             /me/.dockercfg"
        );
        assert_eq!(
            of(&[("HOME", "/me"), ("REGISTRY_AUTH_FILE", "/r"), ("XDG_RUNTIME_DIR", "/run/1")]),
            "/r"
        );
    }

    #[test]
    fn first_file_with_credentials_counts_unless_one_before_is_broken() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let mine = file("mine", r#"{"auths": {"r.io": {"auth": "bWU6eA=="}}}"#);
        let yours = file("yours", r#"{"auths": {"r.io": {"auth": "eW91Onk="}}}"#);
        let broken = file("broken", "{");
        let below = mine.join("auth.json");
        let of = |files: &[&PathBuf]| {
            let files = files.iter().map(|path| (*path).clone()).collect();
            find_in(files, &repository("r.io/a"))
        };
        assert_eq!(of(&[&below, &yours, &mine]).unwrap().credentials, Some(password("you", "y")));
        assert_eq!(of(&[&mine, &broken]).unwrap().credentials, Some(password("me", "x")));
        let error = of(&[&broken, &mine]).unwrap_err().to_string();
        let expected =
            format!("failed to read the credentials in `{}`: line 1, ", broken.display());
        assert!(error.starts_with(&expected), "{error}");
        let nowhere = dir.path().join("nowhere");
        assert_eq!(
            of(&[&nowhere]).unwrap().source,
            format!("there is no file `{}`", nowhere.display())
        );
    }

    #[test]
    fn legacy_dockercfg_file_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".dockercfg");
        fs::write(&path, r#"{"https://r.io/v1/": {"auth": "bWU6eA==", "email": "a"}}"#).unwrap();
        let found = find_in(vec![path], &repository("r.io/a")).unwrap();
        assert_eq!(found.credentials, Some(password("me", "x")));
    }

    #[test]
    fn docker_hub_credentials_are_found_under_every_alias() {
        for name in ["docker.io", "index.docker.io", "registry-1.docker.io", "https://docker.io"] {
            let json = format!(r#"{{"auths": {{"{name}": {{"auth": "bWU6eA=="}}}}}}"#);
            for image in ["engine", "docker.io/team/engine", "registry-1.docker.io/team/engine"] {
                let found = found(&json, image).unwrap();
                assert_eq!(found.credentials, Some(password("me", "x")), "{name} {image}");
            }
        }
        let json = r#"{"auths": {"docker.io/team": {"auth": "bWU6eA=="}}}"#;
        assert_eq!(found(json, "team/engine").unwrap().credentials, Some(password("me", "x")));
        assert_eq!(found(json, "teams/engine").unwrap().credentials, None);
    }

    #[test]
    fn debug_output_hides_secrets() {
        let read = found(r#"{"auths": {"r.io": {"auth": "bWU6eA=="}}}"#, "r.io/a").unwrap();
        assert!(format!("{read:?}").contains("password: …"), "{read:?}");
    }

    #[test]
    fn missing_credential_files_are_no_error() {
        let nowhere = ["/nowhere/auth.json", "/nowhere/config.json"].map(PathBuf::from);
        let found = find_in(nowhere.to_vec(), &repository("r.io/a"));
        assert_eq!(
            found.unwrap().source,
            "there is no file with any, such as `~/.docker/config.json`"
        );
    }
}
