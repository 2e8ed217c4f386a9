//! Answers of Cargo about a workspace, kept from one build to the next.
//!
//! Cargo takes a second for what a lock lacks, and as long again for what a program is linked with.
//! Between two builds manifests rarely change, so it is asked when something did.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use policy_cargo::CargoError;
use policy_host::atomic::{self, Artifact};

/// A kept answer, as errors call it.
const ANSWER: Artifact = Artifact::new("Cargo's answer");

/// The last answer to each kind of question, in a folder.
#[derive(Debug)]
pub(crate) struct Answers {
    folder: Option<PathBuf>,
}

/// A digest of all that an answer depends on.
#[derive(Debug, Clone)]
pub(crate) struct Question(Sha256);

impl Question {
    /// One to the Cargo that is run here, in which there is nothing else yet.
    ///
    /// # Errors
    /// When the compiler does not start, or the configuration is wrong.
    pub(crate) fn new() -> Result<Self, CargoError> {
        Ok(Self(Sha256::new()).and(policy_cargo::circumstances()?))
    }

    /// The question with something more that the answer depends on.
    pub(crate) fn and(mut self, part: impl AsRef<[u8]>) -> Self {
        let part = part.as_ref();
        self.0.update(part.len().to_le_bytes());
        self.0.update(part);
        self
    }

    /// The question with the manifests and locks of a workspace.
    pub(crate) fn about(mut self, root: &Path) -> io::Result<Self> {
        for entry in WalkDir::new(root).sort_by_file_name() {
            let entry = entry?;
            if matches!(entry.file_name().to_str(), Some("Cargo.toml" | "Cargo.lock")) {
                self = self.and(entry.path().as_os_str().as_encoded_bytes());
                self = self.and(fs_err::read(entry.path())?);
            }
        }
        Ok(self)
    }

    fn digest(&self) -> String {
        hex::encode(self.0.clone().finalize())
    }
}

impl Answers {
    /// Those that are kept in a work folder.
    pub(crate) fn in_work_folder(work: &Path) -> Self {
        Self { folder: Some(work.join("answers")) }
    }

    /// None, of which none is kept either.
    pub(crate) fn none() -> Self {
        Self { folder: None }
    }

    /// The answer to a question of a kind, where it is the last that was asked.
    pub(crate) fn find(&self, kind: &str, question: &Question) -> Option<Vec<u8>> {
        let kept = fs_err::read(self.folder.as_ref()?.join(kind)).ok()?;
        Some(kept.strip_prefix(question.digest().as_bytes())?.strip_prefix(b"\n")?.to_vec())
    }

    /// Keeps the answer to a question, in place of the last of its kind.
    pub(crate) fn keep(&self, kind: &str, question: &Question, answer: &[u8]) -> io::Result<()> {
        let Some(folder) = &self.folder else { return Ok(()) };
        fs_err::create_dir_all(folder)?;
        let write = |file: &mut std::fs::File| {
            writeln!(file, "{}", question.digest())?;
            file.write_all(answer)
        };
        atomic::replace_file(&folder.join(kind), ANSWER, write).map_err(io::Error::other)
    }

    /// The answer to a question: the one that is kept, or else what `ask` gives.
    pub(crate) fn find_or<E: From<io::Error>>(
        &self,
        kind: &str,
        question: &Question,
        ask: impl FnOnce() -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        if let Some(kept) = self.find(kind, question) {
            return Ok(kept);
        }
        let answer = ask()?;
        self.keep(kind, question, &answer)?;
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_asked_for_again_when_something_changed() {
        let work = tempfile::tempdir().unwrap();
        let root = work.path().join("workspace");
        fs_err::create_dir_all(root.join("policies/deep/er/crate")).unwrap();
        let manifest = root.join("policies/deep/er/crate/Cargo.toml");
        let answers = Answers::in_work_folder(work.path());
        let mut asked = 0;
        let mut ask = |more: &str| {
            let question = Question::new().unwrap().about(&root).unwrap().and(more);
            let answer = answers.find_or("number", &question, || {
                asked += 1;
                Ok::<_, io::Error>(format!("{asked}\n").into_bytes())
            });
            String::from_utf8(answer.unwrap()).unwrap()
        };
        fs_err::write(&manifest, "a").unwrap();
        assert_eq!(ask("x"), "1\n");
        assert_eq!(ask("x"), "1\n");
        assert_eq!(ask("y"), "2\n");
        fs_err::write(&manifest, "b").unwrap();
        assert_eq!(ask("y"), "3\n");
        fs_err::write(root.join("policies/lib.rs"), "no manifest").unwrap();
        assert_eq!(ask("y"), "3\n");
        fs_err::write(root.join("Cargo.lock"), "version = 4").unwrap();
        assert_eq!(ask("y"), "4\n");
    }

    #[test]
    fn parts_of_a_question_are_told_apart() {
        let question = || Question(Sha256::new());
        assert_ne!(question().and("a").and("bc").digest(), question().and("ab").and("c").digest());
    }
}
