use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::Failure;
use super::format::Format;
use crate::scaffold::{self, Api, FIRST};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder new ./my-policies")]
pub(super) struct New {
    /// The folder: a new or an empty one
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The source of `policy-api`, as a version or as `Cargo.toml` has it [default: the engine's
    /// version, which Cargo is told to take from the engine's sources]
    #[arg(long, value_name = "DEPENDENCY")]
    policy_api: Option<Api>,
    /// A checkout of policy-engine [default: the one that this program runs in, else the
    /// sources in the program itself]
    #[arg(long, value_name = "DIR", env = "POLICY_ENGINE_SOURCE")]
    engine: Option<PathBuf>,
    /// The format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl New {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let written =
            scaffold::new(&self.folder, self.policy_api.as_ref(), self.engine.as_deref())?;
        self.format.print(&written, || {
            let folder = self.folder.display();
            let mut text = format!("written   {folder}, with the policy {FIRST} and its test\n");
            if self.folder != Path::new(".") {
                let _ = writeln!(text, "go there  cd {folder}");
            }
            text + "test      cargo test\n\
                    run       policy-builder run -- list\n\
                    build     policy-builder image --load\n\
                    more      policy-builder add NAME\n"
        })
    }
}
