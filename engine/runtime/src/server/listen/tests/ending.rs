use std::io::ErrorKind;

use hyper::Version;
use tokio::net::TcpStream;

use super::server::{TestClient, TestServer, any_port, connect, host, limits, settle, soon, until};
use crate::config::Address;
use crate::server::listen::ShutdownPhase;

const BOTH: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// Sends a request to `/wait`, and waits until it is in progress.
async fn ask(
    server: &TestServer,
    version: Version,
) -> tokio::task::JoinHandle<hyper::Result<(String, bool)>> {
    let mut client = TestClient::new(connect(&server.addresses[0]).await, version).await;
    client.get("/").await.unwrap();
    let before = server.waiting();
    let task = tokio::spawn(async move {
        client.get("/wait").await.map(|answered| (answered.text, answered.close))
    });
    until(|| server.waiting() > before).await;
    task
}

#[tokio::test]
async fn draining_server_answers_requests_in_flight_and_closes_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let server = TestServer::at(&[any_port(), Address::Unix(socket.clone())], None, limits()).await;
    let mut in_flight = Vec::new();
    let mut idle = Vec::new();
    for version in BOTH {
        in_flight.push(ask(&server, version).await);
        for url in &server.addresses {
            let mut client = TestClient::new(connect(url).await, version).await;
            client.get("/").await.unwrap();
            idle.push(client);
        }
    }
    let _silent = server.connect().await;
    until(|| server.metrics.open.get() == 7).await;
    server.phase.send_replace(ShutdownPhase::Draining);
    until(|| idle.iter().all(TestClient::is_closed)).await;
    until(|| server.metrics.open.get() == 2).await;
    let refused = TcpStream::connect(host(&server.addresses[0])).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert!(!socket.exists());
    assert!(!server.running.is_finished());

    for (task, close) in in_flight.into_iter().zip([true, false]) {
        server.go_on();
        assert_eq!(soon(task).await.unwrap().unwrap(), ("waited".to_owned(), close));
    }
    assert_eq!(soon(server.running).await.unwrap(), 0);
    assert_eq!(server.metrics.closed.with_label_values(&["shutdown"]).get(), 7);
}

/// It may have been on its way when the server began to drain.
#[tokio::test]
async fn draining_server_answers_one_more_request_of_each_connection() {
    let server = TestServer::start(limits()).await;
    let mut used = TestClient::new(Box::new(server.connect().await), Version::HTTP_11).await;
    used.get("/").await.unwrap();
    let unused = TestClient::new(Box::new(server.connect().await), Version::HTTP_11).await;
    let silent = server.connect().await;
    until(|| server.metrics.open.get() == 3).await;
    server.phase.send_replace(ShutdownPhase::Draining);
    soon(async { while TcpStream::connect(host(&server.addresses[0])).await.is_ok() {} }).await;

    let silent = TestClient::new(Box::new(silent), Version::HTTP_11).await;
    for mut client in [used, unused, silent] {
        assert!(client.get("/").await.unwrap().close, "and told that it was the last");
        until(|| client.is_closed()).await;
    }
    assert_eq!(soon(server.running).await.unwrap(), 0);
}

#[tokio::test]
async fn connections_open_at_the_end_are_cut_off_and_counted() {
    let server = TestServer::start(limits()).await;
    let mut in_flight = Vec::new();
    for version in BOTH {
        in_flight.push(ask(&server, version).await);
    }
    server.phase.send_replace(ShutdownPhase::Draining);
    soon(async { while TcpStream::connect(host(&server.addresses[0])).await.is_ok() {} }).await;
    settle().await;
    assert!(in_flight.iter().all(|task| !task.is_finished()));
    server.phase.send_replace(ShutdownPhase::Ended);
    assert_eq!(soon(server.running).await.unwrap(), 2);
    for task in in_flight {
        assert!(soon(task).await.unwrap().is_err());
    }
}

#[tokio::test]
async fn server_may_end_without_draining() {
    let server = TestServer::start(limits()).await;
    let _silent = server.connect().await;
    let task = ask(&server, Version::HTTP_11).await;
    server.phase.send_replace(ShutdownPhase::Ended);
    assert_eq!(soon(server.running).await.unwrap(), 1, "nobody waits for the other");
    assert!(soon(task).await.unwrap().is_err());
}
