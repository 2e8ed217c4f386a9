//! Probes this machine for the parts that some tests need, such as Docker, and sets `has_…` for
//! each that is there.
//!
//! A test that needs a part has `#[cfg_attr(not(has_…), ignore = "needs …")]`, so the summary of
//! `cargo test` shows it as ignored where the part is missing. Two variables change that:
//!
//! - `POLICY_ENGINE_REQUIRE_ALL=1` fails the build where a part is missing;
//! - `POLICY_ENGINE_WITHOUT=python,node` leaves out parts, whether they are there or not.
//!
//! Cargo probes again when a program of a part, or a folder of the `PATH` that lacks one, changes.
//! It does not see that a service was started: `touch tests/build.rs` after starting Docker.

use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Something that a machine may lack.
struct Part {
    /// The name in `has_…` and in `POLICY_ENGINE_WITHOUT`.
    name: &'static str,
    /// The required programs on the `PATH`.
    programs: &'static [&'static str],
    /// Checks other requirements. An error names what is missing.
    probe: fn() -> Result<(), Box<dyn Error>>,
    /// The step that installs the part.
    remedy: &'static str,
}

const PARTS: [Part; 18] = [
    Part {
        name: "arm64",
        programs: &["qemu-aarch64-static"],
        probe: arm64,
        remedy: "run `tests/toolchain/debian-musl-arm64` or `rustup target add \
                 aarch64-unknown-linux-musl`, and install Debian's `qemu-user-static`",
    },
    Part {
        name: "cargo_git",
        programs: &["git"],
        probe: cargo_git,
        remedy: "install Debian's `git` and a toolchain by rustup",
    },
    Part {
        name: "chromium",
        programs: &["chromedriver", "npm"],
        probe: || Ok(()),
        remedy: "install Debian's `chromium-driver` and `npm`",
    },
    Part { name: "curl", programs: &["curl"], probe: || Ok(()), remedy: "install Debian's `curl`" },
    Part {
        name: "docker",
        programs: &["docker"],
        probe: || succeeds("docker", &["info"]),
        remedy: "install Debian's `docker.io` and start `dockerd`",
    },
    Part {
        name: "docker_registry",
        programs: &["docker-registry"],
        probe: || Ok(()),
        remedy: "install Debian's `docker-registry`",
    },
    Part { name: "git", programs: &["git"], probe: || Ok(()), remedy: "install Debian's `git`" },
    Part {
        name: "go_yaml",
        programs: &["go"],
        probe: || is_folder(Path::new("/usr/share/gocode/src/sigs.k8s.io/yaml")),
        remedy: "install Debian's `golang-go` and `golang-k8s-sigs-yaml-dev`",
    },
    Part {
        name: "mount",
        programs: &["mount", "umount"],
        probe: mount,
        remedy: "run the tests as root, with the right to mount",
    },
    Part {
        name: "nix",
        programs: &["nix"],
        probe: || succeeds("nix", &["config", "show", "sandbox-paths"]),
        remedy: "install Nix with flakes, such as by `tests/toolchain/debian-nix install`",
    },
    Part {
        name: "node",
        programs: &["node", "npm"],
        probe: || Ok(()),
        remedy: "install Debian's `npm`",
    },
    Part {
        name: "openssl",
        programs: &["openssl"],
        probe: || Ok(()),
        remedy: "install Debian's `openssl`",
    },
    Part {
        name: "podman",
        programs: &["podman"],
        probe: || succeeds("podman", &["info"]),
        remedy: "install Debian's `podman`",
    },
    Part {
        name: "python",
        programs: &["python3"],
        probe: || succeeds("python3", &["-c", "import ensurepip"]),
        remedy: "install Debian's `python3-venv`",
    },
    Part {
        name: "rust_src",
        programs: &[],
        probe: rust_src,
        remedy: "run `rustup component add rust-src`, or install Debian's `rust-src`",
    },
    Part {
        name: "script",
        programs: &["script"],
        probe: || succeeds("script", &["--version"]),
        remedy: "install Debian's `bsdutils`",
    },
    Part {
        name: "skopeo",
        programs: &["skopeo"],
        probe: || Ok(()),
        remedy: "install Debian's `skopeo`",
    },
    Part {
        name: "upstream_cases",
        programs: &[],
        probe: upstream_cases,
        remedy: "set POD_SECURITY_CASES to the `test/testdata` of \
                 kubernetes/pod-security-admission",
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    tell("rerun-if-changed=build.rs")?;
    tell("rerun-if-env-changed=PATH")?;
    let requires_all = variable("POLICY_ENGINE_REQUIRE_ALL")?.is_some_and(|value| value == "1");
    let without = left_out()?;
    let mut is_complete = true;
    for part in PARTS {
        let name = part.name;
        tell(&format!("rustc-check-cfg=cfg(has_{name})"))?;
        if without.iter().any(|left_out| left_out == name) {
            tell(&format!(
                "warning=tests that need `{name}` are ignored, as POLICY_ENGINE_WITHOUT says"
            ))?;
            continue;
        }
        match part.find() {
            Ok(()) => tell(&format!("rustc-cfg=has_{name}"))?,
            Err(_) if !requires_all => is_complete = false,
            Err(error) => tell(&format!(
                "error=`{name}` is missing, and POLICY_ENGINE_REQUIRE_ALL is 1: {}; {}, or set \
                 POLICY_ENGINE_WITHOUT={name}",
                error.to_string().replace('\n', " "),
                part.remedy
            ))?,
        }
    }
    // What is missing may be installed later. A complete machine is spared from compiling the
    // tests anew whenever anything is installed.
    if !is_complete {
        path_folders().iter().try_for_each(|folder| watch(folder))?;
    }
    Ok(())
}

impl Part {
    fn find(&self) -> Result<(), Box<dyn Error>> {
        for program in self.programs {
            let mut places = path_folders().into_iter().map(|folder| folder.join(program));
            let place = places.find(|place| place.is_file());
            watch(&place.ok_or_else(|| format!("there is no `{program}` on the PATH"))?)?;
        }
        (self.probe)()
    }
}

/// The parts that the user leaves out.
fn left_out() -> Result<Vec<String>, Box<dyn Error>> {
    let value = variable("POLICY_ENGINE_WITHOUT")?.unwrap_or_default();
    let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
    let names: Vec<_> = names.map(str::to_owned).collect();
    let known = PARTS.map(|part| part.name);
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(names),
        Some(name) => {
            let known = known.join("`, `");
            Err(format!("POLICY_ENGINE_WITHOUT: found `{name}`, expected one of `{known}`").into())
        }
    }
}

