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
use crate::net::outbound;
use crate::server::http::route::Route;
use client::Collector;
use environment::Environment;
pub(crate) use request::RequestSpan;

/// The longest that the end waits for the collector.
const MAX_CLOSING: Duration = Duration::from_secs(3);

/// What makes the spans: nothing where no collector is named.
pub(crate) struct Spans(Option<Exporting>);

struct Exporting {
    tracer: SdkTracer,
    /// Dropping it would wait for the collector once more, for longer than whoever ends the server
    /// at once has.
    provider: ManuallyDrop<SdkTracerProvider>,
}

impl Spans {
    /// # Errors
    /// When what the environment says of the export makes no sense, in a sentence. The collector
    /// is not asked before there are spans.
    pub(crate) fn start() -> Result<Self, String> {
        let variable = |name: &str| std::env::var(name).ok();
        let Some(environment) = Environment::read(variable)? else { return Ok(Self(None)) };
        let collector = Collector::new(&environment).map_err(|error| {
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

    /// Begins a request's span. Health and metrics have none: they are asked for all the time, and
    /// tell nothing of decisions.
    pub(crate) fn request(&self, head: &Parts, route: Option<&Route>) -> RequestSpan {
        let client = Trace::of(&head.headers);
        match &self.0 {
            Some(Exporting { tracer, .. }) if !route.is_some_and(names::is_diagnostic) => {
                begin(tracer, client, head, route)
            }
            _ => RequestSpan::not_exported(client),
        }
    }

    /// Exports what waits, as far as there is time.
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

fn begin(
    tracer: &SdkTracer,
    client: Option<Trace>,
    head: &Parts,
    route: Option<&Route>,
) -> RequestSpan {
    let parent = client.as_ref().and_then(|trace| above(trace, &head.headers));
    let parent = parent.map_or_else(Context::new, |it| Context::new().with_remote_span_context(it));
    let mut attributes = vec![
        KeyValue::new("http.request.method", names::method(&head.method)),
        KeyValue::new("url.path", head.uri.path().to_owned()),
    ];
    attributes.extend(route.map(|route| KeyValue::new("http.route", names::template(route))));
    let span = tracer
        .span_builder(names::span(&head.method, route))
        .with_kind(SpanKind::Server)
        .with_attributes(attributes)
        .start_with_context(tracer, &parent);
    let own = span.span_context();
    // One that the sampler leaves out is known to its client all the same, and to nobody else.
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

/// The client's span.
fn above(trace: &Trace, headers: &HeaderMap) -> Option<SpanContext> {
    let state = headers.get("tracestate").and_then(|state| state.to_str().ok());
    Some(SpanContext::new(
        TraceId::from_hex(&trace.trace_id).ok()?,
        SpanId::from_hex(trace.parent_id.as_deref()?).ok()?,
        TraceFlags::new(u8::from_str_radix(&trace.flags, 16).ok()?),
        true,
        state.and_then(|state| state.parse::<TraceState>().ok()).unwrap_or_default(),
    ))
}

/// Who exports: as the environment says, above what is known without it.
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
