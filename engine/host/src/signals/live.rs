use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, test_kill_process_group, waitpgid,
    waitpid,
};

/// The time that children get to end. It is bounded because an ended orphan looks alive in a container
/// where no process waits for orphans.
const GRACE_PERIOD: Duration = Duration::from_secs(3);
/// The time between two looks at processes that are to end.
pub(super) const POLL_INTERVAL: Duration = Duration::from_millis(10);

static LIVE: Mutex<Live> =
    Mutex::new(Live { children: Vec::new(), temp_paths: BTreeSet::new(), shutdown: None });

/// The processes and files that must not outlive this program.
pub(super) struct Live {
    children: Vec<Running>,
    temp_paths: BTreeSet<PathBuf>,
    /// The signal for every child, once the program is shutting down.
    shutdown: Option<Signal>,
}

/// A child process that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    /// The process group that the child leads: itself and the processes that it starts.
    Group(Pid),
    /// The child alone, in this program's own group.
    Process(Pid),
}

/// Locks the list. Never returns once the program is ending.
pub(super) fn lock() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs something short that no interruption cuts in two.
pub fn critical_section<T>(work: impl FnOnce() -> T) -> T {
    let _held = lock();
    work()
}

impl Live {
    pub(super) fn add_child(&mut self, child: Running) {
        self.children.push(child);
        if let Some(signal) = self.shutdown {
            child.signal(signal);
        }
    }

    /// Ends every child, also those to come. The second call kills them.
    pub(super) fn begin_shutdown(&mut self) {
        let signal = if self.is_shutting_down() { Signal::KILL } else { Signal::TERM };
        self.shutdown = Some(signal);
        self.signal(signal);
        self.signal(Signal::CONT);
    }

    pub(super) fn is_shutting_down(&self) -> bool {
        self.shutdown.is_some()
    }

    pub(super) fn remove_child(&mut self, child: Running) {
        self.children.retain(|listed| *listed != child);
    }

    pub(super) fn add_temp_path(&mut self, path: PathBuf) {
        self.temp_paths.insert(path);
    }

    pub(super) fn remove_temp_path(&mut self, path: &Path) {
        self.temp_paths.remove(path);
    }

    pub(super) fn signal(&self, signal: Signal) {
        for child in &self.children {
            child.signal(signal);
        }
    }

    /// Ends every child and the processes that it started. Kills them once `is_hurried`.
    pub(super) fn end_children(&mut self, mut is_hurried: impl FnMut() -> bool) {
        self.signal(Signal::TERM);
        // A stopped child gets the signal only when it continues.
        self.signal(Signal::CONT);
        for period in [GRACE_PERIOD, GRACE_PERIOD / 10] {
            let deadline = Instant::now() + period;
            while self.children.iter().any(|child| child.is_alive()) {
                if is_hurried() || Instant::now() > deadline {
                    break;
                }
                thread::sleep(POLL_INTERVAL);
            }
            self.children.retain(|child| child.is_alive());
            self.signal(Signal::KILL);
        }
    }

    pub(super) fn remove_temp_paths(&mut self) {
        for path in &self.temp_paths {
            // A thread may still write into the folder, until it is gone.
            for _ in 0..100 {
                let removed = match path.symlink_metadata() {
                    Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
                    Ok(_) => std::fs::remove_file(path),
                    Err(_) => Ok(()),
                };
                if removed.is_ok() {
                    break;
                }
                thread::sleep(POLL_INTERVAL);
            }
        }
    }
}

impl Running {
    pub(super) fn signal(self, signal: Signal) {
        // An ended child needs no signal.
        let _ = match self {
            Self::Group(pid) => kill_process_group(pid, signal),
            Self::Process(pid) => kill_process(pid, signal),
        };
    }

    /// Returns whether the child, or a process of its group, still runs.
    fn is_alive(self) -> bool {
        match self {
            Self::Group(pid) => {
                // An ended process stays until its parent waits for it, and this program may have
                // become the parent of all of them.
                while matches!(waitpgid(pid, WaitOptions::NOHANG), Ok(Some(_))) {}
                test_kill_process_group(pid).is_ok()
            }
            Self::Process(pid) => matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn second_shutdown_kills_a_child_that_ignores_the_first() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
        let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n");
        let mut live = Live { children: Vec::new(), temp_paths: BTreeSet::new(), shutdown: None };
        live.add_child(Running::Group(Pid::from_child(&child)));
        live.begin_shutdown();
        assert_eq!(child.try_wait().unwrap(), None);
        live.begin_shutdown();
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
    }
}
