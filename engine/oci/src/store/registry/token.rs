//! Tokens of registries (distribution.github.io/distribution/spec/auth/token and …/oauth).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::Agent;
use ureq::http::Method;

use super::credentials::Credentials;
use super::error::{AttemptError, RegistryProblem, TOKEN_REQUEST};
use super::http::{RegistryRequest, RegistryResponse};
use super::redirect;
use super::secret::Secret;

/// The answer of a token server: `token`, or `access_token` of OAuth 2.0, or both.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Token {
    fn read(json: &[u8]) -> Option<String> {
        let Self { token, access_token } = serde_json::from_slice(json).ok()?;
        // One that no header can hold is none.
        let is_usable =
            |token: &String| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
        [token, access_token].into_iter().flatten().find(is_usable)
    }
}

/// A name and a password, as a header has them.
pub(super) fn basic(user: &str, password: &Secret) -> Secret {
    Secret::new(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.reveal()))))
}

/// Requests a token, and gives the server's answer.
pub(super) fn request(
    agent: &Agent,
    credentials: Option<&Credentials>,
    realm: &str,
    service: Option<&str>,
    scope: &str,
) -> Result<RegistryResponse, AttemptError> {
    let mut fields = vec![("scope", scope)];
    fields.extend(service.map(|service| ("service", service)));
    match credentials {
        Some(Credentials::IdentityToken(identity)) => {
            fields.push(("grant_type", "refresh_token"));
            fields.push(("client_id", "policy-builder"));
            fields.push(("refresh_token", identity.reveal()));
            let form = encoded(&fields);
            let mut request = RegistryRequest::new(TOKEN_REQUEST, Method::POST, realm.to_owned());
            let form_type = "application/x-www-form-urlencoded".to_owned();
            request.headers.push(("content-type", form_type));
            let request = RegistryRequest { body: form.as_bytes(), is_secret: true, ..request };
            redirect::send(agent, &request, None)
        }
        credentials => {
            let with = if realm.contains('?') { '&' } else { '?' };
            let url = format!("{realm}{with}{}", encoded(&fields));
            let password = credentials.and_then(|credentials| match credentials {
                Credentials::Password { user, password } => Some(basic(user, password)),
                Credentials::IdentityToken(_) => None,
            });
            let request = RegistryRequest::new(TOKEN_REQUEST, Method::GET, url);
            redirect::send(agent, &request, password.as_ref())
        }
    }
}

/// Reads the token in an answer, as a header has it.
pub(super) fn read(answer: &RegistryResponse) -> Result<Secret, RegistryProblem> {
    let token = Token::read(&answer.body).ok_or_else(|| RegistryProblem::Unexpected {
        what: TOKEN_REQUEST,
        found: "without a token".to_owned(),
    })?;
    Ok(Secret::new(format!("Bearer {token}")))
}

/// The bytes that RFC 3986 does not reserve.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes fields as `application/x-www-form-urlencoded`.
fn encoded(fields: &[(&str, &str)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, UNRESERVED)));
    fields.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_fields_are_percent_encoded() {
        let fields = [("scope", "repository:a/b:pull,push"), ("service", "é &=")];
        assert_eq!(
            encoded(&fields),
            "scope=repository%3Aa%2Fb%3Apull%2Cpush&service=%C3%A9%20%26%3D"
        );
    }

    #[test]
    fn both_token_field_names_are_read() {
        let samples = [
            r#"{"token": "t"}"#,
            r#"{"access_token": "t", "expires_in": 1}"#,
            r#"{"access_token": "t", "token": "t"}"#,
            r#"{"access_token": "t", "token": ""}"#,
            r#"{"access_token": "t", "token": null}"#,
        ];
        for json in samples {
            assert_eq!(Token::read(json.as_bytes()).unwrap(), "t");
        }
        for json in ["{}", r#"{"token": ""}"#, r#"{"token": "a\nb: c"}"#, "<html>"] {
            assert_eq!(Token::read(json.as_bytes()), None, "{json}");
        }
    }
}
