use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, StatusCode, Uri};
use policy_text::error_chain;
use tokio::time::{Instant, timeout_at};

use super::SinkError;
use crate::config;
use crate::net::Authorities;
use crate::net::outbound::{self, Transport, TransportError};
use crate::system::watched_file;

/// The most that is read of an answer, so that its connection can be used again.
const MAX_ANSWER: usize = 64 << 10;

/// The collector as it is reached.
#[derive(Debug)]
pub(super) struct CollectorEndpoint {
    client: Transport,
    url: Uri,
    token: Option<PathBuf>,
    timeout: Duration,
}

/// The collector's answer to an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UploadOutcome {
    Accepted,
    TooLarge,
}

/// The reason why an upload came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    #[error("failed to read the token in `{}`: {reason}", path.display())]
    Token { path: PathBuf, reason: String },
    #[error("{0}")]
    Request(String),
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    #[error("the collector answered `{status}`")]
    Refused { status: StatusCode, retry_after: Option<Duration> },
}

impl CollectorEndpoint {
    pub(super) fn new(config: &config::CollectorConfig) -> Result<Self, SinkError> {
        let no_url = || SinkError::Url { url: config.url.clone() };
        let url: Uri =
            format!("{}/logs", config.url.trim_end_matches('/')).parse().map_err(|_| no_url())?;
        let authorities = Authorities { file: config.ca.as_deref(), setting: "ca" };
        let client = Transport::to(&url, authorities).map_err(|error| match error {
            TransportError::Url => no_url(),
            error @ TransportError::Tls(_) => SinkError::Transport(error),
        })?;
        Ok(Self { client, url, token: config.token.clone(), timeout: config.timeout })
    }

    /// The URL for people, who must not see credentials.
    pub(super) fn name(&self) -> String {
        outbound::name(&self.url)
    }

    /// One attempt.
    pub(super) async fn upload(&self, gzip: Bytes) -> Result<UploadOutcome, UploadError> {
        let deadline = Instant::now() + self.timeout;
        let request = self.request(gzip)?;
        let response = timeout_at(deadline, self.client.request(request))
            .await
            .map_err(|_| UploadError::Timeout(self.timeout))?
            .map_err(|error| UploadError::Request(error_chain(&error)))?;
        let status = response.status();
        let retry_after = retry_after(&response);
        // What the status says stands, whatever becomes of the rest.
        let rest = Limited::new(response.into_body(), MAX_ANSWER).collect();
        let _ = timeout_at(deadline, rest).await;
        match status {
            _ if status.is_success() => Ok(UploadOutcome::Accepted),
            StatusCode::PAYLOAD_TOO_LARGE => Ok(UploadOutcome::TooLarge),
            _ => Err(UploadError::Refused { status, retry_after }),
        }
    }

    fn request(&self, gzip: Bytes) -> Result<Request<Full<Bytes>>, UploadError> {
        let mut request = Request::new(Full::new(gzip));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.url.clone();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(path) = &self.token {
            headers.insert(AUTHORIZATION, authorization(path)?);
        }
        Ok(request)
    }
}

impl UploadError {
    /// The time that the collector asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// Read for each upload, as tokens are replaced while the server runs.
fn authorization(path: &Path) -> Result<HeaderValue, UploadError> {
    let problem = |reason: String| UploadError::Token { path: path.to_owned(), reason };
    let token = watched_file::read(path).map_err(|error| problem(error.to_string()))?;
    let mut header = HeaderValue::try_from([b"Bearer ", token.trim_ascii()].concat())
        .map_err(|_| problem("it is not one line of text".to_owned()))?;
    header.set_sensitive(true);
    Ok(header)
}

/// The value of `retry-after` in seconds; the other form, a date, is left to the backoff.
fn retry_after(response: &Response<Incoming>) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
