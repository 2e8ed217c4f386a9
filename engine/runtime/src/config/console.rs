use super::report::{Read, Report};
use super::section::{Element, Section};
use super::{Address, ConsoleConfig, Tls, schema};
use crate::documents::located::ConfigError;

/// The least memory for decisions: a sixteenth of it is what one may take whole.
const MIN_DECISIONS: usize = 64 << 10;

/// The console, with the place of its address for checks against others.
pub(super) struct Console {
    pub(super) address: Element<Address>,
    decisions: Option<usize>,
    try_it: bool,
}

pub(super) fn read(mut section: Section, report: &mut Report) -> Read<Console> {
    let origin = section.origin.clone();
    let address = section.required_element(&schema::CONSOLE_LISTEN, report);
    let decisions_at = section.origin_of(schema::key(schema::CONSOLE_DECISIONS.path));
    let decisions = section.optional(&schema::CONSOLE_DECISIONS, report);
    let try_it = section.value(&schema::CONSOLE_TRY_IT, report);
    section.finish(report);
    if let (Ok(Some(bytes)), Some(at)) = (&decisions, decisions_at)
        && *bytes < MIN_DECISIONS
    {
        report.error(ConfigError::at(
            &at,
            format_args!(
                "`{}` is {bytes} bytes: expected `64KiB` at least, which hold some decisions",
                schema::CONSOLE_DECISIONS.path
            ),
        ));
    }
    if !cfg!(feature = "console") {
        return Err(report.error(ConfigError::at(
            &origin,
            "`console` is set, but this program was built without it: leave it out, or build anew \
             without `-console` in `--engine-features`",
        )));
    }
    Ok(Console { address: address?, decisions: decisions?, try_it: try_it? })
}

impl Console {
    /// Checks that nobody but operators reaches it.
    pub(super) fn check_access(&self, tls: Option<&Tls>, has_tokens: bool, report: &mut Report) {
        let Element { value, path, node } = &self.address;
        let asks_for_certificates =
            matches!(value, Address::Https(_)) && tls.is_some_and(|tls| tls.client_ca.is_some());
        if value.is_local() || has_tokens || asks_for_certificates {
            return;
        }
        let text = node.as_text().unwrap_or_default();
        report.error(ConfigError::at(
            &node.at,
            format_args!(
                "`{path}` is `{text}`, which other machines reach, and whoever reaches it sees what \
                 is decided: set `tokens`, make it an `https://` address with `tls.client-ca`, or \
                 listen on `127.0.0.1`"
            ),
        ));
    }

    pub(super) fn into_config(self) -> ConsoleConfig {
        let Self { address, decisions, try_it } = self;
        ConsoleConfig { listen: address.value, decisions, try_it }
    }
}
