use serde::Serialize;

use super::Failure;
use super::format::Format;
use crate::steps::engine::Embedded;

/// The source revision, where whoever compiles this program tells it.
const REVISION: Option<&str> = option_env!("POLICY_BUILDER_REVISION");

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder version --format json")]
pub(super) struct Version {
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Serialize)]
struct Made {
    builder: &'static str,
    /// `None` where no engine is embedded.
    engine: Option<EmbeddedEngine>,
    revision: Option<&'static str>,
}

#[derive(Serialize)]
struct EmbeddedEngine {
    version: &'static str,
    /// Of the archive of its sources.
    digest: String,
}

impl Version {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let engine = Embedded::get().map(|embedded| EmbeddedEngine {
            version: Embedded::VERSION,
            digest: format!("sha256:{}", embedded.digest()),
        });
        let made = Made { builder: env!("CARGO_PKG_VERSION"), engine, revision: REVISION };
        self.format.print(&made, || {
            let engine = made.engine.as_ref();
            let engine = engine.map(|engine| format!("{}, {}", engine.version, engine.digest));
            format!(
                "policy-builder {}\nengine    {}\nrevision  {}\n",
                made.builder,
                engine.as_deref().unwrap_or("none"),
                made.revision.unwrap_or("unknown")
            )
        })
    }
}
