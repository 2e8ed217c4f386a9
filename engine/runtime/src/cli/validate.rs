use std::io::Write;

use super::args::ValidateArgs;
use super::{ErrorMessage, Failure, print_error};
use crate::exit::Outcome;
use crate::policies::{Entry, Instance, Registry};

pub(super) fn run(
    args: &ValidateArgs,
    registry: &Registry,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    if args.policy.is_none() && args.settings.any() {
        return Err(Failure::Usage(ErrorMessage {
            problem: "settings are for one policy, and none is named".to_owned(),
            help: Some("name it, as in `validate POLICY --set KEY=VALUE`".to_owned()),
        }));
    }
    let settings = args.settings.load()?;
    let entries: &[Entry] = match &args.policy {
        Some(policy) => std::slice::from_ref(registry.find(policy)?),
        None => registry.entries(),
    };
    let mut outcome = Outcome::Allowed;
    for entry in entries {
        match Instance::configure(entry, &settings) {
            Ok(_) => writeln!(out, "{} {}: valid", entry.name(), entry.version)?,
            Err(error) => {
                out.flush()?;
                let policy = format!("policy `{}` {}", entry.name(), entry.version);
                print_error(&format!("{policy}: settings: {error}"), None);
                outcome = Outcome::Failed;
            }
        }
    }
    Ok(outcome)
}
