use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_setfl};
use tokio::sync::Notify;

use super::{SinkError, Streak};
use crate::decision_log::queue::Inbox;

/// Bytes that are gathered for one write, while more events are there already.
const BATCH: usize = 64 << 10;

/// The delay between two attempts to write.
const RETRY: Duration = Duration::from_millis(250);

/// Decisions tell of people: the log is for its owner and the group.
const MODE: u32 = 0o640;

/// Writes an event a line.
#[derive(Debug)]
pub(in crate::decision_log) struct LineSink {
    /// Without a path it is standard output.
    path: Option<PathBuf>,
    file: File,
    reopen: Arc<Notify>,
    streak: Streak,
}

impl LineSink {
    pub(super) fn stdout(reopen: Arc<Notify>) -> Result<Self, SinkError> {
        // Not through the standard library's buffer, which does not tell how far a write came.
        let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(SinkError::Stdout)?;
        Ok(Self { path: None, file: stdout.into(), reopen, streak: Streak::default() })
    }

    pub(super) fn file(path: &Path, reopen: Arc<Notify>) -> Result<Self, SinkError> {
        let file = open(path).map_err(|error| SinkError::Open { path: path.to_owned(), error })?;
        Ok(Self { path: Some(path.to_owned()), file, reopen, streak: Streak::default() })
    }

    pub(super) async fn run(mut self, inbox: &mut Inbox) {
        let mut batch = Batch::default();
        loop {
            let event = tokio::select! {
                biased;
                () = self.reopen.notified() => {
                    self.open_again();
                    continue;
                }
                event = inbox.next() => event,
            };
            let Some(event) = event else { return };
            batch.push(&event);
            while batch.bytes.len() < BATCH
                && let Some(event) = inbox.next_now()
            {
                batch.push(&event);
            }
            self.write(&mut batch, inbox).await;
            batch.clear();
        }
    }

    /// Returns when all of it is written, or never.
    async fn write(&mut self, batch: &mut Batch, inbox: &Inbox) {
        while !batch.rest().is_empty() {
            let error = match self.file.write(batch.rest()) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(written) => {
                    let (events, bytes) = batch.advance(written);
                    inbox.ledger.commit(events, bytes);
                    let path = self.path.as_deref();
                    self.streak.succeed(|| name(path), inbox);
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let what = format!("failed to write to {}: {error}", name(self.path.as_deref()));
            self.streak.fail(&what, RETRY, inbox);
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = self.reopen.notified() => {
                    if self.open_again() {
                        batch.restart_line();
                    }
                }
            }
        }
    }

    /// Opens a new file where someone has moved the old one.
    fn open_again(&mut self) -> bool {
        let Some(path) = &self.path else { return false };
        match open(path) {
            Ok(file) => {
                self.file = file;
                tracing::info!("decision log: opened `{}` again", path.display());
                true
            }
            Err(error) => {
                tracing::error!(
                    "decision log: failed to reopen `{}`, and goes on in the file that was open: {error}",
                    path.display()
                );
                false
            }
        }
    }
}

fn name(path: Option<&Path>) -> String {
    match path {
        Some(path) => format!("`{}`", path.display()),
        None => "standard output".to_owned(),
    }
}

fn open(path: &Path) -> io::Result<File> {
    // A named pipe that nobody reads is told at once: opening it would wait for a reader.
    let nonblocking = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(MODE)
        .custom_flags(nonblocking)
        .open(path)?;
    fcntl_setfl(&file, OFlags::APPEND)?;
    if file.metadata()?.is_file() && ends_within_a_line(path).unwrap_or(false) {
        // What a process that was killed left behind must not spoil a line of this one.
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn ends_within_a_line(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

/// Lines to be written, and how far they are.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    /// The ends of lines that are not completely written.
    ends: VecDeque<usize>,
    /// The start of the first of them.
    line: usize,
    written: usize,
}

impl Batch {
    fn push(&mut self, event: &[u8]) {
        self.bytes.extend_from_slice(event);
        self.bytes.push(b'\n');
        self.ends.push_back(self.bytes.len());
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// So many more bytes are written: gives the events that are whole by that, and their bytes.
    fn advance(&mut self, written: usize) -> (usize, usize) {
        self.written += written;
        let (before, mut events) = (self.line, 0);
        while let Some(end) = self.ends.pop_front_if(|end| *end <= self.written) {
            self.line = end;
            events += 1;
        }
        // Events are counted without the end of their line.
        (events, self.line - before - events)
    }

    /// The line that is begun is written anew, into another file.
    fn restart_line(&mut self) {
        self.written = self.line;
    }

    /// Everything is written. A large event's memory is not kept.
    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(2 * BATCH);
        self.ends.clear();
        (self.line, self.written) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_counts_as_written_when_its_line_is_complete() {
        let mut batch = Batch::default();
        batch.push(b"abc");
        batch.push(b"");
        batch.push(b"de");
        assert_eq!(batch.advance(3), (0, 0));
        assert_eq!(batch.rest(), b"\n\nde\n");
        assert_eq!(batch.advance(3), (2, 3));
        assert_eq!(batch.rest(), b"e\n");
        batch.restart_line();
        assert_eq!(batch.rest(), b"de\n");
        assert_eq!(batch.advance(3), (1, 2));
        assert!(batch.rest().is_empty());
    }
}
