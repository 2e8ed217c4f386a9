use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::ResponseFuture;
use opentelemetry_http::{HttpClient, HttpError};
use policy_text::error_chain;
use tokio::runtime::Handle;
use tracing::{info, warn};

use super::environment::Environment;
use crate::net::Authorities;
use crate::net::outbound::{self, Transport, TransportError};

/// The most that is read of an answer.
const MAX_ANSWER: usize = 64 << 10;

/// A client of the collector.
#[derive(Debug)]
pub(super) struct OtlpClient {
    transport: Transport,
    /// The URL for people.
    name: String,
    timeout: Duration,
    /// The runtime of the rest, as the SDK calls from a thread of its own.
    runtime: Handle,
    /// The last batch has failed, and that has been logged.
    failing: AtomicBool,
}

/// The error of a batch that was not exported.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("{0}")]
    Request(String),
    #[error("no answer within {}", humantime::format_duration(*.0))]
    Timeout(Duration),
    #[error("the collector answered `{0}`")]
    Refused(StatusCode),
    #[error("the server has ended")]
    Ended,
}

impl OtlpClient {
    pub(super) fn new(environment: &Environment) -> Result<Self, TransportError> {
        let authorities = Authorities {
            file: environment.certificate.as_deref(),
            setting: "OTEL_EXPORTER_OTLP_CERTIFICATE",
        };
        Ok(Self {
            transport: Transport::to(&environment.url, authorities)?,
            name: outbound::name(&environment.url),
            timeout: environment.timeout,
            runtime: Handle::current(),
            failing: AtomicBool::new(false),
        })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, ExportError> {
        let response = self.transport.request(request.map(Full::new));
        let timeout = self.timeout;
        let exchange = async move { tokio::time::timeout(timeout, whole(response)).await };
        match self.runtime.spawn(exchange).await {
            Ok(Ok(response)) => response,
            Ok(Err(_)) => Err(ExportError::Timeout(timeout)),
            Err(_) => Err(ExportError::Ended),
        }
    }

    /// Logs the first failure in a row, and the first success after it.
    fn log_change(&self, problem: Option<&ExportError>) {
        let failed = self.failing.swap(problem.is_some(), Ordering::Relaxed);
        match problem {
            Some(problem) if !failed => warn!(
                "failed to export spans to {}: {problem}; those beyond the queue's size are \
                 dropped until it works",
                self.name
            ),
            None if failed => info!("spans are exported to {} again", self.name),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for OtlpClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request).await;
        match &sent {
            Ok(response) if response.status().is_success() => self.log_change(None),
            Ok(response) => self.log_change(Some(&ExportError::Refused(response.status()))),
            // The shutdown logs that.
            Err(ExportError::Ended) => {}
            Err(problem) => self.log_change(Some(problem)),
        }
        Ok(sent?)
    }
}

async fn whole(response: ResponseFuture) -> Result<Response<Bytes>, ExportError> {
    let response = response.await.map_err(|error| ExportError::Request(error_chain(&error)))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    let body = body.map_err(|error| ExportError::Request(error_chain(&*error)))?;
    Ok(Response::from_parts(head, body.to_bytes()))
}
