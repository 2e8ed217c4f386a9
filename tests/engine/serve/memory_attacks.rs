//! Each server here has a budget of 8 MiB, and may take 64 MiB beside it. What is sent to it would
//! take some hundred.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS,
    WINDOW_UPDATE, frame, head,
};
use crate::support::wire::Connection;
use crate::support::{Folder, Server, until};

const BUDGET: u64 = 8 << 20;
const BESIDE_BUDGET: u64 = 64 << 20;

/// The memory of an idle connection.
const ONE_CONNECTION: f64 = 20_480.0;

/// A server with a port for diagnostics.
struct Bounded {
    server: Server,
    diagnostics: SocketAddr,
}

impl Bounded {
    fn start() -> Self {
        let config = "diagnostic-listen: \"127.0.0.1:0\"\n\
                      limits: {body: 1MiB, bodies: 8MiB, header-time: 5m, body-time: 5m, idle-time: 5m}\n";
        let server = Server::with_config(&Folder::new(), config, &[]);
        let line = server.logged("serving health and metrics");
        let address = line["address"].as_str().unwrap().strip_prefix("http://").unwrap();
        let diagnostics = address.parse().unwrap();
        Self { server, diagnostics }
    }

    /// The most memory that it has had so far.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() << 10
    }

    /// A metric, read at the diagnostic address.
    fn figure(&self, name: &str) -> f64 {
        let metrics = Connection::at(self.diagnostics).get("/metrics").expect(200).body;
        let line = metrics.lines().find(|line| line.starts_with(name)).unwrap();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn connections_memory(&self) -> f64 {
        self.figure("policy_engine_connections_memory_bytes ")
    }

    /// Asserts the memory budget during the attack and the release after it.
    #[track_caller]
    fn assert_within_budget(self, attackers: Vec<Attacker>) {
        Connection::at(self.diagnostics).get("/health/ready").expect(200);
        // Some that go too far are told to leave.
        let stay = attackers.iter().filter(|attacker| !attacker.has_left).count();
        let seen = self.connections_memory() / ONE_CONNECTION;
        assert!(stay < 10 || seen > 10.0, "{stay} are there, with the memory of {seen}");
        let peak = self.peak();
        assert!(peak < BUDGET + BESIDE_BUDGET, "it had {} MiB", peak >> 20);
        drop(attackers);
        until("everything is given back", || {
            self.figure("policy_engine_requests_body_bytes ") == 0.0
                && self.connections_memory() == ONE_CONNECTION
        });
        let mut connection = Connection::to(&self.server);
        connection.post("/v1/data/echo", r#"{"input": 1}"#).expect(200);
    }
}

/// Bytes to send, and the part of an HTTP/2 connection window that they use.
type Frame = (Vec<u8>, i64);

/// A client that sends all it may, and reads as it likes.
struct Attacker {
    stream: TcpStream,
    /// The frames in reverse order of sending.
    frames: Vec<Frame>,
    /// The rest of the current frame.
    sending: Vec<u8>,
    window: i64,
    inbox: Vec<u8>,
    reads: bool,
    has_left: bool,
}

impl Attacker {
    fn new(server: &Server, mut frames: Vec<Frame>, reads: bool) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_nonblocking(true).unwrap();
        frames.reverse();
        Self {
            stream,
            frames,
            sending: Vec::new(),
            window: 65_535,
            inbox: Vec::new(),
            reads,
            has_left: false,
        }
    }

    /// Sends and reads without blocking; true if anything was sent or received.
    fn advance(&mut self) -> bool {
        if self.has_left {
            return false;
        }
        let mut went = false;
        if self.reads {
            let mut bytes = [0; 16 << 10];
            while let Ok(read) = self.stream.read(&mut bytes) {
                if read == 0 {
                    self.has_left = true;
                    return false;
                }
                went = true;
                self.inbox.extend_from_slice(&bytes[..read]);
            }
            self.see();
        }
        loop {
            if self.sending.is_empty() {
                let Some((_, cost)) = self.frames.last() else { return went };
                if *cost > self.window {
                    return went;
                }
                let (frame, cost) = self.frames.pop().unwrap();
                self.window -= cost;
                self.sending = frame;
            }
            match self.stream.write(&self.sending) {
                Ok(written) => drop(self.sending.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return went,
                // It has been told to go.
                Err(_) => {
                    self.has_left = true;
                    return false;
                }
            }
            went = true;
        }
    }

    /// Takes note of the window, and acknowledges what has to be.
    fn see(&mut self) {
        while self.inbox.len() >= 9 {
            let length = usize::try_from(u32::from_be_bytes([
                0,
                self.inbox[0],
                self.inbox[1],
                self.inbox[2],
            ]))
            .unwrap();
            if self.inbox.len() < 9 + length {
                return;
            }
            let received: Vec<_> = self.inbox.drain(..9 + length).collect();
            let (kind, flags, payload) = (received[3], received[4], &received[9..]);
            match (kind, flags & 1) {
                (SETTINGS, 0) => self.frames.push((frame(SETTINGS, 1, 0, &[]), 0)),
                (PING, 0) => self.frames.push((frame(PING, 1, 0, payload), 0)),
                (WINDOW_UPDATE, _) if received[5..9] == [0; 4] => {
                    self.window += i64::from(u32::from_be_bytes(payload.try_into().unwrap()));
                }
                _ => {}
            }
        }
    }
}

/// Makes all attackers send until nothing can be sent any more.
fn attack(attackers: &mut [Attacker]) {
    let mut last = Instant::now();
    let begun = last;
    while last.elapsed() < Duration::from_millis(500) && begun.elapsed() < Duration::from_secs(20) {
        let mut went = false;
        for attacker in &mut *attackers {
            went |= attacker.advance();
        }
        if went {
            last = Instant::now();
        } else {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The HTTP/2 preface, with a window for responses.
fn preface(window: u32) -> Frame {
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[&[0, 4][..], &window.to_be_bytes()].concat()));
    (bytes, 0)
}

/// The clients' streams that may be open at one time.
fn streams() -> impl Iterator<Item = u32> {
    (0..128).map(|number| 2 * number + 1)
}

/// The head of a request on each of them, then these parts of its body, in turns.
fn posted(path: &str, window: u32, parts: &[&[u8]], ends: bool) -> Vec<Frame> {
    let mut frames = vec![preface(window)];
    for stream in streams() {
        frames.push((frame(HEADERS, END_HEADERS, stream, &head(path)), 0));
    }
    for (number, part) in parts.iter().enumerate() {
        let flags = if ends && number + 1 == parts.len() { END_STREAM } else { 0 };
        for stream in streams() {
            let cost = i64::try_from(part.len()).unwrap();
            frames.push((frame(DATA, flags, stream, part), cost));
        }
    }
    frames
}

fn attackers(server: &Bounded, count: usize, frames: &[Frame], reads: bool) -> Vec<Attacker> {
    let mut all: Vec<_> =
        (0..count).map(|_| Attacker::new(&server.server, frames.to_vec(), reads)).collect();
    attack(&mut all);
    all
}

#[test]
fn unfinished_http2_bodies_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let part = vec![b' '; 16 << 10];
    let frames = posted("/v1/data/echo", 65_535, &[&part], false);
    let attackers = attackers(&server, 100, &frames, true);
    server.assert_within_budget(attackers);
}

/// Each byte is a frame, which takes more memory than a byte.
#[test]
fn one_byte_http2_frames_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let frames = posted("/v1/data/echo", 65_535, &[&b" "[..]; 60], false);
    let attackers = attackers(&server, 50, &frames, true);
    server.assert_within_budget(attackers);
}

