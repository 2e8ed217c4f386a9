use std::io::{self, Write};

use policy_text::escape_line;
use tracing::warn;

use super::args::{self, TextOrJson};
use super::confined::Unconfined;
use super::{Failure, output};
use crate::config::{self, EffectiveSetting, ShownValue};
use crate::exit::Outcome;

pub(super) fn run(
    args: args::ConfigArgs,
    policies: Unconfined<'_>,
    out: &mut dyn Write,
) -> Result<Outcome, Failure> {
    if args.schema {
        output::pretty_json(&config::json_schema().map_err(Failure::message)?, out)?;
        return Ok(Outcome::Allowed);
    }
    let sources = args.config.sources(policies.mode);
    let (confined, mut loaded, policies) = policies.configure(&sources)?;
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    for mistake in config::mistakes(&policies) {
        warn!("skipped: {mistake}");
    }
    loaded.hide_secrets(&confined.registry);
    print(&loaded.effective, args.format, out)?;
    Ok(Outcome::Allowed)
}

fn print(settings: &[EffectiveSetting], format: TextOrJson, out: &mut dyn Write) -> io::Result<()> {
    match format {
        TextOrJson::Json => output::pretty_json(&settings, out),
        TextOrJson::Text => {
            let table = output::table(&["SETTING", "VALUE", "FROM"], settings.iter().map(row));
            out.write_all(table.as_bytes())
        }
    }
}

fn row(setting: &EffectiveSetting) -> Vec<String> {
    let value = match &setting.value {
        ShownValue::Text(text) => text,
        ShownValue::Json(json) => json.get(),
        ShownValue::Nothing => "none",
    };
    [&setting.path, value, &setting.origin.to_string()]
        .map(|cell| escape_line(cell).into_owned())
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Flags, Sources};

    #[test]
    fn text_output_aligns_settings_and_origins() {
        let set = ["listen=[\"1.1.1.1:1\"]", "policies.a.settings={\"b\":\"x\\u001b\"}"];
        let set = set.iter().map(|text| text.parse().unwrap()).collect();
        let flags = Flags { set, ..Flags::default() };
        let sources = Sources { flags, ..Sources::default() };
        let loaded = config::load(&sources).unwrap();
        let mut out = Vec::new();
        print(&loaded.effective, TextOrJson::Text, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for line in [
            "SETTING                       VALUE            FROM",
            "listen                        [\"1.1.1.1:1\"]    --set listen",
            "tls                           none             default",
            "limits.body                   8MiB             default",
            "policies.a.settings           {\"b\":\"x\\u001b\"}  --set policies.a.settings",
        ] {
            assert!(text.lines().any(|printed| printed == line), "{line}\n{text}");
        }
        let mut out = Vec::new();
        print(&loaded.effective, TextOrJson::Json, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(json.as_array().map(Vec::len), Some(loaded.effective.len()));
    }
}
