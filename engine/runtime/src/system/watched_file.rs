//! Files that change while the server runs.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, info};

/// The interval at which they are looked at.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// The most that is read of one: thousands of certificates.
const MAX_BYTES: u64 = 4 << 20;

/// Files that belong together, such as a certificate and its key.
///
/// Their bytes are compared again and again. That is cheap for small files, and holds wherever they
/// lie: Kubernetes swaps links above them, and network file systems tell nobody of changes.
#[derive(Debug)]
pub(crate) struct WatchedFiles {
    /// A name of the files, for the log.
    what: &'static str,
    paths: Arc<[PathBuf]>,
    /// The contents, or the error, of the last look at them.
    seen: Option<Result<Vec<Vec<u8>>, String>>,
}

impl WatchedFiles {
    pub(crate) fn new(what: &'static str, paths: Vec<PathBuf>) -> Self {
        Self { what, paths: paths.into(), seen: None }
    }

    /// Reads them for the first time, in their order. What follows is what differs from this.
    ///
    /// # Errors
    /// All that cannot be read.
    pub(crate) fn read(&mut self) -> Result<&[Vec<u8>], Vec<ReadError>> {
        let contents = read_all(&self.paths)?;
        match self.seen.insert(Ok(contents)) {
            Ok(contents) => Ok(contents),
            Err(_) => Ok(&[]),
        }
    }

    /// Gives new contents to `take`, forever. Where it does not want them, that is logged once, and
    /// so is where there are none to read: then what it took before stays in force.
    pub(crate) async fn watch(
        mut self,
        interval: Duration,
        mut take: impl FnMut(&[Vec<u8>]) -> Result<(), RejectedContents>,
    ) {
        loop {
            tokio::time::sleep(interval).await;
            let paths = Arc::clone(&self.paths);
            // A file system may take its time.
            let Ok(read) = tokio::task::spawn_blocking(move || read_all(&paths)).await else {
                continue;
            };
            let now = Some(read.map_err(|errors| in_one_line(&errors)));
            if self.seen == now {
                continue;
            }
            self.seen = now;
            let taken = match &self.seen {
                Some(Ok(contents)) => take(contents),
                Some(Err(problem)) => Err(RejectedContents::the_former_stay(problem)),
                None => continue,
            };
            match taken {
                Ok(()) => info!("loaded the changed {}", self.what),
                Err(RejectedContents { problem, consequence }) => {
                    error!("the changed {} are not used, {consequence}: {problem}", self.what);
                }
            }
        }
    }
}

/// The reason why changed contents are not used, and what is instead.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RejectedContents {
    pub(crate) problem: String,
    pub(crate) consequence: &'static str,
}

impl RejectedContents {
    pub(crate) fn the_former_stay(problem: impl Display) -> Self {
        Self { problem: problem.to_string(), consequence: "the former stay" }
    }
}

/// Several mistakes, for the log.
pub(crate) fn in_one_line<E: Display>(errors: &[E]) -> String {
    errors.iter().map(E::to_string).collect::<Vec<_>>().join("; ")
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>, Vec<ReadError>> {
    let mut contents = Vec::with_capacity(paths.len());
    let mut errors = Vec::new();
    for path in paths {
        match read(path) {
            Ok(bytes) => contents.push(bytes),
            Err(problem) => errors.push(ReadError { path: path.clone(), problem }),
        }
    }
    if errors.is_empty() { Ok(contents) } else { Err(errors) }
}

/// Reads a small regular file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, ReadProblem> {
    // Asked before it is opened: a pipe would wait for somebody to write.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadProblem::NotAFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadProblem::TooLarge);
    }
    Ok(bytes)
}

/// The reason why there is nothing of a file.
#[derive(Debug, thiserror::Error)]
#[error("failed to read `{}`: {problem}", path.display())]
pub(crate) struct ReadError {
    path: PathBuf,
    problem: ReadProblem,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadProblem {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("it is not a regular file, which could be read again when it changes")]
    NotAFile,
    #[error("it is larger than {MAX_BYTES} bytes, the most that is read of it")]
    TooLarge,
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use tokio::sync::mpsc;

    use super::*;

    const OFTEN: Duration = Duration::from_millis(5);

    /// Watches, and tells each content that was offered. What begins with `bad` is refused.
    fn watch(mut files: WatchedFiles) -> mpsc::UnboundedReceiver<String> {
        files.read().unwrap();
        let (sender, receiver) = mpsc::unbounded_channel();
        tokio::spawn(files.watch(OFTEN, move |contents| {
            let text = String::from_utf8(contents.concat()).unwrap();
            let bad =
                text.starts_with("bad").then(|| RejectedContents::the_former_stay("it is bad"));
            let taken = bad.map_or(Ok(()), Err);
            sender.send(text).unwrap();
            taken
        }));
        receiver
    }

    async fn next(receiver: &mut mpsc::UnboundedReceiver<String>) -> String {
        tokio::time::timeout(Duration::from_secs(20), receiver.recv()).await.unwrap().unwrap()
    }

    #[tokio::test]
    async fn each_change_is_reported_once() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["a", "b"].map(|name| folder.path().join(name));
        fs::write(&first, "one").unwrap();
        fs::write(&second, "1").unwrap();
        let mut offered = watch(WatchedFiles::new("files", vec![first.clone(), second.clone()]));

        tokio::time::sleep(OFTEN * 10).await;
        fs::write(folder.path().join("new"), "bad").unwrap();
        fs::rename(folder.path().join("new"), &first).unwrap();
        assert_eq!(next(&mut offered).await, "bad1");
        fs::remove_file(&first).unwrap();
        tokio::time::sleep(OFTEN * 10).await;
        fs::write(folder.path().join("new"), "two").unwrap();
        fs::rename(folder.path().join("new"), &first).unwrap();
        assert_eq!(next(&mut offered).await, "two1");
        tokio::time::sleep(OFTEN * 10).await;
        assert!(offered.try_recv().is_err(), "nothing has changed since");
    }

    #[tokio::test]
    async fn swapped_symlink_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let [now, new] = ["..data", "..data_tmp"].map(|name| folder.path().join(name));
        for version in ["v1", "v2"] {
            fs::create_dir(folder.path().join(version)).unwrap();
            fs::write(folder.path().join(version).join("token"), version).unwrap();
        }
        symlink("v1", &now).unwrap();
        symlink("..data/token", folder.path().join("token")).unwrap();
        let mut offered = watch(WatchedFiles::new("tokens", vec![folder.path().join("token")]));
        symlink("v2", &new).unwrap();
        fs::rename(&new, &now).unwrap();
        assert_eq!(next(&mut offered).await, "v2");
    }

    #[test]
    fn all_unreadable_files_are_in_one_error() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large");
        File::create(&large).unwrap().set_len(MAX_BYTES + 1).unwrap();
        let missing = folder.path().join("missing");
        let paths = vec![missing, folder.path().to_owned(), large];
        let errors = WatchedFiles::new("files", paths).read().unwrap_err();
        let folder = folder.path().display();
        assert_eq!(
            in_one_line(&errors),
            format!(
                "failed to read `{folder}/missing`: No such file or directory (os error 2); \
                 failed to read `{folder}`: it is not a regular file, which could be read again when \
                 it changes; \
                 failed to read `{folder}/large`: it is larger than 4194304 bytes, the most that is \
                 read of it"
            )
        );
    }
}
