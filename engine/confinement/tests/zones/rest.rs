//! What the threads that do the rest keep.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use policy_confinement::{Grants, Mode, Rest, Supervisor, spawn_zone};

/// Runs code on a thread that has confined itself.
fn within<T: Send + 'static>(rest: Rest, code: impl FnOnce() -> T + Send + 'static) -> T {
    let confined = move || {
        assert!(rest.apply(Mode::Enforce).unwrap().landlock > 0, "this test takes Landlock");
        code()
    };
    thread::spawn(confined).join().unwrap()
}

fn denied<T>(result: io::Result<T>) -> bool {
    result.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

#[test]
fn only_its_files_are_read_and_written() {
    let folder = std::env::temp_dir().join(format!("policy-confinement-r{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let rest = Rest {
        read: vec!["/etc/passwd".into(), PathBuf::from("/not/there")],
        write: vec![folder.clone()],
        ..Rest::default()
    };
    let log = folder.join("log");
    within(rest.with_name_lookup(), move || {
        fs::read("/etc/passwd").unwrap();
        assert!(denied(File::open("/etc/group")));
        assert!(denied(fs::write("/etc/passwd", "")));
        fs::write(&log, "line").unwrap();
        fs::rename(&log, log.with_extension("1")).unwrap();
    });
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn only_its_ports_are_connected_to() {
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let [known, other] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let rest = Rest {
        connect: Some(vec![known.port()]),
        bind: Some(Vec::new()),
        sockets: true,
        ..Rest::default()
    };
    within(rest, move || {
        TcpStream::connect(known).unwrap();
        assert!(denied(TcpStream::connect(other)));
        assert!(denied(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))));
    });
    within(Rest::default(), move || assert!(denied(TcpStream::connect(known))));
}

#[test]
fn nothing_is_started_unless_it_is_asked_for() {
    let bin = ["/bin", "/usr", "/lib", "/lib64", "/etc", "/dev"].map(PathBuf::from);
    let rest = Rest { read: bin.to_vec(), write: vec!["/dev/null".into()], ..Rest::default() };
    within(rest.clone(), || {
        assert!(denied(Command::new("/bin/true").status()));
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
        assert!(denied(
            rustix::fs::memfd_create("m", rustix::fs::MemfdFlags::empty()).map_err(io::Error::from)
        ));
    });
    within(Rest { processes: true, ..rest }, || {
        assert!(Command::new("/bin/true").status().unwrap().success());
    });
}

#[test]
fn zones_can_be_made_within() {
    let refused = within(Rest::default(), || {
        let supervisor = Supervisor::new(|_| {});
        let code = || File::open("/etc/passwd").unwrap_err().raw_os_error();
        let zone =
            spawn_zone(&supervisor, Mode::Enforce, Grants::NONE, thread::Builder::new(), code);
        zone.unwrap().thread.join().unwrap()
    });
    assert_eq!(refused, Some(libc::EPERM));
}

#[test]
fn warn_and_off_leave_it_as_it_is() {
    for mode in [Mode::Warn, Mode::Off] {
        assert_eq!(Rest::default().apply(mode), None);
    }
    File::open("/etc/passwd").unwrap();
}
