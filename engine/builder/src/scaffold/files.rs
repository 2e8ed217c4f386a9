use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use policy_host::tree::create_folders_in;

use super::{Api, CrateName, cargo_config};

const WORKSPACE: &str = include_str!("template/workspace.toml");
const GITIGNORE: &str = include_str!("template/gitignore");
const README: &str = include_str!("template/README.md");
const MANIFEST: &str = include_str!("template/policy.toml");
const SUITE: &str = include_str!("template/suite.yaml");
const WORKFLOW: &str = include_str!("template/policies.yml");

/// The form in which a new policy is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// A plain function.
    Function,
    /// A type with settings.
    Settings,
}

impl Form {
    const fn library(self) -> &'static str {
        match self {
            Self::Function => include_str!("template/policy.rs"),
            Self::Settings => include_str!("template/policy-settings.rs"),
        }
    }

    /// The name of the policy's function or type in the template.
    const fn item(self) -> &'static str {
        match self {
            Self::Function => "working_hours",
            Self::Settings => "WorkingHours",
        }
    }

    /// A name for the policy's function or type that nothing else there has.
    fn item_of(self, name: &CrateName) -> String {
        let (item, suffix) = match self {
            Self::Function => (name.library(), "_policy"),
            Self::Settings => (name.camel_case(), "Policy"),
        };
        let is_of_word = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let mut words = self.library().split(|character| !is_of_word(character));
        if words.any(|word| word == item && word != self.item()) {
            return item + suffix;
        }
        item
    }
}

/// Files by their path inside a folder.
pub(super) type Files = Vec<(PathBuf, String)>;

/// The files beside the policies of a new repository.
pub(super) fn of_repository(api: &Api) -> Files {
    vec![
        (".gitignore".into(), GITIGNORE.to_owned()),
        ("Cargo.toml".into(), WORKSPACE.replace("{policy-api}", &api.value())),
        ("README.md".into(), README.to_owned()),
        (".github/workflows/policies.yml".into(), WORKFLOW.to_owned()),
    ]
}

/// The configuration that has Cargo take `policy-api` from an engine on this machine.
pub(super) fn cargo_config(engine: &Path) -> (PathBuf, String) {
    let api = cargo_config::api_in(engine);
    (cargo_config::PATH.into(), cargo_config::new(&api))
}

/// A policy crate, which passes its test and its suite as it is.
pub(super) fn of_crate(name: &CrateName, api: &Api, form: Form) -> Files {
    let api = if api.is_inherited() {
        "policy-api.workspace = true".to_owned()
    } else {
        format!("policy-api = {}", api.value())
    };
    let manifest = MANIFEST.replace("{name}", name.as_str()).replace("{policy-api}", &api);
    let library = form.library().replace(form.item(), &form.item_of(name));
    let suite = SUITE.replace("{name}", name.as_str());
    vec![
        ("Cargo.toml".into(), manifest),
        ("src/lib.rs".into(), library),
        (format!("{name}.suite.yaml").into(), suite),
    ]
}

pub(super) fn write(files: &Files, folder: &Path) -> io::Result<()> {
    for (path, text) in files {
        path.parent().map_or(Ok(()), |inside| create_folders_in(folder, inside))?;
        fs::write(folder.join(path), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_name_avoids_names_in_the_template() {
        let item_of = |form: Form, name: &str| form.item_of(&name.parse().unwrap());
        for (name, function, settings) in [
            ("working-hours", "working_hours", "WorkingHours"),
            ("image-age", "image_age", "ImageAge"),
            ("policy", "policy", "PolicyPolicy"),
            ("ok", "ok", "OkPolicy"),
            ("u8", "u8_policy", "U8"),
            ("evening-is-denied", "evening_is_denied_policy", "EveningIsDenied"),
        ] {
            assert_eq!(item_of(Form::Function, name), function);
            assert_eq!(item_of(Form::Settings, name), settings);
        }
    }
}
