use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::{Folder, WORK_DIR, sentence};

const REGISTER: &str = "policy_api::register!(Anything);";
const HELPER: &str = "helper = { path = \"../helper\", default-features = false }";

/// Under the noses of everyone who reads the crates' own lints.
const QUIET: &str = "#![allow(warnings, unsafe_code, clippy::all, clippy::disallowed_methods)]";

const FILES: &str = r#"
use std::fs as innocent;
pub fn pointer() { let read = innocent::read::<&str>; let _ = read("x"); }
pub fn method(path: &std::path::Path) -> bool { path.exists() }
pub fn qualified() -> bool { <std::path::Path>::is_dir("x".as_ref()) }
pub type Alias = std::fs::Metadata;
pub fn aliased() { let _ = helper::Renamed::open("x"); }
pub const CONSTANT: fn(&'static str) -> std::io::Result<String> = std::fs::read_to_string;
#[expect(clippy::disallowed_methods)]
pub fn expected() { let _ = std::fs::remove_dir("x"); }
pub fn generic<P: AsRef<std::path::Path>>(path: P) -> bool { path.as_ref().is_symlink() }
#[cfg(not(debug_assertions))]
pub fn released() { let _ = std::fs::create_dir("x"); }
"#;

const NETWORK: &str = r#"
use std::net::ToSocketAddrs as _;
pub fn resolve() { let _ = "a:1".to_socket_addrs(); }
pub fn connect() { let _ = std::os::unix::net::UnixStream::connect("x"); }
pub fn parsed() -> Option<std::net::IpAddr> { "::1".parse().ok() }
"#;

const PROCESSES: &str = r#"
pub fn command() { let _ = std::process::Command::new("x"); }
pub fn end() { std::process::abort() }
"#;

const THREADS: &str = "
pub fn spawn() { std::thread::spawn(|| {}); }
pub fn doze() { std::thread::sleep(std::time::Duration::MAX) }
thread_local! { static HARMLESS: u8 = 1; }
";

const ENVIRONMENT: &str = r#"
pub fn read() { let _ = std::env::var("X"); }
pub const HOME: Option<&str> = option_env!("HOME");
pub const NESTED: &str = concat!(env!("PATH"), "x");
pub const HARMLESS: &str = env!("CARGO_PKG_NAME");
"#;

const STREAMS: &str = r#"
pub fn print() { println!("x"); }
pub fn debug() { dbg!(1); }
pub fn write() { let _ = std::io::Write::write(&mut std::io::stdout(), b"x"); }
"#;

const UNSAFE: &str = "
pub unsafe fn function() {}
pub fn block() { unsafe { function() } }
#[unsafe(no_mangle)] pub fn exported() {}
policy_api::register!(Anything { name: { unsafe { smuggled() }; \"unsafe\" } });
const unsafe fn smuggled() {}
";

const HIDDEN: &str = r#"
#[cfg(not(clippy))] pub fn unseen() { let _ = std::fs::read("x"); }
#[cfg_attr(not(clippy), path = "other.rs")] mod seen {}
pub fn told() -> bool { cfg!(any(clippy, all())) }
helper::hidden!();
#[cfg(typo)] pub fn harmless() {}
"#;

const INCLUDED: &str = r#"
pub const OTHERS: &str = include_str!("../../helper/src/lib.rs");
pub const OWN: &str = include_str!("own data.txt");
pub const LINKED: &[u8] = include_bytes!("linked.txt");
"#;

const MACROS: &str = "
pub fn expanded() { let _ = helper::written!(); }
macro_rules! local { () => { std::fs::hard_link(\"a\", \"b\") } }
pub fn here() { let _ = local!(); }
pub fn renamed() { let _ = helper::files::rename(\"a\", \"b\"); }
";

/// A support crate. Its own lints do not stop vetting, and its features are those that the other
/// crates request.
const HELPER_SOURCE: &str = r#"
#![deny(clippy::unwrap_used)]
pub use std::fs as files;
pub fn unwrapped() { Some(1).unwrap(); }
#[macro_export] macro_rules! written { () => { std::fs::write("a", "b") } }
#[macro_export] macro_rules! hidden { () => { #[cfg(not(clippy))] pub fn by_a_macro() {} } }
#[cfg(not(feature = "modest"))] pub fn immodest() -> u32 { std::process::id() }
pub type Renamed = files::File;
"#;

const HELPER_MANIFEST: &str = "[package]
name = \"helper\"
version = \"1.0.0\"
edition = \"2024\"
[features]
default = [\"modest\"]
modest = []
";

fn folder() -> Folder {
    let folder = Folder::new()
        .file("policies/helper/Cargo.toml", HELPER_MANIFEST)
        .file("policies/helper/src/lib.rs", HELPER_SOURCE)
        .file("policies/included/src/own data.txt", "own")
        .file("elsewhere.txt", "else")
        .policy("good");
    symlink("../../../elsewhere.txt", folder.path().join("policies/included/src/linked.txt"))
        .unwrap();
    [
        ("files", FILES),
        ("network", NETWORK),
        ("processes", PROCESSES),
        ("threads", THREADS),
        ("environment", ENVIRONMENT),
        ("streams", STREAMS),
        ("unsafety", UNSAFE),
        ("hidden", HIDDEN),
        ("included", INCLUDED),
        ("macros", MACROS),
    ]
    .into_iter()
    .fold(folder, |folder, (name, source)| {
        let register = if source.contains("register!") { "" } else { REGISTER };
        let folder = folder.policy_with(name, HELPER, &format!("{source}{register}"));
        let library = format!("policies/{name}/src/lib.rs");
        let source = fs::read_to_string(folder.path().join(&library)).unwrap();
        folder.file(&library, &format!("{QUIET}{source}"))
    })
}

struct Vetted {
    folder: Folder,
    report: Value,
    said: String,
}

/// Vets them all, once.
fn vetted() -> &'static Vetted {
    static VETTED: OnceLock<Vetted> = OnceLock::new();
    VETTED.get_or_init(|| {
        let folder = folder();
        let before = folder.contents();
        let vetted =
            folder.builder(&["vet", "--format", "json", "--work-dir", WORK_DIR]).assert().code(1);
        assert!(folder.contents() == before, "something was written into the user's folder");
        let said = String::from_utf8(vetted.get_output().stderr.clone()).unwrap();
        let report = serde_json::from_slice(&vetted.get_output().stdout);
        let report = report.unwrap_or_else(|error| panic!("{error}: {said}"));
        Vetted { folder, report, said }
    })
}

/// The findings in a crate: the text of its library, which has it once; the capability; the item.
fn found(name: &str) -> Vec<(String, String, String)> {
    let Vetted { folder, report, .. } = vetted();
    let library = format!("policies/{name}/src/lib.rs");
    let source = fs::read_to_string(folder.path().join(&library)).unwrap();
    let of_crate =
        report["findings"].as_array().unwrap().iter().filter(|finding| finding["crate"] == name);
    of_crate
        .map(|finding| {
            assert_eq!(finding["file"], *library, "{finding}");
            let number = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap() - 1;
            let at = match finding["line"].as_u64() {
                Some(_) => {
                    source.lines().nth(number("line")).unwrap().get(number("column")..).unwrap()
                }
                None => "",
            };
            let text = |key: &str| finding[key].as_str().unwrap_or_default().to_owned();
            (at.to_owned(), text("what"), text("item"))
        })
        .collect()
}

/// Compares what was found in a crate: how the text at each place begins, and the item.
fn assert_found(name: &str, what: &str, expected: &[(&str, &str)]) {
    let found = found(name);
    let matches = found.len() == expected.len()
        && found.iter().zip(expected).all(|(found, (text, item))| {
            found.0.starts_with(text) && found.1 == what && found.2 == *item
        });
    assert!(matches, "expected {expected:#?}, found {found:#?}");
}

#[test]
fn pure_policy_has_no_findings() {
    assert_eq!(found("good"), []);
}

#[test]
fn file_access_under_any_name_is_found() {
    let expected = [
        ("innocent::read", "std::fs::read"),
        ("exists()", "std::path::Path::exists"),
        ("<std::path::Path>::is_dir", "std::path::Path::is_dir"),
        ("std::fs::Metadata", "std::fs::Metadata"),
        ("helper::Renamed::open", "std::fs::File::open"),
        ("std::fs::read_to_string", "std::fs::read_to_string"),
        ("std::fs::remove_dir", "std::fs::remove_dir"),
        ("is_symlink()", "std::path::Path::is_symlink"),
        ("std::fs::create_dir", "std::fs::create_dir"),
    ];
    assert_found("files", "files", &expected);
}

#[test]
fn network_processes_and_threads_are_found() {
    let expected = [
        ("use std::net::ToSocketAddrs", "std::net::ToSocketAddrs"),
        ("to_socket_addrs()", "std::net::ToSocketAddrs::to_socket_addrs"),
        ("std::os::unix::net::UnixStream", "std::os::unix::net::UnixStream::connect"),
    ];
    assert_found("network", "network", &expected);
    let expected = [
        ("std::process::Command::new", "std::process::Command::new"),
        ("std::process::abort", "std::process::abort"),
    ];
    assert_found("processes", "processes", &expected);
    let expected = [
        ("std::thread::spawn", "std::thread::spawn"),
        ("std::thread::sleep", "std::thread::sleep"),
    ];
    assert_found("threads", "threads", &expected);
}

#[test]
fn environment_access_at_run_and_compile_time_is_found() {
    let expected = [
        // The compiler does not tell where a macro in another's arguments stands.
        ("", "PATH"),
        ("std::env::var", "std::env::var"),
        ("option_env!(\"HOME\")", "HOME"),
    ];
    assert_found("environment", "environment", &expected);
}

#[test]
fn standard_streams_are_found() {
    let expected = [
        ("println!", "std::println"),
        ("dbg!", "std::eprintln"),
        ("std::io::stdout", "std::io::stdout"),
    ];
    assert_found("streams", "standard-streams", &expected);
}

#[test]
fn unsafe_code_is_found_even_in_arguments_of_register() {
    let expected = [
        ("pub unsafe fn function", ""),
        ("unsafe { function() }", ""),
        ("#[unsafe(no_mangle)]", ""),
        ("unsafe { smuggled() }", ""),
        ("const unsafe fn smuggled", ""),
    ];
    assert_found("unsafety", "unsafe", &expected);
}

#[test]
fn code_hidden_from_clippy_is_found() {
    let expected = [("clippy", ""), ("clippy", ""), ("clippy", ""), ("helper::hidden!", "")];
    assert_found("hidden", "hidden-code", &expected);
}

#[test]
fn included_files_outside_the_crate_are_found() {
    let expected = [
        ("include_str!(\"../../helper", "helper/src/lib.rs"),
        ("include_bytes!(\"linked.txt\")", "src/linked.txt"),
    ];
    assert_found("included", "included-file", &expected);
}

#[test]
fn access_through_a_support_crate_is_found() {
    let expected = [
        ("helper::written!", "std::fs::write"),
        ("std::fs::hard_link", "std::fs::hard_link"),
        ("helper::files::rename", "std::fs::rename"),
    ];
    assert_found("macros", "files", &expected);
}

/// The support crate is vetted as it is compiled, without its default feature.
#[test]
fn support_crate_is_vetted() {
    let found = found("helper");
    let found: Vec<_> = found.iter().map(|it| (&*it.1, &*it.2)).collect();
    assert_eq!(found, [("processes", "std::process::id"), ("files", "std::fs::File")]);
}

#[test]
fn vet_error_names_the_crates_and_the_remedy() {
    assert_eq!(
        sentence(&vetted().said),
        "vetting found forbidden capabilities in `environment`, `files`, `helper`, `hidden`, \
         `included`, `macros`, `network`, `processes`, `streams`, `threads`, `unsafety`\nhelp: \
         change the crates, or allow it in `policies.toml` with a reason; `--no-vet` builds \
         without vetting"
    );
}

#[test]
fn allowed_finding_passes_with_its_reason() {
    let folder = Folder::new()
        .policy_with("threads", "", &format!("{THREADS}{REGISTER}"))
        .policy_with("environment", "", &format!("{ENVIRONMENT}{REGISTER}"))
        .policy("good");
    let rules = "[[vet.allow]]\ncrate = \"environment\"\nwhat = \"environment\"\nreason = \"asked for\"\n\
                 [[vet.allow]]\ncrate = \"threads\"\nwhat = \"threads\"\nitem = \"std::thread::spawn\"\n\
                 reason = \"joined at once\"\n";
    let folder = folder.file("policies/policies.toml", rules);
    let line = |name: &str, text: &str, rest: &str| {
        let library = format!("policies/{name}/src/lib.rs");
        let source = fs::read_to_string(folder.path().join(&library)).unwrap();
        let (index, line) =
            source.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        let column = line.find(text).unwrap() + 1;
        format!("{library}:{}:{column}: crate `{name}`: {rest}\n", index + 1)
    };
    let expected = [
        "policies/environment/src/lib.rs: crate `environment`: environment: the variable `PATH`, \
         when it is compiled; allowed: asked for\n"
            .to_owned(),
        line("environment", "std::env::var", "environment: `std::env::var`; allowed: asked for"),
        line(
            "environment",
            "option_env!",
            "environment: the variable `HOME`, when it is compiled; allowed: asked for",
        ),
        line(
            "threads",
            "std::thread::spawn",
            "threads: `std::thread::spawn`; allowed: joined at once",
        ),
    ]
    .concat();
    let denied = line(
        "threads",
        "std::thread::sleep",
        "threads: `std::thread::sleep`: the engine says how many threads there are and bounds their \
         time",
    );
    let wanted = "\nTo let them pass, in `policies.toml`, with the reason:\n\n\
                  [[vet.allow]]\ncrate = \"threads\"\nwhat = \"threads\"\n\
                  item = \"std::thread::sleep\"\nreason = \"\"\n";
    // An image is not made then.
    let said = folder.fails(&["--work-dir", WORK_DIR]);
    assert!(said.contains(&format!("{expected}{denied}{wanted}")), "{said}");
    assert!(!said.contains("compile: "), "{said}");

    let rules = format!(
        "{rules}[[vet.allow]]\ncrate = \"threads\"\nwhat = \"threads\"\n\
         item = \"std::thread::sleep\"\nreason = \"short\"\n\
         [[vet.allow]]\ncrate = \"good\"\nwhat = \"files\"\nreason = \"once\"\n"
    );
    let folder = folder.file("policies/policies.toml", &rules);
    let vetted = folder.builder(&["vet", "--work-dir", WORK_DIR]).assert().success();
    let said = String::from_utf8(vetted.get_output().stderr.clone()).unwrap();
    let note = "note: `policies.toml` allows crate `good` what it does not do (`files`): take it \
                out, unless what it is linked with does it at run time\n";
    assert!(said.contains(note), "{said}");
}

/// The compiler's error is shown if a policy does not compile.
#[test]
fn vet_reports_a_compile_error_as_the_compiler_does() {
    let folder = Folder::new().policy_with("broken", "", "const X: bool = 7;");
    let vetted = folder.builder(&["vet", "--work-dir", WORK_DIR]).assert().code(1).stdout("");
    let said = String::from_utf8(vetted.get_output().stderr.clone()).unwrap();
    assert!(said.contains("error[E0308]: mismatched types"), "{said}");
    assert_eq!(
        sentence(&said),
        "policy crate `broken` (`policies/broken`) does not compile: see the compiler's messages \
         above"
    );
}

#[test]
fn missing_clippy_is_reported() {
    let folder = Folder::new().policy("good");
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    let sysroot = PathBuf::from(String::from_utf8(sysroot).unwrap().trim_end());
    // The same toolchain, without its programs.
    let toolchain = folder.path().join("toolchain");
    fs::create_dir(&toolchain).unwrap();
    symlink(sysroot.join("lib"), toolchain.join("lib")).unwrap();
    let rustc = format!(
        "case \"$*\" in\n\"--print sysroot\"*) echo \"${{0%/*}}/toolchain\" ;;\n*) exec \
         {} \"$@\" ;;\nesac\n",
        sysroot.join("bin/rustc").display()
    );
    let folder = folder.script("rustc", &rustc);
    let mut command = folder.builder(&["image", "--work-dir", WORK_DIR]);
    command.env("RUSTC", folder.path().join("rustc")).env("PATH", "/nowhere");
    assert_eq!(
        sentence(&folder.fails_as(&mut command)),
        "Clippy, which vets policies, is not installed\nhelp: run `rustup component add clippy`, \
         or build without vetting with `--no-vet`"
    );
}

/// As with rustup's, where the toolchain is not rustup's.
#[test]
fn clippy_is_the_toolchains_own_whatever_cargo_would_find() {
    let fails = "echo \"error: unknown proxy name: 'cargo-clippy'\" >&2\nexit 1\n";
    let folder = Folder::new().small_engine().script("home/bin/cargo-clippy", fails);
    let home = folder.path().join("home");
    let path = std::env::var("PATH").unwrap();
    let mut command = folder.builder(&["vet", "--engine", "source", "--work-dir", "work"]);
    command.env("CARGO_HOME", &home).env("PATH", format!("{}:{path}", home.join("bin").display()));
    command.assert().success();
}
