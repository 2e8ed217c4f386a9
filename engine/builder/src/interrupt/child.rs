use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, ExitStatus, Output, Stdio};

use rustix::process::Pid;

use super::live::{self, Running};

/// A child process that does not outlive this program, with what it starts in turn.
pub(crate) struct Child {
    pub(crate) process: process::Child,
    running: Running,
}

/// Starts a program.
///
/// It leads a process group of its own, which can be ended as a whole; what a terminal's keys tell
/// this program, it is told by us. A terminal gives it no input, so it is not asked for any.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    // Whoever ends this program knows the child or keeps it from starting.
    let mut live = live::lock();
    let process = command.process_group(0).spawn()?;
    let running = Running(Pid::from_child(&process));
    live.started(running);
    Ok(Child { process, running })
}

/// Runs a program that reads nothing, and keeps what it says.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    spawn(command)?.wait_with_output()
}

impl Child {
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.process.wait();
        live::lock().ended(self.running);
        status
    }

    fn wait_with_output(self) -> io::Result<Output> {
        let output = self.process.wait_with_output();
        live::lock().ended(self.running);
        output
    }
}
