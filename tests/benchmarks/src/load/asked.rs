//! A server that is asked in rounds, in turns with others.

use std::io;
use std::path::{Path, PathBuf};

use super::wrk::{self, Load};
use crate::servers::{Running, Server};

/// A server that runs, and what came of the rounds.
pub(crate) struct Asked {
    pub(crate) server: Server,
    pub(crate) running: Running,
    pub(crate) loads: Vec<Load>,
    script: PathBuf,
}

impl Asked {
    pub(crate) fn start(server: Server) -> io::Result<Self> {
        let (running, script) = (server.start()?, wrk::script(&server)?);
        Ok(Self { server, running, loads: Vec::new(), script })
    }

    /// Asks it for so many seconds.
    pub(crate) fn ask(&mut self, loader: &Path, connections: u32, seconds: u32) -> io::Result<()> {
        let load = wrk::load(loader, &self.running, &self.script, connections, seconds)?;
        self.loads.push(load);
        Ok(())
    }

    pub(crate) fn each(&self, figure: fn(&Load) -> f64) -> Vec<f64> {
        self.loads.iter().map(figure).collect()
    }
}
