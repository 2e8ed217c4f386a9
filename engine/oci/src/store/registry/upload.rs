//! Blobs on their way into a registry.
//!
//! The steps are those of Docker and containers/image: `POST` begins an upload, one `PATCH` sends the bytes, and
//! `PUT` names their digest. Where the connection is cut, the registry is asked how much it has,
//! and the rest is sent; one that has lost or forgotten the upload gets all of it again, and one that
//! does not take it so gets it in another manner.

use oci_spec::image::Digest;
use ureq::http::Method;
use ureq::http::header::LOCATION;

use super::client::Client;
use super::error::{AttemptError, RegistryError, RegistryProblem, TransientError};
use super::http::{RegistryRequest, RegistryResponse};
use super::upload_mode::UploadMode;

const BEGINNING: &str = "the beginning of an upload";
const SENDING: &str = "an upload";
const ENDING: &str = "the end of an upload";

/// An upload that the registry has begun.
struct UploadSession {
    location: String,
    /// The bytes that the registry has.
    offset: usize,
}

impl Client {
    /// Returns whether the registry has the blob of this size.
    pub(super) fn has_blob(&self, digest: &Digest, size: u64) -> Result<bool, RegistryError> {
        self.retry(|| self.head_blob(digest, size))
    }

    /// Uploads a blob.
    pub(super) fn upload(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        let mut session: Option<UploadSession> = None;
        let mut is_first = true;
        self.retry(|| {
            if !is_first {
                // The last answer may be all that was lost.
                if self.head_blob(digest, bytes.len() as u64)? {
                    return Ok(());
                }
                let begun = session.take().filter(|_| !self.manner.get().is_whole());
                session = begun.and_then(|begun| self.resume(&begun, bytes.len()));
            }
            is_first = false;
            self.continue_upload(&mut session, digest, bytes)
        })
    }

    /// Whatever is no answer to this leaves the blob to be uploaded: that does no harm.
    fn head_blob(&self, digest: &Digest, size: u64) -> Result<bool, AttemptError> {
        const LOOKING: &str = "the question for a blob";
        let url = self.url(&format!("blobs/{digest}"));
        let request = RegistryRequest::new(LOOKING, Method::HEAD, url);
        let answer = match self.send_once(&request) {
            // Sent in a circle, or to where nothing can be asked.
            Err(AttemptError::Permanent(problem))
                if matches!(*problem, RegistryProblem::Unexpected { .. }) =>
            {
                return Ok(false);
            }
            answer => answer?,
        };
        // A page to log in on is no blob; of its size not every registry tells.
        let is_size = |text: &str| text == "0" || text.parse() == Ok(size);
        Ok(answer.status == 200
            && match answer.digest() {
                Some(found) => found == digest.as_ref(),
                None => {
                    answer.media_type() != "text/html"
                        && answer.header("content-length").is_none_or(is_size)
                }
            })
    }

    /// Does what is left of an upload; the session says how far it has come.
    fn continue_upload(
        &self,
        session: &mut Option<UploadSession>,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), AttemptError> {
        let manner = self.manner.get();
        let UploadSession { location, offset } = match session {
            Some(session) => session,
            None => session.insert(self.begin()?),
        };
        let mut rest = bytes.get(*offset..).unwrap_or_default();
        if !rest.is_empty() && !manner.is_whole() {
            let mut request = RegistryRequest::new(SENDING, Method::PATCH, location.clone());
            request.headers.push(("content-type", "application/octet-stream".to_owned()));
            if *offset > 0 || matches!(manner, UploadMode::Chunk) {
                let last = bytes.len().saturating_sub(1);
                request.headers.push(("content-range", format!("{offset}-{last}")));
            }
            let answer = self.send_once(&RegistryRequest { body: rest, ..request })?;
            if !matches!(answer.status, 200..=204) {
                if matches!(answer.status, 400 | 405 | 411 | 415 | 416 | 501) {
                    self.manner.set(manner.next());
                }
                return Err(self.fail_upload(session, SENDING, &answer));
            }
            if answer.headers.contains_key(LOCATION) {
                *location = answer.location(SENDING)?;
            }
            *offset = bytes.len();
            rest = &[];
        }
        let with = match location.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        let url = format!("{location}{with}digest={digest}");
        let mut request = RegistryRequest::new(ENDING, Method::PUT, url);
        request.headers.push(("content-type", "application/octet-stream".to_owned()));
        let answer = self.send_once(&RegistryRequest { body: rest, ..request })?;
        match answer.status {
            201 => answer.check_digest(digest).map_err(AttemptError::from),
            200 | 202..=204 if self.head_blob(digest, bytes.len() as u64)? => Ok(()),
            _ => Err(self.fail_upload(session, ENDING, &answer)),
        }
    }

    fn begin(&self) -> Result<UploadSession, AttemptError> {
        let answer = self.send_once(&RegistryRequest::new(
            BEGINNING,
            Method::POST,
            self.url("blobs/uploads/"),
        ))?;
        if answer.status != 202 {
            return Err(self.unexpected(BEGINNING, &answer).into());
        }
        Ok(UploadSession { location: answer.location(BEGINNING)?, offset: 0 })
    }

    /// Asks how much of an upload has arrived; nothing where that cannot be built on.
    fn resume(&self, session: &UploadSession, size: usize) -> Option<UploadSession> {
        const ASKING: &str = "the question for an upload";
        let request = RegistryRequest::new(ASKING, Method::GET, session.location.clone());
        let answer =
            self.send_once(&request).ok().filter(|answer| matches!(answer.status, 200..=204))?;
        let range = answer.header("range")?;
        let range =
            range.strip_prefix("bytes").map_or(range, |rest| rest.trim_start_matches(['=', ' ']));
        let last: usize = range.strip_prefix("0-")?.parse().ok()?;
        // `0-0` is said of one byte, and by Distribution of none, too.
        let offset = last.checked_add(1).filter(|offset| *offset > 1 && *offset <= size)?;
        let location = answer.location(ASKING).ok();
        let location = location.unwrap_or_else(|| session.location.clone());
        self.progress.line(&format!("note: going on after {offset} of {size} bytes"));
        Some(UploadSession { location, offset })
    }

    /// The failure of an upload. It is begun again where the registry no longer knows it, has other
    /// bytes than were sent, wants another mode, or where its URL elsewhere has expired.
    fn fail_upload(
        &self,
        session: &mut Option<UploadSession>,
        what: &'static str,
        answer: &RegistryResponse,
    ) -> AttemptError {
        let problem = self.unexpected(what, answer);
        let may_go_on = match &problem {
            RegistryProblem::Elsewhere { status: 401 | 403, .. } => true,
            _ => matches!(answer.status, 400 | 404 | 405 | 411 | 415 | 416 | 501),
        };
        if session.take().is_some() && may_go_on {
            let (status, said) = (answer.status, answer.said());
            return AttemptError::Transient(TransientError::Status {
                what,
                status,
                said,
                after: None,
            });
        }
        problem.into()
    }
}
