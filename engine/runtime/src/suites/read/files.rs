//! The files that a suite names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::reader::Reader;
use crate::documents::files;
use crate::documents::located::{Node, Origin, Value};
use crate::suites::discover::is_suite;
use crate::suites::fields::wrong;
use crate::suites::input::{InputFile, Part, path_from};

impl Reader<'_> {
    /// A document of a file, the only one where none is named.
    pub(super) fn file(
        &mut self,
        named: &str,
        at: &Origin,
        document: Option<usize>,
    ) -> Option<Part> {
        let path = path_from(self.folder, named);
        let (key, file) = self.open(&path, at)?;
        let name = file.name();
        let count = file.documents.len();
        let index = match (document, count) {
            (_, 0) => {
                self.error(at, format_args!("`{name}` holds no document"));
                return None;
            }
            (None, 1) => 0,
            (None, _) => {
                let help = "say which by `document`, counted from 1";
                self.error(at, format_args!("`{name}` holds {count} documents: {help}"));
                return None;
            }
            (Some(index), _) if index >= count => {
                let number = index + 1;
                let message = format!("`{name}` has no document {number}: it holds {count}");
                self.error(at, message);
                return None;
            }
            (Some(index), _) => index,
        };
        self.used.insert((key, index));
        if let Some(Err(error)) = file.documents.get(index) {
            self.error(at, format_args!("`{name}`: {error}"));
            return None;
        }
        Some(Part::File { file, document: index })
    }

    /// Reads a file once.
    fn open(&mut self, path: &Path, at: &Origin) -> Option<(PathBuf, Arc<InputFile>)> {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.files.contains_key(&key) {
            let file = match InputFile::read(path) {
                Ok(file) => Some(Arc::new(file)),
                Err(error) => {
                    self.error(at, error);
                    None
                }
            };
            self.files.insert(key.clone(), file);
        }
        let file = self.files.get(&key)?.clone()?;
        Some((key, file))
    }

    /// Reports the documents of these files that are in no case.
    pub(super) fn check_used(&mut self, path: &str, node: &Node) {
        let Value::Text(named) = &node.value else {
            self.errors.push(wrong(path, node, "the path of a file or a folder"));
            return;
        };
        let named = path_from(self.folder, named);
        for file in files::named(&[named], true, is_suite) {
            let file = match file {
                Ok(file) => file,
                Err(error) => {
                    self.error(&node.at, error);
                    continue;
                }
            };
            let Some((key, file)) = self.open(&file, &node.at) else { continue };
            for index in 0..file.documents.len() {
                if self.used.contains(&(key.clone(), index)) {
                    continue;
                }
                let name = file.name();
                let document = match file.documents.len() {
                    1 => String::new(),
                    _ => format!(" document {}", index + 1),
                };
                self.error(
                    &node.at,
                    format_args!(
                        "`{name}`{document} is in no case: write one, or leave it out of `files`"
                    ),
                );
            }
        }
    }
}
