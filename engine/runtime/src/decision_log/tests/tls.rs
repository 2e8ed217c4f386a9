use std::fs;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::collector::{Behaviour, Collector};
use super::{LONG, config, record, settled, start};
use crate::config::LogDestination;

/// An authority of these tests, whose key is nowhere any more.
const AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBcjCCARigAwIBAgIUTloIgPe9V8+9aGULJJYb7rx+CtAwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTcG9saWN5LWVuZ2luZSB0ZXN0czAgFw0yMDAxMDEwMDAwMDBa
GA8yMTIwMDEwMTAwMDAwMFowHjEcMBoGA1UEAwwTcG9saWN5LWVuZ2luZSB0ZXN0
czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLo81oAl2xRm1fl1C7GofgDyGdDt
xVtb9513e9h6PmRbEl6fRqK0aaCXy1rGJ0xk7Y6YHNpnkKP+Fc4yitpRCbajMjAw
MA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFJGxkD8Yw/T4LkkTMn7ldqXsAr3o
MAoGCCqGSM49BAMCA0gAMEUCIEVbJaITQ0neaimbJ9PIc8SHdLprlq8gU9RiOzgT
AHrCAiEAowxtYAm6be1P0CABJ+H5g8H5Iv7Yp3YESwAtTk+wGss=
-----END CERTIFICATE-----
";

/// What it vouches for: `127.0.0.1`.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBkzCCATqgAwIBAgIUQKpzXQaScRl8kxQbA05ynzs0omIwCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTcG9saWN5LWVuZ2luZSB0ZXN0czAgFw0yMDAxMDEwMDAwMDBa
GA8yMTIwMDEwMTAwMDAwMFowFDESMBAGA1UEAwwJY29sbGVjdG9yMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEGr9SfOaBs1XxlpaiUi7jEhohF/cOwEEuR35p2gPB
hd1ruwcTHJ0vWiifgYLYcV1eSvBPUFewRn5bmMgqpx58zqNeMFwwCQYDVR0TBAIw
ADAPBgNVHREECDAGhwR/AAABMB0GA1UdDgQWBBTo/PH+DoHghhrveQYaxdJrEIiN
6DAfBgNVHSMEGDAWgBSRsZA/GMP0+C5JEzJ+5Xal7AK96DAKBggqhkjOPQQDAgNH
ADBEAiAXk5F2zondLH7lZB9vKU8BWmd7tbLdMEhhBt0rtR1OHgIgZ7wnfvHChkxI
r/rzX2r32G2UQPR2zS8yBEMUEaX2/0o=
-----END CERTIFICATE-----
";

/// The certificate's key, which protects nothing.
const KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgPFjGgUt3A8v/Jt3V
nCWzlGjB/cNGtq0VXiaQ5Nttf+mhRANCAAQav1J85oGzVfGWlqJSLuMSGiEX9w7A
QS5HfmnaA8GF3Wu7BxMcnS9aKJ+BgthxXV5K8E9QV7BGfluYyCqnHnzO
-----END PRIVATE KEY-----
";

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY.as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(policy_tls::provider().unwrap())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn upload_to_one_that_is_vouched_for_by(
    authority: &str,
    within: Duration,
) -> (Vec<u32>, (u64, u64)) {
    let collector = Collector::start_with(Behaviour::Take, Some(acceptor())).await;
    let folder = tempfile::tempdir().unwrap();
    let mut to = collector.config();
    to.ca = Some(folder.path().join("ca.pem"));
    fs::write(folder.path().join("ca.pem"), authority).unwrap();
    let (log, running, metrics) = start(&config(LogDestination::Collector(to)));
    record(&log, 0..10).await;
    let _ = running.close(within).await;
    (collector.ids(), settled(&metrics))
}

#[tokio::test]
async fn collector_with_a_trusted_certificate_gets_events() {
    let (ids, settled) = upload_to_one_that_is_vouched_for_by(AUTHORITY, LONG).await;
    assert_eq!((ids, settled), ((0..10).collect(), (10, 0)));
}

#[tokio::test]
async fn collector_with_an_untrusted_certificate_gets_nothing() {
    // Its own certificate is no authority.
    let within = Duration::from_secs(1);
    let (ids, settled) = upload_to_one_that_is_vouched_for_by(CERTIFICATE, within).await;
    assert_eq!((ids, settled), (vec![], (0, 10)));
}
