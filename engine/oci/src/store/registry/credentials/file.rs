//! `config.json` of Docker (docs.docker.com/reference/cli/docker/login) and `auth.json` of Podman
//! (containers-auth.json(5)), which have one form.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::path::Path;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer};

use super::super::secret::Secret;
use super::error::{CredentialsError, MAX_FILE};
use super::login::Credentials;
use crate::reference::DOCKER_HUB;
use crate::reference::Repository;

/// The name of Docker Hub in Docker's files and helpers.
const DOCKER_HUB_SERVER: &str = "https://index.docker.io/v1/";
/// A file of Docker's first years, which holds what is in `auths` today and nothing else.
pub(super) const LEGACY: &str = ".dockercfg";

/// The part of the file that is about credentials.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct CredentialsFile {
    #[serde(deserialize_with = "or_default")]
    auths: BTreeMap<String, Entry>,
    #[serde(deserialize_with = "or_default")]
    creds_store: String,
    #[serde(deserialize_with = "or_default")]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    /// `user:password`, in base64.
    #[serde(deserialize_with = "or_default")]
    auth: String,
    #[serde(deserialize_with = "or_default")]
    username: String,
    #[serde(deserialize_with = "or_default")]
    password: String,
    #[serde(deserialize_with = "or_default")]
    identitytoken: String,
}

/// Go writes `null` for what is empty.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// The name of a registry in Docker's files and helpers.
pub(super) fn server(repository: &Repository) -> &str {
    if repository.registry() == DOCKER_HUB { DOCKER_HUB_SERVER } else { repository.registry() }
}

impl CredentialsFile {
    /// Reads the file, if there is one.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialsError> {
        let mut bytes = Vec::new();
        let opened = fs_err::File::open(path);
        match opened.and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)) {
            Ok(_) if bytes.len() as u64 <= MAX_FILE => {}
            Ok(_) => return Err(CredentialsError::Large { path: path.to_owned() }),
            // A user's home may be no folder at all.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(CredentialsError::Read(error)),
        }
        // serde's own words would quote the value.
        let file = if path.ends_with(LEGACY) {
            serde_json::from_slice(&bytes).map(|auths| Self { auths, ..Self::default() })
        } else {
            serde_json::from_slice(&bytes)
        };
        file.map(Some).map_err(|error| CredentialsError::Json {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
        })
    }

    /// The helper that is to be asked, without its `docker-credential-`.
    pub(super) fn helper(&self, repository: &Repository) -> Option<&str> {
        let own = [server(repository), repository.registry()];
        let own = own.iter().find_map(|key| self.cred_helpers.get(*key)).or_else(|| {
            let mut all = self.cred_helpers.iter();
            let found = all.find(|(key, _)| host(key) == host(repository.registry()));
            found.map(|(_, helper)| helper)
        });
        Some(own.unwrap_or(&self.creds_store).as_str()).filter(|name| !name.is_empty())
    }

    /// The credentials in the file itself.
    pub(super) fn credentials(
        &self,
        repository: &Repository,
        path: &Path,
    ) -> Result<Option<Credentials>, CredentialsError> {
        let Some(entry) = self.entry(repository) else { return Ok(None) };
        let password = |user: &str, password: &str| {
            let password = Secret::new(password.to_owned());
            Some(Credentials::Password { user: user.to_owned(), password })
        };
        if !entry.identitytoken.is_empty() {
            let token = Secret::new(entry.identitytoken.clone());
            return Ok(Some(Credentials::IdentityToken(token)));
        }
        if entry.auth.is_empty() {
            let is_set = !entry.username.is_empty();
            return Ok(is_set.then(|| password(&entry.username, &entry.password)).flatten());
        }
        let decoded = decode(&entry.auth).ok_or_else(|| CredentialsError::Encoding {
            path: path.to_owned(),
            server: repository.registry().to_owned(),
        })?;
        Ok(password(&decoded.0, &decoded.1))
    }

    /// The entry for the repository: for the longest part of its name, else for its host.
    fn entry(&self, repository: &Repository) -> Option<&Entry> {
        let name = repository.to_string();
        let mut part = name.as_str();
        loop {
            if let Some(entry) = self.auths.get(part) {
                return Some(entry);
            }
            let Some((shorter, _)) = part.rsplit_once('/') else { break };
            part = shorter;
        }
        let server = server(repository);
        self.auths.get(server).or_else(|| {
            // What is for a part of a registry is for that part alone.
            let is_whole =
                |key: &str| key.contains("://") || !key.trim_end_matches('/').contains('/');
            let mut all = self.auths.iter();
            let found = all.find(|(key, _)| is_whole(key) && host(key) == host(server));
            found.map(|(_, entry)| entry)
        })
    }
}

/// The host that an entry is for: older versions of Docker wrote whole addresses.
fn host(key: &str) -> &str {
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    match key.split('/').next().unwrap_or(key) {
        "index.docker.io" | "registry-1.docker.io" => DOCKER_HUB,
        host => host,
    }
}

fn decode(auth: &str) -> Option<(String, String)> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&STANDARD, config).decode(auth.trim()).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (user, password) = decoded.split_once(':')?;
    // Docker itself once ended passwords with zeros.
    Some((user.to_owned(), password.trim_end_matches('\0').to_owned()))
}
