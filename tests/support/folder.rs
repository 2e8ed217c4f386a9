use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;
use walkdir::WalkDir;

use super::{builder, write_program};

/// A policy that allows everything.
const POLICY: &str = r"
use policy_api::{Context, Error, NoSettings, Policy};

pub struct Anything;

impl Policy for Anything {
    type Settings = NoSettings;
    type Input<'a> = policy_api::Verdict;
    type Output<'a> = bool;

    fn validate(_: NoSettings) -> Result<Self, Error> {
        Ok(Self)
    }

    fn execute<'a>(&'a self, _: Self::Input<'a>, _: &Context<'a>) -> Result<bool, Error> {
        Ok(true)
    }
}
";

/// A folder outside of the repository, with a `policies` folder in it, to build from.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        fs::create_dir(folder.path().join("policies")).unwrap();
        folder
    }

    /// Writes a file, in place of one that is there.
    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    /// Writes a shell script that can be started.
    pub(crate) fn script(self, path: &str, text: &str) -> Self {
        let place = self.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        write_program(&place, format!("#!/bin/sh\n{text}"));
        self
    }

    /// Adds a crate with these dependencies and this text for its library.
    pub(crate) fn library(self, name: &str, dependencies: &str, source: &str) -> Self {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}\n"
        );
        self.file(&format!("policies/{name}/Cargo.toml"), &manifest)
            .file(&format!("policies/{name}/src/lib.rs"), source)
    }

    /// Adds a policy crate, complete but for what `rest` adds to its library.
    pub(crate) fn policy_with(self, name: &str, dependencies: &str, rest: &str) -> Self {
        let dependencies = format!("policy-api = \"0.1\"\n{dependencies}");
        self.library(name, &dependencies, &format!("{POLICY}\n{rest}\n"))
    }

    /// Adds a policy crate.
    pub(crate) fn policy(self, name: &str) -> Self {
        self.policy_with(name, "", "policy_api::register!(Anything);")
    }

    /// Adds a copy of a folder of the repository, or of a file of it.
    pub(crate) fn copy(self, from: &Path, to: &str) -> Self {
        for (inside, bytes) in contents(from) {
            let path = self.path().join(to).join(inside);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The files in it, by their paths.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        contents(self.path())
    }

    /// The builder, run here.
    pub(crate) fn builder(&self, arguments: &[&str]) -> Command {
        let mut command = builder(self.path());
        command.args(arguments);
        command
    }

    /// What `inspect` prints of the image here.
    pub(crate) fn inspected(&self, options: &[&str]) -> String {
        let mut command = self.builder(&["inspect", "policy-engine.tar"]);
        let printed = command.args(options).assert().success();
        String::from_utf8(printed.get_output().stdout.clone()).unwrap()
    }

    /// Asserts that the builder fails and changes no file. Returns its messages.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        self.fails_as(self.builder(&["image"]).args(arguments))
    }

    /// Asserts that a command fails and changes no file. Returns its messages.
    pub(crate) fn fails_as(&self, command: &mut Command) -> String {
        let before = self.contents();
        let failed = command.assert().code(1).stdout("");
        assert!(self.contents() == before, "the builder left something behind");
        String::from_utf8(failed.get_output().stderr.clone()).unwrap()
    }

    /// The error by which the builder refuses to make an image.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        sentence(&self.fails(arguments))
    }
}

/// The error at the end of the builder's messages.
pub(crate) fn sentence(said: &str) -> String {
    let Some((_, sentence)) = said.rsplit_once("error: ") else { panic!("no error in: {said}") };
    // Nix indents all lines but the first.
    sentence.trim_end().replace("\n       help: ", "\nhelp: ")
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| !path.is_dir())
        .map(|path| (path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()))
        .collect()
}
