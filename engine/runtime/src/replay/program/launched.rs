use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use policy_confinement::Mode;
use rustix::process::{Pid, Signal, getgid, getuid, kill_process};
use uuid::Uuid;

use super::Against;

/// The time until a server listens, and until it has ended once it is told to.
const START_TIME: Duration = Duration::from_mins(2);
const END_TIME: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(5);

/// The folder of the socket in a container.
const INSIDE: &str = "/run/policy-engine-replay";

/// Programs that run containers, the first that is there.
const ENGINES: [&str; 2] = ["docker", "podman"];

/// A server that was started for a replay, and ends with it.
#[derive(Debug)]
pub(super) struct Launched {
    child: Child,
    /// The program that runs the container, and the container's name.
    container: Option<(PathBuf, String)>,
    folder: PathBuf,
}

/// Settings of the server, beside those that a replay needs.
#[derive(Debug, Default, Clone)]
pub(crate) struct ServeOptions {
    /// The configuration.
    pub(crate) file: Option<PathBuf>,
    /// `KEY=VALUE`, as they were given.
    pub(crate) set: Vec<String>,
    pub(crate) skip_invalid: bool,
    pub(crate) confinement: Option<Mode>,
    /// The names of this process's variables that set something: a container has none of its own.
    pub(crate) variables: Vec<String>,
}

/// What a replay needs: no log of its own, nothing else to listen on, no certificate and no token,
/// and room for all that it asks at one time.
const SETTINGS: [&str; 9] = [
    "decision-log=null",
    "diagnostic-listen=[]",
    "console=null",
    "tls=null",
    "tokens=null",
    "shutdown.wait=0s",
    "limits.body=64MiB",
    "limits.bodies=1GiB",
    "limits.in-flight=10000",
];

impl Launched {
    /// Starts a server, and waits until it listens.
    pub(super) fn start(against: &Against, options: &ServeOptions) -> Result<Self, String> {
        let name = format!("policy-engine-replay-{}", Uuid::new_v4());
        let folder = std::env::temp_dir().join(&name);
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| {
            format!("failed to make the folder `{}`: {error}", folder.display())
        })?;
        let launched = spawn(against, options, &folder, &name);
        let (child, engine) = launched.inspect_err(|_| remove(&folder))?;
        let container = engine.map(|engine| (engine, name));
        let mut launched = Self { child, container, folder };
        launched.wait_until_it_listens()?;
        Ok(launched)
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("http.sock")
    }

    fn wait_until_it_listens(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while UnixStream::connect(self.socket()).is_err() {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return Err(format!("it does not serve: it ended with {status}"));
            }
            if started.elapsed() > START_TIME {
                return Err("it does not serve within two minutes".to_owned());
            }
            sleep(POLL);
        }
        Ok(())
    }

    /// Asks it to end, and waits a while for that.
    fn end(&mut self) -> io::Result<Option<ExitStatus>> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(Some(status));
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        let told = Instant::now();
        while told.elapsed() < END_TIME {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            sleep(POLL);
        }
        self.child.kill()?;
        self.child.wait().map(Some)
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        // Nothing more can be done about a process that does not end.
        let _ = self.end();
        if let Some((engine, name)) = &self.container {
            // It is gone already unless its program was killed.
            let _ = quiet(Command::new(engine).args(["rm", "--force", name])).status();
        }
        remove(&self.folder);
    }
}

/// Starts the program; for an image with the program that runs its container.
fn spawn(
    against: &Against,
    options: &ServeOptions,
    folder: &Path,
    name: &str,
) -> Result<(Child, Option<PathBuf>), String> {
    let (mut command, engine) = match against {
        Against::Binary(program) => {
            // Without a folder it would be looked for on the PATH.
            let program = fs::canonicalize(program).map_err(|error| error.to_string())?;
            let mut command = Command::new(program);
            serve(&mut command, options, options.file.as_deref(), folder);
            (command, None)
        }
        Against::Archive(archive) => {
            let engine = container_engine()?;
            let image = load(&engine, archive)?;
            (container(&engine, &image, options, folder, name)?, Some(engine))
        }
        Against::Image(image) => {
            let engine = container_engine()?;
            (container(&engine, image, options, folder, name)?, Some(engine))
        }
    };
    // What it has to say stands where this program's errors do.
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let child = command.spawn().map_err(|error| error.to_string())?;
    Ok((child, engine))
}

fn serve(command: &mut Command, options: &ServeOptions, file: Option<&Path>, folder: &Path) {
    let mut listen = "unix://".to_owned();
    listen.push_str(&folder.join("http.sock").to_string_lossy());
    command.args(["serve", "--log", "error", "--listen", &listen]);
    if let Some(file) = file {
        command.arg("--config").arg(file);
    }
    if options.skip_invalid {
        command.arg("--skip-invalid");
    }
    if let Some(mode) = options.confinement {
        command.args(["--confinement", mode.as_str()]);
    }
    for setting in options.set.iter().map(String::as_str).chain(SETTINGS) {
        command.args(["--set", setting]);
    }
}

fn container(
    engine: &Path,
    image: &str,
    options: &ServeOptions,
    folder: &Path,
    name: &str,
) -> Result<Command, String> {
    let mut command = Command::new(engine);
    // The socket has to be this user's.
    let user = format!("{}:{}", getuid().as_raw(), getgid().as_raw());
    command.args(["run", "--rm", "--network", "none", "--name", name, "--user", &user]);
    if engine.ends_with("podman") && !getuid().is_root() {
        command.args(["--userns", "keep-id"]);
    }
    command.arg("--volume").arg(format!("{}:{INSIDE}", folder.display()));
    let mut inside = None;
    if let Some(file) = &options.file {
        let outside = fs::canonicalize(file)
            .map_err(|error| format!("failed to read `{}`: {error}", file.display()))?;
        let name = file.file_name().unwrap_or(OsStr::new("config.yaml"));
        let path = Path::new("/run/policy-engine-config").join(name);
        command.arg("--volume").arg(format!("{}:{}:ro", outside.display(), path.display()));
        inside = Some(path);
    }
    for name in &options.variables {
        command.args(["--env", name]);
    }
    command.arg(image);
    serve(&mut command, options, inside.as_deref(), Path::new(INSIDE));
    Ok(command)
}

/// Loads an archive, and gives the name of its image.
fn load(engine: &Path, archive: &Path) -> Result<String, String> {
    let loaded = Command::new(engine).args(["load", "--input"]).arg(archive).output();
    let loaded = loaded.map_err(|error| error.to_string())?;
    let output = String::from_utf8_lossy(&loaded.stdout);
    let name = output.lines().rev().find_map(|line| line.split_once(": "));
    match name {
        Some((_, name)) if loaded.status.success() => Ok(name.trim().to_owned()),
        _ => Err(format!(
            "`{} load` does not take it: {}",
            engine.display(),
            String::from_utf8_lossy(&loaded.stderr).trim()
        )),
    }
}

/// The first program for containers that can run one: a client may be there without its server.
fn container_engine() -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = ENGINES.iter().filter_map(|engine| {
        std::env::split_paths(&path).map(|folder| folder.join(engine)).find(|file| file.is_file())
    });
    let can_run = |engine: &PathBuf| {
        quiet(Command::new(engine).arg("version")).status().is_ok_and(|status| status.success())
    };
    found.find(can_run).ok_or_else(|| {
        "an image takes `docker` or `podman` to run, and neither on the PATH answers".to_owned()
    })
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

fn remove(folder: &Path) {
    // It is in the folder for temporary files, and empty but for a socket.
    let _ = fs::remove_dir_all(folder);
}
