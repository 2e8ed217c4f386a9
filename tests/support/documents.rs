use std::fs;
use std::path::Path;

use walkdir::WalkDir;

use super::root;

/// Paths without documents for users and contributors: they quote no commands of today, or are
/// templates' own.
const PASSED_OVER: [&str; 3] = ["CHANGELOG.md", "target", "tests/nix"];

/// A shell command that a document shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The document, such as `README.md`.
    pub(crate) document: String,
    /// The words, without the comment behind them.
    pub(crate) command: String,
}

/// Every shell command that the repository's documents show in blocks, in order.
pub(crate) fn shown_commands() -> Vec<Shown> {
    let entries = WalkDir::new(root()).sort_by_file_name().into_iter().filter_entry(|entry| {
        let inside = entry.path().strip_prefix(root()).unwrap();
        let is_hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes()[0] == b'.';
        !is_hidden && !PASSED_OVER.iter().any(|path| inside == Path::new(path))
    });
    let mut shown = Vec::new();
    for entry in entries.map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "md") {
            let document = entry.path().strip_prefix(root()).unwrap().display().to_string();
            let text = fs::read_to_string(entry.path()).unwrap();
            let commands = blocks(&text).into_iter().flat_map(|block| commands(&block));
            shown.extend(commands.map(|command| Shown { document: document.clone(), command }));
        }
    }
    shown
}

/// The first block of a document in a language that holds these words.
pub(crate) fn document_block(document: &str, language: &str, words: &str) -> String {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let fence = format!("```{language}\n");
    let mut blocks = text.split(&fence).skip(1);
    let block =
        blocks.find_map(|rest| rest.split("```").next().filter(|block| block.contains(words)));
    block
        .unwrap_or_else(|| panic!("{document} has no block of {language} with `{words}`"))
        .to_owned()
}

/// A step that a document has its reader take.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ShownStep {
    /// The commands of a block, and the block of `text` or `json` right behind it, whose `…` stand for
    /// anything.
    Commands(Vec<String>, Option<String>),
    /// A file that is written, from a block with `file=PATH` behind its language.
    File { path: String, text: String },
}

/// The steps of a document, in order.
pub(crate) fn shown_steps(document: &str) -> Vec<ShownStep> {
    let path = root().join(document);
    steps(&fs::read_to_string(&path).unwrap(), path.parent().unwrap())
}

fn steps(text: &str, folder: &Path) -> Vec<ShownStep> {
    let (mut steps, mut rest) = (Vec::new(), text);
    while let Some((_, begun)) = rest.split_once("\n```") {
        let (info, begun) = begun.split_once('\n').unwrap();
        let (block, after) = begun.split_once("```\n").unwrap();
        rest = after;
        if info == "sh" {
            let behind = after.trim_start();
            let fences = ["```text\n", "```json\n"];
            let output = fences.iter().find_map(|fence| behind.strip_prefix(fence));
            let output = output.map(|output| output.split("```").next().unwrap().to_owned());
            steps.push(ShownStep::Commands(commands(block), output));
        } else if let Some((_, path)) = info.split_once("file=") {
            let text = with_included_file(block, folder);
            steps.push(ShownStep::File { path: path.to_owned(), text });
        }
    }
    steps
}

/// The text of a block of a page in a folder, also where it is a whole file, by mdBook's `include`.
fn with_included_file(block: &str, folder: &Path) -> String {
    let included = block.trim().strip_prefix("{{#include ");
    let file = included.and_then(|rest| rest.strip_suffix("}}")).filter(|file| !file.contains(':'));
    file.map_or_else(|| block.to_owned(), |file| fs::read_to_string(folder.join(file)).unwrap())
}

/// The blocks of a shell's language, also within lists, and those that are indented.
fn blocks(text: &str) -> Vec<String> {
    let (mut blocks, mut fenced) = (Vec::new(), None::<(usize, bool)>);
    let (mut block, mut before_is_blank) = (String::new(), true);
    for line in text.lines() {
        let inner = line.trim_start();
        let indented = line.strip_prefix("    ").filter(|_| before_is_blank || !block.is_empty());
        match (inner.strip_prefix("```"), fenced, indented) {
            (Some(info), None, _) => {
                let language = info.split([',', ' ']).next().unwrap();
                let is_shell = ["sh", "bash", "console", "shell"].contains(&language);
                fenced = Some((line.len() - inner.len(), is_shell));
                blocks.extend(Some(std::mem::take(&mut block)).filter(|block| !block.is_empty()));
            }
            (Some(_), Some(_), _) => {
                fenced = None;
                blocks.extend(Some(std::mem::take(&mut block)).filter(|block| !block.is_empty()));
            }
            (None, Some((indent, true)), _) => {
                let outside = indent.min(line.len() - inner.len());
                block.extend([line.split_at(outside).1, "\n"]);
            }
            (None, Some((_, false)), _) => {}
            (None, None, Some(line)) => block.extend([line, "\n"]),
            (None, None, None) => {
                blocks.extend(Some(std::mem::take(&mut block)).filter(|block| !block.is_empty()));
            }
        }
        before_is_blank = line.trim().is_empty();
    }
    blocks.extend(Some(block).filter(|block| !block.is_empty()));
    blocks
}

/// The commands of a block: one may go on behind a `\`, and between quotes.
fn commands(block: &str) -> Vec<String> {
    let (mut commands, mut command) = (Vec::new(), String::new());
    for line in block.lines() {
        let line = line.split("  #").next().unwrap().trim_end();
        command.push_str(line);
        let is_open = line.ends_with('\\') || !command.matches('\'').count().is_multiple_of(2);
        if is_open {
            command.push('\n');
        } else {
            commands.extend(
                Some(std::mem::take(&mut command)).filter(|command| !command.trim().is_empty()),
            );
        }
    }
    assert!(command.is_empty(), "`{command}` does not end");
    commands
}

#[test]
fn commands_are_found_in_documents() {
    let text = "Text `ls`:\n\n```sh\na b            # why\nc \\\n  d\ne -d '{\n  \"x\": 1}'\n```\n\n    \
                f    # g\n    h\n\nand\n    not this\n```toml\n[a]\n```\n\n- item:\n\n  ```sh,x\n  i \\\n    j\n  ```\n";
    let found: Vec<_> = blocks(text).iter().flat_map(|block| commands(block)).collect();
    assert_eq!(found, ["a b", "c \\\n  d", "e -d '{\n  \"x\": 1}'", "f", "h", "i \\\n  j"]);
}

#[test]
fn steps_of_a_document_are_its_commands_with_their_output_and_its_files() {
    let text = "a\n\n```sh\nb\nc\n```\n\n```text\n…\nd\n```\n\n```sh\ne\n```\n\nand\n\n```json\n1\n```\n\n\
                ```rust,file=f/g.rs\nh\n```\n";
    let commands = |commands: &[&str], output: Option<&str>| {
        let commands = commands.iter().map(|command| (*command).to_owned());
        ShownStep::Commands(commands.collect(), output.map(str::to_owned))
    };
    let file = ShownStep::File { path: "f/g.rs".to_owned(), text: "h\n".to_owned() };
    let expected = [commands(&["b", "c"], Some("…\nd\n")), commands(&["e"], None), file];
    assert_eq!(steps(text, Path::new("")), expected);
}
