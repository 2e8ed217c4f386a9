use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::mpsc::Receiver;
use std::time::{Duration, SystemTime};

use super::addresses;
use super::engine::Engine;
use super::error::StartError;
use super::event::Event;
use super::sockets::{self, Socket};
use policy_host::signals::ScratchDir;

/// The interval of checks whether the last engine has ended.
const LOOK: Duration = Duration::from_millis(20);

/// The identity of a program's file. A newly linked program has another inode or another time.
#[derive(Debug, PartialEq, Eq)]
struct ProgramFile {
    inode: u64,
    modified: SystemTime,
}

impl ProgramFile {
    /// `None` where there is no such file.
    fn from_path(program: &Path) -> Option<Self> {
        let metadata = fs::metadata(program).ok()?;
        Some(Self { inode: metadata.ino(), modified: metadata.modified().ok()? })
    }
}

/// The server that clients see: sockets, and an engine behind them.
pub(super) struct Server {
    serve_flags: Vec<String>,
    sockets: Vec<Socket>,
    engine: Option<Engine>,
    /// The number of engines so far.
    started: u64,
    /// The program that the engine runs; `None` after one that did not start.
    current: Option<ProgramFile>,
    /// The former engines that still answer requests.
    leaving: Vec<Engine>,
    /// For what engines tell when they start.
    folder: ScratchDir,
}

impl Server {
    /// With nothing behind it yet.
    pub(super) fn new(serve_flags: &[String]) -> io::Result<Self> {
        Ok(Self {
            serve_flags: serve_flags.to_owned(),
            sockets: Vec::new(),
            engine: None,
            started: 0,
            current: None,
            leaving: Vec::new(),
            folder: ScratchDir::new()?,
        })
    }

    /// Has another program serve. Until it does, everything is as it was, and so it stays if it
    /// does not.
    pub(super) fn replace(&mut self, program: &Path) -> Result<(), StartError> {
        self.current = None;
        let file = ProgramFile::from_path(program);
        let wanted = addresses::wanted(program, &self.serve_flags)?;
        let missing = sockets::missing(&self.sockets, &wanted)?;
        let mut duplicates = Vec::new();
        for socket in self.sockets.iter().chain(&missing).filter(|socket| socket.is_in(&wanted)) {
            duplicates.push(socket.duplicate().map_err(StartError::NotStarted)?);
        }
        self.started += 1;
        let told = self.folder.path().join(format!("notify-{}", self.started));
        let engine = Engine::start(program, &self.serve_flags, duplicates, &told)?;
        if let Some(mut before) = self.engine.replace(engine) {
            before.ask_to_end();
            self.leaving.push(before);
        }
        self.sockets.extend(missing);
        self.sockets.retain(|socket| socket.is_in(&wanted));
        self.current = file;
        Ok(())
    }

    /// Checks whether there is an engine, as far as is known.
    pub(super) fn serves(&self) -> bool {
        self.engine.is_some()
    }

    /// Checks whether the engine runs this program, whoever compiled it.
    pub(super) fn runs(&self, program: &Path) -> bool {
        let file = ProgramFile::from_path(program);
        self.engine.is_some() && self.current.is_some() && self.current == file
    }

    /// The exit status of an engine that ended by itself, once.
    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.leaving.retain_mut(|engine| engine.has_ended().is_none());
        let status = self.engine.as_mut()?.has_ended()?;
        self.engine = None;
        Some(status)
    }

    /// Has every engine end, and waits for it. Being told once more to end is passed on to them.
    pub(super) fn end(mut self, events: &Receiver<Event>) {
        let mut engines = self.leaving;
        if let Some(mut engine) = self.engine.take() {
            engine.ask_to_end();
            engines.push(engine);
        }
        loop {
            engines.retain_mut(|engine| engine.has_ended().is_none());
            if engines.is_empty() {
                return;
            }
            if let Ok(Event::End) = events.recv_timeout(LOOK) {
                engines.iter_mut().for_each(Engine::ask_to_end);
            }
        }
    }
}
