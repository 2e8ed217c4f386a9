//! The lists against the standard library's own sources, where the toolchain has them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{WAYS, clippy_toml};

/// Modules whose public functions and types are on the lists, with the files that have them.
const MODULES: [(&str, &str); 14] = [
    ("std::env", "env.rs"),
    ("std::fs", "fs.rs"),
    ("std::io", "io/pipe.rs io/stdio.rs"),
    ("std::net", "net/hostname.rs net/mod.rs net/socket_addr.rs net/tcp.rs net/udp.rs"),
    ("std::os::fd", "os/fd/net.rs os/fd/owned.rs os/fd/raw.rs"),
    ("std::os::linux::fs", "os/linux/fs.rs"),
    (
        "std::os::linux::net",
        "os/net/linux_ext/addr.rs os/net/linux_ext/socket.rs os/net/linux_ext/tcp.rs",
    ),
    ("std::os::linux::process", "os/linux/process.rs"),
    ("std::os::unix::fs", "os/unix/fs.rs"),
    (
        "std::os::unix::net",
        "os/unix/net/addr.rs os/unix/net/ancillary.rs os/unix/net/datagram.rs os/unix/net/listener.rs \
         os/unix/net/stream.rs os/unix/net/ucred.rs",
    ),
    ("std::os::unix::process", "os/unix/process.rs"),
    ("std::os::unix::thread", "os/unix/thread.rs"),
    ("std::process", "process.rs"),
    (
        "std::thread",
        "thread/builder.rs thread/current.rs thread/functions.rs thread/id.rs thread/join_handle.rs \
         thread/local.rs thread/scoped.rs thread/spawnhook.rs thread/thread.rs",
    ),
];

/// Capability is in those modules and reaches nothing, and what only the standard library calls.
const HARMLESS: [&str; 16] = [
    "std::env::JoinPathsError",
    "std::env::SplitPaths",
    "std::env::VarError",
    "std::env::join_paths",
    "std::env::split_paths",
    "std::io::IsTerminal",
    "std::io::_eprint", // of the macros
    "std::io::_print",
    "std::io::cleanup",
    "std::net::Shutdown",
    "std::process::ExitCode",
    "std::process::Termination",
    "std::thread::AccessError",
    "std::thread::LocalKey",
    "std::thread::LocalKey::new",
    "std::thread::panicking",
];

fn sources() -> Option<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).output().unwrap().stdout;
    let sysroot = String::from_utf8(sysroot).unwrap();
    let sources = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/std/src");
    sources.is_dir().then_some(sources)
}

/// The word that follows, where the line has one of these before it.
fn word<'a>(line: &'a str, before: &[&str]) -> Option<&'a str> {
    let rest = before.iter().find_map(|prefix| line.strip_prefix(prefix))?;
    rest.split(|character: char| !character.is_alphanumeric() && character != '_').next()
}

/// The public types, functions, and functions that make a value, of a formatted file.
fn public(source: &str, module: &str) -> Vec<String> {
    const FUNCTION: [&str; 4] =
        ["pub fn ", "pub const fn ", "pub unsafe fn ", "pub const unsafe fn "];
    const TYPE: [&str; 3] = ["pub struct ", "pub enum ", "pub trait "];
    let mut found = Vec::new();
    let mut of_type = None;
    let lines: Vec<_> = source.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("impl") && !line.contains(" for ") {
            let type_ = line.split_once("> ").filter(|_| line.starts_with("impl<"));
            of_type =
                word(type_.map_or(*line, |(_, name)| name).trim_start_matches("impl "), &[""]);
        } else if line.starts_with('}') || line.starts_with("impl") {
            of_type = None;
        } else if let Some(name) = word(line, &TYPE).or_else(|| word(line, &FUNCTION)) {
            found.push(format!("{module}::{name}"));
        } else if let (Some(type_), Some(name)) = (of_type, word(line.trim_start(), &FUNCTION)) {
            let signature = lines[index..].iter().take(3).copied().collect::<String>();
            let arguments = signature.split_once('(').unwrap().1.split([',', ')']).next().unwrap();
            if !arguments.split([' ', '&', ':']).any(|argument| argument == "self") {
                found.push(format!("{module}::{type_}::{name}"));
            }
        }
    }
    found
}

#[test]
fn every_way_of_the_standard_library_is_on_the_lists() {
    let Some(sources) = sources() else {
        let skipped = "SKIPPED: the lists of vetting against the standard library: the toolchain has \
                       no `rust-src`";
        let _ = writeln!(std::io::stderr(), "{skipped}");
        return;
    };
    let mut public_ones = BTreeSet::new();
    for (module, files) in MODULES {
        for file in files.split_whitespace() {
            let source = std::fs::read_to_string(sources.join(file)).unwrap();
            public_ones.extend(public(&source, module));
        }
    }
    assert!(public_ones.len() > 150, "only {}", public_ones.len());
    let listed = WAYS.iter().flat_map(|ways| ways.functions.iter().chain(ways.types)).copied();
    let known: BTreeSet<_> = listed.chain(HARMLESS).collect();
    let missing: Vec<_> =
        public_ones.iter().filter(|text| !known.contains(text.as_str())).collect();
    assert!(missing.is_empty(), "not on the lists: {missing:#?}");
}

#[test]
fn the_configuration_is_toml_and_every_list_is_sorted() {
    let document: toml_edit::DocumentMut = clippy_toml().parse().unwrap();
    let list = document["disallowed-methods"].as_array().unwrap();
    assert_eq!(
        list.get(0).unwrap().as_inline_table().unwrap()["path"].as_str(),
        Some("std::fs::Dir::open")
    );
    for ways in &WAYS {
        for list in [ways.functions, ways.types, ways.macros] {
            assert!(list.is_sorted(), "{list:?}");
        }
    }
}
