use super::super::secret::Secret;

/// The credentials of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::registry) enum Credentials {
    Password {
        user: String,
        password: Secret,
    },
    /// A refresh token, in place of a password.
    IdentityToken(Secret),
}

/// The result of a search for credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::registry) struct FoundCredentials {
    pub(in crate::store::registry) credentials: Option<Credentials>,
    /// The file or the helper; where there are no credentials, the files that have none, in words.
    pub(in crate::store::registry) source: String,
}

impl FoundCredentials {
    /// The user, for messages.
    pub(in crate::store::registry) fn who(&self) -> String {
        match &self.credentials {
            Some(Credentials::Password { user, .. }) => format!("`{user}` ({})", self.source),
            Some(Credentials::IdentityToken(_)) => format!("the identity token ({})", self.source),
            None => "an anonymous user".to_owned(),
        }
    }
}
