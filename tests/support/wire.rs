use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::{PATIENCE, Server};

/// A connection to write requests to and to read responses from.
pub(crate) struct Connection(BufReader<TcpStream>);

/// A response, read byte by byte.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: Vec<String>,
    pub(crate) body: String,
}

impl Connection {
    pub(crate) fn to(server: &Server) -> Self {
        Self::at(server.address())
    }

    pub(crate) fn at(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(BufReader::new(stream))
    }

    /// Writes bytes, which a server that has had enough need not take.
    pub(crate) fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.0.get_mut().write_all(bytes.as_ref())
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).unwrap();
    }

    /// Sends a whole request, and does not wait for its response.
    pub(crate) fn begin(&mut self, path: &str, body: &str) {
        self.send(posted(path, body));
    }

    /// Reads the next response, unless the server closes the connection instead.
    pub(crate) fn try_reply(&mut self) -> io::Result<Reply> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply { status, head, body: String::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        reply.body = String::from_utf8(body).unwrap();
        Ok(reply)
    }

    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().unwrap()
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> Reply {
        self.begin(path, body);
        self.reply()
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n"));
        self.reply()
    }

    /// Returns true if nothing comes within this time, and the connection stays open.
    pub(crate) fn is_silent_for(&mut self, time: Duration) -> bool {
        self.0.get_ref().set_read_timeout(Some(time)).unwrap();
        let filled = self.0.fill_buf().map(<[u8]>::len);
        self.0.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        filled.is_err_and(|error| {
            matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
        })
    }

    /// Fills a buffer with what comes next, whatever it is.
    pub(crate) fn read_exact(&mut self, buffer: &mut [u8]) {
        self.0.read_exact(buffer).unwrap();
    }

    /// Reads until the server closes the connection.
    pub(crate) fn rest(mut self) -> String {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
        }
        String::from_utf8_lossy(&rest).into_owned()
    }
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Fails the test unless this is its status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

/// The text of a request.
pub(crate) fn posted(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Sends a request over a connection of its own.
pub(crate) fn post(server: &Server, path: &str, body: &str) -> Reply {
    Connection::to(server).post(path, body)
}

pub(crate) fn get(server: &Server, path: &str) -> Reply {
    Connection::to(server).get(path)
}

/// A counter of the metrics; 0 where nothing was counted yet.
pub(crate) fn figure(server: &Server, prefix: &str) -> u64 {
    let figure = server.metric(prefix);
    if figure.is_nan() { 0 } else { figure.to_string().parse().unwrap() }
}

/// Returns true if a line of the log has this text.
pub(crate) fn logged(server: &Server, text: &str) -> bool {
    server.log_lines().iter().any(|line| line.to_string().contains(text))
}

/// An input for the policies that do what their input says.
pub(crate) fn task(what: &str, milliseconds: u64) -> String {
    format!(r#"{{"input": {{"do": "{what}", "ms": {milliseconds}}}}}"#)
}
