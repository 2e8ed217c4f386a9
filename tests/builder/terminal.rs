use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command as Process;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::support::{Folder, builder, builder_process, repository, stress_engine};

/// A Cargo that prints its arguments and does not compile.
const CARGO: &str =
    "cd \"${0%/*}\"\ncase $1 in update|tree) exit;; esac\necho \"$*\" > arguments\nexit 1\n";

/// Runs a failing build on a terminal with these variables. Returns the terminal's text and the
/// arguments of Cargo.
fn on_a_terminal(variables: &[(&str, &str)]) -> (String, String) {
    let folder =
        Folder::with_registry(&[]).engine("", &[]).policy("good").script("cargo.sh", CARGO);
    let cargo = folder.path().join("cargo.sh");
    let builder = builder(folder.path());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command"]);
    let program = builder.get_program().to_str().unwrap();
    command
        .arg(format!("{program} image --no-vet --engine source --work-dir work"))
        .arg("/dev/null");
    for name in ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.current_dir(folder.path()).env("CARGO", cargo).env("TERM", "xterm");
    for (name, value) in variables {
        command.env(name, value);
    }
    let said = command.assert().code(1).get_output().stdout.clone();
    let asked = fs::read_to_string(folder.path().join("arguments")).unwrap();
    (String::from_utf8(said).unwrap(), asked)
}

/// Runs a command, and returns what each of its writes to standard error wrote.
fn writes_to_stderr(command: &mut Process) -> Vec<String> {
    let (ours, theirs) = UnixDatagram::pair().unwrap();
    let status = command.stderr(OwnedFd::from(theirs)).status().unwrap();
    assert!(!status.success());
    ours.set_nonblocking(true).unwrap();
    let mut bytes = vec![0; 1 << 16];
    let mut writes = Vec::new();
    while let Ok(length) = ours.recv(&mut bytes) {
        writes.push(String::from_utf8(bytes[..length].to_vec()).unwrap());
    }
    writes
}

/// Other processes, such as the engine of `watch`, write to the same standard error.
#[test]
fn lines_are_written_at_once() {
    let folder = Folder::with_registry(&[]).engine("", &[]).policy("good");
    let mut image = builder_process(folder.path());
    image.args(["image", "--no-vet", "--work-dir", "work"]).env("CARGO", "/none");
    let mut eval = Process::new(stress_engine(&[]).get_program());
    eval.args(["eval", "none"]);
    let words = ["discover: ", "error: "];
    for (mut command, words) in [(image, &words[..]), (eval, &words[1..])] {
        let writes = writes_to_stderr(&mut command);
        assert!(writes.iter().all(|write| write.ends_with('\n')), "{writes:?}");
        for word in words {
            assert!(writes.iter().any(|write| write.starts_with(word)), "{word}: {writes:?}");
        }
    }
}

/// Escape sequences and bidirectional characters that act on a terminal.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}1m\u{85}\u{202e}\u{2066}\u{200f}\u{61c}\u{2028}";

/// Nothing of a program's words acts on a terminal.
fn assert_plain(printed: &[&[u8]]) -> String {
    let text = String::from_utf8(printed.concat()).unwrap();
    let acts = |character: char| {
        character.is_control() && !matches!(character, '\n' | '\t')
            || (!character.is_control() && HOSTILE.contains(character) && !character.is_ascii())
    };
    assert!(!text.contains(acts), "{text:?}");
    text
}

#[test]
fn engine_escapes_untrusted_text_on_a_terminal() {
    let folder = Folder::new();
    let name = format!("a{}b.json", HOSTILE.replace('/', ""));
    let input = json!({"allowed": false, "reason": HOSTILE, "violations": [HOSTILE]});
    let documents = format!("{input} {{}} [\"\u{9b}\"]");
    fs::write(folder.path().join(&name), documents).unwrap();
    let run = |args: &[&str]| {
        let ended = stress_engine(args).current_dir(folder.path()).output().unwrap();
        assert_plain(&[&ended.stdout, &ended.stderr])
    };
    for format in ["json", "pretty", "table"] {
        let told = run(&["eval", "echo", "--format", format, &name]);
        assert!(told.contains("u001b") || told.contains("u{1b}"), "{told}");
    }
    let json = stress_engine(&["eval", "echo", "--format", "json", &name])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let first: Value =
        serde_json::from_slice(json.stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    assert_eq!((&first["file"], &first["output"]), (&json!(name), &input));
    for args in [
        &["eval", HOSTILE][..],
        &["eval", "stress", "--log", "debug", &name],
        &["describe", HOSTILE],
        &[HOSTILE],
        &["serve", "--set", HOSTILE],
        &["serve", "--config", &name],
        &["config", "--set", &format!("decision-log.to={HOSTILE}x")],
        &["config", "--set", &format!("tokens={HOSTILE}"), "--format", "json"],
        &["config", "--set", &format!("limits.body={HOSTILE}")],
        &["validate", "echo", "--settings", &name],
    ] {
        run(args);
    }
}

#[test]
fn builder_escapes_untrusted_text_on_a_terminal() {
    let folder = Folder::new().file(&format!("policies/{HOSTILE}/Cargo.toml"), "not = [toml").file(
        &format!("other/{HOSTILE}/Cargo.toml"),
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\n",
    );
    let policies = format!("--policies={HOSTILE}");
    for args in [
        &["discover", "--policies", "policies"][..],
        &["discover", "--policies", "other"],
        &["discover", "--policies", "other", "--format", "json"],
        &["image", "--policies", "policies", "--output", HOSTILE],
        &["vet", &policies],
        &["inspect", HOSTILE],
        &["push", HOSTILE, HOSTILE],
        &["new", HOSTILE],
        &[HOSTILE],
        &["build", HOSTILE],
    ] {
        let ended = folder.builder(args).output().unwrap();
        assert_plain(&[&ended.stdout, &ended.stderr]);
    }
}

const COLOURED: &str = "--message-format json-diagnostic-rendered-ansi";

#[test]
#[cfg_attr(not(has_script), ignore = "needs `script` of util-linux")]
fn terminal_gets_moving_progress_and_compiler_colors() {
    let (said, asked) = on_a_terminal(&[]);
    assert!(said.contains("\u{1b}["), "{said}");
    assert!(asked.contains(COLOURED), "{asked}");
}

#[test]
#[cfg_attr(not(has_script), ignore = "needs `script` of util-linux")]
fn no_color_variables_disable_compiler_colors() {
    for variable in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        let (_, asked) = on_a_terminal(&[variable]);
        assert!(!asked.contains(COLOURED), "{asked}");
    }
}

