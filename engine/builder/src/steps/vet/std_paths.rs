//! The standard library's paths to forbidden capabilities, for Clippy's configuration.

use std::fmt::Write;

use super::finding::Capability;

/// The ways to one thing, by their full paths.
struct Ways {
    what: Capability,
    /// Also those that make a value of one of the types: another crate may have a name for it.
    functions: &'static [&'static str],
    types: &'static [&'static str],
    macros: &'static [&'static str],
}

/// Some are unstable as yet, and some are not there on every target; Clippy passes over those.
const WAYS: [Ways; 6] = [
    Ways {
        what: Capability::Files,
        functions: &[
            "std::fs::Dir::open",
            "std::fs::DirBuilder::new",
            "std::fs::File::create",
            "std::fs::File::create_buffered",
            "std::fs::File::create_new",
            "std::fs::File::open",
            "std::fs::File::open_buffered",
            "std::fs::File::options",
            "std::fs::FileTimes::new",
            "std::fs::OpenOptions::new",
            "std::fs::canonicalize",
            "std::fs::copy",
            "std::fs::create_dir",
            "std::fs::create_dir_all",
            "std::fs::exists",
            "std::fs::hard_link",
            "std::fs::metadata",
            "std::fs::read",
            "std::fs::read_dir",
            "std::fs::read_link",
            "std::fs::read_to_string",
            "std::fs::remove_dir",
            "std::fs::remove_dir_all",
            "std::fs::remove_file",
            "std::fs::rename",
            "std::fs::set_permissions",
            "std::fs::set_permissions_nofollow",
            "std::fs::set_times",
            "std::fs::set_times_nofollow",
            "std::fs::soft_link",
            "std::fs::symlink_metadata",
            "std::fs::write",
            "std::os::fd::BorrowedFd::borrow_raw",
            "std::os::unix::fs::chown",
            "std::os::unix::fs::chroot",
            "std::os::unix::fs::fchown",
            "std::os::unix::fs::lchown",
            "std::os::unix::fs::mkfifo",
            "std::os::unix::fs::symlink",
            "std::path::Path::canonicalize",
            "std::path::Path::exists",
            "std::path::Path::is_dir",
            "std::path::Path::is_file",
            "std::path::Path::is_symlink",
            "std::path::Path::metadata",
            "std::path::Path::read_dir",
            "std::path::Path::read_link",
            "std::path::Path::symlink_metadata",
            "std::path::Path::try_exists",
        ],
        types: &[
            "std::fs::Dir",
            "std::fs::DirBuilder",
            "std::fs::DirEntry",
            "std::fs::File",
            "std::fs::FileTimes",
            "std::fs::FileType",
            "std::fs::Metadata",
            "std::fs::OpenOptions",
            "std::fs::Permissions",
            "std::fs::ReadDir",
            "std::fs::TryLockError",
            "std::os::fd::AsFd",
            "std::os::fd::AsRawFd",
            "std::os::fd::BorrowedFd",
            "std::os::fd::FromRawFd",
            "std::os::fd::IntoRawFd",
            "std::os::fd::OwnedFd",
            "std::os::linux::fs::MetadataExt",
            "std::os::unix::fs::DirBuilderExt",
            "std::os::unix::fs::DirEntryExt",
            "std::os::unix::fs::DirEntryExt2",
            "std::os::unix::fs::FileExt",
            "std::os::unix::fs::FileTypeExt",
            "std::os::unix::fs::MetadataExt",
            "std::os::unix::fs::OpenOptionsExt",
            "std::os::unix::fs::PermissionsExt",
        ],
        macros: &[],
    },
    Ways {
        what: Capability::Network,
        functions: &[
            "std::net::TcpListener::bind",
            "std::net::TcpStream::connect",
            "std::net::TcpStream::connect_timeout",
            "std::net::ToSocketAddrs::to_socket_addrs",
            "std::net::UdpSocket::bind",
            "std::net::hostname",
            "std::os::unix::net::SocketAddr::from_pathname",
            "std::os::unix::net::SocketAncillary::new",
            "std::os::unix::net::SocketCred::new",
            "std::os::unix::net::UnixDatagram::bind",
            "std::os::unix::net::UnixDatagram::bind_addr",
            "std::os::unix::net::UnixDatagram::pair",
            "std::os::unix::net::UnixDatagram::unbound",
            "std::os::unix::net::UnixListener::bind",
            "std::os::unix::net::UnixListener::bind_addr",
            "std::os::unix::net::UnixStream::connect",
            "std::os::unix::net::UnixStream::connect_addr",
            "std::os::unix::net::UnixStream::pair",
        ],
        types: &[
            "std::net::Incoming",
            "std::net::IntoIncoming",
            "std::net::TcpListener",
            "std::net::TcpStream",
            "std::net::ToSocketAddrs",
            "std::net::UdpSocket",
            "std::os::linux::net::SocketAddrExt",
            "std::os::linux::net::TcpStreamExt",
            "std::os::linux::net::UnixSocketExt",
            "std::os::unix::net::AncillaryData",
            "std::os::unix::net::AncillaryError",
            "std::os::unix::net::Incoming",
            "std::os::unix::net::Messages",
            "std::os::unix::net::ScmCredentials",
            "std::os::unix::net::ScmRights",
            "std::os::unix::net::SocketAddr",
            "std::os::unix::net::SocketAncillary",
            "std::os::unix::net::SocketCred",
            "std::os::unix::net::UCred",
            "std::os::unix::net::UnixDatagram",
            "std::os::unix::net::UnixListener",
            "std::os::unix::net::UnixStream",
        ],
        macros: &[],
    },
    Ways {
        what: Capability::Processes,
        functions: &[
            "std::os::unix::process::parent_id",
            "std::panic::set_hook",
            "std::panic::take_hook",
            "std::process::Command::new",
            "std::process::Stdio::inherit",
            "std::process::Stdio::null",
            "std::process::Stdio::piped",
            "std::process::abort",
            "std::process::exit",
            "std::process::id",
        ],
        types: &[
            "std::os::linux::process::ChildExt",
            "std::os::linux::process::CommandExt",
            "std::os::linux::process::PidFd",
            "std::os::unix::process::ChildExt",
            "std::os::unix::process::CommandExt",
            "std::os::unix::process::ExitStatusExt",
            "std::process::Child",
            "std::process::ChildStderr",
            "std::process::ChildStdin",
            "std::process::ChildStdout",
            "std::process::Command",
            "std::process::CommandArgs",
            "std::process::CommandEnvs",
            "std::process::ExitStatus",
            "std::process::ExitStatusError",
            "std::process::Output",
            "std::process::Stdio",
        ],
        macros: &[],
    },
    Ways {
        what: Capability::Threads,
        functions: &[
            "std::thread::Builder::new",
            "std::thread::Thread::from_raw",
            "std::thread::add_spawn_hook",
            "std::thread::available_parallelism",
            "std::thread::current",
            "std::thread::current_id",
            "std::thread::park",
            "std::thread::park_timeout",
            "std::thread::park_timeout_ms",
            "std::thread::scope",
            "std::thread::sleep",
            "std::thread::sleep_ms",
            "std::thread::sleep_until",
            "std::thread::spawn",
            "std::thread::yield_now",
        ],
        types: &[
            "std::os::unix::thread::JoinHandleExt",
            "std::thread::Builder",
            "std::thread::JoinHandle",
            "std::thread::Scope",
            "std::thread::ScopedJoinHandle",
            "std::thread::Thread",
            "std::thread::ThreadId",
        ],
        macros: &[],
    },
    Ways {
        what: Capability::Environment,
        functions: &[
            "std::backtrace::Backtrace::capture",
            "std::backtrace::Backtrace::force_capture",
            "std::env::args",
            "std::env::args_os",
            "std::env::current_dir",
            "std::env::current_exe",
            "std::env::home_dir",
            "std::env::remove_var",
            "std::env::set_current_dir",
            "std::env::set_var",
            "std::env::temp_dir",
            "std::env::var",
            "std::env::var_os",
            "std::env::vars",
            "std::env::vars_os",
            "std::path::absolute",
        ],
        types: &["std::env::Args", "std::env::ArgsOs", "std::env::Vars", "std::env::VarsOs"],
        macros: &[],
    },
    Ways {
        what: Capability::StandardStreams,
        functions: &[
            "std::io::pipe",
            "std::io::set_output_capture",
            "std::io::stderr",
            "std::io::stdin",
            "std::io::stdout",
            "std::io::try_set_output_capture",
        ],
        types: &[
            "std::io::PipeReader",
            "std::io::PipeWriter",
            "std::io::Stderr",
            "std::io::StderrLock",
            "std::io::Stdin",
            "std::io::StdinLock",
            "std::io::Stdout",
            "std::io::StdoutLock",
        ],
        macros: &["std::eprint", "std::eprintln", "std::print", "std::println"],
    },
];

