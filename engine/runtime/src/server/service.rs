//! The handler that sockets pass requests to.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};

use super::api::{self, Arrival};
use super::listen::{Peer, RequestBody, RequestHandler, Surface};
use super::state::App;

/// Answers requests by the APIs.
#[derive(Clone)]
pub(crate) struct AppService(pub(crate) Arc<App>);

impl RequestHandler for AppService {
    async fn handle(
        &self,
        request: Request<RequestBody<'_>>,
        surface: Surface,
        peer: &Peer,
    ) -> Response<Full<Bytes>> {
        let (started, received) = (Instant::now(), SystemTime::now());
        let (head, body) = request.into_parts();
        #[cfg(feature = "console")]
        if matches!(surface, Surface::Console { .. }) {
            return super::console::respond(
                &self.0,
                Arrival { surface, peer, started, received },
                head,
                body,
            )
            .await;
        }
        api::respond(&self.0, Arrival { surface, peer, started, received }, head, body).await
    }

    fn count_refused(&self, status: StatusCode) {
        self.0.metrics.requests.responded(status);
    }
}
