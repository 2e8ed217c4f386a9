//! What a zone without a grant may not do.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::{io, thread};

use policy_confinement::Mode;
use rustix::fs::MemfdFlags;
use rustix::process::{Pid, Signal};

use crate::support::{assert_refused, run};

/// The calls of this C library.
const MUSL: bool = cfg!(all(target_env = "musl", target_arch = "x86_64"));
const OPEN: &str = if MUSL { "open" } else { "openat" };
const STAT: &str = if MUSL { "stat" } else { "statx" };

#[test]
fn files_cannot_be_opened_made_or_seen() {
    assert_refused(&[], OPEN, || File::open("/etc/passwd"));
    assert_refused(&[], OPEN, || File::create("/tmp/policy-confinement-never"));
    assert_refused(&[], OPEN, || File::open("/proc/self/mem"));
    assert_refused(&[], STAT, || fs::metadata("/etc/passwd"));
    assert_refused(&[], "memfd_create", || Ok(rustix::fs::memfd_create("m", MemfdFlags::empty())?));
    assert_refused(&[], "pipe2", io::pipe);
}

#[test]
fn sockets_cannot_be_made() {
    assert_refused(&[], "socket", || TcpStream::connect((Ipv4Addr::LOCALHOST, 1)));
    assert_refused(&[], "socket", || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    assert_refused(&[], "socket", || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)));
    assert_refused(&[], "socketpair", UnixStream::pair);
}

#[test]
fn sockets_that_are_open_cannot_be_connected_elsewhere() {
    let folder = std::env::temp_dir().join(format!("policy-confinement-{}", std::process::id()));
    drop(fs::remove_file(&folder));
    let listener = UnixListener::bind(&folder).unwrap();
    let (one, _other) = UnixStream::pair().unwrap();
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (address, again) = (udp.local_addr().unwrap(), udp.try_clone().unwrap());
    assert_refused(&[], "sendto", move || udp.send_to(b"out", address));
    assert_refused(&[], "connect", move || again.connect(address));
    let descriptors = move || {
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = rustix::net::RecvAncillaryBuffer::new(&mut space);
        let mut bytes = [0; 8];
        let buffers = &mut [io::IoSliceMut::new(&mut bytes)];
        let flags = rustix::net::RecvFlags::DONTWAIT;
        Ok(rustix::net::recvmsg(&one, buffers, &mut control, flags).map(drop)?)
    };
    assert_refused(&[], "recvmsg", descriptors);
    drop(listener);
    fs::remove_file(&folder).unwrap();
}

#[test]
fn processes_cannot_be_made_nor_replaced() {
    let start = || Command::new("/bin/true").status().is_err();
    let replace = || Command::new("/bin/true").exec().raw_os_error() == Some(1);
    for attempt in [start, replace] {
        let ran = run(Mode::Enforce, &[], attempt);
        assert!(ran.value && !ran.violations.is_empty(), "{:?}", ran.told());
    }
}

#[test]
fn nobody_is_signalled() {
    assert_refused(&[], "kill", || {
        Ok(rustix::process::test_kill_process(rustix::process::getpid())?)
    });
    assert_refused(&[], "kill", || Ok(rustix::process::kill_process(Pid::INIT, Signal::TERM)?));
    let parent = rustix::process::getppid().unwrap();
    assert_refused(&[], "pidfd_open", move || {
        Ok(rustix::process::pidfd_open(parent, rustix::process::PidfdFlags::empty())?)
    });
}

#[test]
fn threads_cannot_be_made() {
    let ran = run(Mode::Enforce, &[], || thread::Builder::new().spawn(|| {}).map(drop).is_err());
    assert!(ran.value);
    assert_eq!(ran.told(), ["policy clone refused"]);
}

#[test]
fn warn_tells_and_lets_it_be_done() {
    let ran = run(Mode::Warn, &[], || {
        let read = fs::read_to_string("/proc/self/comm").is_ok();
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).is_ok();
        let made = thread::spawn(|| 7).join().unwrap();
        let status = Command::new("/bin/true").status().unwrap();
        (read, bound, made, status.success())
    });
    assert_eq!(ran.value, (true, true, 7, true));
    let told = ran.told();
    for call in [OPEN, "socket", "clone", "execve"] {
        assert!(told.iter().any(|line| line.ends_with(&format!(" {call} continued"))), "{told:?}");
    }
    assert_eq!(ran.refused.count(), 0);
}

#[test]
fn off_confines_nothing() {
    let ran = run(Mode::Off, &[], || {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        status.contains("NoNewPrivs:\t0\nSeccomp:\t0\n")
    });
    assert!(ran.value);
    assert_eq!(ran.told(), <[String; 0]>::default());
}
