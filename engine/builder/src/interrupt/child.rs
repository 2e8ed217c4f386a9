use std::io::{self, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal};

use super::live::{self, Running, STEP};

/// A child process that does not outlive this program, with what it starts in turn.
pub(crate) struct Child {
    pub(crate) process: process::Child,
    running: Running,
}

/// Starts a program that asks the user nothing.
///
/// It leads a process group of its own, which can be ended as a whole; what a terminal's keys tell
/// this program, it is told by us. A terminal gives such a group no input.
pub(crate) fn spawn(command: &mut Command) -> io::Result<Child> {
    start(command.process_group(0), Running::Group)
}

/// Starts a program that may ask on the terminal, such as for the password of a repository: there
/// it stays in the group that the terminal listens to.
pub(crate) fn spawn_asking(command: &mut Command) -> io::Result<Child> {
    if !io::stdin().is_terminal() {
        return spawn(command);
    }
    start(command, Running::Process)
}

fn start(command: &mut Command, running: impl FnOnce(Pid) -> Running) -> io::Result<Child> {
    // Whoever ends this program knows the child or keeps it from starting.
    let mut live = live::lock();
    let process = command.spawn()?;
    let running = running(Pid::from_child(&process));
    live.started(running);
    Ok(Child { process, running })
}

/// Runs a program that reads nothing, and keeps what it says.
pub(crate) fn output(command: &mut Command) -> io::Result<Output> {
    spawn(kept(command))?.wait_with_output()
}

/// The same of a program that may ask on the terminal.
pub(crate) fn output_of_asking(command: &mut Command) -> io::Result<Output> {
    spawn_asking(kept(command))?.wait_with_output()
}

fn kept(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
}

impl Child {
    pub(crate) fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.process.wait();
        live::lock().ended(self.running);
        status
    }

    /// Waits until then; one that has not ended by then is killed, with what it started.
    pub(crate) fn wait_until(mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        let status = loop {
            match self.process.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(STEP),
                Ok(None) => {
                    self.running.signal(Signal::KILL);
                    break self.process.wait().map(|_| None);
                }
                ended => break ended,
            }
        };
        live::lock().ended(self.running);
        status
    }

    fn wait_with_output(self) -> io::Result<Output> {
        let output = self.process.wait_with_output();
        live::lock().ended(self.running);
        output
    }
}
