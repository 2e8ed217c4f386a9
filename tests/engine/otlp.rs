//! Spans, as an OpenTelemetry collector gets them from the stress engine, which has the feature `otlp`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as OtlpValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use prost::Message;
use serde_json::{Value, json};

use crate::support::{UNUSED_ADDRESS, stress_engine};

/// The time limit of every step, generous for a loaded machine.
const PATIENCE: Duration = Duration::from_mins(1);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CLIENT: &str = "00f067aa0ba902b7";

/// `serve`, with these of OpenTelemetry's variables and no other.
fn serve(variables: &[(&str, &str)]) -> Command {
    let mut command = stress_engine(&["serve", "--listen", "127.0.0.1:0"]);
    command.envs(variables.iter().copied());
    command
}

/// A running engine, which does not outlive its test.
struct Engine {
    child: Child,
    address: String,
    log: Receiver<Value>,
    seen: Vec<Value>,
}

/// A response over HTTP, and the span that it names.
struct TracedResponse {
    status: u16,
    /// The trace id, span id and flags of `traceparent`.
    trace: Option<(String, String, String)>,
    body: Value,
}

impl Engine {
    fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = serve(variables);
        command.args(["--decision-log", "stdout", "--set", "shutdown.wait=0s"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (lines, log) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in streams {
            let lines = lines.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                    // A test that has ended does not care.
                    let _ = lines.send(line);
                }
            });
        }
        let mut engine = Self { child, address: String::new(), log, seen: Vec::new() };
        let serving = engine.line(|line| line["message"] == "serving");
        serving["address"]
            .as_str()
            .unwrap()
            .trim_start_matches("http://")
            .clone_into(&mut engine.address);
        engine
    }

    /// The first line, of the log or of the decision log, that is not passed over.
    fn line(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.log.recv_timeout(left) else {
                panic!("there was no such line: {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if wanted(&line) {
                return line;
            }
        }
    }

    /// Sends a request to a target such as `POST /v1/data/echo`, with one more header line.
    fn ask(&self, target: &str, header: &str, body: &Value) -> TracedResponse {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let body = body.to_string();
        write!(
            stream,
            "{target} HTTP/1.1\r\nhost: here\r\nconnection: close\r\n{header}content-length: \
             {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let trace = head.lines().find_map(|line| line.strip_prefix("traceparent: 00-"));
        let trace = trace.map(|trace| {
            let parts: Vec<_> = trace.split('-').map(str::to_owned).collect();
            (parts[0].clone(), parts[1].clone(), parts[2].clone())
        });
        TracedResponse {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            trace,
            body: serde_json::from_str(body).unwrap(),
        }
    }

    /// Ends it as an orchestrator does; its exit status, how long it took, and all that it said.
    fn end(mut self) -> (Option<i32>, Duration, Vec<Value>) {
        let started = Instant::now();
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            thread::sleep(Duration::from_millis(10));
        };
        let took = started.elapsed();
        let mut seen = std::mem::take(&mut self.seen);
        // Both streams have ended with the program.
        seen.extend(self.log.iter());
        (status.code(), took, seen)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The received spans.
#[derive(Default)]
struct Batches {
    heads: Vec<String>,
    /// The attributes of the resource.
    resource: Vec<(String, Value)>,
    /// The spans, sorted by start time.
    spans: Vec<Span>,
}

/// A collector that accepts everything.
struct Collector {
    endpoint: String,
    batches: Receiver<(String, ExportTraceServiceRequest)>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (sender, batches) = mpsc::channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let sender = sender.clone();
                thread::spawn(move || {
                    let mut stream = BufReader::new(stream.unwrap());
                    while let Some((head, body)) = request(&mut stream) {
                        let batch = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
                        let _ = sender.send((head, batch));
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
                        stream.get_mut().write_all(answer).unwrap();
                    }
                });
            }
        });
        Self { endpoint, batches }
    }

    /// All that has come by the time that the engine has ended, in order.
    fn batches(&self) -> Batches {
        let mut batches = Batches::default();
        for (head, batch) in self.batches.try_iter() {
            batches.heads.push(head);
            for of_resource in batch.resource_spans {
                batches.resource = attributes(&of_resource.resource.unwrap().attributes);
                let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
                batches.spans.extend(spans);
            }
        }
        batches.spans.sort_by_key(|span| span.start_time_unix_nano);
        batches
    }
}

