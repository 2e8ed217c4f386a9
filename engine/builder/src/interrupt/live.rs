use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, Signal, WaitOptions, kill_process, kill_process_group, test_kill_process_group, waitpgid,
    waitpid,
};

/// How long children may take to end. Whoever ends this program waits not much longer, and what has
/// ended long ago may look as if it had not, in a container where nobody waits for orphans.
const PATIENCE: Duration = Duration::from_secs(3);
pub(super) const STEP: Duration = Duration::from_millis(10);

static LIVE: Mutex<Live> =
    Mutex::new(Live { children: Vec::new(), temporaries: BTreeSet::new(), refusal: None });

/// What must not outlive this program.
pub(super) struct Live {
    children: Vec<Running>,
    temporaries: BTreeSet<PathBuf>,
    /// What children are told since they are not wanted any more.
    refusal: Option<Signal>,
}

/// A child process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Running {
    /// By the process group that it leads: itself, and what it starts.
    Group(Pid),
    /// Alone, in this program's own group.
    Process(Pid),
}

/// Waits until nothing else is at it: for ever, where the program is ending.
pub(super) fn lock() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does something short that is not interrupted halfway.
pub(crate) fn whole<T>(work: impl FnOnce() -> T) -> T {
    let _held = lock();
    work()
}

impl Live {
    pub(super) fn started(&mut self, child: Running) {
        self.children.push(child);
        if let Some(signal) = self.refusal {
            child.signal(signal);
        }
    }

    /// Has every child end, also those to come; from the second time on at once.
    pub(super) fn refuse(&mut self) {
        let signal = if self.is_refusing() { Signal::KILL } else { Signal::TERM };
        self.refusal = Some(signal);
        self.signal(signal);
        self.signal(Signal::CONT);
    }

    pub(super) fn is_refusing(&self) -> bool {
        self.refusal.is_some()
    }

    pub(super) fn ended(&mut self, child: Running) {
        self.children.retain(|it| *it != child);
    }

    pub(super) fn made(&mut self, path: PathBuf) {
        self.temporaries.insert(path);
    }

    pub(super) fn removed(&mut self, path: &Path) {
        self.temporaries.remove(path);
    }

    pub(super) fn signal(&self, signal: Signal) {
        for child in &self.children {
            child.signal(signal);
        }
    }

    /// Has every child end, and with it what it started; at once where that is hurried.
    pub(super) fn end_children(&mut self, mut is_hurried: impl FnMut() -> bool) {
        self.signal(Signal::TERM);
        // A child that is stopped would hear of it later only.
        self.signal(Signal::CONT);
        for patience in [PATIENCE, PATIENCE / 10] {
            let deadline = Instant::now() + patience;
            while self.children.iter().any(|child| child.is_there()) {
                if is_hurried() || Instant::now() > deadline {
                    break;
                }
                thread::sleep(STEP);
            }
            self.children.retain(|child| child.is_there());
            self.signal(Signal::KILL);
        }
    }

    pub(super) fn remove_temporaries(&mut self) {
        for path in &self.temporaries {
            // A thread that still writes into a folder is stopped by its being gone.
            for _ in 0..100 {
                let removed = match path.symlink_metadata() {
                    Ok(found) if found.is_dir() => std::fs::remove_dir_all(path),
                    Ok(_) => std::fs::remove_file(path),
                    Err(_) => Ok(()),
                };
                if removed.is_ok() {
                    break;
                }
                thread::sleep(STEP);
            }
        }
    }
}

impl Running {
    pub(super) fn signal(self, signal: Signal) {
        // One that has ended needs no signal.
        let _ = match self {
            Self::Group(pid) => kill_process_group(pid, signal),
            Self::Process(pid) => kill_process(pid, signal),
        };
    }

    /// Whether it, or what it started, has not ended.
    fn is_there(self) -> bool {
        match self {
            Self::Group(pid) => {
                // What has ended is there until its parent has waited for it, which this program
                // may have become of all of them.
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
    fn a_child_that_does_not_heed_the_first_refusal_is_killed_by_the_second() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"]);
        let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "ready\n");
        let mut live = Live { children: Vec::new(), temporaries: BTreeSet::new(), refusal: None };
        live.started(Running::Group(Pid::from_child(&child)));
        live.refuse();
        assert_eq!(child.try_wait().unwrap(), None);
        live.refuse();
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
    }
}
