use serde::Serialize;

/// What is around every page.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    /// The path that was asked for, with its query.
    pub path: String,
    /// The engine's version.
    pub version: String,
    /// The host's name, as clients of the decision log know this server.
    pub instance: String,
    /// The moment when the page was made.
    pub now: String,
    /// Policies may be tried.
    pub takes_trials: bool,
    /// What an operator should know on every page, such as a configuration that could not be loaded.
    pub notices: Vec<String>,
}
