//! Blocks of data in the book: what is shown is valid.

use std::fs;
use std::path::Path;

use serde_json::Value;
use toml_edit::DocumentMut;
use walkdir::WalkDir;

use crate::support::{Folder, repository, root, run};

/// A block of a page, in a language.
struct Block {
    page: String,
    language: String,
    text: String,
}

/// The blocks of all pages of the book.
fn blocks() -> Vec<Block> {
    let pages = WalkDir::new(root().join("docs/src")).sort_by_file_name();
    let pages = pages.into_iter().map(Result::unwrap);
    let mut blocks = Vec::new();
    for page in pages.filter(|page| page.path().extension().is_some_and(|end| end == "md")) {
        let text = with_includes(page.path());
        let page = page.path().strip_prefix(root()).unwrap().display().to_string();
        // Every other part is within fences.
        for part in text.split("\n```").skip(1).step_by(2) {
            let (language, text) = part.split_once('\n').unwrap();
            let language = language.split([',', ' ']).next().unwrap().to_owned();
            blocks.push(Block { page: page.clone(), language, text: text.to_owned() + "\n" });
        }
    }
    blocks
}

/// The text of a page, with the files that it includes.
fn with_includes(page: &Path) -> String {
    let text = fs::read_to_string(page).unwrap();
    let mut parts = text.split("{{#include ");
    let mut whole = parts.next().unwrap().to_owned();
    for part in parts {
        let (path, rest) = part.split_once("}}").unwrap();
        // Parts that have a name are of code, which is not looked at here.
        let file = path.split(':').next().unwrap();
        let included = fs::read_to_string(page.parent().unwrap().join(file)).unwrap();
        whole.extend([included.trim_end(), rest]);
    }
    whole
}

/// The documents of a block in YAML.
fn yaml(block: &Block) -> Vec<Value> {
    serde_saphyr::from_multiple(&block.text)
        .unwrap_or_else(|error| panic!("{}: {error}\n{}", block.page, block.text))
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let contents = fs::read_to_string(root().join("docs/src/SUMMARY.md")).unwrap();
    for page in WalkDir::new(root().join("docs/src")).into_iter().map(Result::unwrap) {
        let inside = page.path().strip_prefix(root().join("docs/src")).unwrap();
        if inside.extension().is_some_and(|end| end == "md") && inside != Path::new("SUMMARY.md") {
            let link = format!("({})", inside.display());
            assert!(contents.contains(&link), "SUMMARY.md has no {link}");
        }
    }
}

#[test]
fn blocks_of_data_parse() {
    let blocks = blocks();
    for Block { page, language, text } in &blocks {
        let error = match language.as_str() {
            "json" => serde_json::from_str::<Value>(text).err().map(|error| error.to_string()),
            "jsonl" => text.lines().find_map(|line| {
                serde_json::from_str::<Value>(line).err().map(|error| error.to_string())
            }),
            "toml" => text.parse::<DocumentMut>().err().map(|error| error.to_string()),
            _ => None,
        };
        assert!(error.is_none(), "{page}: {}\n{text}", error.unwrap_or_default());
        // What no language is named for is read as nothing at all.
        assert!(!language.is_empty(), "{page} has a block of no language:\n{text}");
    }
    let of_yaml = blocks.iter().filter(|block| block.language == "yaml");
    assert!(of_yaml.map(|block| yaml(block).len()).sum::<usize>() > 0);
}

/// The keys of a block's documents, where it may be a configuration.
fn keys(block: &Block) -> Vec<String> {
    match block.language.as_str() {
        "yaml" => {
            let tables =
                yaml(block).into_iter().filter_map(|document| document.as_object().cloned());
            tables.flat_map(|table| table.into_iter().map(|(key, _)| key)).collect()
        }
        // `policies.toml` has `policies` as well, and is read elsewhere.
        "toml" if block.text.starts_with("#:schema") => {
            let document: DocumentMut = block.text.parse().unwrap();
            document.iter().map(|(key, _)| key.to_owned()).collect()
        }
        _ => Vec::new(),
    }
}

/// A block is a configuration where it sets any setting.
#[test]
fn configurations_are_accepted_by_the_engine() {
    let schema = fs::read_to_string(root().join("docs/src/schemas/configuration.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let settings = schema["properties"].as_object().unwrap();
    let folder = Folder::new();
    let mut count = 0;
    // Tutorials serve with theirs, and have policies of their own in it.
    for block in blocks().into_iter().filter(|block| !block.page.contains("tutorials/")) {
        if !keys(&block).iter().any(|key| settings.contains_key(key)) {
            continue;
        }
        count += 1;
        let file = folder.path().join(format!("{count}.{}", block.language));
        fs::write(&file, &block.text).unwrap();
        let program = repository().program();
        run(program.to_str().unwrap(), &["config", "--config", file.to_str().unwrap()]);
    }
    assert!(count > 1);
}
