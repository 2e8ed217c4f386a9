use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};

use super::peer::Peer;
use super::request_body::RequestBody;

/// A set of addresses, and what is served there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Surface {
    /// Everything.
    Decisions,
    /// Diagnostics alone, without tokens.
    Diagnostics,
    /// The console, and diagnostics as well: as on [`Self::Diagnostics`] where the address is one of
    /// these, else as on [`Self::Decisions`].
    Console { has_open_diagnostics: bool },
}

/// A handler of requests.
pub(crate) trait RequestHandler: Clone + Send + Sync + 'static {
    /// Makes the whole response. The future is dropped when the client goes away.
    fn handle(
        &self,
        request: Request<RequestBody<'_>>,
        surface: Surface,
        peer: &Peer,
    ) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    /// Counts a request that was refused before it got here, by the status of its response.
    fn count_refused(&self, status: StatusCode);
}
