use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::wire::{Connection, logged, post};
use crate::support::{Folder, Server, until};

/// Certificates as `openssl` makes them, in a folder.
struct Certificates(Folder);

impl Certificates {
    fn new() -> Self {
        let certificates = Self(Folder::new());
        certificates.authority("ca");
        certificates.issue("ca", "server");
        certificates
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn openssl(&self, arguments: &str) {
        let made = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn authority(&self, name: &str) {
        self.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN={name} \
             -keyout {name}.key -out {name}.crt"
        ));
    }

    /// `NAME.crt` and `NAME.key`, for a server on this machine or for a client.
    fn issue(&self, authority: &str, name: &str) {
        self.issue_as(authority, name, "2", "");
    }

    /// Issues a certificate for this many days, with more extensions.
    fn issue_as(&self, authority: &str, name: &str, days: &str, more: &str) {
        let names = format!("subjectAltName=IP:127.0.0.1,DNS:localhost{more}");
        fs::write(self.path("names"), names).unwrap();
        self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} \
             -keyout {name}.key -out {name}.csr"
        ));
        self.openssl(&format!(
            "x509 -req -days {days} -in {name}.csr -CA {authority}.crt -CAkey {authority}.key \
             -CAcreateserial -extfile names -out {name}.crt"
        ));
    }

    fn config(&self, more: &str) -> String {
        let (certificate, key) = (self.text("server.crt"), self.text("server.key"));
        format!("tls: {{certificate: {certificate}, key: {key}{more}}}\n")
    }

    fn serve(&self, more: &str) -> Server {
        Server::with_config(&self.0, &self.config(more), &["--listen", "https://127.0.0.1:0"])
    }
}

/// The address that serves TLS.
fn https(server: &Server) -> String {
    let lines = server.log_lines();
    let address = |line: &Value| line["address"].as_str().map(str::to_owned);
    let found = |address: &String| address.starts_with("https://");
    until("it serves there, too", || {
        server.log_lines().iter().filter_map(address).any(|address| found(&address))
    });
    let lines = if lines.is_empty() { lines } else { server.log_lines() };
    lines.iter().filter_map(address).find(found).unwrap()
}

