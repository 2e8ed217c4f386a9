use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::Folder;

/// The sources of `std`, which `tests/build.rs` found.
const SOURCES: Option<&str> = option_env!("POLICY_TESTS_RUST_SRC");

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

/// Items of those modules without system access, and items that only the standard library calls.
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

/// The word that follows, where the line has one of these before it.
fn word<'a>(line: &'a str, before: &[&str]) -> Option<&'a str> {
    let rest = before.iter().find_map(|before| line.strip_prefix(before))?;
    rest.split(|char: char| !char.is_alphanumeric() && char != '_').next()
}

/// The public types, functions, and functions that make a value, of a formatted file.
fn public(source: &str, module: &str) -> Vec<String> {
    const FUNCTION: [&str; 4] =
        ["pub fn ", "pub const fn ", "pub unsafe fn ", "pub const unsafe fn "];
    const TYPE: [&str; 3] = ["pub struct ", "pub enum ", "pub trait "];
    let mut found = Vec::new();
    let mut implemented = None;
    let lines: Vec<_> = source.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with("impl") && !line.contains(" for ") {
            let type_ = line.split_once("> ").filter(|_| line.starts_with("impl<"));
            implemented =
                word(type_.map_or(*line, |(_, rest)| rest).trim_start_matches("impl "), &[""]);
        } else if line.starts_with('}') || line.starts_with("impl") {
            implemented = None;
        } else if let Some(name) = word(line, &TYPE).or_else(|| word(line, &FUNCTION)) {
            found.push(format!("{module}::{name}"));
        } else if let (Some(type_), Some(name)) = (implemented, word(line.trim_start(), &FUNCTION))
        {
            let signature = lines[index..].iter().take(3).copied().collect::<String>();
            let arguments = signature.split_once('(').unwrap().1.split([',', ')']).next().unwrap();
            if !arguments.split([' ', '&', ':']).any(|word| word == "self") {
                found.push(format!("{module}::{type_}::{name}"));
            }
        }
    }
    found
}

/// The functions and types in the builder's Clippy configuration.
fn looked_for() -> BTreeSet<String> {
    let folder = Folder::with_registry(&[]).small_engine();
    // It is not asked what vetting finds.
    folder.vet().output().unwrap();
    let configuration = fs::read_to_string(folder.path().join("work/vet/clippy.toml")).unwrap();
    let paths = configuration.split("path = \"").skip(1);
    paths.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[test]
#[cfg_attr(not(has_rust_src), ignore = "needs `rust-src`")]
fn every_system_access_of_std_is_forbidden_or_listed_as_harmless() {
    let sources = Path::new(SOURCES.unwrap());
    let mut public_ones = BTreeSet::new();
    for (module, files) in MODULES {
        for file in files.split_whitespace() {
            let source = fs::read_to_string(sources.join(file)).unwrap();
            public_ones.extend(public(&source, module));
        }
    }
    assert!(public_ones.len() > 150, "only {}", public_ones.len());
    let looked_for = looked_for();
    let is_known = |path: &str| looked_for.contains(path) || HARMLESS.contains(&path);
    let missing: Vec<_> = public_ones.iter().filter(|path| !is_known(path)).collect();
    assert!(missing.is_empty(), "not on the lists: {missing:#?}");
}