#[test]
fn unread_http2_responses_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let body = br#"{"input": {"do": "large", "bytes": 30000}}"#;
    // They read, but nothing of answers.
    let frames = posted("/v1/data/stress", 0, &[&body[..]], true);
    let mut all = attackers(&server, 50, &frames, true);
    // They read nothing at all.
    let frames = posted("/v1/data/stress", 1 << 20, &[&body[..]], true);
    all.extend(attackers(&server, 50, &frames, false));
    server.assert_within_budget(all);
}

#[test]
fn small_unread_http2_responses_stay_within_the_memory_budget() {
    let server = Bounded::start();
    for path in ["/nowhere", "/v1/data/echo"] {
        let frames = posted(path, 0, &[&br#"{"input": 1}"#[..]], true);
        let all = attackers(&server, 100, &frames, true);
        assert!(server.peak() < BUDGET + BESIDE_BUDGET, "it had {} MiB", server.peak() >> 20);
        drop(all);
    }
    let frames = posted("/nowhere", 0, &[], true);
    let all = attackers(&server, 100, &frames, true);
    server.assert_within_budget(all);
}

/// Metrics are among the longest responses, and have a memory budget of their own.
#[test]
fn unread_http2_metrics_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let mut frames = vec![preface(0)];
    // `GET`, in HPACK.
    let head = [&[0x82][..], &head("/metrics")[1..]].concat();
    frames.extend(streams().map(|at| (frame(HEADERS, END_HEADERS | END_STREAM, at, &head), 0)));
    let attackers = attackers(&server, 10, &frames, true);
    server.assert_within_budget(attackers);
}

/// Few bytes expand to many headers, in complete heads and in an incomplete one.
#[test]
fn hpack_amplified_heads_stay_within_the_memory_budget() {
    let server = Bounded::start();
    // A header into the table, `x: `, and then it again and again.
    let mut first = head("/v1/data/echo");
    first.extend([0x40, 1, b'x', 0]);
    let mut many = head("/v1/data/echo");
    many.extend([0xbe; 400]);
    let mut frames = vec![preface(65_535), (frame(HEADERS, END_HEADERS, 1, &first), 0)];
    for stream in streams().skip(1) {
        frames.push((frame(HEADERS, END_HEADERS, stream, &many), 0));
    }
    let mut all = attackers(&server, 100, &frames, true);

    let mut frames = vec![preface(65_535), (frame(HEADERS, END_HEADERS, 1, &first), 0)];
    frames.push((frame(HEADERS, 0, 3, &many), 0));
    for _ in 0..4 {
        frames.push((frame(CONTINUATION, 0, 3, &[0xbe; 16 << 10]), 0));
    }
    all.extend(attackers(&server, 100, &frames, true));
    server.assert_within_budget(all);
}

#[test]
fn reset_http2_streams_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let mut frames = vec![preface(65_535)];
    for number in 0..5000 {
        let stream = 2 * number + 1;
        frames.push((frame(HEADERS, END_HEADERS, stream, &head("/v1/data/echo")), 0));
        if number >= 100 {
            let reset = frame(RST_STREAM, 0, stream - 200, &8_u32.to_be_bytes());
            frames.push((reset, 0));
        }
    }
    let all = attackers(&server, 50, &frames, true);
    server.assert_within_budget(all);
}

#[test]
fn idle_connections_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let frames = [preface(65_535)];
    let mut all = attackers(&server, 400, &frames, true);
    let asked = b"GET /health HTTP/1.1\r\nhost: a\r\n\r\n".to_vec();
    all.extend(attackers(&server, 400, &[(asked, 0)], true));
    server.assert_within_budget(all);
}

#[test]
fn unfinished_http1_requests_stay_within_the_memory_budget() {
    let server = Bounded::start();
    let head = format!("GET /health HTTP/1.1\r\nhost: a\r\nx: {}", "x".repeat(60_000));
    let mut all = attackers(&server, 400, &[(head.into_bytes(), 0)], false);
    let body = format!(
        "POST /v1/data/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n{}",
        " ".repeat(300_000)
    );
    all.extend(attackers(&server, 400, &[(body.into_bytes(), 0)], false));
    server.assert_within_budget(all);
}
