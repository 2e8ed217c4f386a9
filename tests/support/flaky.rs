use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A network that fails: it stands between a client and a server that speak HTTP, and a rule says
/// what becomes of each request.
pub(crate) struct Flaky {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

/// What becomes of a request.
#[derive(Clone)]
pub(crate) enum Fate {
    Passes,
    /// The connection is cut after so many bytes of its body.
    Cut(usize),
    /// Something in between answers, with this status and these headers.
    Answered(u16, &'static str),
    /// The same, with a body, of which a `Content-Type` may be among the headers.
    Says(u16, String, &'static str),
}

impl Flaky {
    /// Stands before a server; the rule is given a request's first line and how long its body is.
    pub(crate) fn before(
        server: String,
        rule: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, rule) = (Arc::clone(&requests), Arc::new(rule));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (server, kept, rule) = (server.clone(), Arc::clone(&kept), Arc::clone(&rule));
                // Whoever hangs up is dealt with by those who are still there.
                thread::spawn(move || relay(&client.unwrap(), &server, &kept, &*rule));
            }
        });
        Self { port, requests }
    }

    /// Such as `127.0.0.1:5000`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The requests so far that begin so.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.heads().iter().filter(|it| it.starts_with(beginning)).count()
    }

    /// What the requests so far begin with: the first line and the headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Takes one request over one connection.
fn relay(
    client: &TcpStream,
    server: &str,
    kept: &Mutex<Vec<String>>,
    rule: &dyn Fn(&str, usize) -> Fate,
) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push(line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request = head[0].trim().to_owned();
    kept.lock().unwrap().push(head.concat());
    let (sent, cut) = match rule(&request, length) {
        Fate::Passes => (length, false),
        Fate::Cut(after) => (after.min(length), true),
        Fate::Answered(status, headers) => return answer(client, status, headers, ""),
        Fate::Says(status, headers, body) => return answer(client, status, &headers, body),
    };
    let mut upstream = TcpStream::connect(server)?;
    upstream.write_all(head.concat().as_bytes())?;
    upstream.write_all(b"Connection: close\r\n\r\n")?;
    upstream.write_all(&body[..sent])?;
    if cut {
        upstream.shutdown(Shutdown::Both)?;
        return client.shutdown(Shutdown::Both);
    }
    let mut client = client;
    io::copy(&mut upstream, &mut client)?;
    client.shutdown(Shutdown::Both)
}

fn answer(mut client: &TcpStream, status: u16, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    client.write_all(
        format!(
            "HTTP/1.1 {status} Flaky\r\n{headers}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .as_bytes(),
    )
}
