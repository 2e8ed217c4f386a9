//! Calls that end the process: each in a child, which is this program again.

use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus};

use policy_confinement::{EXIT_STATUS, Mode};

use crate::silent::run_silent;
use crate::support::run;

const CASE: &str = "POLICY_CONFINEMENT_CASE";

/// Does what the parent asks for; nothing without one.
#[test]
fn child() {
    let attack: fn() = match std::env::var(CASE).as_deref() {
        Ok("exit" | "exit-warn") => || std::process::exit(0),
        Ok("abort") => || std::process::abort(),
        Ok("pidfd_getfd" | "silent") => || {
            let own = std::io::stdin();
            let flags = rustix::process::PidfdGetfdFlags::empty();
            drop(rustix::process::pidfd_getfd(own, 0, flags));
        },
        _ => return,
    };
    match std::env::var(CASE).as_deref() {
        Ok("silent") => drop(run_silent(attack)),
        Ok("exit-warn") => drop(run(Mode::Warn, &[], attack)),
        _ => drop(run(Mode::Enforce, &[], attack)),
    }
    std::process::exit(3);
}

fn status(case: &str) -> ExitStatus {
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", "ends::child", "--nocapture"];
    Command::new(program).args(arguments).env(CASE, case).output().unwrap().status
}

#[test]
fn attack_ends_the_process_with_a_status_of_its_own() {
    assert_eq!(status("pidfd_getfd").code(), Some(EXIT_STATUS));
}

#[test]
fn zone_cannot_end_the_process_as_if_all_were_well() {
    assert_eq!(status("exit").code(), Some(EXIT_STATUS));
}

#[test]
fn zone_that_only_warns_may_end_the_process() {
    assert_eq!(status("exit-warn").code(), Some(0));
}

#[test]
fn abort_is_told_by_its_signal() {
    assert_eq!(status("abort").signal(), Some(libc::SIGABRT));
}

#[test]
fn attack_ends_the_process_where_nobody_can_be_told() {
    assert_eq!(status("silent").signal(), Some(libc::SIGSYS));
}
