use hyper::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server::{
    BIG, CapturedLog, TestClient, TestServer, any_port, connect, limits, settle, soon, until,
};
use crate::config::Address;
use crate::server::listen::Listeners;
use crate::server::systemd::InheritedSockets;

const BOTH: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

#[tokio::test]
async fn http1_and_http2_work_on_tcp_and_unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let listen = [any_port(), Address::Unix(folder.path().join("s"))];
    let server = TestServer::at(&listen, None, limits()).await;
    for (url, peer) in server.addresses.iter().zip(["127.0.0.1:", "unix"]) {
        for version in BOTH {
            let mut client = TestClient::new(connect(url).await, version).await;
            for _ in 0..3 {
                let answered = client.get("/").await.unwrap();
                assert_eq!(answered.status, 200);
                let beginning = format!("{version:?} {peer}");
                assert!(answered.text.starts_with(&beginning), "{answered:?}");
            }
        }
    }
    assert_eq!(server.metrics.accepted.get(), 4);
    until(|| server.metrics.open.get() == 0).await;
}

#[tokio::test]
async fn requests_of_one_http2_connection_do_not_wait_for_each_other() {
    let server = TestServer::start(limits()).await;
    let client = TestClient::new(connect(&server.addresses[0]).await, Version::HTTP_2).await;
    let TestClient::Http2(sender) = client else { panic!() };
    let [mut slow, mut quick] = [sender.clone(), sender].map(TestClient::Http2);
    let waiting = tokio::spawn(async move { slow.get("/wait").await });
    assert_eq!(quick.get("/").await.unwrap().status, 200);
    assert!(!waiting.is_finished());
    server.go_on();
    assert_eq!(soon(waiting).await.unwrap().unwrap().text, "waited");
}

#[tokio::test]
async fn large_responses_arrive_whole() {
    let server = TestServer::start(limits()).await;
    for version in BOTH {
        let mut client = TestClient::new(connect(&server.addresses[0]).await, version).await;
        assert_eq!(client.get("/big").await.unwrap().text.len(), BIG);
    }
}

#[tokio::test]
async fn too_large_head_gets_431() {
    let server = TestServer::start(limits()).await;
    let mut stream = server.connect().await;
    let head = format!("GET / HTTP/1.1\r\nhost: x\r\nlarge: {}\r\n\r\n", "x".repeat(65 << 10));
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 431");
}

#[tokio::test]
async fn connections_above_the_limit_wait_but_not_those_for_diagnostics() {
    let log = CapturedLog::start();
    let full = async |times| until(|| log.count("too many connections") == times).await;
    let server = TestServer::start(crate::config::Limits { connections: 2, ..limits() }).await;
    let url = &server.addresses[0];
    let mut clients = Vec::new();
    for _ in 0..2 {
        let mut client = TestClient::new(connect(url).await, Version::HTTP_11).await;
        client.get("/").await.unwrap();
        clients.push(client);
    }
    let mut third = TestClient::new(connect(url).await, Version::HTTP_11).await;
    let third = tokio::spawn(async move { third.get("/").await.map(|_| third) });
    full(1).await;
    let mut probe = TestClient::new(connect(&server.diagnostics[0]).await, Version::HTTP_11).await;
    assert_eq!(probe.get("/").await.unwrap().status, 200);
    assert!(!third.is_finished());
    clients.pop();
    clients.push(soon(third).await.unwrap().unwrap());

    // More slots, then fewer.
    server.limits.send_modify(|limits| limits.connections = 3);
    let mut client = TestClient::new(connect(url).await, Version::HTTP_11).await;
    client.get("/").await.unwrap();
    clients.push(client);
    server.limits.send_modify(|limits| limits.connections = 1);
    settle().await;
    let mut last = TestClient::new(connect(url).await, Version::HTTP_11).await;
    let last = tokio::spawn(async move { last.get("/").await });
    full(2).await;
    for open in [3, 2] {
        clients.pop();
        // The probe is open as well.
        until(|| server.metrics.open.get() == open).await;
        settle().await;
        assert!(!last.is_finished());
    }
    clients.pop();
    soon(last).await.unwrap().unwrap();
}

#[tokio::test]
async fn all_errors_of_addresses_are_reported() {
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap();
    let elsewhere = Address::Http("203.0.113.1:80".parse().unwrap());
    let secure = Address::Https("127.0.0.1:0".parse().unwrap());
    let diagnostics = [Address::Http(taken)];
    let errors = Listeners::bind(
        &[elsewhere, secure, any_port()],
        &diagnostics,
        None,
        0o600,
        None,
        InheritedSockets::default(),
    )
    .await
    .unwrap_err();
    let [elsewhere, secure, in_use] = errors.as_slice() else { panic!("{errors:?}") };
    let elsewhere = elsewhere.to_string();
    assert!(
        elsewhere.starts_with("failed to listen on `http://203.0.113.1:80`: ")
            && elsewhere.ends_with("\nhelp: choose an address of this machine"),
        "{elsewhere}"
    );
    assert_eq!(
        secure.to_string(),
        "failed to listen on `https://127.0.0.1:0`: no certificate is configured\nhelp: name one and \
         its key, or write `http`"
    );
    assert_eq!(
        in_use.to_string(),
        format!(
            "failed to listen on `http://{taken}`: another program does already\nhelp: stop it, or \
             choose another address"
        )
    );
}
