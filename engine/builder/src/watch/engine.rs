use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process};

use super::error::StartError;
use policy_host::signals;

/// The first descriptor of sockets that are passed on, as systemd has it.
const FIRST: i32 = 3;

/// The time that an engine may take until it is ready: policies may prepare much.
const PATIENCE: Duration = Duration::from_mins(1);

/// The interval of checks whether it has ended before that.
const LOOK: Duration = Duration::from_millis(20);

/// An engine that serves. It is killed when it is dropped, unless it has ended.
#[derive(Debug)]
pub(super) struct Engine {
    child: Child,
    /// It has more to tell, such as that it ends, and would complain if nobody listened.
    notifications: Notifications,
}

impl Engine {
    /// Starts a program on these sockets, and waits until it lets clients in, which it tells at a
    /// socket that is made at the path `told`.
    pub(super) fn start(
        program: &Path,
        serve_flags: &[String],
        sockets: Vec<OwnedFd>,
        told: &Path,
    ) -> Result<Self, StartError> {
        let notifications = Notifications::at(told).map_err(StartError::Notify)?;
        let count = sockets.len();
        let mappings = (FIRST..).zip(sockets);
        let mappings =
            mappings.map(|(child_fd, parent_fd)| FdMapping { parent_fd, child_fd }).collect();
        let mut command = Command::new(program);
        command
            .arg("serve")
            .args(serve_flags)
            .env("LISTEN_FDS", count.to_string())
            .env_remove("LISTEN_PID")
            .env("NOTIFY_SOCKET", told)
            .stdin(Stdio::null())
            // A terminal's Ctrl-C is for the watcher, which passes it on.
            .process_group(0);
        command.fd_mappings(mappings).map_err(io::Error::other).map_err(StartError::NotStarted)?;
        let child = command.spawn().map_err(StartError::NotStarted)?;
        let mut engine = Self { child, notifications };
        // With it go the duplicates of the sockets.
        drop(command);
        let start = Instant::now();
        while !engine.notifications.ready().map_err(StartError::Notify)? {
            if let Some(status) = engine.has_ended() {
                return Err(StartError::Ended(status));
            }
            if signals::is_shutting_down() {
                return Err(StartError::Interrupted);
            }
            if start.elapsed() > PATIENCE {
                return Err(StartError::NotReady(PATIENCE));
            }
        }
        Ok(engine)
    }

    /// Asks it to end, once it has answered what it was asked.
    pub(super) fn ask_to_end(&mut self) {
        if self.has_ended().is_none() {
            // It may end in between.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
    }

    /// The exit status, when it has ended.
    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Of one that has ended there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The socket for an engine's readiness notification, by systemd's protocol: see `sd_notify(3)`.
#[derive(Debug)]
struct Notifications {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Notifications {
    fn at(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::bind(path)?;
        let notifications = Self { socket, path: path.to_owned() };
        notifications.socket.set_read_timeout(Some(LOOK))?;
        Ok(notifications)
    }

    /// Waits a moment for the word.
    fn ready(&self) -> io::Result<bool> {
        let mut message = [0; 4096];
        match self.socket.recv(&mut message) {
            Ok(length) => {
                let message = message.get(..length).unwrap_or_default();
                Ok(message.split(|byte| *byte == b'\n').any(|line| line == b"READY=1"))
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Ok(false),
                _ => Err(error),
            },
        }
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        // The folder that it is in goes as well.
        let _ = fs::remove_file(&self.path);
    }
}
