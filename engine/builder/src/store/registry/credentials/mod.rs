//! Whom a registry is told to be asked by: Docker's configuration and its credential helpers, and
//! Podman's `auth.json`.

mod file;
mod helper;

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use super::address::Repository;
use super::secret::Secret;
use file::File;

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    Password {
        user: String,
        password: Secret,
    },
    /// What a token is got for, in place of a password.
    IdentityToken(Secret),
}

/// What was found, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) credentials: Option<Credentials>,
    /// The file or the helper; where there are no credentials, the files that have none, in words.
    pub(super) source: String,
}

impl Found {
    /// Who asks, in words.
    pub(super) fn who(&self) -> String {
        match &self.credentials {
            Some(Credentials::Password { user, .. }) => format!("`{user}` ({})", self.source),
            Some(Credentials::IdentityToken(_)) => format!("the identity token ({})", self.source),
            None => "an anonymous user".to_owned(),
        }
    }
}

/// Looks into the files in which Docker and Podman keep credentials; the first that has some for
/// the repository counts.
pub(super) fn find(repository: &Repository) -> Result<Found, CredentialsError> {
    find_in(files(|name| env::var_os(name).map(PathBuf::from)), repository)
}

/// The files, whether they are there or not: the one that `REGISTRY_AUTH_FILE` names, Docker's,
/// and Podman's.
fn files(variable: impl Fn(&str) -> Option<PathBuf>) -> Vec<PathBuf> {
    let named = |name| variable(name).filter(|path| !path.as_os_str().is_empty());
    let docker = named("DOCKER_CONFIG").or_else(|| named("HOME").map(|home| home.join(".docker")));
    let podman = named("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json"));
    let docker = docker.map(|folder| folder.join("config.json"));
    [named("REGISTRY_AUTH_FILE"), docker, podman].into_iter().flatten().collect()
}

fn find_in(files: Vec<PathBuf>, repository: &Repository) -> Result<Found, CredentialsError> {
    let mut looked = Vec::new();
    for path in files {
        let Some(file) = File::read(&path)? else { continue };
        if let Some(helper) = file.helper(repository)
            && let Some(credentials) = helper::ask(helper, file::server(repository), &path)?
        {
            let source = format!("from `docker-credential-{helper}`, by `{}`", path.display());
            return Ok(Found { credentials: Some(credentials), source });
        }
        if let Some(credentials) = file.credentials(repository, &path)? {
            let source = format!("from `{}`", path.display());
            return Ok(Found { credentials: Some(credentials), source });
        }
        looked.push(format!("`{}`", path.display()));
    }
    let source = if looked.is_empty() {
        "there is no file with any, such as `~/.docker/config.json`".to_owned()
    } else {
        format!("there are none for `{}` in {}", repository.registry, looked.join(" or "))
    };
    Ok(Found { credentials: None, source })
}

