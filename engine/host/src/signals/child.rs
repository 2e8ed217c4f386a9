use std::io::{self, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::process::{self, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::Instant;

use rustix::process::{Pid, Signal};

use super::live::{self, POLL_INTERVAL, Running};

/// A child process that ends with this program, as do the processes that it starts.
#[derive(Debug)]
pub struct Child {
    /// The process, with its pipes.
    pub process: process::Child,
    running: Running,
}

/// Starts a program that asks the user nothing.
///
/// It leads a process group of its own, which can be ended as a whole, and to which this program
/// passes the terminal's signals. A terminal gives such a group no input.
///
/// # Errors
/// When the program cannot be started.
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    start(command.process_group(0), Running::Group)
}

/// Starts a program that may ask on the terminal, such as for the password of a repository. On a
/// terminal it stays in this program's process group, which gets the input.
///
/// # Errors
/// When the program cannot be started.
pub fn spawn_interactive(command: &mut Command) -> io::Result<Child> {
    if !io::stdin().is_terminal() {
        return spawn(command);
    }
    start(command, Running::Process)
}

fn start(command: &mut Command, running: impl FnOnce(Pid) -> Running) -> io::Result<Child> {
    // An interruption comes before the start, or knows the child.
    let mut live = live::lock();
    let process = command.spawn()?;
    let running = running(Pid::from_child(&process));
    live.add_child(running);
    Ok(Child { process, running })
}

/// Runs a program without input and collects its output.
///
/// # Errors
/// When the program cannot be started or waited for.
pub fn output(command: &mut Command) -> io::Result<Output> {
    spawn(piped(command))?.wait_with_output()
}

/// Runs a program that may ask on the terminal, and collects its output.
///
/// # Errors
/// When the program cannot be started or waited for.
pub fn output_interactive(command: &mut Command) -> io::Result<Output> {
    spawn_interactive(piped(command))?.wait_with_output()
}

fn piped(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
}

impl Child {
    /// Waits for the process to end.
    ///
    /// # Errors
    /// When the system cannot wait for it.
    pub fn wait(mut self) -> io::Result<ExitStatus> {
        let status = self.process.wait();
        live::lock().remove_child(self.running);
        status
    }

    /// Waits until `deadline`, then kills the process and those that it started.
    ///
    /// # Errors
    /// When the system cannot wait for it.
    pub fn wait_until(mut self, deadline: Instant) -> io::Result<Option<ExitStatus>> {
        let status = loop {
            match self.process.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(POLL_INTERVAL),
                Ok(None) => {
                    self.running.signal(Signal::KILL);
                    break self.process.wait().map(|_| None);
                }
                ended => break ended,
            }
        };
        live::lock().remove_child(self.running);
        status
    }

    fn wait_with_output(self) -> io::Result<Output> {
        let output = self.process.wait_with_output();
        live::lock().remove_child(self.running);
        output
    }
}
