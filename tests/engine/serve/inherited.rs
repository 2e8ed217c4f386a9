use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;

use command_fds::{CommandFdExt, FdMapping};

use crate::support::wire::{Connection, figure, get};
use crate::support::{Folder, PATIENCE, Server, stress_engine, until};

/// Passes these sockets to a command as systemd does, from descriptor 3 on.
fn with_sockets(mut command: Command, sockets: Vec<OwnedFd>) -> Command {
    command.env("LISTEN_FDS", sockets.len().to_string());
    let mappings = (3..).zip(sockets);
    let mappings = mappings.map(|(child_fd, parent_fd)| FdMapping { parent_fd, child_fd });
    command.fd_mappings(mappings.collect()).unwrap();
    command
}

fn any_port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

#[test]
fn passed_sockets_are_served_and_outlive_the_server() {
    let folder = Folder::new().file("config.yaml", "policies: {echo: {}}\n");
    let (tcp, address) = any_port();
    let path = folder.path().join("s");
    let unix = UnixListener::bind(&path).unwrap();
    let told = UnixDatagram::bind(folder.path().join("told")).unwrap();
    told.set_read_timeout(Some(PATIENCE)).unwrap();
    let is_told = || {
        let mut message = [0; 64];
        let length = told.recv(&mut message).unwrap();
        String::from_utf8_lossy(&message[..length]).into_owned()
    };

    let url = format!("unix://{}", path.display());
    let config = folder.path().join("config.yaml");
    let mut command = stress_engine(&["serve", "--listen", &address, "--listen", &url, "--config"]);
    command.arg(&config).env("NOTIFY_SOCKET", folder.path().join("told"));
    let sockets = vec![tcp.try_clone().unwrap().into(), unix.try_clone().unwrap().into()];
    let server = Server::from_command(with_sockets(command, sockets));
    assert_eq!(is_told(), "READY=1");
    assert_eq!(server.url(), format!("http://{address}"));
    get(&server, "/v1/policies/echo").expect(200);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    fs::write(config, "policies: {other: {policy: echo}}\n").unwrap();
    server.signal("HUP");
    let reloads = "policy_engine_reloads_total{outcome=\"ok\"}";
    until("it is loaded", || figure(&server, reloads) == 1);
    get(&server, "/v1/policies/other").expect(200);

    server.signal("TERM");
    assert_eq!(is_told(), "STOPPING=1");
    assert_eq!(server.wait().code(), Some(0));
    // Who comes in between waits for the next server.
    let mut early = Connection::at(address.parse().unwrap());
    early.begin("/v1/data/echo", r#"{"input": 1}"#);
    let command = stress_engine(&["serve", "--listen", &address, "--listen", &url]);
    let _next = Server::from_command(with_sockets(command, vec![tcp.into(), unix.into()]));
    assert_eq!(early.reply().expect(200).body, r#"{"result":1}"#);
    UnixStream::connect(&path).unwrap();
}

#[test]
fn unmatched_passed_socket_is_closed_with_a_warning() {
    let (unwanted, address) = any_port();
    let command = stress_engine(&["serve", "--listen", "[::1]:0"]);
    let server = Server::from_command(with_sockets(command, vec![unwanted.into()]));
    server.logged(&format!(
        "closing the socket `{address}` that was passed in `LISTEN_FDS`: no address to listen on \
         is the same"
    ));
    until("it is closed", || TcpStream::connect(&address).is_err());
}

#[test]
fn sockets_passed_to_another_pid_are_ignored() {
    let (listener, address) = any_port();
    let mut command = stress_engine(&["serve", "--listen", &address]);
    command.env("LISTEN_PID", "1");
    let mut command = with_sockets(command, vec![listener.try_clone().unwrap().into()]);
    let refused = command.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&refused.stderr),
        format!(
            "error: failed to listen on `http://{address}`: another program does already\nhelp: stop \
             it, or choose another address\n"
        )
    );

    let mut command = Command::new("sh");
    let script = r#"LISTEN_PID=$$ exec "$0" serve --listen "$1""#;
    command.args(["-c", script, env!("CARGO_BIN_EXE_stress-engine"), &address]);
    let server = Server::from_command(with_sockets(command, vec![listener.into()]));
    get(&server, "/health").expect(200);
}

#[test]
fn passed_descriptor_that_is_no_socket_is_logged() {
    let file = fs::File::open("/dev/null").unwrap();
    let command = stress_engine(&["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::from_command(with_sockets(command, vec![file.into()]));
    server.logged(
        "file descriptor 3, one of `LISTEN_FDS`, is not a listening socket: fd 3 is \
         not a socket",
    );
    get(&server, "/health").expect(200);
}