/// The use of these is in the compiler's own account (`--emit dep-info`), which has no places; so
/// these are asked for only to find the place of what that account has.
const PLACES_OF: [&str; 5] =
    ["std::env", "std::include", "std::include_bytes", "std::include_str", "std::option_env"];

/// The capability that a function, type or macro leads to.
pub(super) fn what(path: &str) -> Option<Capability> {
    let has = |ways: &&Ways| {
        [ways.functions, ways.types, ways.macros].into_iter().flatten().any(|way| *way == path)
    };
    WAYS.iter().find(has).map(|ways| ways.what)
}

/// Clippy's configuration.
pub(super) fn clippy_toml() -> String {
    let mut text = "# Generated by policy-builder.\n".to_owned();
    let mut list = |key: &str, of: fn(&Ways) -> &'static [&'static str], more: &[&str]| {
        let _ = writeln!(text, "{key} = [");
        for path in WAYS.iter().flat_map(of).chain(more) {
            let _ = writeln!(text, "    {{ path = \"{path}\", allow-invalid = true }},");
        }
        text.push_str("]\n");
    };
    list("disallowed-methods", |ways| ways.functions, &[]);
    list("disallowed-types", |ways| ways.types, &[]);
    list("disallowed-macros", |ways| ways.macros, &PLACES_OF);
    text
}

#[cfg(test)]
mod tests;
