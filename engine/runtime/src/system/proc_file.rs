//! Files of `/proc` that stay open: the threads that measure the process may open none.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};

use rustix::fs::Dir;

/// More than what is read of one: a line of figures.
const MAX_BYTES: usize = 4 << 10;

/// A file of figures, read anew each time.
#[derive(Debug)]
pub(crate) struct ProcFile(File);

impl ProcFile {
    pub(crate) fn open(path: &str) -> io::Result<Self> {
        File::open(path).map(Self)
    }

    /// The figures of now.
    pub(crate) fn read(&self) -> Option<String> {
        let mut bytes = [0; MAX_BYTES];
        let read = self.0.read_at(&mut bytes, 0).ok()?;
        String::from_utf8(bytes.get(..read)?.to_vec()).ok()
    }
}

/// The folder of this process's open files.
#[derive(Debug)]
pub(crate) struct OpenFiles(Mutex<Dir>);

impl OpenFiles {
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self(Mutex::new(Dir::new(File::open("/proc/self/fd")?)?)))
    }

    /// Their number, without the folder itself.
    pub(crate) fn count(&self) -> Option<usize> {
        let mut folder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        folder.rewind();
        let is_number = |name: &[u8]| name.iter().all(u8::is_ascii_digit);
        let mut count: usize = 0;
        while let Some(entry) = folder.read() {
            count += usize::from(is_number(entry.ok()?.file_name().to_bytes()));
        }
        count.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_now() {
        let threads = ProcFile::open("/proc/self/stat").unwrap();
        assert!(threads.read().unwrap().ends_with('\n'));
        let files = OpenFiles::open().unwrap();
        let before = files.count().unwrap();
        let more: Vec<_> = (0..100).map(|_| File::open("/dev/null").unwrap()).collect();
        assert!(files.count().unwrap() > before + 50);
        drop(more);
    }
}