/// Tells Cargo something.
fn tell(directive: &str) -> io::Result<()> {
    writeln!(io::stdout(), "cargo::{directive}")
}

/// Makes Cargo probe again when a file, or anything in a folder, changes. For a missing path, Cargo
/// would do so every time.
fn watch(path: &Path) -> io::Result<()> {
    if path.exists() { tell(&format!("rerun-if-changed={}", path.display())) } else { Ok(()) }
}

/// The value of a variable, whose change has Cargo probe again.
fn variable(name: &str) -> io::Result<Option<String>> {
    tell(&format!("rerun-if-env-changed={name}"))?;
    Ok(env::var(name).ok())
}

fn path_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter(|folder| folder.is_absolute() && folder.is_dir()).collect()
}

/// Runs a program, and gives what it prints.
fn printed(command: &mut Command) -> Result<String, Box<dyn Error>> {
    let program = command.get_program().display().to_string();
    let output = command.output().map_err(|error| format!("failed to run `{program}`: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?.trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("`{program}` failed: {}", said.trim()).into())
}

fn succeeds(program: &str, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    printed(Command::new(program).args(arguments)).map(drop)
}

fn is_folder(path: &Path) -> Result<(), Box<dyn Error>> {
    watch(path)?;
    if path.is_dir() { Ok(()) } else { Err(format!("there is no `{}`", path.display()).into()) }
}

/// A new folder below `OUT_DIR`.
fn scratch(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let folder = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    Ok(folder)
}

/// The output of the compiler of these tests.
fn rustc(arguments: &[&str]) -> Result<PathBuf, Box<dyn Error>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    printed(Command::new(rustc).args(arguments)).map(PathBuf::from)
}

/// Watches the list of what is installed in the toolchain.
fn watch_toolchain() -> Result<PathBuf, Box<dyn Error>> {
    let rustlib = rustc(&["--print", "sysroot"])?.join("lib/rustlib");
    watch(&rustlib.join("components"))?;
    Ok(rustlib)
}

fn arm64() -> Result<(), Box<dyn Error>> {
    if env::consts::ARCH != "x86_64" {
        return Err("linux/arm64 is tried on an x86_64 machine only".into());
    }
    watch_toolchain()?;
    is_folder(&rustc(&["--print", "target-libdir", "--target", "aarch64-unknown-linux-musl"])?)
}

fn rust_src() -> Result<(), Box<dyn Error>> {
    let sources = watch_toolchain()?.join("src/rust/library/std/src");
    if !sources.is_dir() {
        return Err(format!("there is no `{}`", sources.display()).into());
    }
    Ok(tell(&format!("rustc-env=POLICY_TESTS_RUST_SRC={}", sources.display()))?)
}

fn mount() -> Result<(), Box<dyn Error>> {
    let folder = scratch("mount")?;
    printed(Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&folder))?;
    printed(Command::new("umount").arg(folder)).map(drop)
}

