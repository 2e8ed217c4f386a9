//! Attempts, by name.

use std::ffi::{CString, c_long};
use std::io;
use std::ptr::null;

use serde::Deserialize;

/// What is tried. The kernel's own interface is what counts, so hardly any is by the C library.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Attempt {
    /// Makes a file of this name.
    Create(String),
    /// Reads this file.
    Open(String),
    /// Connects to this port of this machine.
    Connect(u16),
    Fork,
    Vfork,
    Clone3,
    Exec,
    /// Makes a file in memory, and runs it.
    MemfdExec,
    /// Has memory run as code.
    Code,
    /// Asks whether it could end its own process.
    KillSelf,
    /// Asks for the end of the process that started this one.
    KillParent,
    IoUring,
    Thread,
    Ptrace,
    ReadMemory,
    /// Answers in the supervisor's place, whatever its descriptor is.
    Notifications,
    /// A filter of its own.
    Seccomp,
    /// Ends the process as if all were well.
    Exit,
    Abort,
    Panic,
    /// Never returns.
    Hang,
    /// Calls the kernel as 32-bit programs do.
    OldCall,
    /// Nothing that is refused.
    Nothing,
}

impl Attempt {
    /// Does it, and gives what the kernel returned: an error's number is negative.
    pub(crate) fn make(&self) -> i64 {
        match self {
            Self::Create(name) => open(name, libc::O_CREAT | libc::O_WRONLY),
            Self::Open(name) => open(name, libc::O_RDONLY),
            Self::Connect(port) => connect(*port),
            Self::Fork => forked(libc::SYS_clone, &[c_long::from(libc::SIGCHLD), 0, 0, 0, 0]),
            #[cfg(target_arch = "x86_64")]
            Self::Vfork => forked(libc::SYS_fork, &[]),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Vfork => forked(libc::SYS_clone, &[c_long::from(libc::SIGCHLD), 0, 0, 0, 0]),
            Self::Clone3 => forked(libc::SYS_clone3, &[0, 0]),
            Self::Exec => exec(),
            Self::MemfdExec => memfd_exec(),
            Self::Code => code(),
            Self::KillSelf => call(libc::SYS_kill, &[own_process(), 0]),
            Self::KillParent => {
                call(libc::SYS_tgkill, &[parent(), parent(), c_long::from(libc::SIGTERM)])
            }
            Self::IoUring => call(libc::SYS_io_uring_setup, &[8, address(&mut [0_u8; 120])]),
            Self::Thread => thread(),
            Self::Ptrace => call(libc::SYS_ptrace, &[c_long::from(libc::PTRACE_TRACEME), 0, 0, 0]),
            Self::ReadMemory => call(libc::SYS_process_vm_readv, &[parent(), 0, 0, 0, 0, 0]),
            Self::Notifications => {
                // SECCOMP_IOCTL_NOTIF_SEND
                (0..64)
                    .map(|file| call(libc::SYS_ioctl, &[file, 0xc018_2101, 0]))
                    .max()
                    .unwrap_or(0)
            }
            Self::Seccomp => call(libc::SYS_seccomp, &[1, 0, 0]),
            Self::Exit => std::process::exit(0),
            Self::Abort => std::process::abort(),
            Self::Panic => std::panic::panic_any(PanicsAgain),
            Self::Hang => loop {
                std::thread::park();
            },
            Self::OldCall => old_call(),
            Self::Nothing => call(libc::SYS_gettid, &[]).min(0),
        }
    }
}

/// A panic's payload that panics when it is dropped.
struct PanicsAgain;

impl Drop for PanicsAgain {
    fn drop(&mut self) {
        std::panic::panic_any("asked to panic again");
    }
}

/// Calls the kernel.
fn call(number: c_long, arguments: &[c_long]) -> i64 {
    let argument = |at: usize| arguments.get(at).copied().unwrap_or(0);
    // SAFETY: none is claimed: this is what the engine is protected from.
    let returned = unsafe {
        libc::syscall(
            number,
            argument(0),
            argument(1),
            argument(2),
            argument(3),
            argument(4),
            argument(5),
        )
    };
    if returned == -1 {
        let error = io::Error::last_os_error().raw_os_error().unwrap_or(0);
        return -i64::from(error);
    }
    returned
}

fn address<T>(value: &mut [T]) -> c_long {
    value.as_mut_ptr() as c_long
}

fn open(name: &str, flags: i32) -> i64 {
    let Ok(name) = CString::new(name) else { return 0 };
    let here = c_long::from(libc::AT_FDCWD);
    call(libc::SYS_openat, &[here, name.as_ptr() as c_long, c_long::from(flags), 0o600])
}

fn connect(port: u16) -> i64 {
    let family = c_long::from(libc::AF_INET);
    let socket = call(libc::SYS_socket, &[family, c_long::from(libc::SOCK_STREAM), 0]);
    if socket < 0 {
        return socket;
    }
    let mut to = [0_u8; 16];
    to[..2].copy_from_slice(&(libc::AF_INET as u16).to_ne_bytes());
    to[2..4].copy_from_slice(&port.to_be_bytes());
    to[4..8].copy_from_slice(&[127, 0, 0, 1]);
    call(libc::SYS_connect, &[socket as c_long, address(&mut to), 16])
}

/// Makes a process, which ends at once.
fn forked(number: c_long, arguments: &[c_long]) -> i64 {
    let returned = call(number, arguments);
    if returned == 0 {
        call(libc::SYS_exit_group, &[0]);
    }
    returned
}

fn exec() -> i64 {
    let arguments: [*const libc::c_char; 2] = [c"true".as_ptr(), null()];
    call(libc::SYS_execve, &[c"/bin/true".as_ptr() as c_long, arguments.as_ptr() as c_long, 0])
}

fn memfd_exec() -> i64 {
    let file = call(libc::SYS_memfd_create, &[c"m".as_ptr() as c_long, 0]);
    // What it would be called with if it had been made.
    let file = if file < 0 { 0 } else { file as c_long };
    let arguments: [*const libc::c_char; 2] = [c"m".as_ptr(), null()];
    let (path, arguments) = (c"".as_ptr() as c_long, arguments.as_ptr() as c_long);
    let empty_path = c_long::from(libc::AT_EMPTY_PATH);
    call(libc::SYS_execveat, &[file, path, arguments, 0, empty_path])
}

fn code() -> i64 {
    let rights = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let returned =
        call(libc::SYS_mmap, &[0, 4096, c_long::from(rights), c_long::from(flags), -1, 0]);
    returned.min(0)
}

fn thread() -> i64 {
    let made = std::thread::Builder::new().spawn(|| {});
    made.map_or_else(|error| -i64::from(error.raw_os_error().unwrap_or(0)), |_| 0)
}

fn own_process() -> c_long {
    std::process::id() as c_long
}

fn parent() -> c_long {
    // Which it is cannot be asked for in a zone; it is the first process, or one that is not there.
    1
}

#[cfg(target_arch = "x86_64")]
fn old_call() -> i64 {
    let returned: i64;
    // SAFETY: as above. Call 20 of 32-bit programs is `getpid`.
    unsafe {
        std::arch::asm!("int 0x80", inlateout("rax") 20_i64 => returned, options(nostack));
    }
    returned
}
#[cfg(not(target_arch = "x86_64"))]
fn old_call() -> i64 {
    std::process::abort()
}
