use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::{Folder, builder_process, until};

/// A Cargo that resolves at once, and compiles for ever in a process that it starts.
const CARGO: &str = r#"cd "${0%/*}"
if [ "$1" = update ]; then exit; fi
echo half > "$TMPDIR/half"
sh -c 'echo $$ > compiler; exec sleep 1000' &
echo $$ > cargo
wait
"#;

/// A Cargo that never ends.
const STUCK: &str = "cd \"${0%/*}\"\necho $$ > cargo\nexec sleep 1000\n";

/// A Cargo that ignores `SIGTERM`.
const DEAF: &str = "cd \"${0%/*}\"\n[ \"$1\" = update ] && exit\ntrap '' TERM\n\
    echo $$ > cargo\nwhile :; do sleep 1; done\n";

/// A folder with all that a build takes, and with this Cargo.
fn folder(cargo: &str) -> Folder {
    Folder::with_registry(&[]).engine("", &[]).policy("good").script("cargo.sh", cargo)
}

/// A running builder.
struct Running<'a> {
    folder: &'a Folder,
    child: Child,
}

impl<'a> Running<'a> {
    fn start(folder: &'a Folder, arguments: &[&str]) -> Self {
        let mut command = builder_process(folder.path());
        command.args(arguments);
        Self::run(folder, &mut command)
    }

    fn image(folder: &'a Folder) -> Self {
        Self::start(folder, &["image", "--engine", "source", "--work-dir", "work"])
    }

    fn run(folder: &'a Folder, command: &mut Command) -> Self {
        command.env("CARGO", folder.path().join("cargo.sh"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { folder, child: command.spawn().unwrap() }
    }

    /// The id of a process, from the file that the process writes.
    fn process(&self, name: &str) -> u32 {
        let mut pid = None;
        until(&format!("{name} has started"), || {
            let text = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
            pid = text.strip_suffix('\n').and_then(|pid| pid.parse().ok());
            pid.is_some()
        });
        pid.unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// The exit status, and what it said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut status = None;
        until("the builder ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (status.unwrap().code(), said)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// True if a process runs. A zombie does not count.
fn is_there(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && !line.contains('Z'))
}

/// Everything in a folder, but what the tests put there.
fn left(folder: &Folder) -> Vec<String> {
    let ours = ["cargo", "cargo-home", "cargo.sh", "compiler", "policies", "source", "work"];
    let names = fs::read_dir(folder.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| !ours.contains(&name.as_str())).collect()
}

fn is_free(lock: &Path) -> bool {
    File::open(lock).unwrap().try_lock().is_ok()
}

#[test]
fn signal_during_compilation_ends_all_processes() {
    for (signal, status) in [("HUP", 129), ("INT", 130), ("QUIT", 131), ("TERM", 143)] {
        let folder = folder(CARGO);
        let running = Running::image(&folder);
        let processes = [running.process("cargo"), running.process("compiler")];
        assert!(processes.into_iter().all(is_there));
        running.signal(signal);
        let (ended, said) = running.end();
        assert_eq!(ended, Some(status), "{said}");
        assert!(!said.contains("error"), "{said}");
        assert!(!processes.into_iter().any(is_there), "a process is left");
        assert_eq!(left(&folder), [""; 0]);
        let work = folder.path().join("work");
        assert!(is_free(&work.join("lock")));
        assert!(!work.join("target/tmp").exists());
    }
}

#[test]
fn signal_while_waiting_for_a_lock_ends_the_builder() {
    let folder = folder(CARGO);
    let work = folder.path().join("work");
    fs::create_dir(&work).unwrap();
    let lock = File::create(work.join("lock")).unwrap();
    lock.lock().unwrap();
    let mut running = Running::image(&folder);
    let mut said = String::new();
    let stderr = running.child.stderr.as_mut().unwrap();
    while !said.contains("waiting for another build") {
        let mut byte = [0];
        stderr.read_exact(&mut byte).unwrap();
        said.push(char::from(byte[0]));
    }
    running.signal("TERM");
    assert_eq!(running.end().0, Some(143));
    assert_eq!(left(&folder), [""; 0]);
}

#[test]
fn signal_during_generate_leaves_no_temporary_files() {
    let folder = folder(STUCK);
    let running = Running::start(&folder, &["generate", "--engine", "source", "--output", "new"]);
    let cargo = running.process("cargo");
    assert!(folder.path().join("new/Cargo.toml").is_file());
    running.signal("INT");
    assert_eq!(running.end().0, Some(130));
    assert!(!is_there(cargo));
    assert_eq!(left(&folder), [""; 0]);
}

#[test]
fn signal_during_writing_leaves_all_or_nothing() {
    let whole = Folder::new();
    whole.builder(&["base", "--output", "base"]).assert().success();
    let whole = whole.contents();
    for _ in 0..10 {
        let folder = Folder::new();
        let running = Running::start(&folder, &["base", "--output", "base"]);
        until("it writes", || !left(&folder).is_empty());
        running.signal("TERM");
        let (status, _) = running.end();
        let contents = folder.contents();
        assert!([Some(0), Some(143)].contains(&status), "{status:?}");
        assert!(contents.is_empty() && left(&folder).is_empty() || contents == whole);
    }
}

#[test]
fn second_signal_kills_a_child_that_ignores_the_first() {
    let folder = folder(DEAF);
    let running = Running::image(&folder);
    let cargo = running.process("cargo");
    running.signal("INT");
    running.signal("TERM");
    assert_eq!(running.end().0, Some(130));
    until("Cargo has been killed", || !is_there(cargo));
    assert_eq!(left(&folder), [""; 0]);
}

#[test]
fn ignored_signal_stays_ignored() {
    let folder = folder(CARGO);
    let builder = builder_process(folder.path());
    let mut command = Command::new("sh");
    command.current_dir(folder.path()).env("POLICY_ENGINE_SOURCE", folder.path().join("source"));
    command
        .args(["-c", "trap '' HUP; exec \"$0\" image --work-dir work"])
        .arg(builder.get_program());
    let running = Running::run(&folder, &mut command);
    running.process("compiler");
    running.signal("HUP");
    running.signal("TERM");
    assert_eq!(running.end().0, Some(143));
}
