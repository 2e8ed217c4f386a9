use oci_spec::OciSpecError;
use oci_spec::image::{Config, ConfigBuilder};

use super::places::{CARGO_HOME, PROGRAM, SOURCE, WORK, WORKSPACES};
use crate::container::IMAGE;
use crate::steps::discover::carried::CARRIED;
use policy_oci::{FileSet, Reference};

const ANYONE: u32 = 0o1777;

/// Folders that are not made by putting something there. Any user may write in the first two.
pub(super) fn folders(files: &mut FileSet) {
    files.folder("/tmp", ANYONE);
    files.folder(WORK, ANYONE);
    files.folder("/policies", 0o755);
    files.folder("/out", ANYONE);
    files.folder(WORKSPACES, 0o755);
    files.text("/etc/passwd", "policy-builder:x:1000:1000::/tmp:/sbin/nologin\n".to_owned());
    files.text("/etc/group", "policy-builder:x:1000:\n".to_owned());
}

/// `docker run -v ./policies:/policies -v ./out:/out IMAGE` writes `out/policy-engine.tar`.
pub(super) fn config(path: &str, name: &Reference) -> Result<Config, OciSpecError> {
    let arguments = ["image", "--policies", "/policies", "--output", "/out/policy-engine.tar"];
    let environment = [
        ("PATH", path),
        ("HOME", "/tmp"),
        ("CARGO_HOME", CARGO_HOME),
        ("CARGO_TARGET_DIR", WORK),
        ("CARGO_NET_OFFLINE", "true"),
        ("POLICY_ENGINE_SOURCE", SOURCE),
        (CARRIED, WORKSPACES),
        (IMAGE, &name.to_string()),
    ];
    ConfigBuilder::default()
        .user("1000:1000")
        .entrypoint([PROGRAM.to_owned()])
        .cmd(arguments.map(str::to_owned))
        .env(environment.map(|(name, value)| format!("{name}={value}")))
        .working_dir("/")
        .build()
}
