mod non_blocking;

use std::fmt;
use std::io::{self, IsTerminal};

use policy_text::escape_line;
use tracing::field::Field;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{self, Writer};
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use non_blocking::NonBlockingWriter;

/// The format of fields in lines for people, with everybody's words escaped.
fn fields() -> impl for<'w> FormatFields<'w> {
    let field = |writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| {
        let text = format!("{value:?}");
        match field.name() {
            "message" => write!(writer, "{}", escape_line(&text)),
            name => write!(writer, "{name}={}", escape_line(&text)),
        }
    };
    format::debug_fn(field).delimited(" ")
}

/// Logs on standard error: lines for people, and for a server that nobody looks at, JSON.
///
/// Keep what it gives until the end: with it goes what is not written yet.
pub(crate) fn init(level: Option<LevelFilter>, serves: bool) -> Option<NonBlockingWriter> {
    let default = if serves { LevelFilter::INFO } else { LevelFilter::WARN };
    // Whoever reads the log may stop to read it; a server goes on.
    let writer_thread = if serves { NonBlockingWriter::to_standard_error().ok() } else { None };
    let writer = match writer_thread.clone() {
        Some(writer) => BoxMakeWriter::new(writer),
        None => BoxMakeWriter::new(io::stderr),
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level.unwrap_or(default))
        .with_writer(writer)
        // It would say on standard error, in a panic, that standard error is gone.
        .log_internal_errors(false)
        .with_ansi(io::stderr().is_terminal());
    match (serves, io::stderr().is_terminal()) {
        (true, false) => log.json().flatten_event(true).with_current_span(false).init(),
        (true, true) => log.fmt_fields(fields()).init(),
        (false, _) => log.without_time().fmt_fields(fields()).init(),
    }
    writer_thread
}
