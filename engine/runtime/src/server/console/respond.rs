use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use policy_console::{Frame, Page};

use super::decisions::filter;
use super::frame::{bare_frame, frame};
use super::reply::Representation;
use super::route::{self, NoPage, PageRoute, Route};
use super::{access, decision, decisions, policies, policy, replay, reply, server, trial};
use crate::config::Limits;
use crate::server::api::{self, Arrival};
use crate::server::console_state::Console;
use crate::server::http::body::{self, BodyError, ContentCoding};
use crate::server::http::error::HttpError;
use crate::server::http::response::{self, Reply};
use crate::server::http::well_formed;
use crate::server::state::{App, AppState};
use crate::system::long_work;

/// How much longer a form may be than what is in it: each byte may be three of `%0A`.
const FORM_LENGTH: usize = 3;

/// The longest report of `replay`, once it is decoded.
const MAX_REPORT: usize = 4 << 20;

/// The most fields of a form.
const MAX_FIELDS: usize = 1000;

/// Answers a request to the console's address.
pub(crate) async fn respond<B>(
    app: &App,
    arrival: Arrival<'_>,
    head: Parts,
    body: B,
) -> Response<Full<Bytes>>
where
    B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
{
    let console = match &app.console {
        Some(console) if !api::is_diagnostic(&head) => console,
        _ => return api::respond(app, arrival, head, body).await,
    };
    let takes_gzip = response::takes_gzip(&head.headers);
    let state = app.state.load_full();
    let request =
        Request { app, console, state: &state, representation: Representation::wanted(&head) };
    let (frame, reply) = match request.admit(&head) {
        Ok(()) => {
            let frame = frame(app, console, &state, &head);
            let reply = request.reply(&frame, &head, body).await;
            (frame, reply)
        }
        Err((status, message)) => {
            let frame = bare_frame(&head);
            let reply = reply::problem(status, request.representation, &frame, message);
            (frame, reply)
        }
    };
    let response = response::finish(takes_gzip, reply, &console.memory, |exhausted| {
        reply::problem(exhausted.status(), request.representation, &frame, exhausted.to_string())
    });
    app.metrics.requests.responded(response.status());
    response
}

/// A request for a page.
struct Request<'a> {
    app: &'a App,
    console: &'a Console,
    state: &'a AppState,
    representation: Representation,
}

impl Request<'_> {
    /// Lets the request in, unless the status and the message tell why not.
    fn admit(&self, head: &Parts) -> Result<(), (StatusCode, String)> {
        well_formed::check(head)
            .map_err(|malformed| (malformed.status(), malformed.to_string()))?;
        access::admit(head, self.app.tokens.as_ref(), self.console.is_loopback)
            .and_then(|()| access::check_site(head))
            .map_err(|refusal| (refusal.status(), refusal.to_string()))
    }

    async fn reply<B>(&self, frame: &Frame, head: &Parts, body: B) -> Reply
    where
        B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
    {
        let problem =
            |status, message: String| reply::problem(status, self.representation, frame, message);
        let route = match route::find(&head.method, head.uri.path()) {
            Ok(route) => route,
            Err(NoPage::NotFound) => {
                let message = format!("nothing is at `{}`", head.uri.path());
                return problem(StatusCode::NOT_FOUND, message);
            }
            Err(NoPage::Method(allowed)) => {
                let message = format!("the method is `{}`: expected {allowed}", head.method);
                let reply = problem(StatusCode::METHOD_NOT_ALLOWED, message);
                return reply::allowing(reply, allowed);
            }
        };
        let route = match route {
            Route::Page(route) => route,
            Route::Asset(path) => {
                let missing = || self.missing(frame, format!("nothing is at `{path}`"));
                return reply::asset(&path, head).unwrap_or_else(missing);
            }
        };
        let form = match self.form(head, &route, body).await {
            Ok(form) => form,
            Err((status, message)) => return problem(status, message),
        };
        // Not before the form is there: a client that sends it slowly holds no place.
        let _place = self.console.pages.acquire(route == PageRoute::Trial).await;
        self.page(frame, head, route, &form).await
    }

    /// The body of a form; nothing with a request that is none.
    async fn form<B>(
        &self,
        head: &Parts,
        route: &PageRoute,
        body: B,
    ) -> Result<Bytes, (StatusCode, String)>
    where
        B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
    {
        if head.method != Method::POST {
            return Ok(Bytes::new());
        }
        access::check_origin(head).map_err(|refusal| (refusal.status(), refusal.to_string()))?;
        let limits = self.state.limits.clone();
        let body_limit = if *route == PageRoute::Replay { MAX_REPORT } else { limits.body };
        let length = body_limit.saturating_mul(FORM_LENGTH);
        let limits = Limits { body: length, ..limits };
        let coding = ContentCoding::from_headers(&head.headers);
        let read = match coding {
            Ok(coding) => body::read(coding, body, &limits, &self.console.memory).await,
            Err(error) => Err(error),
        };
        let form = read.map_err(HttpError::from).map_err(|error| match error {
            HttpError::Body(BodyError::TooLarge { .. }) => {
                (error.status(), format!("the form is larger than {length} bytes"))
            }
            error => (error.status(), error.to_string()),
        })?;
        let fields = form.iter().filter(|byte| **byte == b'&').count() + 1;
        if fields > MAX_FIELDS {
            let message = format!("the form has {fields} fields: expected {MAX_FIELDS} at most");
            return Err((StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        Ok(form)
    }

    async fn page(&self, frame: &Frame, head: &Parts, route: PageRoute, form: &Bytes) -> Reply {
        let Self { app, console, state, .. } = *self;
        let query = head.uri.query().unwrap_or_default();
        match route {
            PageRoute::Policies => self.show(frame, &policies::page(console, state)),
            PageRoute::Policy(path) => {
                self.found(frame, policy::page(app, console, state, &path).await)
            }
            PageRoute::Server => self.show(frame, &server::page(app, console, state)),
            PageRoute::Replay => long_work::on_bytes(form.len(), || {
                reply::with_form(self.show(frame, &replay::page(form)))
            }),
            PageRoute::Decisions => match filter(query) {
                Ok(filter) => self.show(frame, &decisions::page(app, state, filter)),
                Err(message) => {
                    reply::problem(StatusCode::BAD_REQUEST, self.representation, frame, message)
                }
            },
            PageRoute::Decision(id) => {
                let page = decision::page(app, state, &id, console.config.try_it);
                let missing = || format!("no decision `{id}` is kept, or not any more");
                self.found(frame, page.ok_or_else(missing))
            }
            PageRoute::Trial if console.config.try_it => {
                let page = trial::page(app, console, state, query, form).await;
                reply::with_form(self.show(frame, &page))
            }
            PageRoute::Trial => {
                let message = "policies are not tried here: `console.try-it` is `false`";
                self.missing(frame, message.to_owned())
            }
        }
    }

    fn show(&self, frame: &Frame, page: &dyn Page) -> Reply {
        reply::page(StatusCode::OK, self.representation, frame, page)
    }

    fn found(&self, frame: &Frame, page: Result<impl Page, String>) -> Reply {
        match page {
            Ok(page) => self.show(frame, &page),
            Err(message) => self.missing(frame, message),
        }
    }

    fn missing(&self, frame: &Frame, message: String) -> Reply {
        reply::problem(StatusCode::NOT_FOUND, self.representation, frame, message)
    }
}
