use std::hint::black_box;
use std::io::{self, BufRead, Write};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::Cases;

/// Something that decides.
pub trait Subject: Clone + Send {
    /// Decides one question, appends the answer to `output` as JSON, and gives the verdict.
    ///
    /// # Errors
    /// No answer: the measuring ends there.
    fn decide(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<bool, String>;
}

/// One line of the driver: how often, and on how many threads at once, all cases are decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Times that each thread decides all cases.
    pub rounds: u32,
    /// Threads that do so at once.
    pub threads: usize,
}

impl Order {
    /// Parses a line `ROUNDS THREADS`.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (rounds, threads) = line.trim().split_once(' ')?;
        Some(Self { rounds: rounds.parse().ok()?, threads: threads.parse().ok()? })
    }
}

/// Speaks the protocol on standard input and output: first the verdicts, `[true,false,…]`, then
/// for each [`Order`] the nanoseconds that it took.
///
/// # Errors
/// A driver that went away, lines that are no orders, and questions without an answer.
pub fn answer<S: Subject>(cases: &Cases, subject: &S) -> io::Result<()> {
    let mut output = Vec::new();
    let mut verdicts = Vec::new();
    let mut first = subject.clone();
    for case in &cases.cases {
        output.clear();
        let verdict = first.decide(case.input.get().as_bytes(), &mut output);
        verdicts.push(verdict.map_err(io::Error::other)?);
    }
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&verdicts)?)?;
    stdout.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let order = Order::parse(&line)
            .ok_or_else(|| io::Error::other(format!("`{line}`: expected `ROUNDS THREADS`")))?;
        writeln!(stdout, "{}", run(order, cases, subject)?.as_nanos())?;
        stdout.flush()?;
    }
    Ok(())
}

/// The time from when the first thread begins until the last one is done, by their own clocks: this
/// thread may be woken late.
fn run<S: Subject>(order: Order, cases: &Cases, subject: &S) -> io::Result<Duration> {
    let ready = Barrier::new(order.threads);
    let times: Vec<(Instant, Instant)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..order.threads)
            .map(|_| {
                let mut subject = subject.clone();
                let ready = &ready;
                scope.spawn(move || {
                    ready.wait();
                    let start = Instant::now();
                    decide_all(order.rounds, cases, &mut subject)?;
                    Ok((start, Instant::now()))
                })
            })
            .collect();
        let times = threads.into_iter().map(|thread| {
            thread.join().unwrap_or_else(|_| Err(io::Error::other("a thread panicked")))
        });
        times.collect::<io::Result<_>>()
    })?;
    let start = times.iter().map(|(start, _)| *start).min();
    let end = times.iter().map(|(_, end)| *end).max();
    let took = start.zip(end).map(|(start, end)| end - start);
    took.ok_or_else(|| io::Error::other("expected a thread at least"))
}

fn decide_all<S: Subject>(rounds: u32, cases: &Cases, subject: &mut S) -> io::Result<()> {
    let mut output = Vec::new();
    for _ in 0..rounds {
        for case in &cases.cases {
            output.clear();
            let verdict = subject.decide(black_box(case.input.get().as_bytes()), &mut output);
            black_box(verdict.map_err(io::Error::other)?);
            black_box(&output);
        }
    }
    Ok(())
}
