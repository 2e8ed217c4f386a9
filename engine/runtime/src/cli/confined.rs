//! Commands that run code of policies do so in zones.

use std::env;

use policy_confinement::{Grants, Mode, Rest};

use super::{ErrorMessage, Failure};
use crate::config::{Loaded, Named, Sources, Unresolved};
use crate::confinement::{self, Confinement, EarlierThreads, Zone};
use crate::policies::Registry;
use crate::program::Program;

/// The variable that the configuration has for it as well.
const VARIABLE: &str = "POLICY_ENGINE_CONFINEMENT";

/// The policies of this binary, before anything says how they are confined.
pub(super) struct Unconfined<'a> {
    pub(super) program: &'a Program,
    pub(super) registry: Registry,
    /// What the command line says.
    pub(super) mode: Option<Mode>,
    pub(super) earlier: EarlierThreads,
}

impl Unconfined<'_> {
    /// Confines them as the command line says, or the environment.
    pub(super) fn confine(self) -> Result<Confined, Failure> {
        let mode = match self.mode {
            Some(mode) => mode,
            None => from_environment()?,
        };
        self.confine_to(mode)
    }

    /// Confines them as a configuration says, and configures those that it names.
    pub(super) fn configure(
        self,
        sources: &Sources,
    ) -> Result<(Confined, Loaded, Vec<Named>), Failure> {
        let read = Unresolved::load(sources);
        let confined = self.confine_to(read.confinement())?;
        let (loaded, policies) = read.resolve(&confined.registry)?;
        Ok((confined, loaded, policies))
    }

    fn confine_to(mut self, mode: Mode) -> Result<Confined, Failure> {
        let confined = self.registry.confine(self.program, mode, &self.earlier, confinement::log);
        let confinement = confined.map_err(|error| {
            Failure::message(format_args!("failed to confine the policies: {error}"))
        })?;
        Ok(Confined { registry: self.registry, confinement, earlier: self.earlier })
    }
}

/// The policies of this binary, whose code runs in zones.
pub(super) struct Confined {
    pub(super) registry: Registry,
    confinement: Confinement,
    earlier: EarlierThreads,
}

impl Confined {
    /// The zone of policies without grants.
    pub(super) fn zone(&self) -> Zone {
        self.confinement.zone(Grants::NONE)
    }

    /// Gives up everything but reading files, and writing to what is open.
    pub(super) fn keep_reading(&self) {
        let rest = Rest {
            read: vec!["/".into()],
            connect: Some(Vec::new()),
            bind: Some(Vec::new()),
            ..Rest::default()
        };
        self.confinement.keep(rest, &self.earlier);
    }
}

fn from_environment() -> Result<Mode, Failure> {
    let Some(value) = env::var_os(VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(Mode::default());
    };
    let value = value.to_string_lossy();
    value.parse().map_err(|_| {
        Failure::Usage(ErrorMessage {
            problem: format!("`{VARIABLE}` is `{value}`: expected `enforce`, `warn` or `off`"),
            help: None,
        })
    })
}