/// Kubernetes' own cases of Pod Security, which are not in this repository.
fn upstream_cases() -> Result<(), Box<dyn Error>> {
    let named = variable("POD_SECURITY_CASES")?.map(PathBuf::from);
    let folder = named.unwrap_or_else(|| PathBuf::from("../../shared/pod-security"));
    is_folder(&folder)?;
    let folder = fs::canonicalize(folder)?;
    Ok(tell(&format!("rustc-env=POLICY_TESTS_UPSTREAM_CASES={}", folder.display()))?)
}

/// Finds a Cargo that fetches by Git: the one of these tests, or else one of rustup's. The library
/// that Debian's is linked with does not do for it.
fn cargo_git() -> Result<(), Box<dyn Error>> {
    let folder = scratch("git")?;
    let crate_in = |name: &str, rest: &str| -> io::Result<PathBuf> {
        let place = folder.join(name);
        fs::create_dir_all(place.join("src"))?;
        fs::write(place.join("src/lib.rs"), "")?;
        let manifest = format!("[package]\nname = \"{name}\"\nversion = \"0.0.0\"\n{rest}");
        fs::write(place.join("Cargo.toml"), manifest)?;
        Ok(place)
    };
    let repository = crate_in("fetched", "")?;
    let rest =
        format!("[workspace]\n[dependencies]\nfetched.git = \"file://{}\"\n", repository.display());
    let user = crate_in("user", &rest)?;
    let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com"];
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &["-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "first"],
    ] {
        let mut git = Command::new("git");
        git.args(identity).args(arguments).current_dir(&repository);
        printed(git.env("GIT_CONFIG_NOSYSTEM", "1"))?;
    }

    let mut cargos = vec![env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)];
    let rustup = |arguments: &[&str]| printed(Command::new("rustup").args(arguments));
    for toolchain in rustup(&["toolchain", "list", "--quiet"]).unwrap_or_default().lines() {
        cargos
            .extend(rustup(&["which", "cargo", "--toolchain", toolchain]).map(PathBuf::from).ok());
    }
    let mut reason = String::new();
    for cargo in cargos {
        let mut fetch = Command::new(&cargo);
        fetch.arg("fetch").current_dir(&user).env("CARGO_HOME", folder.join("home"));
        match printed(&mut fetch) {
            Ok(_) => {
                let found = format!("rustc-env=POLICY_TESTS_CARGO_WITH_GIT={}", cargo.display());
                return Ok(tell(&found)?);
            }
            Err(error) => reason = error.to_string(),
        }
    }
    Err(format!("no Cargo fetches by Git: {reason}").into())
}
