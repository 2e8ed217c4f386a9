//! OPA's REST API, for its clients as they are.
//!
//! Shapes and codes are those of `v1/server/types` and of the REST API's documentation. Where this
//! engine knows more than OPA would, a response has an additional field.

mod batch;
mod data;
mod error;
mod policies;
mod route;

use hyper::body::Bytes;
use hyper::http::request::Parts;

pub(crate) use self::error::OpaError;
use self::route::{DataApi, OpaInfo, OpaQuestion};
use super::definition::{Api, Audience, Route, Routed};
use crate::policies::PolicyPath;
use crate::server::decide::RequestContext;
use crate::server::http::error::HttpError;
use crate::server::http::query::Query;
use crate::server::http::response::Reply;
use crate::server::state::{App, AppState};

/// The decision for requests that name none, unless the configuration sets another: OPA's own.
const DEFAULT_DECISION: &str = "system/main";

/// OPA's REST API.
pub(crate) struct Opa;

impl Api for Opa {
    type Info = OpaInfo;
    type Question = OpaQuestion;

    const TAKES_YAML: bool = true;

    fn route(head: &Parts) -> Option<Routed<OpaInfo, OpaQuestion>> {
        route::find(&head.method, head.uri.path())
    }

    fn template(route: &Route<OpaInfo, OpaQuestion>) -> &'static str {
        route::template(route)
    }

    fn audience(_: &OpaInfo) -> Audience {
        Audience::Clients
    }

    async fn inform(app: &App, state: &AppState, info: OpaInfo, _: &Query) -> Reply {
        match info {
            OpaInfo::Policies => policies::list(state).await,
            OpaInfo::Policy(path) => {
                policies::show(state, &path).await.unwrap_or_else(|error| error.reply())
            }
            OpaInfo::Config => policies::config(app, state),
        }
    }

    async fn decide(context: &RequestContext<'_>, question: OpaQuestion, body: Bytes) -> Reply {
        let reply = match question {
            OpaQuestion::Data(api, path) => data::answer(context, api, &path, body).await,
            OpaQuestion::Default => {
                let unset = PolicyPath::new(DEFAULT_DECISION);
                let path = context.state.default_decision.as_ref().unwrap_or(&unset);
                data::answer(context, DataApi::V0, path, body).await
            }
            OpaQuestion::Batch(path) => batch::answer(context, &path, body).await,
        };
        reply.unwrap_or_else(|error| error.reply())
    }

    fn error(error: &HttpError) -> Reply {
        OpaError::from_http(error).reply()
    }
}
