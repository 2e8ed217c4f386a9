use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;

use super::{Folder, Unpacked, WORK_DIR, cargo_image, root};

const PROGRAM: &str = "bin/policy-engine";

/// The image of the repository's own policies.
pub(crate) struct Repository {
    pub(crate) archive: PathBuf,
    pub(crate) image: Unpacked,
    pub(crate) report: Value,
    /// The summary that the builder printed.
    pub(crate) summary: String,
    /// The builder's and the compiler's messages.
    pub(crate) messages: String,
    /// The revision that the program was made from, where Git knows it.
    pub(crate) revision: Option<String>,
    /// The folder that the image's files were unpacked to.
    unpacked: PathBuf,
}

impl Repository {
    pub(crate) fn program(&self) -> PathBuf {
        self.unpacked.join(PROGRAM)
    }

    /// The options by which another build is of the same revision.
    pub(crate) fn same_revision(&self) -> Vec<&str> {
        self.revision.iter().flat_map(|revision| ["--revision", revision]).collect()
    }

    /// Packs the same image once more from a folder elsewhere, without compiling anything.
    pub(crate) fn packed_again(&self, folder: &Folder) -> Command {
        let mut command = folder.builder(&["image", "--work-dir", WORK_DIR, "--policies"]);
        command.arg(root().join("policies")).args(self.same_revision());
        command
    }
}

/// `cargo image`, once for all tests.
pub(crate) fn repository() -> &'static Repository {
    static REPOSITORY: OnceLock<Repository> = OnceLock::new();
    REPOSITORY.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("repository");
        // What an earlier run left there.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        let (archive, report) = (folder.join("image.tar"), folder.join("report.json"));
        let built = cargo_image()
            .args(["--work-dir", WORK_DIR, "--output"])
            .arg(&archive)
            .arg("--report")
            .arg(&report)
            .assert()
            .success();
        let image = Unpacked::read(&archive);
        let unpacked = folder.join("image");
        image.write_files(&unpacked);
        let version =
            Command::new(unpacked.join(PROGRAM)).args(["version", "--format", "json"]).output();
        let version: Value = serde_json::from_slice(&version.unwrap().stdout).unwrap();
        Repository {
            image,
            report: serde_json::from_slice(&fs::read(report).unwrap()).unwrap(),
            summary: String::from_utf8(built.get_output().stdout.clone()).unwrap(),
            messages: String::from_utf8(built.get_output().stderr.clone()).unwrap(),
            revision: version["revision"].as_str().map(str::to_owned),
            archive,
            unpacked,
        }
    })
}

/// The program in the repository's image, as a command with nothing in its environment.
pub(crate) fn engine(arguments: &[&str]) -> Command {
    let mut command = Command::new(repository().program());
    command.env_clear().args(arguments);
    command
}
