use hyper::HeaderMap;
use hyper::header::HeaderValue;
use uuid::Uuid;

/// The position of a request in a trace (W3C Trace Context, version 00). The trace is the client's,
/// or begins here where spans are exported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the standard and logs call them so")]
pub(crate) struct Trace {
    /// 32 hexadecimal digits, from the client if it sends them.
    pub(crate) trace_id: String,
    /// 16 hexadecimal digits: this server's span.
    pub(crate) span_id: String,
    /// The client's span, the parent of this one, if there is one.
    pub(crate) parent_id: Option<String>,
    pub(super) flags: String,
}

impl Trace {
    /// Parses the header `traceparent`. One that is invalid is ignored, as the standard says.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get("traceparent")?.to_str().ok()?;
        let mut parts = text.split('-');
        let (version, trace_id) = (parts.next()?, parts.next()?);
        let (parent_id, flags) = (parts.next()?, parts.next()?);
        let later_version = version != "00";
        let right = is_hex(version, 2)
            && version != "ff"
            && is_id(trace_id, 32)
            && is_id(parent_id, 16)
            && is_hex(flags, 2)
            && (later_version || parts.next().is_none());
        right.then(|| Self {
            trace_id: trace_id.to_owned(),
            span_id: format!("{:016x}", Uuid::new_v4().as_u64_pair().1),
            parent_id: Some(parent_id.to_owned()),
            flags: flags.to_owned(),
        })
    }

    /// The header of the response: the same trace, and this server's span.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let Self { trace_id, span_id, flags, .. } = self;
        HeaderValue::try_from(format!("00-{trace_id}-{span_id}-{flags}")).ok()
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Tells whether a text is an id, which does not consist of zeros.
fn is_id(text: &str, length: usize) -> bool {
    is_hex(text, length) && text.bytes().any(|byte| byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(header: &str) -> Option<Trace> {
        let mut headers = HeaderMap::new();
        headers.insert("traceparent", header.parse().unwrap());
        Trace::from_headers(&headers)
    }

    #[test]
    fn trace_continues_with_a_new_span() {
        let (id, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let first = trace(&format!("00-{id}-{parent}-01")).unwrap();
        assert_eq!((first.trace_id.as_str(), first.parent_id.as_deref()), (id, Some(parent)));
        let header = first.header().unwrap();
        assert_eq!(header.to_str().unwrap(), format!("00-{id}-{}-01", first.span_id));
        assert!(is_id(&first.span_id, 16) && first.span_id != parent);
        assert!(trace(&format!("01-{id}-{parent}-01-more")).is_some());
    }

    #[test]
    fn invalid_traceparent_is_ignored() {
        for header in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace(header), None, "{header}");
        }
    }
}
