//! Each grant gives what its word says, and no more.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use policy_confinement::{Grant, Mode, Subject};

use crate::support::{assert_allowed, assert_refused, run};

fn open() -> io::Result<File> {
    File::open("/etc/passwd")
}

fn bind() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

fn start() -> io::Result<bool> {
    Command::new("/bin/true").status().map(|status| status.success())
}

fn threads() -> io::Result<u32> {
    thread::Builder::new().spawn(|| 7).map(|thread| thread.join().unwrap())
}

/// Asserts that something is refused, whatever the call is.
#[track_caller]
fn assert_not<T: 'static>(grants: &[Grant], code: fn() -> io::Result<T>) {
    let ran = run(Mode::Enforce, grants, move || code().is_err());
    assert!(ran.value);
    assert!(!ran.violations.is_empty());
}

#[test]
fn files_are_opened_made_changed_and_removed() {
    let grants = [Grant::Files];
    assert_allowed(&grants, open);
    assert_allowed(&grants, || {
        let folder =
            std::env::temp_dir().join(format!("policy-confinement-f{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("a"), "text")?;
        fs::rename(folder.join("a"), folder.join("b"))?;
        assert_eq!(fs::read_dir(&folder)?.count(), 1);
        assert_eq!(fs::read_to_string(folder.join("b"))?, "text");
        File::open(folder.join("b"))?.try_lock()?;
        fs::remove_dir_all(&folder)
    });
    assert_not(&grants, bind);
    assert_not(&grants, start);
    assert_not(&grants, threads);
}

#[test]
fn network_connects_and_listens() {
    let grants = [Grant::Network];
    assert_allowed(&grants, || {
        let listener = bind()?;
        let mut client = TcpStream::connect(listener.local_addr()?)?;
        client.set_nodelay(true)?;
        client.write_all(b"hello")?;
        let mut bytes = [0; 5];
        listener.accept()?.0.read_exact(&mut bytes)?;
        assert_eq!(&bytes, b"hello");
        Ok(())
    });
    assert_refused(&grants, "socket", || {
        let family = rustix::net::AddressFamily::PACKET;
        Ok(rustix::net::socket(family, rustix::net::SocketType::RAW, None)?)
    });
    assert_not(&grants, open);
    assert_not(&grants, start);
    assert_not(&grants, threads);
}

#[test]
fn processes_start_programs_which_are_in_the_zone_too() {
    let grants = [Grant::Processes];
    assert!(assert_allowed(&grants, start));
    let ran = run(Mode::Enforce, &grants, || {
        let script = "exec 3<>/dev/tcp/127.0.0.1/1";
        Command::new("bash").args(["-c", script]).output().unwrap().stderr
    });
    assert!(String::from_utf8_lossy(&ran.value).contains("Operation not permitted"));
    assert!(ran.told().contains(&"nobody socket refused".to_owned()), "{:?}", ran.told());
    assert_not(&grants, bind);
    assert_not(&grants, threads);
}

#[test]
fn threads_that_a_subject_starts_are_confined_and_named_for_it() {
    let grants = [Grant::Threads];
    assert_eq!(assert_allowed(&grants, threads), 7);
    let ran = run(Mode::Enforce, &grants, || thread::spawn(|| open().is_err()).join().unwrap());
    assert!(ran.value);
    assert_eq!(ran.violations.len(), 1);
    assert_eq!(ran.violations[0].subject.map(Subject::name), Some("policy"));
    assert_not(&grants, open);
    assert_not(&grants, bind);
    assert_not(&grants, start);
}