/// A request's head in lower case, and its body.
fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    Some((head, body))
}

/// The attributes, sorted by name.
fn attributes(all: &[KeyValue]) -> Vec<(String, Value)> {
    let value = |value: Option<&AnyValue>| match value.and_then(|value| value.value.as_ref()) {
        Some(OtlpValue::StringValue(text)) => json!(text),
        Some(OtlpValue::IntValue(number)) => json!(number),
        other => panic!("no attribute of this program's: {other:?}"),
    };
    let mut all: Vec<_> = all
        .iter()
        .map(|attribute| (attribute.key.clone(), value(attribute.value.as_ref())))
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn expected(all: &[(&str, Value)]) -> Vec<(String, Value)> {
    all.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn has_message(lines: &[Value], words: &str) -> bool {
    lines.iter().any(|line| line["message"].as_str().is_some_and(|message| message.contains(words)))
}

fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    let span = found.next().unwrap_or_else(|| panic!("no `{name}`: {spans:#?}"));
    assert!(found.next().is_none(), "several `{name}`: {spans:#?}");
    span
}

fn traceparent(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{CLIENT}-{flags}\r\ntracestate: vendor=7\r\n")
}

#[test]
fn exported_span_has_the_ids_of_response_log_and_decision_event() {
    let collector = Collector::start();
    let mut engine = Engine::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=red"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test"),
        // Nothing is exported before the end: it is the end that this waits for.
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
    ]);
    let answer = engine.ask(
        "POST /v1/data/stress",
        &traceparent("01"),
        &json!({"input": {"do": "context"}}),
    );
    assert_eq!(answer.status, 200);
    let (trace, span, flags) = answer.trace.unwrap();
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
    let event = engine.line(|line| line["decision_id"] == answer.body["decision_id"]);
    assert_eq!((&event["trace_id"], &event["span_id"]), (&json!(trace), &json!(span)));

    let denied = json!({"do": "answer", "output": {"allowed": false}});
    let alone = engine.ask("POST /v0/data/stress", "", &denied);
    let (own_trace, own_span, own_flags) = alone.trace.unwrap();
    assert_ne!(own_trace, TRACE);
    assert_eq!(own_flags, "01");

    let (status, _, seen) = engine.end();
    assert_eq!(status, Some(0), "{seen:#?}");
    let Batches { heads, resource, spans } = collector.batches();
    assert!(heads[0].starts_with("post /v1/traces http/1.1\r\n"), "{heads:?}");
    assert!(heads[0].contains("x-tenant: red\r\n"), "{heads:?}");
    assert!(heads[0].contains("content-type: application/x-protobuf\r\n"), "{heads:?}");
    let resource: Vec<_> =
        resource.into_iter().filter(|(name, _)| !name.starts_with("telemetry.sdk.")).collect();
    let of_program = [
        ("deployment.environment.name", json!("test")),
        ("service.name", json!("policy-engine")),
        ("service.version", json!(env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(resource, expected(&of_program));

    assert_eq!(spans.len(), 4, "{spans:#?}");
    let first = named(&spans, "POST /v1/data/{policy}");
    assert_eq!((hex(&first.trace_id), hex(&first.span_id)), (trace, span));
    assert_eq!(
        (hex(&first.parent_span_id).as_str(), first.trace_state.as_str()),
        (CLIENT, "vendor=7")
    );
    assert_eq!(first.kind(), SpanKind::Server);
    let of_request = [
        ("http.request.method", json!("POST")),
        ("http.response.status_code", json!(200)),
        ("http.route", json!("/v1/data/{policy}")),
        ("policy_engine.decision_id", answer.body["decision_id"].clone()),
        ("policy_engine.policy.id", json!("stress")),
        ("policy_engine.policy.name", json!("stress")),
        ("policy_engine.policy.version", json!(env!("CARGO_PKG_VERSION"))),
        ("url.path", json!("/v1/data/stress")),
    ];
    assert_eq!(attributes(&first.attributes), expected(&of_request));

    let second = named(&spans, "POST /v0/data/{policy}");
    assert_eq!((hex(&second.trace_id), hex(&second.span_id)), (own_trace, own_span));
    assert!(second.parent_span_id.is_empty());
    let verdict = ("policy_engine.verdict".to_owned(), json!("denied"));
    assert!(attributes(&second.attributes).contains(&verdict), "{second:#?}");

    let evaluations: Vec<_> = spans.iter().filter(|span| span.name == "evaluate stress").collect();
    let parents: Vec<_> = evaluations.iter().map(|span| span.parent_span_id.clone()).collect();
    assert_eq!(parents, [first.span_id.clone(), second.span_id.clone()]);
    assert!(evaluations.iter().all(|span| span.kind() == SpanKind::Internal));
    let within = |outer: &Span, inner: &Span| {
        outer.start_time_unix_nano <= inner.start_time_unix_nano
            && inner.end_time_unix_nano <= outer.end_time_unix_nano
    };
    assert!(within(first, evaluations[0]) && within(second, evaluations[1]), "{spans:#?}");
}

#[test]
fn batch_inputs_have_spans_of_their_own_and_errors_only_their_kind() {
    let collector = Collector::start();
    let engine = Engine::start(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &format!("{}/as/it/is", collector.endpoint)),
        ("OTEL_SERVICE_NAME", "pods"),
    ]);
    let inputs = json!({"inputs": {"a": {"do": "spin", "ms": 0}, "b": {"do": "fail"}}});
    let answer = engine.ask("POST /v1/batch/data/stress", &traceparent("01"), &inputs);
    assert_eq!(answer.status, 207);
    let failed = engine.ask("POST /v1/data/stress", "", &json!({"input": {"do": "panic"}}));
    assert_eq!(failed.status, 500);
    let nothing = engine.ask("POST /nothing/is/here", "", &json!(null));
    assert_eq!(nothing.status, 404);

    engine.end();
    let Batches { heads, resource, spans } = collector.batches();
    assert!(heads[0].starts_with("post /as/it/is http/1.1\r\n"), "{heads:?}");
    assert!(resource.contains(&("service.name".to_owned(), json!("pods"))), "{resource:?}");
    let batch = named(&spans, "POST /v1/batch/data/{policy}");
    assert_eq!(batch.status.as_ref().map_or(StatusCode::Unset, Status::code), StatusCode::Unset);
    let told = |span: &Span, name: &str| {
        let all = attributes(&span.attributes).into_iter();
        all.filter(|(key, _)| key == name).map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert!(told(batch, "policy_engine.decision_id").is_empty());
    let questions: Vec<_> =
        spans.iter().filter(|span| span.parent_span_id == batch.span_id).collect();
    assert_eq!(questions.len(), 2);
    assert_eq!(told(questions[0], "policy_engine.verdict"), [json!("allowed")]);
    assert_eq!(told(questions[1], "error.type"), [json!("failed")]);
    let ids = questions.iter().map(|span| told(span, "policy_engine.decision_id"));
    let of_answer =
        ["a", "b"].map(|key| vec![answer.body["responses"][key]["decision_id"].clone()]);
    assert_eq!(ids.collect::<Vec<_>>(), of_answer);

    let broken = named(&spans, "POST /v1/data/{policy}");
    let status = broken.status.as_ref().unwrap();
    assert_eq!((status.code(), status.message.as_str()), (StatusCode::Error, ""));
    assert_eq!(told(broken, "error.type"), [json!("500")]);
    assert_eq!(told(named(&spans, "POST"), "url.path"), [json!("/nothing/is/here")]);
}

#[test]
fn unsampled_requests_and_health_checks_are_not_exported() {
    let collector = Collector::start();
    let engine = Engine::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint)]);
    let input = json!({"input": {"do": "spin", "ms": 0}});
    let (trace, span, flags) =
        engine.ask("POST /v1/data/stress", &traceparent("00"), &input).trace.unwrap();
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "00"));
    assert_ne!(span, CLIENT);
    let health = engine.ask("GET /health", &traceparent("01"), &json!(null));
    assert_eq!(health.trace.unwrap().0, TRACE);
    let (status, _, seen) = engine.end();
    assert_eq!(status, Some(0), "{seen:#?}");
    assert!(collector.batches().spans.is_empty());

    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint.as_str()),
        ("OTEL_TRACES_SAMPLER", "always_off"),
    ];
    let engine = Engine::start(&variables);
    assert_eq!(engine.ask("POST /v1/data/stress", "", &input).trace, None);
    let (_, _, flags) =
        engine.ask("POST /v1/data/stress", &traceparent("01"), &input).trace.unwrap();
    assert_eq!(flags, "00");
    engine.end();
    assert!(collector.batches().spans.is_empty());
}

