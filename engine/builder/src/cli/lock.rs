use std::collections::BTreeSet;
use std::io::Write as _;

use super::failure::{Failure, UnknownPackage};
use super::format::Format;
use super::options::{FeaturesArg, Inputs};
use crate::artifacts;
use crate::steps::answers::Answers;
use crate::steps::discover::Policies;
use crate::steps::discover::{policies_lock_path, read_policies_lock};
use crate::steps::engine::Engine;
use crate::steps::resolve::policies_lock;
use crate::steps::resolve::{self, Choice};
use crate::steps::workspace::{self, Extent};
use policy_cargo::{Pins, Renewal};
use policy_host::atomic;
use policy_host::signals::ScratchDir;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder lock --policies ./policies --update serde_json")]
pub(super) struct Lock {
    #[command(flatten)]
    inputs: Inputs,
    #[command(flatten)]
    features: FeaturesArg,
    /// Takes the newest versions that fit of these packages, or of all without a name, whatever was
    /// locked before; the engine's stay
    #[arg(long, value_name = "CRATE", num_args = 0..)]
    update: Option<Vec<String>>,
    /// The format of the output: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

impl Lock {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let engine = Engine::locate(self.inputs.engine.as_deref())?
            .with_features(&self.features.engine_features)?;
        let root = &self.inputs.policies;
        let path = policies_lock_path(root);
        let before = read_policies_lock(root)?;
        let renewal = match self.update.as_deref() {
            None => Renewal::Nothing,
            Some([]) => Renewal::Everything,
            Some(names) => Renewal::Packages(names.iter().cloned().collect::<BTreeSet<_>>()),
        };
        let pins = Pins::for_new_lock(before.as_ref(), renewal);
        let policies = Policies::discover_with(root, &engine, pins)?;

        let folder = ScratchDir::new().map_err(Failure::TempDir)?;
        let (linked, extent) = (resolve::linked(&engine, &Answers::none())?, Extent::Libraries);
        let workspace = workspace::generate(&policies, &engine, linked, extent, folder.path())?;
        let after = resolve::resolve(&workspace, &policies, Choice::Newest)?;
        if let Renewal::Packages(names) = &policies.pins.renewal {
            let is_there =
                |name: &&String| after.packages.iter().any(|package| package.name == **name);
            if let Some(name) = names.iter().find(|name| !is_there(name)) {
                return Err(UnknownPackage { name: name.clone() }.into());
            }
        }

        let text = policies_lock::text(&after);
        let is_same = std::fs::read_to_string(&path).is_ok_and(|before| before == text);
        if !is_same {
            atomic::replace_file(&path, artifacts::LOCK, |file| file.write_all(text.as_bytes()))?;
        }
        let changes = before.iter().flat_map(|before| policies_lock::changes(before, &after));
        let changes: Vec<_> = changes.map(|change| change.to_string()).collect();
        let count = after.packages.len();
        let document = serde_json::json!({
            "lock": path,
            "written": !is_same,
            "packages": count,
            "changes": changes,
        });
        self.format.print(&document, || {
            let state = if is_same { "is as it was" } else { "is written" };
            let last = format!("`{}` {state}: {count} packages", path.display());
            changes.iter().chain([&last]).map(String::as_str).collect::<Vec<_>>().join("\n")
        })
    }
}
