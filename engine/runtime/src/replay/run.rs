use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use super::ReplayError;
use super::effect::Change;
use super::hidden::HiddenCounts;
use super::log::{Chunk, Splitter, open};
use super::program::Program;
use super::tally::{Group, Tally};
use super::worker::Worker;
use crate::system::stack;

/// Chunks that wait for a thread.
const WAITING: usize = 4;

/// What came of the decisions of a log.
#[derive(Debug)]
pub(crate) struct Replay {
    /// By policy and versions.
    pub(crate) groups: Vec<Group>,
    /// Decisions that could not be made once more.
    pub(crate) hidden: HiddenCounts,
    /// Events that are no decisions, such as the lines of OPA's own log.
    pub(crate) others: u64,
    pub(crate) unreadable: u64,
    /// The reasons why parts of the logs were not read, each with the number of its log.
    pub(crate) problems: Vec<(usize, String)>,
}

impl Replay {
    /// How many decisions were made once more and are such.
    pub(crate) fn decisions(&self, is: impl Fn(Change) -> bool) -> u64 {
        self.groups.iter().map(|group| group.decisions(|key| is(key.change))).sum()
    }
}

/// Puts the questions of logs to a program, and counts what is answered otherwise. Of each kind of
/// decision so many `examples` are kept.
///
/// # Errors
/// Where nothing can be told. That a log cannot be read is told among the rest.
pub(crate) fn replay(
    logs: &[PathBuf],
    program: &Arc<dyn Program>,
    examples: usize,
) -> Result<Replay, ReplayError> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = program.threads(processors);
    let (sender, receiver) = sync_channel(WAITING);
    // Gone with the last thread that takes from it.
    let receiver = Arc::new(Mutex::new(receiver));
    let mut problems = Vec::new();
    let zone = program.zone();
    let workers: Vec<_> = (0..threads)
        .map(|_| {
            let (program, receiver) = (Arc::clone(program), Arc::clone(&receiver));
            let thread = thread::Builder::new().stack_size(stack::BYTES);
            zone.spawn(thread, move || work(&*program, examples, &receiver))
                .map_err(ReplayError::Thread)
        })
        .collect::<Result<_, _>>()?;
    drop(receiver);
    for (number, path) in logs.iter().enumerate() {
        let read = open(path).and_then(|from| {
            let mut splitter = Splitter::new(path.display().to_string(), from);
            while let Some(chunk) = splitter.next()? {
                // Without a thread that takes it, one of them has the reason.
                if sender.send((number, chunk)).is_err() {
                    break;
                }
            }
            Ok(())
        });
        problems.extend(read.err().map(|error| (number, error.to_string())));
    }
    drop(sender);
    let joined = workers.into_iter().map(JoinHandle::join);
    let tallies: Result<Vec<Tally>, ReplayError> =
        joined.map(|tally| tally.unwrap_or_else(|panic| resume_unwind(panic))).collect();
    let mut all = Tally::default();
    for tally in tallies? {
        all.merge(tally, examples)?;
    }
    if let Some(((number, place), problem)) = &all.first_unreadable {
        let log = logs.get(*number).map(|log| log.display().to_string()).unwrap_or_default();
        let (line, column) = place.place;
        let others = match all.unreadable {
            1 => String::new(),
            count => format!(", and {} more events", count - 1),
        };
        let problem = format!(
            "`{log}` line {line} column {column}: failed to read an event{others}: {problem}"
        );
        problems.push((*number, problem));
    }
    Ok(Replay {
        hidden: all.hidden.clone(),
        others: all.others,
        unreadable: all.unreadable,
        problems,
        groups: all.into_groups(),
    })
}

fn work(
    program: &dyn Program,
    examples: usize,
    chunks: &Mutex<Receiver<(usize, Chunk)>>,
) -> Result<Tally, ReplayError> {
    let mut worker = Worker::new(program, examples)?;
    loop {
        let next = chunks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((log, chunk)) = next else { return Ok(worker.into_tally()) };
        worker.replay(log, &chunk)?;
    }
}
