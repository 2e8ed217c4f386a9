use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use crate::system::stack::Job;

/// Lines that wait to be written.
const QUEUE: usize = 1024;

/// The time that the end of the process waits for them.
const LAST: Duration = Duration::from_millis(500);

/// The interval between attempts to queue the request to flush.
const STEP: Duration = Duration::from_millis(5);

/// Writes lines from a thread of its own. Who logs never waits: lines that find no room are lost,
/// and their number is written when there is room again.
#[derive(Debug, Clone)]
pub(crate) struct NonBlockingWriter {
    lines: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

enum Message {
    Line(Vec<u8>),
    /// To be answered when all before it is written.
    Written(SyncSender<()>),
    /// To be run by the thread that writes.
    Run(Job),
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message")
    }
}

impl NonBlockingWriter {
    pub(super) fn to_standard_error() -> io::Result<Self> {
        Self::to(io::stderr())
    }

    fn to(writer: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, queue) = sync_channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let lost_lines = Arc::clone(&lost);
        let write = move || write_all(&queue, &lost_lines, writer);
        thread::Builder::new().name("log".to_owned()).spawn(write)?;
        Ok(Self { lines, lost })
    }

    /// Has the thread that writes run this, once all before it is written.
    pub(crate) fn run(&self, job: Job) {
        // Without room, lines are being lost; without the thread, there is nobody to run it.
        let _ = self.lines.send(Message::Run(job));
    }

    /// Waits for what is not written yet, for a short time.
    pub(crate) fn end(&self) {
        let deadline = Instant::now() + LAST;
        let (written, all) = sync_channel(1);
        let mut message = Message::Written(written);
        while let Err(TrySendError::Full(again)) = self.lines.try_send(message) {
            if Instant::now() >= deadline {
                return;
            }
            message = again;
            thread::sleep(STEP);
        }
        // It may be that nobody reads them.
        let _ = all.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }
}

/// Writes lines. A line that cannot be written is lost: there is nowhere to tell it.
fn write_all(queue: &Receiver<Message>, lost: &AtomicU64, mut writer: impl Write) {
    while let Ok(message) = queue.recv() {
        match message {
            Message::Line(line) => {
                let _ = writer.write_all(&line);
            }
            Message::Written(written) => {
                let _ = writer.flush();
                let _ = written.try_send(());
            }
            Message::Run(job) => job(),
        }
        let lost = lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let line = format!(
                "{{\"level\":\"WARN\",\"message\":\"log lines were lost\",\"lines\":{lost}}}\n"
            );
            let _ = writer.write_all(line.as_bytes());
        }
    }
}

impl Write for NonBlockingWriter {
    /// Takes a line whole; the log is written by such.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Message::Line(line.to_vec())) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for NonBlockingWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Takes what is written while nobody holds it.
    #[derive(Clone, Default)]
    struct Pipe(Arc<Mutex<Vec<u8>>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn logging_does_not_wait_for_the_reader() {
        let pipe = Pipe::default();
        let mut log = NonBlockingWriter::to(pipe.clone()).unwrap();
        let held = pipe.0.lock().unwrap();
        let started = Instant::now();
        for line in 0..QUEUE + 100 {
            log.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
        log.end();
        assert!(started.elapsed() < Duration::from_secs(20), "it never waited for the reader");
        drop(held);
        log.end();
        let written = String::from_utf8(pipe.0.lock().unwrap().clone()).unwrap();
        assert!(written.starts_with("0\n") && written.contains("\n1\n2\n3\n"), "{written}");
        assert!(written.contains(r#""message":"log lines were lost","lines":"#), "{written}");
    }
}
