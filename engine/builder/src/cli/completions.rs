use clap_complete::Shell;

use super::Failure;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-builder completions bash > ~/.local/share/bash-completion/completions/policy-builder"
)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self, mut command: clap::Command) -> Result<(), Failure> {
        // The generator gives up loudly where it cannot write, so it writes to memory.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "policy-builder", &mut script);
        super::print(&String::from_utf8_lossy(&script))
    }
}
