//! The interface of an API. Each API has a folder beside this file and a line in `api/mod.rs`.

use hyper::body::Bytes;
use hyper::http::request::Parts;

use crate::server::decide::RequestContext;
use crate::server::http::error::HttpError;
use crate::server::http::query::Query;
use crate::server::http::response::Reply;
use crate::server::state::{App, AppState};

/// An API of this server: its routes, how it reads a question, and how it writes an answer.
pub(crate) trait Api {
    /// The information that the server gives by itself; `Infallible` for none.
    type Info: Send;
    /// The questions that a policy decides; `Infallible` for none.
    type Question: Send;

    /// Bodies may be YAML.
    const TAKES_YAML: bool = false;

    /// Finds the route of a request by its head; `None` where the path is not one of this API's.
    fn route(head: &Parts) -> Option<Routed<Self::Info, Self::Question>>;

    /// The path of a route, with a placeholder for the client's own part. Spans are named by it.
    fn template(route: &Route<Self::Info, Self::Question>) -> &'static str;

    /// The audience of information, which determines its token and memory.
    fn audience(info: &Self::Info) -> Audience;

    /// Answers with information.
    fn inform(
        app: &App,
        state: &AppState,
        info: Self::Info,
        query: &Query,
    ) -> impl Future<Output = Reply> + Send;

    /// Reads a question from a body, has the policy evaluated, and writes its answer.
    fn decide(
        context: &RequestContext<'_>,
        question: Self::Question,
        body: Bytes,
    ) -> impl Future<Output = Reply> + Send;

    /// Writes an error in the form that clients of this API read.
    fn error(error: &HttpError) -> Reply;
}

/// The route of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<Info, Question> {
    /// The server answers by itself, from the head alone.
    Info(Info),
    /// A policy decides.
    Decision(Question),
}

/// The route of a path that belongs to an API, or the reason why there is none.
pub(crate) type Routed<Info, Question> = Result<Route<Info, Question>, NoRoute>;

/// The reason why a path of an API has no route.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoRoute {
    NotFound,
    /// Holds the methods that there are, for the header `Allow`.
    Method(&'static str),
    /// The path is not UTF-8 once it is decoded.
    Encoding,
}

/// The audience of information.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Clients of decisions: not where only diagnostics are served, and with a token.
    Clients,
    /// Operators: everywhere, with a token where decisions are served. Responses use memory of
    /// their own, as operators have to see a server that has no other left.
    Operators,
    /// Probes: as operators, but never with a token.
    Probes,
}
