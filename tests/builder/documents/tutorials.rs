use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use walkdir::WalkDir;

use super::coverage::Coverage;
use super::listed::tutorials::COMMANDS;
use crate::support::{
    DockerTag, Shell, ShownStep, WORK_DIR, on_path, opa, python, root, shown_steps, until,
};

/// The repository, as manifests name it.
const REPOSITORY: &str = "git = \"https://github.com/policy-engine/policy-engine\"";

/// Ports of the tutorials. Tests have others in their place: several may run at the same time.
const PORTS: [&str; 4] = ["8000", "8181", "8282", "8443"];

/// The commands that serve until they are ended, each with the ports that it opens.
const SERVERS: [(&str, &[&str]); 3] = [
    ("./policy-engine serve --config policy-engine.yaml", &["8181"]),
    ("./policy-engine serve --config secure.yaml", &["8443", "8282"]),
    ("python3 shop.py", &["8000"]),
];

/// A page that is followed in a shell.
struct Tutorial {
    shell: Shell,
    ports: Vec<(&'static str, String)>,
    /// What keeps the ports from others until a server of the page opens them.
    held: Vec<(&'static str, TcpListener)>,
    /// The folder that the page has come to.
    folder: PathBuf,
    serving: Vec<Child>,
}

impl Tutorial {
    /// Follows a page to its end: what it runs succeeds, and prints what stands there.
    fn follow(page: &str) -> Self {
        let held = PORTS.map(|port| (port, TcpListener::bind("127.0.0.1:0").unwrap()));
        let ports = held
            .each_ref()
            .map(|(port, listener)| (*port, listener.local_addr().unwrap().port().to_string()));
        let mut shell = Shell::new(WORK_DIR, &[]);
        let clone = shell.beside("clone");
        // In place of GitHub.
        let clones = format!("cp -r {} policy-engine", clone.display());
        let script = format!("if [ $1 = clone ]; then {clones}; exit; fi\n");
        shell.before("git", &on_path("git"), &script);
        let folder = shell.here();
        let mut tutorial =
            Self { shell, ports: ports.into(), held: held.into(), folder, serving: Vec::new() };
        tutorial.clone_examples(&clone);
        for step in shown_steps(&format!("docs/src/tutorials/{page}.md")) {
            match step {
                ShownStep::Commands(commands, output) => {
                    tutorial.take(&commands, output.as_deref());
                }
                ShownStep::File { path, text } => {
                    fs::write(tutorial.folder.join(path), text).unwrap();
                }
            }
        }
        tutorial
    }

    /// Copies the examples, changed for this machine.
    fn clone_examples(&self, clone: &Path) {
        let examples = root().join("docs/examples");
        let files = WalkDir::new(&examples).into_iter().map(Result::unwrap);
        for file in files.filter(|entry| entry.file_type().is_file()) {
            let inside = file.path().strip_prefix(root()).unwrap();
            let text: String = fs::read_to_string(file.path()).unwrap();
            let lines = text.lines().map(|line| self.on_this_machine(&from_here(line)) + "\n");
            let place = clone.join(inside);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, lines.collect::<String>()).unwrap();
            // With what is at hand, whatever is newest today.
            if inside.components().count() == 4 && inside.ends_with("Cargo.toml") {
                let lock = clone.join(inside).with_file_name("Cargo.lock");
                fs::copy(root().join("Cargo.lock"), lock).unwrap();
            }
        }
    }

    /// Text with the ports of this test.
    fn on_this_machine(&self, text: &str) -> String {
        self.ports.iter().fold(text.to_owned(), |text, (port, free)| text.replace(port, free))
    }

    /// Runs the commands of a block, and compares what they print.
    fn take(&mut self, commands: &[String], output: Option<&str>) {
        let is_left_out = |words: &String| {
            let how = COMMANDS.iter().find(|(command, _)| command == words);
            let (_, how) = how.unwrap_or_else(|| panic!("listed/tutorials.rs lacks `{words}`"));
            matches!(how, Coverage::Not(..))
        };
        let run: Vec<_> = commands.iter().filter(|words| !is_left_out(words)).collect();
        let output = output.filter(|_| !run.is_empty());
        let mut printed = String::new();
        for words in run {
            match SERVERS.iter().find(|(command, _)| command == words) {
                Some((_, ports)) => self.serve(words, ports),
                None => printed += &self.run(words, output.is_some_and(says_denied)),
            }
        }
        if let Some(expected) = output {
            // The version of what this repository releases.
            let expected = expected.replace("0.1.0", env!("CARGO_PKG_VERSION"));
            let expected = self.on_this_machine(&expected);
            let printed: String =
                printed.lines().map(|line| line.trim_end().to_owned() + "\n").collect();
            assert!(
                is_like(expected.trim_end(), printed.trim_end()),
                "{commands:#?} print\n{printed}and not\n{expected}"
            );
        }
    }

    /// Runs a command in the folder that the page has come to, and gives what it prints.
    fn run(&mut self, words: &str, is_denied: bool) -> String {
        let place = self.shell.beside("folder");
        let script = format!(
            "cd '{}'\ntrap 'pwd > {}' EXIT\nexec 2>&1\n{}",
            self.folder.display(),
            place.display(),
            self.on_this_machine(words)
        );
        let output = self.shell.command(&script).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        // As `eval` ends when something is denied.
        let expected = if is_denied && words.contains(" eval ") { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "`{words}` prints\n{printed}");
        self.folder = fs::read_to_string(place).unwrap().trim_end().into();
        if words.starts_with("policy-builder new") {
            // With what is at hand, whatever is newest today.
            fs::copy(root().join("Cargo.lock"), self.folder.join("Cargo.lock")).unwrap();
        }
        printed
    }

    /// Starts a server, which opens these ports.
    fn serve(&mut self, words: &str, ports: &[&str]) {
        self.held.retain(|(port, _)| !ports.contains(port));
        let script = format!("cd '{}'\nexec {words}", self.folder.display());
        let mut child = self.shell.started(&script);
        let address = format!("127.0.0.1:{}", self.on_this_machine(ports[0]));
        until("it serves", || {
            assert!(child.try_wait().unwrap().is_none(), "`{words}` has ended");
            TcpStream::connect(&address).is_ok()
        });
        self.serving.push(child);
    }
}

impl Drop for Tutorial {
    fn drop(&mut self) {
        for child in &mut self.serving {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A line of a manifest that takes crates from this repository, as it lies here.
fn from_here(line: &str) -> String {
    let Some((name, _)) = line.split_once(" = ") else { return line.to_owned() };
    let folder =
        if name == "policy-api" { "engine/api".to_owned() } else { format!("policies/{name}") };
    line.replace(REPOSITORY, &format!("path = \"{}\"", root().join(folder).display()))
}

fn says_denied(output: &str) -> bool {
    output.contains("denied")
}

/// Compares a text with one in which `…` stands for anything.
fn is_like(expected: &str, found: &str) -> bool {
    let mut pieces = expected.split('…').map(|piece| piece.trim_matches('\n'));
    let Some(mut rest) = pieces.next().and_then(|first| found.strip_prefix(first)) else {
        return false;
    };
    let mut last = "";
    for piece in pieces {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
        last = piece;
    }
    rest.is_empty() || expected.ends_with('…') || !last.is_empty() && found.ends_with(last)
}

#[test]
fn elided_output_is_anything() {
    assert!(is_like("a\n…\nd", "a\nb\nc\nd") && is_like("…", "a") && is_like("a…", "ab"));
    assert!(is_like("a … c", "a b c") && is_like("a", "a"));
    assert!(!is_like("a", "ab") && !is_like("…b", "abc") && !is_like("a…d", "abc"));
    assert!(!is_like("b…", "ab"));
}

#[test]
#[cfg_attr(not(has_docker), ignore = "needs a Docker engine")]
fn tutorial_of_a_first_policy_is_followed() {
    let _tag = DockerTag::take(DockerTag::ENGINE);
    Tutorial::follow("first-policy");
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl, has_python)), ignore = "needs curl, OpenSSL and Python")]
fn tutorial_of_an_http_api_is_followed() {
    Tutorial::follow("http-api");
}

#[test]
#[cfg_attr(not(all(has_curl, has_python)), ignore = "needs curl and Python")]
fn tutorial_for_rego_is_followed_and_opa_has_the_same_verdicts() {
    let tutorial = Tutorial::follow("from-rego");
    let mut eval = Command::new(tutorial.folder.join("policy-engine"));
    eval.args(["eval", "salary", "--settings", "data.json", "requests.jsonl"]);
    let ours = eval.env_clear().current_dir(&tutorial.folder).output().unwrap().stdout;
    let ours = String::from_utf8(ours).unwrap();
    let ours = ours.lines().map(|line| {
        let decision: serde_json::Value = serde_json::from_str(line).unwrap();
        decision["verdict"].as_str().unwrap().to_owned() + "\n"
    });
    let mut python = Command::new(opa().join("bin/python"));
    python.arg(root().join("tests/builder/documents/salary.py"));
    let theirs = python.args(["rego", "data.json", "requests.jsonl"]);
    let theirs = theirs.current_dir(&tutorial.folder).output().unwrap();
    assert!(theirs.status.success(), "{}", String::from_utf8_lossy(&theirs.stderr));
    assert_eq!(ours.collect::<String>(), String::from_utf8(theirs.stdout).unwrap());
}

#[test]
fn tutorial_for_kyverno_is_followed() {
    Tutorial::follow("from-kyverno");
}

#[test]
#[cfg_attr(not(all(has_openssl, has_python)), ignore = "needs OpenSSL and Python")]
fn tutorial_for_a_cluster_is_followed_and_its_manifests_are_valid() {
    let tutorial = Tutorial::follow("cluster");
    let manifests = fs::read_to_string(tutorial.folder.join("policy-engine.yaml")).unwrap();
    let (_, configuration) = manifests.split_once("config.yaml: |\n").unwrap();
    let configuration = configuration.split("---\n").next().unwrap();
    fs::write(tutorial.folder.join("config.yaml"), configuration).unwrap();
    let mut config = Command::new(tutorial.folder.join("policy-engine"));
    config.args(["config", "--config", "config.yaml"]).current_dir(&tutorial.folder);
    assert!(config.output().unwrap().status.success(), "{configuration}");
    for file in ["policy-engine.yaml", "webhook.yaml", "plain.yaml", "privileged.yaml"] {
        let mut validate = Command::new(python().join("bin/kubernetes-validate"));
        validate.args(["--strict", file]).current_dir(&tutorial.folder);
        let validated = validate.output().unwrap();
        let said = String::from_utf8_lossy(&validated.stdout).into_owned();
        assert!(validated.status.success() && said.contains("passed"), "{file}\n{said}");
    }
}
