//! The price of the console: the same server with a console whose page of decisions is open, and
//! without; and what its first page takes.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::load::Asked;
use crate::results::{Goal, Row};
use crate::rounds::median;
use crate::servers::{Server, free_port};
use crate::setup::Setup;
use crate::{programs, tools};

/// The connections that ask.
const CONNECTIONS: u32 = 16;

/// The interval at which an open page is fetched.
const INTERVAL: Duration = Duration::from_secs(2);

/// What the first page is made of.
const FIRST_PAGE: [&str; 3] = ["/", "/assets/console.css", "/assets/console.js"];

pub(crate) fn measure(setup: &Setup) -> io::Result<Vec<Row>> {
    let loader = tools::wrk()?;
    let program = programs::engine(setup, None)?;
    let port = free_port()?;
    let console = format!("http://127.0.0.1:{port}");
    let mut with = Asked::start(Server::ours_with_console(program.clone(), port)?)?;
    let mut without = Asked::start(Server::ours(program)?)?;
    for _ in 0..setup.of(15, 1) {
        let seconds = setup.of(2, 1);
        while_open(&format!("{console}/decisions"), || with.ask(&loader, CONNECTIONS, seconds))?;
        without.ask(&loader, CONNECTIONS, seconds)?;
    }
    let first_page = first_page(setup, &console)?;
    let (with, without) = (with.each(|load| load.per_second), without.each(|load| load.per_second));
    let mut rows = vec![Row::beside(
        format!("HTTP decisions with the console open, {CONNECTIONS} connections"),
        "without a console",
        (&with, &without),
        "/s",
        Goal::AtLeast(0.99),
    )];
    rows.extend(first_page);
    Ok(rows)
}

/// Fetches a page at intervals, as a browser does that shows it, while `ask` runs.
fn while_open<T>(page: &str, ask: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let open = scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                fetch(page)?;
                let fetched = Instant::now();
                while fetched.elapsed() < INTERVAL && !ended.load(Ordering::Relaxed) {
                    thread::sleep(Duration::from_millis(10));
                }
            }
            io::Result::Ok(())
        });
        let asked = ask();
        ended.store(true, Ordering::Relaxed);
        open.join().map_err(|_| io::Error::other("the open page panicked"))??;
        asked
    })
}

/// The bytes and the time of the first page, with its stylesheet and script.
fn first_page(setup: &Setup, console: &str) -> io::Result<[Row; 2]> {
    let mut bytes = 0;
    let mut times = Vec::new();
    for _ in 0..setup.of(51, 3) {
        let started = Instant::now();
        let lengths: io::Result<Vec<_>> =
            FIRST_PAGE.iter().map(|path| fetch(&format!("{console}{path}"))).collect();
        times.push(started.elapsed().as_secs_f64() * 1e3);
        bytes = lengths?.iter().sum();
    }
    let row = |what: &str, value: f64, unit, at_most: f64| {
        Row::alone(format!("first page of the console, {what}"), value, unit, Goal::AtMost(at_most))
    };
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let kilobytes = bytes as f64 / 1e3;
    Ok([
        row("with stylesheet and script", kilobytes, "kB", 30.0),
        row("time", median(&times), "ms", 50.0),
    ])
}

/// The length of what is at a URL, not compressed.
fn fetch(url: &str) -> io::Result<usize> {
    let mut answer = ureq::get(url).call().map_err(io::Error::other)?;
    Ok(answer.body_mut().read_to_string().map_err(io::Error::other)?.len())
}