#[test]
#[cfg_attr(not(has_script), ignore = "needs `script` of util-linux")]
fn dumb_terminal_gets_plain_lines() {
    let (said, asked) = on_a_terminal(&[("TERM", "dumb")]);
    assert!(!said.contains('\u{1b}'), "{said}");
    assert!(said.contains("compile: "), "{said}");
    assert!(!asked.contains(COLOURED), "{asked}");
}

/// The output of a command with `--format json`.
fn document(command: &mut Command) -> Value {
    let printed = command.args(["--format", "json"]).assert().success();
    serde_json::from_slice(&printed.get_output().stdout).unwrap()
}

#[test]
fn every_result_is_available_as_json() {
    let folder = Folder::with_registry(&[]).engine("", &[]).policy("good");
    assert_eq!(
        document(&mut folder.builder(&["new", "ours"])),
        json!({"folder": "ours", "created": [
            "ours/.gitignore", "ours/Cargo.toml", "ours/README.md",
            "ours/.github/workflows/policies.yml", "ours/.cargo/config.toml",
            "ours/policies/working-hours/Cargo.toml", "ours/policies/working-hours/src/lib.rs",
            "ours/policies/working-hours/working-hours.suite.yaml",
        ]})
    );
    assert_eq!(
        document(&mut folder.builder(&["add", "better", "--policies", "ours/policies"])),
        json!({"folder": "ours/policies/better", "created": [
            "ours/policies/better/Cargo.toml", "ours/policies/better/src/lib.rs",
            "ours/policies/better/better.suite.yaml",
        ]})
    );
    assert_eq!(
        document(&mut folder.generate()),
        json!({"workspace": "workspace", "target": "x86_64-unknown-linux-musl"})
    );
    assert_eq!(
        document(&mut folder.builder(&["base", "--output", "base"])),
        json!({"folder": "base"})
    );
}

#[test]
fn image_command_prints_the_report_as_json() {
    let folder = Folder::new();
    let mut command = repository().packed_again(&folder);
    let printed = document(command.args(["--report", "report.json"]));
    let report = fs::read(folder.path().join("report.json")).unwrap();
    assert_eq!(printed, serde_json::from_slice::<Value>(&report).unwrap());
    assert_eq!(printed["image"]["digest"], repository().report["image"]["digest"]);
}

#[test]
fn completion_script_has_every_command() {
    let folder = Folder::new();
    let printed = folder.builder(&["completions", "bash"]).assert().success();
    let script = String::from_utf8(printed.get_output().stdout.clone()).unwrap();
    for command in ["new", "add", "image", "completions"] {
        assert!(script.contains(&format!("policy__builder,{command})")), "{command}");
    }
}

#[test]
fn every_command_has_a_man_page() {
    let folder = Folder::new().file("taken", "");
    folder.builder(&["man", "--output", "man1"]).assert().success();
    let page = |name: &str| fs::read_to_string(folder.path().join("man1").join(name));
    assert!(page("policy-builder.1").unwrap().contains("policy\\-builder\\-image(1)"));
    assert!(page("policy-builder-image.1").unwrap().contains("\\-\\-platform"));
    // Those that are for packages are hidden.
    assert!(page("policy-builder-man.1").is_err());
    assert_eq!(
        folder.fails_as(&mut folder.builder(&["man", "--output", "taken"])),
        "error: failed to write the man pages to `taken`: File exists (os error 17)\n"
    );
}
