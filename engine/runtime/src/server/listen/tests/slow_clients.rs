use std::time::{Duration, Instant};

use hyper::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::server::{TestClient, TestServer, connect, limits, soon, until};
use crate::config::Limits;

const HEADER_TIME: Duration = Duration::from_millis(200);
const IDLE_TIME: Duration = Duration::from_millis(600);

async fn impatient() -> TestServer {
    TestServer::start(Limits { header_time: HEADER_TIME, idle_time: IDLE_TIME, ..limits() }).await
}

#[tokio::test]
async fn silent_client_is_cut_off_after_the_header_time() {
    let server = impatient().await;
    let start = Instant::now();
    let mut stream = server.connect().await;
    assert_eq!(soon(stream.read(&mut [0; 16])).await.unwrap_or(0), 0);
    assert!(start.elapsed() >= HEADER_TIME);
    until(|| server.closed("idle") == 1 && server.metrics.open.get() == 0).await;
}

#[tokio::test]
async fn client_that_trickles_its_first_request_is_cut_off() {
    let server = impatient().await;
    // HTTP/1.1; HTTP/2's preface; HTTP/2's pings, with the preface and an empty SETTINGS before.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let mut pings = [&preface[..], &[0, 0, 0, 4, 0, 0, 0, 0, 0]].concat();
    let at_once = pings.len();
    pings.extend([&[0, 0, 8, 6, 0, 0, 0, 0, 0][..], &[7; 8]].concat().repeat(100));
    let endless = "GET / HTTP/1.1\r\nhost: ".to_owned() + &"x".repeat(5000);
    for (text, at_once) in [(endless.as_bytes(), 0), (preface, 0), (&pings, at_once)] {
        let before = server.closed("idle");
        let mut stream = server.connect().await;
        stream.write_all(&text[..at_once]).await.unwrap();
        for byte in text[at_once..].chunks(1).cycle() {
            if stream.write_all(byte).await.is_err() || server.closed("idle") > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        until(|| server.closed("idle") == before + 1).await;
    }
}

#[tokio::test]
async fn idle_connection_is_closed_after_the_idle_time_and_not_before() {
    let server = impatient().await;
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let before = server.closed("idle");
        let mut client = TestClient::new(connect(&server.addresses[0]).await, version).await;
        client.get("/").await.unwrap();
        tokio::time::sleep(HEADER_TIME).await;
        let asked = Instant::now();
        client.get("/").await.unwrap();
        until(|| client.is_closed()).await;
        assert!(asked.elapsed() >= IDLE_TIME);
        until(|| server.closed("idle") == before + 1).await;
    }
}

#[tokio::test]
async fn request_in_progress_is_not_idle() {
    let server = impatient().await;
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let mut client = TestClient::new(connect(&server.addresses[0]).await, version).await;
        let waiting = tokio::spawn(async move { client.get("/wait").await });
        tokio::time::sleep(IDLE_TIME * 2).await;
        server.go_on();
        assert_eq!(soon(waiting).await.unwrap().unwrap().text, "waited");
    }
}

#[tokio::test]
async fn client_that_does_not_read_its_response_is_cut_off() {
    let server = impatient().await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /big HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    until(|| server.closed("idle") == 1 && server.metrics.open.get() == 0).await;
}
