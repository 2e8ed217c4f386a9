use std::path::Path;

/// The authorities that vouch for a collector.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "TLS reads them"))]
pub(crate) struct Authorities<'a> {
    /// A file in PEM; the system's own authorities where there is none.
    pub(crate) file: Option<&'a Path>,
    /// The setting that names the file.
    pub(crate) setting: &'static str,
}