#[test]
fn no_span_is_exported_without_an_endpoint() {
    let engine = Engine::start(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]);
    let input = json!({"input": {"do": "spin", "ms": 0}});
    assert_eq!(engine.ask("POST /v1/data/stress", "", &input).trace, None);
    let (trace, _, flags) =
        engine.ask("POST /v1/data/stress", &traceparent("01"), &input).trace.unwrap();
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
    let (status, _, seen) = engine.end();
    assert_eq!(status, Some(0));
    assert!(!has_message(&seen, "spans"), "{seen:#?}");
}

#[test]
fn unreachable_collector_is_logged_once_and_delays_no_request() {
    let mut engine = Engine::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://me:secret@{UNUSED_ADDRESS}")),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
    ]);
    let ask = |engine: &Engine| {
        let answer = engine.ask("POST /v1/data/echo", &traceparent("01"), &json!({"input": 7}));
        assert_eq!((answer.status, &answer.body["result"]), (200, &json!(7)));
    };
    ask(&engine);
    let is_problem = |line: &Value| {
        line["message"]
            .as_str()
            .is_some_and(|message| message.starts_with("failed to export spans to "))
    };
    let line = engine.line(is_problem);
    assert_eq!(line["level"], "WARN");
    let message = line["message"].as_str().unwrap();
    let name = format!("http://{UNUSED_ADDRESS}/v1/traces: ");
    assert!(message.contains(&name) && message.contains("Connection refused"), "{message}");
    for _ in 0..20 {
        ask(&engine);
    }
    let (status, took, seen) = engine.end();
    assert_eq!(status, Some(0), "{seen:#?}");
    assert!(took < PATIENCE / 2, "{took:?}");
    assert_eq!(seen.iter().filter(|line| is_problem(line)).count(), 1, "{seen:#?}");
    assert!(!has_message(&seen, "secret"), "{seen:#?}");
}

#[test]
fn silent_collector_delays_no_request_and_shutdown_only_briefly() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let engine = Engine::start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{}", silent.local_addr().unwrap())),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000"),
        ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
    ]);
    // More than wait: the others are dropped.
    for _ in 0..20 {
        let answer = engine.ask("POST /v1/data/echo", "", &json!({"input": 7}));
        assert_eq!(answer.status, 200);
    }
    // Somebody has really asked it.
    let (_asked, _) = silent.accept().unwrap();
    let (status, took, seen) = engine.end();
    assert_eq!(status, Some(0), "{seen:#?}");
    assert!(took < PATIENCE / 2, "{took:?}");
    assert!(has_message(&seen, "spans were not exported before the end"), "{seen:#?}");
}

#[test]
fn unsupported_otlp_protocol_fails_the_start() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ];
    let done = serve(&variables).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(done.stderr).unwrap(),
        "error: `OTEL_EXPORTER_OTLP_PROTOCOL` is `grpc`: expected `http/protobuf`, the one \
         protocol that spans are exported by, which collectors take on port 4318\n"
    );
}
