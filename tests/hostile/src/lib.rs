//! A policy that tries what policies may not, by calls to the kernel.

mod attempts;
pub mod kernel;

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use policy_api::{Context, Error, Policy};
use serde::Deserialize;
use serde_json::{Value, json};

use attempts::Attempt;

/// Tries what its input says.
struct Hostile {
    thread: Option<Mutex<Thread>>,
    at_end: Option<Attempt>,
}

impl Drop for Hostile {
    fn drop(&mut self) {
        if let Some(attempt) = &self.at_end {
            attempt.make();
        }
    }
}

/// Tries it on a thread that was made when the policy was configured.
struct Thread {
    attempts: SyncSender<Attempt>,
    returned: Receiver<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HostileSettings {
    /// Whether a thread is made.
    #[serde(default)]
    thread: bool,
    /// What is tried at once.
    attempt: Option<Attempt>,
    /// What is tried when the policy is dropped.
    at_end: Option<Attempt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Task {
    attempt: Attempt,
    #[serde(default)]
    on_thread: bool,
}

impl Policy for Hostile {
    type Settings = HostileSettings;
    type Input<'a> = Task;
    type Output<'a> = Value;

    /// Never returns.
    fn input_schema() -> Option<Value> {
        loop {
            thread::park();
        }
    }

    fn validate(settings: HostileSettings) -> Result<Self, Error> {
        if let Some(attempt) = settings.attempt {
            attempt.make();
        }
        let thread = settings.thread.then(Thread::start).transpose()?.map(Mutex::new);
        Ok(Self { thread, at_end: settings.at_end })
    }

    fn execute<'a>(&'a self, task: Task, _: &Context<'a>) -> Result<Value, Error> {
        let returned = match &self.thread {
            Some(thread) if task.on_thread => {
                let thread = thread.lock().map_err(|_| Error::msg("it is poisoned"))?;
                thread.attempts.send(task.attempt).map_err(Error::msg)?;
                thread.returned.recv().map_err(Error::msg)?
            }
            _ => task.attempt.make(),
        };
        Ok(json!({"returned": returned}))
    }
}

impl Thread {
    fn start() -> Result<Self, Error> {
        let (attempts, received) = sync_channel::<Attempt>(1);
        let (answers, returned) = sync_channel(1);
        let run = move || {
            while let Ok(attempt) = received.recv() {
                let _ = answers.send(attempt.make());
            }
        };
        thread::Builder::new().spawn(run).map_err(Error::msg)?;
        Ok(Self { attempts, returned })
    }
}

policy_api::register!(Hostile { name: "hostile" });
