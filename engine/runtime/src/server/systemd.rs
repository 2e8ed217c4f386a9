//! Telling whoever started the process how it does, as systemd's services do: a datagram to the
//! socket that `NOTIFY_SOCKET` names. See `sd_notify(3)`.

use std::env;
use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tracing::warn;

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub(super) enum State {
    /// Clients are let in.
    Ready,
    /// The end has begun.
    Stopping,
}

/// Tells it, where somebody wants to know.
pub(super) fn notify(state: State) {
    let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return };
    if let Err(error) = send(state, &name) {
        warn!("cannot tell `{}` of `NOTIFY_SOCKET`: {error}", name.display());
    }
}

fn send(state: State, name: &OsStr) -> io::Result<()> {
    let message: &[u8] = match state {
        State::Ready => b"READY=1",
        State::Stopping => b"STOPPING=1",
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message, &address(name)?)?;
    Ok(())
}

/// A path, or on Linux also a name that is no file, behind an `@`.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.as_bytes().strip_prefix(b"@") {
        return <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name);
    }
    SocketAddr::from_pathname(name)
}
