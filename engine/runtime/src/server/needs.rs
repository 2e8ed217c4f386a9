//! What the threads beside those of policies keep: what the configuration names, and nothing else.

use std::path::{Path, PathBuf};

use policy_confinement::Rest;

use crate::config::{Address, Config, LogDestination, Sources};
use crate::net::outbound::Destination;

/// Where the libraries lie with which GNU's C library looks names up.
const LIBRARIES: [&str; 4] = ["/lib", "/lib64", "/usr/lib", "/etc/ld.so.cache"];

/// Where systems keep the certificates of authorities.
const AUTHORITIES: [&str; 6] = [
    "/etc/ca-certificates",
    "/etc/pki",
    "/etc/ssl",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/share/pki",
];

/// The port of name servers, for answers that are too large for UDP.
const DNS: u16 = 53;

/// The port of HTTPS and of HTTP, where a URL names none.
const HTTPS: u16 = 443;
const HTTP: u16 = 80;

/// What a server with this configuration goes on to need: its files, the folders of files that it makes
/// or removes, and the ports of collectors.
pub(super) fn needs(config: &Config, sources: &Sources, spans: Option<&Destination>) -> Rest {
    let mut rest = Rest { connect: Some(Vec::new()), bind: Some(Vec::new()), ..Rest::default() };
    if let Some((file, _)) = sources.file() {
        rest.read_beside(&file);
    }
    if let Some(tls) = &config.tls {
        let files = [Some(&tls.certificate), Some(&tls.key), tls.client_ca.as_ref()];
        files.into_iter().flatten().for_each(|file| rest.read_beside(file));
    }
    if let Some(tokens) = &config.tokens {
        rest.read_beside(tokens);
    }
    let console = config.console.as_ref().map(|console| &console.listen);
    for address in config.listen.iter().chain(&config.diagnostic_listen).chain(console) {
        if let Address::Unix(path) = address {
            rest.write_beside(path);
        }
    }
    // The console tells its digest.
    if config.console.is_some() {
        rest.read.extend(std::env::current_exe());
    }
    match config.decision_log.as_ref().map(|log| &log.to) {
        Some(LogDestination::File(path)) => rest.write_beside(path),
        Some(LogDestination::Collector(collector)) => {
            if let Some(token) = &collector.token {
                rest.read_beside(token);
            }
            if let Ok(url) = collector.url.parse() {
                rest.reach(&Destination { url, authorities: collector.ca.clone() });
            }
        }
        Some(LogDestination::Stdout) | None => {}
    }
    if let Some(spans) = spans {
        rest.reach(spans);
    }
    if rest.sockets {
        rest = rest.with_name_lookup();
    }
    rest.sockets |= std::env::var_os("NOTIFY_SOCKET").is_some();
    rest
}

/// The parts of [`Rest`] that a configuration asks for.
trait Needs {
    /// A file that is read again when it changes. Whoever changes it puts another in its place, or
    /// another link above it, so its folder is what is read.
    fn read_beside(&mut self, file: &Path);
    /// A file that is made, or removed.
    fn write_beside(&mut self, file: &Path);
    /// A collector.
    fn reach(&mut self, collector: &Destination);
}

impl Needs for Rest {
    fn read_beside(&mut self, file: &Path) {
        self.read.extend(folders(file));
    }

    fn write_beside(&mut self, file: &Path) {
        self.write.extend(folders(file));
    }

    fn reach(&mut self, Destination { url, authorities }: &Destination) {
        let is_https = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if is_https { HTTPS } else { HTTP });
        self.sockets = true;
        self.connect.get_or_insert_default().extend([port, DNS]);
        self.read.extend(LIBRARIES.map(PathBuf::from));
        match authorities {
            Some(file) => self.read_beside(file),
            None if is_https => {
                self.read.extend(AUTHORITIES.map(PathBuf::from));
                let set = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
                self.read.extend(set.into_iter().flatten().map(PathBuf::from));
            }
            None => {}
        }
    }
}

/// The folder of a file, and that of what it is a link to. Of a file in the root, itself: the folder
/// would be everything.
fn folders(file: &Path) -> impl Iterator<Item = PathBuf> {
    let folder = |file: PathBuf| {
        let absolute = std::path::absolute(&file).ok()?;
        let parent = absolute.parent()?;
        Some(if parent.parent().is_none() { absolute } else { parent.to_owned() })
    };
    [Some(file.to_owned()), file.canonicalize().ok()].into_iter().flatten().filter_map(folder)
}
