//! The APIs that clients speak. To add one, implement [`Api`] in a folder here and name it in the
//! list below.

mod definition;
mod diagnostics;
mod exchange;
mod kubernetes;
mod opa;

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Body, Bytes};
use hyper::http::request::Parts;

pub(crate) use self::definition::{Api, NoRoute};
pub(crate) use self::exchange::Arrival;
use super::state::App;

/// Defines [`respond`] for a list of APIs, which are tried in this order.
macro_rules! apis {
    ($first:ty $(, $other:ty)* $(,)?) => {
        /// Answers a request by the API that its path belongs to; where it belongs to none, by the
        /// first, which says so.
        pub(crate) async fn respond<B>(
            app: &App,
            arrival: Arrival<'_>,
            head: Parts,
            body: B,
        ) -> Response<Full<Bytes>>
        where
            B: Body<Data = Bytes, Error: std::error::Error> + Unpin,
        {
            $(
                if let Some(route) = <$other>::route(&head) {
                    return exchange::run::<$other, B>(app, arrival, route, head, body).await;
                }
            )*
            let route = <$first>::route(&head).unwrap_or(Err(NoRoute::NotFound));
            exchange::run::<$first, B>(app, arrival, route, head, body).await
        }

        /// Counts the APIs that the path of a request belongs to.
        #[cfg(any(test, fuzzing))]
        pub(crate) fn count(head: &Parts) -> usize {
            usize::from(<$first>::route(head).is_some())
                $(+ usize::from(<$other>::route(head).is_some()))*
        }

        /// Tells whether any API has a route for a request.
        #[cfg(test)]
        fn has_route(head: &Parts) -> bool {
            matches!(<$first>::route(head), Some(Ok(_)))
                $(|| matches!(<$other>::route(head), Some(Ok(_))))*
        }
    };
}

/// Tells whether a path is of health, metrics, or what else every address serves.
#[cfg(feature = "console")]
pub(crate) fn is_diagnostic(head: &Parts) -> bool {
    diagnostics::Diagnostics::route(head).is_some()
}

apis![opa::Opa, kubernetes::Kubernetes, diagnostics::Diagnostics,];

#[cfg(test)]
mod tests {
    use hyper::Request;
    use serde_json::Value;

    use super::*;

    #[test]
    fn every_described_path_has_a_route() {
        let document: Value = serde_json::from_str(diagnostics::OPENAPI).unwrap();
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters")
            {
                let path = path.replace("{policy}", "pods").replace("{version}", "1");
                let head = Request::builder().method(&*method.to_uppercase()).uri(&path);
                let head = head.body(()).unwrap().into_parts().0;
                assert!(has_route(&head), "{method} {path}");
            }
        }
    }
}
