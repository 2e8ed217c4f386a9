use policy_console::Listener;

use crate::config::Config;
use crate::server::listen::Listeners;

/// The addresses that are listened on.
pub(crate) fn listeners(config: &Config, listeners: &Listeners) -> Vec<Listener> {
    let asks_for_certificates = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let listener = |url: &str, serves: &'static str| {
        let certificate =
            (asks_for_certificates && url.starts_with("https://")).then_some("a certificate");
        let token = (config.tokens.is_some() && serves != "diagnostics").then_some("a token");
        Listener {
            url: url.to_owned(),
            serves,
            asks_for: [certificate, token].into_iter().flatten().collect(),
        }
    };
    let decisions = listeners.addresses().map(|url| listener(url, "decisions"));
    let diagnostics = listeners.diagnostic_addresses().map(|url| listener(url, "diagnostics"));
    let console = listeners.console_address().map(|url| listener(url, "console and diagnostics"));
    decisions.chain(diagnostics).chain(console).collect()
}
