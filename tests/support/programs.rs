use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes a program that can be started.
///
/// Another process writes it. Were it open for writing in this one, a command that another test
/// starts at that moment would inherit the file, and nobody could run it.
pub(crate) fn write_program(path: &Path, program: impl AsRef<[u8]>) {
    let mut shell = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    shell.stdin.take().unwrap().write_all(program.as_ref()).unwrap();
    assert!(shell.wait().unwrap().success());
}
