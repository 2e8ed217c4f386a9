//! Measures the engine and its builder beside what people would use instead.
//!
//! ```sh
//! cargo benchmarks                 # everything: results.json, the plots, the table and the figures
//! cargo benchmarks http start      # these groups again; the others' results stay
//! cargo benchmarks --quick         # whether it all still works; writes nothing
//! cargo benchmarks counts          # instructions per decision, against those kept here
//! cargo benchmarks durations       # the slowest tests
//! ```
//!
//! Every figure is a ratio of two things that were measured in turns in the same run, or a time or
//! a size that has a bound of its own. What a peer needs is installed below the target folder, in
//! a version that is named here; one that cannot be had is skipped, in words.

mod builds;
mod cold;
mod confinement;
mod console;
mod counts;
mod decisions;
mod durations;
mod edits;
mod figures;
mod folders;
mod groups;
mod http;
mod latency;
mod libc;
mod load;
mod paths;
mod plots;
mod process;
mod programs;
mod replay;
mod report;
mod rest;
mod results;
mod rounds;
mod servers;
mod setup;
mod shadow;
mod start;
mod suites;
mod table;
mod tools;
mod watch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use groups::Group;
use results::Results;
use rounds::Effort;
use setup::Setup;

#[derive(Parser)]
#[command(about = "Measures policy-engine beside what people would use instead")]
struct Arguments {
    /// Only these groups; all of them by default
    #[arg(value_enum)]
    groups: Vec<Group>,
    /// One short round of what needs no long installation, to see that it works; writes nothing
    #[arg(long)]
    quick: bool,
    /// Folder in which policies are built [default: `benchmarks/work` in the target folder]
    #[arg(long, value_name = "DIR", global = true)]
    work_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Counts instructions per decision and compares them with those that are kept here
    Counts {
        /// Keeps them instead
        #[arg(long)]
        record: bool,
    },
    /// Runs the workspace's tests one at a time and prints the slowest
    Durations {
        /// Arguments of `cargo test`, such as `--test engine`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Writes plots, table and figures again from results that are there
    Render,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Counts { record }) => counts::run(record),
        Some(Command::Durations { arguments }) => durations::run(&arguments),
        Some(Command::Render) => Results::read().and_then(|results| render(&results)),
        None => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> io::Result<()> {
    let effort = if arguments.quick { Effort::Quick } else { Effort::Full };
    let work = arguments.work_dir.clone().unwrap_or_else(|| paths::target().join("work"));
    let machine = results::Machine::of_this();
    for group in Group::ALL {
        if arguments.groups.is_empty() && effort == Effort::Quick && !group.is_quick() {
            say(&format!("== {group} is not part of a quick run"));
            continue;
        }
        if !arguments.groups.is_empty() && !arguments.groups.contains(&group) {
            continue;
        }
        say(&format!("== {group}"));
        let rows = group.measure(&Setup::new(effort, &work)?)?;
        say(&table::from_rows(&rows));
        if effort == Effort::Full {
            let mut results = Results::read()?;
            results.replace(group, &machine, rows);
            results.write()?;
            render(&results)?;
        }
    }
    Ok(())
}

fn render(results: &Results) -> io::Result<()> {
    plots::write(results)?;
    table::write(results)?;
    figures::write(results)
}

/// To the person who waits for it; where standard error is closed, nobody does.
fn say(message: &str) {
    let _ = io::stderr().write_all(format!("{message}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    /// The documents show the measured results.
    #[test]
    fn documents_show_the_recorded_results() {
        let results = super::Results::read().unwrap();
        let page = std::fs::read_to_string(super::paths::own("README.md")).unwrap();
        let rendered = super::table::in_text(&page, &results).unwrap();
        assert!(page == rendered, "run `cargo benchmarks render`");
        let readme = std::fs::read_to_string(super::paths::readme()).unwrap();
        let rendered = super::figures::in_text(&readme, &results).unwrap();
        assert!(readme == rendered, "run `cargo benchmarks render`");
    }
}
