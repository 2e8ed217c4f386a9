use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy between a client and a server that speak HTTP. A rule says what it does with each
/// request.
pub(crate) struct FaultyProxy {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

/// The treatment of a request by the proxy.
#[derive(Clone)]
pub(crate) enum ProxyAction {
    Forward,
    /// Cuts the connection after so many bytes of the body.
    Cut(usize),
    /// Responds itself, with this status and these headers.
    Respond(u16, &'static str),
    /// Responds itself, with this status, these headers and this body.
    RespondWith(u16, String, &'static str),
}

impl FaultyProxy {
    /// Starts one for a server. The rule is given a request's first line and the length of its body.
    pub(crate) fn new(
        server: String,
        rule: impl Fn(&str, usize) -> ProxyAction + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, rule) = (Arc::clone(&requests), Arc::new(rule));
        thread::spawn(move || {
            for client in listener.incoming() {
                let (server, kept, rule) = (server.clone(), Arc::clone(&kept), Arc::clone(&rule));
                // An error here is one for the client as well, which the test sees.
                thread::spawn(move || relay(&client.unwrap(), &server, &kept, &*rule));
            }
        });
        Self { port, requests }
    }

    /// The address, such as `127.0.0.1:5000`.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The number of requests so far with this beginning.
    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.heads().iter().filter(|head| head.starts_with(beginning)).count()
    }

    /// The heads of the requests so far: the first line and the headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Serves one request of one connection.
fn relay(
    client: &TcpStream,
    server: &str,
    kept: &Mutex<Vec<String>>,
    rule: &dyn Fn(&str, usize) -> ProxyAction,
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
        ProxyAction::Forward => (length, false),
        ProxyAction::Cut(after) => (after.min(length), true),
        ProxyAction::Respond(status, headers) => return respond(client, status, headers, ""),
        ProxyAction::RespondWith(status, headers, body) => {
            return respond(client, status, &headers, body);
        }
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

fn respond(mut client: &TcpStream, status: u16, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    client.write_all(
        format!(
            "HTTP/1.1 {status} Faulty\r\n{headers}Content-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .as_bytes(),
    )
}
