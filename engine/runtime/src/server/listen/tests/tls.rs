use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hyper::Version;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::certificates::{Authority, Issued};
use super::server::{CapturedLog, TestClient, TestServer, host, limits, soon, until};
use crate::config::{Address, Limits, Tls};
use crate::server::listen::Listeners;
use crate::server::listen::tls::ServerTls;
use crate::server::systemd::InheritedSockets;

fn write(folder: &Path, authority: &Authority, issued: &Issued) -> Tls {
    let paths = Tls {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
        client_ca: Some(folder.join("ca.crt")),
    };
    fs::write(&paths.certificate, &issued.pem).unwrap();
    fs::write(&paths.key, &issued.key).unwrap();
    fs::write(folder.join("ca.crt"), &authority.pem).unwrap();
    paths
}

/// A client that trusts an authority, and shows a certificate where it has one.
fn client(
    authority: &Authority,
    shown: Option<&Issued>,
    alpn: &[&[u8]],
    versions: &[&'static SupportedProtocolVersion],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(policy_tls::provider().unwrap())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match shown {
        None => config.with_no_client_auth(),
        Some(issued) => {
            let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
            config.with_client_auth_cert(vec![issued.certificate.clone()], key).unwrap()
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn connect(connector: &TlsConnector, address: &str) -> io::Result<TlsStream<TcpStream>> {
    let stream = soon(TcpStream::connect(address)).await.unwrap();
    soon(connector.connect("localhost".try_into().unwrap(), stream)).await
}

async fn secure_server(tls: &Tls, limits: Limits) -> TestServer {
    let listen = [Address::Https("127.0.0.1:0".parse().unwrap())];
    TestServer::at(&listen, Some(tls), limits).await
}

#[tokio::test]
async fn clients_choose_the_version_of_http_and_of_tls() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let tls = Tls { client_ca: None, ..write(folder.path(), &authority, &authority.issue()) };
    let server = secure_server(&tls, limits()).await;
    let address = host(&server.addresses[0]);
    assert!(server.addresses[0].starts_with("https://127.0.0.1:"));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for (offered, chosen, http) in [
            (&[&b"http/1.1"[..]][..], Some(&b"http/1.1"[..]), Version::HTTP_11),
            (&[b"http/1.1", b"h2"], Some(b"h2"), Version::HTTP_2),
            (&[], None, Version::HTTP_11),
        ] {
            let stream = connect(&client(&authority, None, offered, &[version]), address).await;
            let stream = stream.unwrap();
            assert_eq!(stream.get_ref().1.alpn_protocol(), chosen);
            let mut client = TestClient::new(Box::new(stream), http).await;
            let answered = client.get("/").await.unwrap();
            assert!(answered.text.starts_with(&format!("{http:?} 127.0.0.1:")), "{answered:?}");
        }
    }
}

#[tokio::test]
async fn clients_without_a_valid_certificate_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, other] = [(); 2].map(|()| Authority::new());
    let tls = write(folder.path(), &authority, &authority.issue());
    let server = secure_server(&tls, limits()).await;
    let address = host(&server.addresses[0]);
    let good = authority.issue();
    let connector = client(&authority, Some(&good), &[], rustls::ALL_VERSIONS);
    let stream = connect(&connector, address).await.unwrap();
    let mut client_ = TestClient::new(Box::new(stream), Version::HTTP_11).await;
    assert_eq!(client_.get("/").await.unwrap().status, 200);

    let bad = other.issue();
    for (count, shown) in [(1, None), (2, Some(&bad))] {
        let connector = client(&authority, shown, &[], rustls::ALL_VERSIONS);
        // TLS 1.3 tells a client only after it has begun to speak.
        let mut stream = connect(&connector, address).await.unwrap();
        let refused = async {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await?;
            stream.read_u8().await
        };
        soon(refused).await.unwrap_err();
        until(|| server.closed("tls") == count).await;
    }
}

#[tokio::test]
async fn stalled_handshake_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let tls = write(folder.path(), &authority, &authority.issue());
    let limits = Limits { header_time: Duration::from_millis(200), ..limits() };
    let server = secure_server(&tls, limits).await;
    let mut stream = server.connect().await;
    stream.write_all(&[22, 3, 1]).await.unwrap();
    assert_eq!(soon(stream.read(&mut [0; 16])).await.unwrap_or(0), 0);
    until(|| server.closed("idle") == 1 && server.metrics.open.get() == 0).await;

    let mut stream = server.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    until(|| server.closed("tls") == 1).await;
}

#[tokio::test]
async fn changed_certificates_are_used_unless_they_are_invalid() {
    let log = CapturedLog::start();
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let [first, second] = [(); 2].map(|()| authority.issue());
    let tls = Tls { client_ca: None, ..write(folder.path(), &authority, &first) };
    let loaded = ServerTls::load(&tls).unwrap();
    let handshake = loaded.handshake();
    tokio::spawn(loaded.keep_current(Duration::from_millis(5)));
    let connector = client(&authority, None, &[], rustls::ALL_VERSIONS);
    let served = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let accept = async { handshake.clone().accept(listener.accept().await.unwrap().0).await };
        let (server, client) = tokio::join!(accept, connect(&connector, &address));
        server.unwrap();
        let client = client.unwrap();
        CertificateDer::clone(&client.get_ref().1.peer_certificates().unwrap()[0]).into_owned()
    };
    assert_eq!(served().await, first.certificate);
    fs::write(&tls.certificate, &second.pem).unwrap();
    until(|| log.count("the changed certificates are not used") > 0).await;
    assert_eq!(served().await, first.certificate, "the key does not belong to the new one");
    fs::write(&tls.key, &second.key).unwrap();
    soon(async { while served().await != second.certificate {} }).await;
}

#[tokio::test]
async fn missing_file_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let tls = write(folder.path(), &authority, &authority.issue());
    fs::remove_file(&tls.key).unwrap();
    let listen = [Address::Https("127.0.0.1:0".parse().unwrap())];
    let errors =
        Listeners::bind(&listen, &[], None, 0o600, Some(&tls), InheritedSockets::default())
            .await
            .unwrap_err();
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let path = tls.key.display();
    assert_eq!(
        errors,
        [format!("TLS: failed to read `{path}`: No such file or directory (os error 2)")]
    );
}
