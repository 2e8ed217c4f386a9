//! The time that each test takes.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::tools;

/// Tests that are listed by name; the rest is summed up.
const LISTED: usize = 40;

/// One test, and the time from its start to its end.
struct Timed {
    name: String,
    time: Duration,
}

/// Runs `cargo test --workspace`, with these arguments before `--`, one test at a time, and prints
/// the slowest.
///
/// libtest prints a test's name before it runs it where it runs one at a time. Its own
/// `--report-time` needs a nightly compiler.
///
/// # Errors
///
/// Fails where Cargo cannot be started, or a test fails.
pub(crate) fn run(arguments: &[String]) -> io::Result<()> {
    let mut command = Command::new(tools::cargo().get_program());
    command.current_dir(crate::paths::root()).args(["test", "--workspace"]).args(arguments);
    command.args(["--", "--test-threads", "1"]).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let output = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut tests = read(output)?;
    let status = child.wait()?;
    tests.sort_by(|one, other| other.time.cmp(&one.time).then(one.name.cmp(&other.name)));
    for Timed { name, time } in tests.iter().take(LISTED) {
        crate::say(&format!("{:8.1} s  {name}", time.as_secs_f64()));
    }
    let total: Duration = tests.iter().map(|test| test.time).sum();
    crate::say(&format!("{:8.1} s  {} tests", total.as_secs_f64(), tests.len()));
    if status.success() { Ok(()) } else { Err(io::Error::other("tests failed")) }
}

/// Reads libtest's output as it comes: `test NAME ... `, then the rest of the line.
fn read(mut output: impl Read) -> io::Result<Vec<Timed>> {
    let (mut tests, mut line, mut started) = (Vec::new(), String::new(), None);
    let mut bytes = [0; 4096];
    loop {
        let length = match output.read(&mut bytes) {
            Ok(0) => return Ok(tests),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let text = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
        for character in text.chars() {
            if character != '\n' {
                line.push(character);
                if started.is_none() && name(&line).is_some() {
                    started = Some(Instant::now());
                }
                continue;
            }
            if let (Some(start), Some(name)) = (started.take(), name(&line)) {
                tests.push(Timed { name: name.to_owned(), time: start.elapsed() });
            }
            line.clear();
        }
    }
}

/// The name in a line that begins so.
fn name(line: &str) -> Option<&str> {
    Some(line.strip_prefix("test ")?.split_once(" ... ")?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_lines_of_libtest_are_read_and_others_ignored() {
        let output = "\nrunning 2 tests\ntest a::b ... ok\nnote\ntest c - should panic ... ok\n\n\
                      test result: ok. 2 passed; 0 failed\n";
        let names: Vec<_> =
            read(output.as_bytes()).unwrap().into_iter().map(|test| test.name).collect();
        assert_eq!(names, ["a::b", "c - should panic"]);
    }
}
