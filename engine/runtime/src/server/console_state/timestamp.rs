use std::time::SystemTime;

/// A moment in the form of RFC 3339, to the second.
pub(crate) fn timestamp(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at.max(SystemTime::UNIX_EPOCH)).to_string()
}
