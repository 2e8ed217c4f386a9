//! Requests that are sent on to another place (RFC 9110, 15.4).

use ureq::Agent;
use ureq::http::Method;

use super::error::{AttemptError, RegistryProblem};
use super::http::{RegistryRequest, RegistryResponse, exchange};
use super::location::{HttpOrigin, public_part};
use super::quote::quoted;
use super::secret::Secret;

/// The largest number of redirects.
const MAX_HOPS: usize = 10;

/// Sends a request to wherever the answers lead, and with its body: what was asked for is not there
/// yet. Credentials are for whom it was meant first, and for nobody after another was asked.
pub(super) fn send(
    agent: &Agent,
    request: &RegistryRequest<'_>,
    authorization: Option<&Secret>,
) -> Result<RegistryResponse, AttemptError> {
    let origin = HttpOrigin::parse(&request.url);
    let mut authorization = authorization;
    let mut url = request.url.clone();
    let mut last = None;
    for _ in 0..=MAX_HOPS {
        let answer = match (exchange(agent, request, &url, authorization), last) {
            // That it is kept where nobody can be asked is an answer, too.
            (Err(_), Some(last)) if request.method == Method::HEAD => return Ok(last),
            (answer, _) => answer?,
        };
        let is_read = matches!(request.method, Method::GET | Method::HEAD);
        let leads_on = match answer.status {
            301 | 302 | 307 | 308 => true,
            // The answer to what was done: for an upload no other answer than the one expected.
            303 => is_read,
            _ => false,
        };
        if !leads_on {
            return Ok(answer);
        }
        let next = answer.location(request.what)?;
        if HttpOrigin::parse(&next) != origin {
            if request.is_secret {
                let what = request.what;
                let found =
                    format!("by sending it on to another server{}", quoted(&public_part(&next)));
                return Err(RegistryProblem::Unexpected { what, found }.into());
            }
            authorization = None;
        }
        url = next;
        last = Some(answer);
    }
    let found = format!("by sending it on more than {MAX_HOPS} times");
    Err(RegistryProblem::Unexpected { what: request.what, found }.into())
}
