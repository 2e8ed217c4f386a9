use std::fmt::Write;
use std::path::PathBuf;

use super::Failure;
use super::format::Format;
use crate::scaffold::{self, Api, CrateName, Form};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder add image-age --policies ./policies")]
pub(super) struct Add {
    /// The name of the new crate, and of the policy in it
    #[arg(value_name = "NAME")]
    name: CrateName,
    /// Write a type with settings, which operators set, in place of a function
    #[arg(long)]
    settings: bool,
    /// The folder of policy crates
    #[arg(long, value_name = "DIR", default_value = "policies")]
    policies: PathBuf,
    /// The source of `policy-api`, as a version or as `Cargo.toml` has it [default: that of the
    /// crates beside it]
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

impl Add {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let form = if self.settings { Form::Settings } else { Form::Function };
        let written = scaffold::add(
            &self.policies,
            &self.name,
            form,
            self.policy_api.as_ref(),
            self.engine.as_deref(),
        )?;
        self.format.print(&written, || {
            let folder = &written.folder;
            let mut text = format!("written   {}\n", folder.display());
            if let Some(changed) = &written.changed {
                let _ = writeln!(text, "changed   {}", changed.display());
            }
            let _ = writeln!(text, "edit      {}", folder.join("src/lib.rs").display());
            let manifest = folder.join("Cargo.toml");
            let _ = writeln!(text, "test      cargo test --manifest-path {}", manifest.display());
            text
        })
    }
}
