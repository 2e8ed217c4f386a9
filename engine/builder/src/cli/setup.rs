use std::fmt::Write as _;
use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::scaffold;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder setup ./my-policies")]
pub(super) struct Setup {
    /// The folder with `Cargo.toml` or `policies` in it
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// A checkout of policy-engine [default: the one that this program runs in, else the
    /// sources in the program itself]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    engine: Option<PathBuf>,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Setup {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let set_up = scaffold::setup(&self.folder, self.engine.as_deref())?;
        self.format.print(&set_up, || {
            let mut text = String::new();
            for path in &set_up.written {
                let _ = writeln!(text, "written   {}", path.display());
            }
            let (config, api) = (set_up.config.display(), set_up.api.display());
            let _ = writeln!(text, "by        {config}, Cargo takes policy-api from {api}");
            text
        })
    }
}