/// The output of curl: the body, then a line with the status and the version of HTTP.
fn curl(arguments: &[&str]) -> Output {
    Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "30"])
        .args(["--write-out", "\n%{http_code} %{http_version}"])
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn asked(arguments: &[&str]) -> String {
    let output = curl(&[arguments, &["--data", r#"{"input": 1}"#]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = curl(arguments);
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl)), ignore = "needs curl and OpenSSL")]
fn http1_and_http2_are_served_with_and_without_tls() {
    let certificates = Certificates::new();
    let server = certificates.serve("");
    let secure = format!("{}/v1/data/echo", https(&server));
    let plain = format!("http://{}/v1/data/echo", server.address());
    let ca = certificates.text("ca.crt");
    for (arguments, version) in [
        (&["--cacert", &*ca, &*secure][..], "2"),
        (&["--cacert", &ca, "--http1.1", &secure], "1.1"),
        (&["--cacert", &ca, "--tlsv1.2", "--tls-max", "1.2", &secure], "2"),
        (&[&*plain], "1.1"),
        (&["--http2-prior-knowledge", &plain], "2"),
    ] {
        assert_eq!(asked(arguments), format!("{{\"result\":1}}\n200 {version}"), "{arguments:?}");
    }
    refused(&[&secure]);
    refused(&["--cacert", &ca, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", &secure]);
    refused(&[&secure.replace("https://", "http://")]);
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl)), ignore = "needs curl and OpenSSL")]
fn client_ca_admits_only_its_own_clients() {
    let certificates = Certificates::new();
    certificates.authority("clients");
    certificates.issue("clients", "friend");
    certificates.issue("ca", "stranger");
    let authority = certificates.text("clients.crt");
    let server = certificates.serve(&format!(", client-ca: {authority}"));
    let url = format!("{}/v1/data/echo", https(&server));
    let ca = certificates.text("ca.crt");
    let shown = |name: &str| {
        [certificates.text(&format!("{name}.crt")), certificates.text(&format!("{name}.key"))]
    };
    let [friend, stranger] = ["friend", "stranger"].map(shown);
    let with = |[certificate, key]: &[String; 2]| {
        ["--cacert", &ca, "--cert", certificate, "--key", key, &url].map(str::to_owned)
    };
    let friend = with(&friend);
    let answer = asked(&friend.each_ref().map(String::as_str));
    assert_eq!(answer, "{\"result\":1}\n200 2");
    refused(&with(&stranger).each_ref().map(String::as_str));
    refused(&["--cacert", &ca, &url]);
    assert_eq!(post(&server, "/v1/data/echo", "{\"input\": 1}").status, 200);
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl)), ignore = "needs curl and OpenSSL")]
fn renewed_certificate_is_used_for_new_connections() {
    let certificates = Certificates::new();
    let server = certificates.serve("");
    let url = format!("{}/v1/data/echo", https(&server));
    certificates.authority("new");
    certificates.issue("new", "next");
    let (old, new) = (certificates.text("ca.crt"), certificates.text("new.crt"));
    asked(&["--cacert", &old, &url]);
    refused(&["--cacert", &new, &url]);

    // Half of the pair is not used.
    fs::copy(certificates.path("next.crt"), certificates.path("server.crt")).unwrap();
    until("it is told", || logged(&server, "does not belong to the certificate"));
    asked(&["--cacert", &old, &url]);
    fs::copy(certificates.path("next.key"), certificates.path("server.key")).unwrap();
    until("the other is shown", || curl(&["--cacert", &new, &url]).status.success());
    refused(&["--cacert", &old, &url]);
    assert!(logged(&server, "loaded the changed certificates"));
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl)), ignore = "needs curl and OpenSSL")]
fn https_and_unix_addresses_are_served_together_and_the_socket_file_is_removed() {
    let certificates = Certificates::new();
    let socket = certificates.path("http.sock");
    let unix = format!("unix://{}", socket.display());
    let config = certificates.config("") + "unix-socket-mode: \"0660\"\n";
    let arguments = ["--listen", "https://127.0.0.1:0", "--listen", &unix];
    let server = Server::with_config(&certificates.0, &config, &arguments);
    let secure = format!("{}/v1/data/echo", https(&server));
    let path = socket.to_str().unwrap();
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    for arguments in [
        &[&*format!("http://{}/v1/data/echo", server.address())][..],
        &["--cacert", &certificates.text("ca.crt"), "--http1.1", &secure],
        &["--unix-socket", path, "http://any/v1/data/echo"],
    ] {
        assert_eq!(asked(arguments), "{\"result\":1}\n200 1.1");
    }
    let h2c = ["--unix-socket", path, "--http2-prior-knowledge", "http://any/v1/data/echo"];
    assert_eq!(asked(&h2c), "{\"result\":1}\n200 2");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
#[cfg_attr(not(has_curl), ignore = "needs curl")]
fn request_without_token_gets_401_except_for_health() {
    let folder = Folder::new().file("tokens", "# of the gateway\nsecret\n");
    let tokens = folder.path().join("tokens");
    let config = format!("tokens: {}\n", tokens.display());
    let server = Server::with_config(&folder, &config, &[]);
    let url = |path: &str| format!("http://{}{path}", server.address());
    let message = "request rejected: expected `authorization: Bearer` and a token of this server's";
    let status =
        format!(r#"{{"apiVersion":"v1","kind":"Status","status":"Failure","message":"{message}","#)
            + r#""reason":"Unauthorized","code":401}"#;
    for (path, body) in [
        ("/v1/data/echo", format!(r#"{{"code":"unauthorized","message":"{message}"}}"#)),
        ("/validate/echo", status),
    ] {
        for headers in
            [&[][..], &["--header", "authorization: Bearer wrong"], &["--user", "secret:secret"]]
        {
            let output = asked(&[&["--include", &url(path)], headers].concat());
            assert!(output.contains("\r\nwww-authenticate: Bearer\r\n"), "{output}");
            assert!(output.ends_with(&format!("\r\n\r\n{body}\n401 1.1")), "{output}");
        }
    }
    let token = ["--header", "authorization: Bearer secret"];
    assert_eq!(asked(&[&token[..], &[&url("/v1/data/echo")]].concat()), "{\"result\":1}\n200 1.1");
    for (path, status) in [
        ("/health", 200),
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/metrics", 401),
        ("/v1/policies", 401),
        ("/v1/config", 401),
        ("/openapi.json", 401),
        ("/nothing", 404),
    ] {
        let output = curl(&[&url(path)]).stdout;
        let output = String::from_utf8(output).unwrap();
        assert!(output.ends_with(&format!("\n{status} 1.1")), "{path}: {output}");
    }
}

#[test]
fn emptied_token_file_admits_nobody_and_is_logged() {
    let folder = Folder::new().file("tokens", "secret\n");
    let tokens = folder.path().join("tokens");
    let server = Server::with_config(&folder, &format!("tokens: {}\n", tokens.display()), &[]);
    let status = || {
        let mut connection = Connection::to(&server);
        connection
            .send("GET /v1/policies HTTP/1.1\r\nhost: a\r\nauthorization: Bearer secret\r\n\r\n");
        connection.reply().status
    };
    assert_eq!(status(), 200);
    fs::write(&tokens, "").unwrap();
    server.logged(
        "the changed tokens are not used, nor are the former, and all requests are refused: the file holds \
         no token: expected one a line",
    );
    assert_eq!(status(), 401);
    fs::write(&tokens, "secret\n").unwrap();
    server.logged("loaded the changed tokens");
    assert_eq!(status(), 200);
    // Where there is none to read, nobody has decided that nobody is to be let in.
    fs::remove_file(&tokens).unwrap();
    until("it says so", || {
        logged(&server, "the changed tokens are not used, the former stay: failed to read")
    });
    assert_eq!(status(), 200);
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl)), ignore = "needs curl and OpenSSL")]
fn unusable_certificate_does_not_replace_a_valid_one() {
    let certificates = Certificates::new();
    let server = certificates.serve("");
    let url = format!("{}/v1/data/echo", https(&server));
    let ask = || asked(&["--cacert", &certificates.text("ca.crt"), &url]);
    let path = certificates.text("server.crt");
    let refused = |why: &str| {
        format!(
            "the changed certificates are not used, the former stay: TLS: the certificate in \
             `{path}` cannot be used: {why}"
        )
    };
    certificates.issue_as("ca", "server", "2", "\nextendedKeyUsage=clientAuth");
    server.logged(&refused("it is not a server's: its extended key usage lacks `serverAuth`"));
    assert_eq!(ask(), "{\"result\":1}\n200 2");
    // Negative days: it expires a day before it begins.
    certificates.issue_as("ca", "server", "-1", "");
    let expired = refused("it is never valid: it expires before it begins");
    until("it says so", || logged(&server, &expired));
    assert_eq!(ask(), "{\"result\":1}\n200 2");

    // A server that has none yet begins with it, and tells.
    let begun = certificates.serve("");
    until("it says so", || {
        logged(&begun, "clients refuse it, and it is served until its file changes")
    });
    certificates.issue("ca", "server");
    begun.logged("loaded the changed certificates");
    let url = format!("{}/v1/data/echo", https(&begun));
    let output = asked(&["--cacert", &certificates.text("ca.crt"), &url]);
    assert_eq!(output, "{\"result\":1}\n200 2");
}

/// The exit code and standard error of a server that fails to start.
fn fails(folder: &Path, config: &str) -> (Option<i32>, String) {
    let path = folder.join("config.yaml");
    fs::write(&path, config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_stress-engine"))
        .args(["serve", "--listen", "https://127.0.0.1:0", "--config"])
        .arg(path)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said.replace(folder.to_str().unwrap(), "FOLDER"))
}

#[test]
#[cfg_attr(not(all(has_curl, has_openssl)), ignore = "needs curl and OpenSSL")]
fn https_without_a_matching_key_fails_the_start() {
    let certificates = Certificates::new();
    certificates.issue("ca", "other");
    let folder = certificates.0.path();
    let (status, said) = fails(folder, "");
    assert_eq!(status, Some(78), "{said}");
    assert!(said.contains("which needs `tls`: set its `certificate` and `key`"), "{said}");

    let (status, said) = fails(folder, "tls: {certificate: FOLDER/server.crt}\n");
    assert_eq!(status, Some(78), "{said}");
    assert!(said.contains("`tls` needs `tls.key`, which is not set"), "{said}");

    let config = certificates.config("");
    for (key, expected) in [
        (
            "other.key",
            "TLS: the key in `FOLDER/other.key` does not belong to the certificate in `FOLDER/server.crt`, which must be the first in its file",
        ),
        (
            "server.crt",
            "TLS: the private key in `FOLDER/server.crt` cannot be used: it has no section `-----BEGIN PRIVATE KEY-----`, in PEM",
        ),
        (
            "none.key",
            "TLS: failed to read `FOLDER/none.key`: No such file or directory (os error 2)",
        ),
    ] {
        let (status, said) = fails(folder, &config.replace("server.key", key));
        assert_eq!(status, Some(1), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}