/// Why credentials cannot be had: never what they are.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CredentialsError {
    #[error("read the credentials: {0}; mend the file, or log in again with `docker login`")]
    Read(io::Error),
    #[error(
        "read the credentials in `{}`: line {line}, column {column}: not the JSON that `docker \
         login` writes; mend the file, or log in again", path.display()
    )]
    Json { path: PathBuf, line: usize, column: usize },
    #[error(
        "read the credentials for `{server}` in `{}`: `auth` is not a name and a password in \
         base64, with `:` between; log in again with `docker login {server}`", path.display()
    )]
    Encoding { path: PathBuf, server: String },
    #[error(
        "start the credential helper `{helper}`, which `{}` names: {reason}; install it, or take \
         it out of the file", path.display()
    )]
    HelperStart { helper: String, path: PathBuf, reason: io::Error },
    #[error(
        "the credential helper `{helper}`, which `{}` names, ended with {status} for \
         `{server}`{said}; try `echo {server} | {helper} get`", path.display()
    )]
    HelperFailed { helper: String, path: PathBuf, status: ExitStatus, server: String, said: String },
    #[error(
        "the credential helper `{helper}`, which `{}` names, has not answered within {within:?}; \
         try `echo {server} | {helper} get`", path.display()
    )]
    HelperHangs { helper: String, path: PathBuf, server: String, within: Duration },
    #[error(
        "the credential helper `{helper}`, which `{}` names, does not answer with JSON that has \
         `Username` and `Secret`; try `echo {server} | {helper} get`", path.display()
    )]
    HelperAnswer { helper: String, path: PathBuf, server: String },
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn repository(name: &str) -> Repository {
        Repository::of(&name.parse().unwrap())
    }

    fn found(json: &str, name: &str) -> Result<Found, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        fs::write(&path, json).unwrap();
        let found = find_in(vec![dir.path().join("none.json"), path], &repository(name));
        let shown = |text: String| text.replace(&dir.path().display().to_string(), "");
        found
            .map(|it| Found { source: shown(it.source), ..it })
            .map_err(|error| shown(error.to_string()))
    }

    fn password(user: &str, password: &str) -> Credentials {
        let password = Secret::new(password.to_owned());
        Credentials::Password { user: user.to_owned(), password }
    }

    #[test]
    fn what_docker_login_writes_is_found() {
        // `me:a:b`, as a password may hold colons.
        let json = r#"{"auths": {"r.io:5000": {"auth": "bWU6YTpi"}}}"#;
        let it = found(json, "r.io:5000/a").unwrap();
        assert_eq!(it.credentials, Some(password("me", "a:b")));
        assert_eq!(it.who(), "`me` (from `/config.json`)");
        let other = found(json, "other.io/a").unwrap();
        assert_eq!(other.credentials, None);
        assert_eq!(other.source, "there are none for `other.io` in `/config.json`");
    }

    #[test]
    fn docker_hub_goes_by_its_old_address() {
        let json = r#"{"auths": {"https://index.docker.io/v1/": {"auth": "bWU6eA=="}}}"#;
        assert_eq!(found(json, "engine").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn podmans_entries_for_a_part_of_a_registry_outrank_the_whole() {
        let json =
            r#"{"auths": {"r.io": {"auth": "bWU6eA=="}, "r.io/team": {"auth": "eW91Onk="}}}"#;
        assert_eq!(found(json, "r.io/team/a").unwrap().credentials, Some(password("you", "y")));
        assert_eq!(found(json, "r.io/teams").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn an_address_stands_for_its_host() {
        let json = r#"{"auths": {"https://r.io/v1/": {"username": "me", "password": "x"}}}"#;
        assert_eq!(found(json, "r.io/a").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn an_identity_token_outranks_a_password() {
        let json = r#"{"auths": {"r.io": {"auth": "bWU6eA==", "identitytoken": "t"}}}"#;
        let it = found(json, "r.io/a").unwrap();
        assert_eq!(it.credentials, Some(Credentials::IdentityToken(Secret::new("t".to_owned()))));
        let json = r#"{"auths": {"r.io": {"auth": "bWU6eA==", "identitytoken": ""}}}"#;
        assert_eq!(found(json, "r.io/a").unwrap().credentials, Some(password("me", "x")));
    }

    #[test]
    fn an_entry_without_anything_is_none() {
        let it = found(r#"{"auths": {"r.io": {}}, "credsStore": ""}"#, "r.io/a").unwrap();
        assert_eq!(it.credentials, None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_and_nothing_of_it_told() {
        assert_eq!(
            found("{\"auths\": {\n\"r.io\": \"secret\"}}", "r.io/a").unwrap_err(),
            "read the credentials in `/config.json`: line 2, column 16: not the JSON that `docker \
             login` writes; mend the file, or log in again"
        );
        assert_eq!(
            found(r#"{"auths": {"r.io": {"auth": "c2VjcmV0"}}}"#, "r.io/a").unwrap_err(),
            "read the credentials for `r.io` in `/config.json`: `auth` is not a name and a \
             password in base64, with `:` between; log in again with `docker login r.io`"
        );
    }

    #[test]
    fn where_the_files_are_is_what_docker_and_podman_say() {
        let of = |set: &[(&str, &str)]| {
            let files = files(|name| {
                set.iter().find(|(set, _)| *set == name).map(|(_, value)| PathBuf::from(value))
            });
            files.iter().map(|it| it.display().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of(&[("HOME", "/me")]), "/me/.docker/config.json");
        assert_eq!(of(&[("HOME", "/me"), ("DOCKER_CONFIG", "/d")]), "/d/config.json");
        assert_eq!(
            of(&[("HOME", "/me"), ("REGISTRY_AUTH_FILE", "/r"), ("XDG_RUNTIME_DIR", "/run/1")]),
            "/r /me/.docker/config.json /run/1/containers/auth.json"
        );
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn nothing_secret_is_shown() {
        let it = found(r#"{"auths": {"r.io": {"auth": "bWU6eA=="}}}"#, "r.io/a").unwrap();
        assert!(format!("{it:?}").contains("password: …"), "{it:?}");
    }

    #[test]
    fn no_file_at_all_is_no_error() {
        let it = find_in(vec![Path::new("/nowhere/config.json").to_owned()], &repository("r.io/a"));
        assert_eq!(
            it.unwrap().source,
            "there is no file with any, such as `~/.docker/config.json`"
        );
    }
}
