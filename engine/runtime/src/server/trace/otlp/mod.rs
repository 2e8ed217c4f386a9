//! Spans to an OpenTelemetry collector, as OTLP over HTTP.
//!
//! Spans wait in a bounded queue for a thread of the SDK's own, which sends them in batches: no
//! request waits for the collector, and what finds the queue full is dropped.

mod client;
mod environment;
mod names;
mod request;

use std::mem::ManuallyDrop;
use std::time::Duration;

use hyper::HeaderMap;
use hyper::http::request::Parts;
use opentelemetry::trace::{
    Span, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{EnvResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{info, warn};

use super::Trace;
use crate::net::outbound::{self, Destination};
use client::OtlpClient;
use environment::Environment;
pub(crate) use request::RequestSpan;

/// The longest time that a shutdown waits for the collector.
const MAX_CLOSING: Duration = Duration::from_secs(3);

/// The exporter of spans, if a collector is named.
pub(crate) struct Spans(Option<Exporting>);

struct Exporting {
    tracer: SdkTracer,
    /// Never dropped, as that would wait for the collector again, also when the server is to end at
    /// once.
    provider: ManuallyDrop<SdkTracerProvider>,
}

impl Spans {
    /// The collector, if the environment names one.
    ///
    /// # Errors
    /// When the environment's settings for the export are invalid.
    pub(crate) fn destination() -> Result<Option<Destination>, String> {
        let environment = Environment::read(|name| std::env::var(name).ok())?;
        Ok(environment.map(|environment| Destination {
            url: environment.url,
            authorities: environment.certificate,
        }))
    }

    /// Starts the exporter. The collector is not contacted before there are spans.
    ///
    /// # Errors
    /// When the environment's settings for the export are invalid.
    pub(crate) fn start() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok();
        let Some(environment) = Environment::read(variable)? else { return Ok(Self(None)) };
        let collector = OtlpClient::new(&environment).map_err(|error| {
            format!("export of spans: `{}`: {error}", outbound::name(&environment.url))
        })?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(environment.url.to_string())
            .with_timeout(environment.timeout)
            .build()
            .map_err(|error| format!("export of spans: {error}"))?;
        info!("spans are exported to {}", outbound::name(&environment.url));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource(environment.service))
            .build();
        let tracer = provider.tracer(env!("CARGO_PKG_NAME"));
        Ok(Self(Some(Exporting { tracer, provider: ManuallyDrop::new(provider) })))
    }

    /// Begins the span of a request. `template` is the path of its route, if it has one.
    pub(crate) fn request(&self, head: &Parts, template: Option<&'static str>) -> RequestSpan {
        match &self.0 {
            Some(Exporting { tracer, .. }) => begin(tracer, head, template),
            None => self.unexported(head),
        }
    }

    /// The span of a request that is not exported.
    #[expect(clippy::unused_self, reason = "reads as the other kind of span does")]
    pub(crate) fn unexported(&self, head: &Parts) -> RequestSpan {
        RequestSpan::not_exported(Trace::from_headers(&head.headers))
    }

    /// Exports the spans that wait, as far as there is time.
    pub(crate) async fn close(&self, within: Duration) {
        let Some(Exporting { provider, .. }) = &self.0 else { return };
        let provider = SdkTracerProvider::clone(provider);
        let within = within.min(MAX_CLOSING);
        let closing = move || provider.shutdown_with_timeout(within);
        if let Ok(Err(_)) = tokio::task::spawn_blocking(closing).await {
            warn!("spans were not exported before the end");
        }
    }
}

fn begin(tracer: &SdkTracer, head: &Parts, template: Option<&'static str>) -> RequestSpan {
    let client = Trace::from_headers(&head.headers);
    let parent = client.as_ref().and_then(|trace| remote_parent(trace, &head.headers));
    let parent =
        parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
    let mut attributes = vec![
        KeyValue::new("http.request.method", names::method(&head.method)),
        KeyValue::new("url.path", head.uri.path().to_owned()),
    ];
    attributes.extend(template.map(|template| KeyValue::new("http.route", template)));
    let span = tracer
        .span_builder(names::span(&head.method, template))
        .with_kind(SpanKind::Server)
        .with_attributes(attributes)
        .start_with_context(tracer, &parent);
    let own = span.span_context();
    // A trace that the sampler leaves out is still known to its client.
    let is_known = own.is_valid() && (span.is_recording() || client.is_some());
    if !is_known {
        return RequestSpan::not_exported(client);
    }
    let trace = Trace {
        trace_id: own.trace_id().to_string(),
        span_id: own.span_id().to_string(),
        parent_id: client.and_then(|client| client.parent_id),
        flags: format!("{:02x}", own.trace_flags().to_u8()),
    };
    if span.is_recording() {
        RequestSpan::exported(trace, Context::new().with_span(span), tracer.clone())
    } else {
        RequestSpan::not_exported(Some(trace))
    }
}

/// The context of the client's span.
fn remote_parent(trace: &Trace, headers: &HeaderMap) -> Option<SpanContext> {
    let state = headers.get("tracestate").and_then(|state| state.to_str().ok());
    Some(SpanContext::new(
        TraceId::from_hex(&trace.trace_id).ok()?,
        SpanId::from_hex(trace.parent_id.as_deref()?).ok()?,
        TraceFlags::new(u8::from_str_radix(&trace.flags, 16).ok()?),
        true,
        state.and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    ))
}

/// The resource that exports: the environment's attributes override the built-in ones.
fn resource(service: Option<String>) -> Resource {
    let builder = Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", "policy-engine"),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        ])
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_detector(Box::new(EnvResourceDetector::new()));
    match service {
        Some(name) => builder.with_service_name(name).build(),
        None => builder.build(),
    }
}
