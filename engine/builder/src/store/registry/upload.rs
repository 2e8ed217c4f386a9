//! Blobs on their way into a registry.
//!
//! As Docker and containers/image do it: `POST` begins an upload, one `PATCH` sends the bytes, and
//! `PUT` names their digest. Where the connection is cut, the registry is asked how much it has,
//! and the rest is sent; one that has lost or forgotten the upload gets all of it again.

use oci_spec::image::Digest;
use ureq::http::Method;

use super::client::Client;
use super::error::{Failed, Problem, RegistryError, Transient};
use super::http::{Answer, Request};

const BEGINNING: &str = "the beginning of an upload";
const SENDING: &str = "an upload";
const ENDING: &str = "the end of an upload";

/// An upload that the registry has begun.
struct Session {
    location: String,
    /// How many bytes it has.
    offset: usize,
}

impl Client {
    /// Whether the registry has the blob.
    pub(super) fn has_blob(&self, digest: &Digest) -> Result<bool, RegistryError> {
        self.persist(|| self.look_for_blob(digest))
    }

    /// Uploads a blob.
    pub(super) fn upload(&self, digest: &Digest, bytes: &[u8]) -> Result<(), RegistryError> {
        let mut session = None;
        let mut is_first = true;
        self.persist(|| {
            if !is_first {
                // The last answer may be all that was lost.
                if self.look_for_blob(digest)? {
                    return Ok(());
                }
                session = session.take().and_then(|it| self.resume(&it, bytes.len()));
            }
            is_first = false;
            self.go_on(&mut session, digest, bytes)
        })
    }

    fn look_for_blob(&self, digest: &Digest) -> Result<bool, Failed> {
        const LOOKING: &str = "the question for a blob";
        let url = self.url(&format!("blobs/{digest}"));
        let answer = self.once(&Request::new(LOOKING, Method::HEAD, url))?;
        match answer.status {
            // It may be kept at another server.
            200 | 301..=308 => Ok(true),
            404 => Ok(false),
            _ => Err(answer.unexpected(LOOKING).into()),
        }
    }

    /// Does what is left of an upload; the session says how far it has come.
    fn go_on(
        &self,
        session: &mut Option<Session>,
        digest: &Digest,
        bytes: &[u8],
    ) -> Result<(), Failed> {
        let Session { location, offset } = match session {
            Some(session) => session,
            None => session.insert(self.begin()?),
        };
        let rest = bytes.get(*offset..).unwrap_or_default();
        if !rest.is_empty() {
            let mut request = Request::new(SENDING, Method::PATCH, location.clone());
            request.headers.push(("content-type", "application/octet-stream".to_owned()));
            if *offset > 0 {
                // A first part has none: some registries take it for a chunk of a size they refuse.
                let last = bytes.len().saturating_sub(1);
                request.headers.push(("content-range", format!("{offset}-{last}")));
            }
            let answer = self.once(&Request { body: rest, ..request })?;
            if !matches!(answer.status, 200..=204) {
                return Err(refused(session, SENDING, &answer));
            }
            *location = self.location(SENDING, &answer)?;
            *offset = bytes.len();
        }
        let with = if location.contains('?') { '&' } else { '?' };
        let url = format!("{location}{with}digest={digest}");
        let mut request = Request::new(ENDING, Method::PUT, url);
        request.headers.push(("content-type", "application/octet-stream".to_owned()));
        let answer = self.once(&request)?;
        if answer.status == 201 {
            return Ok(());
        }
        Err(refused(session, ENDING, &answer))
    }

    fn begin(&self) -> Result<Session, Failed> {
        let answer =
            self.once(&Request::new(BEGINNING, Method::POST, self.url("blobs/uploads/")))?;
        if answer.status != 202 {
            return Err(answer.unexpected(BEGINNING).into());
        }
        Ok(Session { location: self.location(BEGINNING, &answer)?, offset: 0 })
    }

    /// Asks how much of an upload has arrived; nothing where that cannot be built on.
    fn resume(&self, session: &Session, size: usize) -> Option<Session> {
        const ASKING: &str = "the question for an upload";
        let request = Request::new(ASKING, Method::GET, session.location.clone());
        let answer = self.once(&request).ok().filter(|it| it.status == 204)?;
        let last: usize = answer.header("range")?.strip_prefix("0-")?.parse().ok()?;
        // `0-0` is said of one byte, and by Distribution of none, too.
        let offset = last.checked_add(1).filter(|offset| *offset > 1 && *offset <= size)?;
        let location = self.location(ASKING, &answer).ok();
        let location = location.unwrap_or_else(|| session.location.clone());
        self.progress.line(&format!("note: going on after {offset} of {size} bytes"));
        Some(Session { location, offset })
    }
}

/// What comes of an upload that the registry does not go on with: one that it no longer knows, or
/// of which it has other bytes than it was sent, is begun again.
fn refused(session: &mut Option<Session>, what: &'static str, answer: &Answer) -> Failed {
    let is_lost = matches!(answer.status, 400 | 404 | 416);
    if session.take().is_some() && is_lost {
        let status = answer.status;
        let Problem::Status { said, .. } = answer.unexpected(what) else {
            return answer.unexpected(what).into();
        };
        return Failed::Transient(Transient::Status { what, status, said, after: None });
    }
    answer.unexpected(what).into()
}
