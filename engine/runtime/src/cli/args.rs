use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Parser, Subcommand, ValueEnum};
use policy_confinement::Mode;
use tracing::level_filters::LevelFilter;

use crate::config::{Flags, Sources};
use crate::policies::{Assignment, Budget, EvaluationLimits, PolicyRef, Settings};
use crate::replay::ServeOptions;

use super::Failure;
use super::percent::Percent;

/// The variable of the log's level.
pub(super) const LOG_VARIABLE: &str = "POLICY_ENGINE_LOG";

/// Evaluates the policies compiled into this binary
#[derive(Debug, Parser)]
#[command(
    name = "policy-engine",
    version,
    arg_required_else_help = true,
    after_help = "Exit status: 0 allowed (or no verdict), 2 denied, 1 failed, 64 invalid command line, \
                  78 invalid configuration"
)]
pub(super) struct Args {
    /// Level of the log on standard error: off, error, warn, info, debug or trace [default: warn,
    /// and info for `serve`]
    #[arg(long, global = true, value_name = "LEVEL", env = LOG_VARIABLE)]
    pub(super) log: Option<LevelFilter>,
    /// Confinement of the policies' code: `enforce`, `warn` (it is told what they try, and does it) or
    /// `off` [default: enforce]
    // Not by clap's `env`: a variable that is empty is as one that is not set.
    #[arg(long, global = true, value_name = "MODE")]
    pub(super) confinement: Option<Mode>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lists the policies in this binary
    List(ListArgs),
    /// Describes one policy
    Describe(DescribeArgs),
    /// Prints the JSON Schema of a policy's input or settings
    Schema(SchemaArgs),
    /// Validates settings without evaluating anything
    Validate(ValidateArgs),
    /// Evaluates a policy on documents
    Eval(EvalArgs),
    /// Runs suites: cases with what is expected of each
    Test(TestArgs),
    /// Measures how long a policy takes to decide
    Bench(BenchArgs),
    /// Makes the decisions of logs once more, and tells what has changed
    Replay(ReplayArgs),
    /// Serves the policies over HTTP
    #[command(after_help = config_help(
        "policy-engine serve --config policies.yaml --set limits.body=1MiB"
    ))]
    Serve(ConfigSourceArgs),
    /// Prints the configuration of `serve` with the source of each setting
    #[command(after_help = config_help(
        "policy-engine config --config policies.yaml --format json"
    ))]
    Config(ConfigArgs),
    /// Prints the versions and the sources that this binary was built from
    Version(VersionArgs),
    /// Prints completions for a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, clap::Args)]
pub(super) struct ListArgs {
    /// Output format: a table for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: TableOrJson,
}

#[derive(Debug, clap::Args)]
pub(super) struct DescribeArgs {
    /// The policy, such as `pod-security` or `pod-security@1`
    #[arg(value_name = "POLICY[@VERSION]")]
    pub(super) policy: PolicyRef,
    /// Output format: text for people, JSON for programs, or the configuration of a webhook for
    /// Kubernetes
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DescribeFormat,
}

#[derive(Debug, clap::Args)]
pub(super) struct SchemaArgs {
    /// The policy, such as `pod-security` or `pod-security@1`
    #[arg(value_name = "POLICY[@VERSION]")]
    pub(super) policy: PolicyRef,
    /// Print the schema of its settings instead of its input
    #[arg(long)]
    pub(super) settings: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ValidateArgs {
    /// The policy that the settings are for [default: every policy, with default settings]
    #[arg(value_name = "POLICY[@VERSION]")]
    pub(super) policy: Option<PolicyRef>,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-engine eval pod-security-restricted --set version=v1.30 pods/*.yaml\n\n\
                        Exit status: 0 all allowed (or no verdict), 2 any denied, 1 any input or policy failed, 64 invalid command line"
)]
pub(super) struct EvalArgs {
    /// The policy, such as `pod-security` or `pod-security@1`
    #[arg(value_name = "POLICY[@VERSION]")]
    pub(super) policy: PolicyRef,
    /// Files of JSON or YAML, of any number of documents each; `-` or none for standard input
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Read folders, too: every file in them that ends in `.yaml`, `.yml` or `.json`
    #[arg(long, short)]
    pub(super) recursive: bool,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Output format: for people or programs, or a report for CI [default: table on a terminal,
    /// else json]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<DecisionFormat>,
    /// A label of the caller, for the policy to see, such as `team=payments`; may be repeated
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    pub(super) labels: Vec<(String, String)>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    /// Maximum size of one file
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20)]
    pub(super) max_bytes: u64,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: policy-engine bench pod-security-baseline pods/*.yaml --compare before.json\n\n\
                        Exit status: 0 measured, 2 slower than the threshold allows, 1 any input or policy failed, 64 invalid command line"
)]
pub(super) struct BenchArgs {
    /// The policy, such as `pod-security` or `pod-security@1`
    #[arg(value_name = "POLICY[@VERSION]")]
    pub(super) policy: PolicyRef,
    /// Files of JSON or YAML, of any number of documents each; `-` or none for standard input
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Time to measure for, such as `500ms`, which all documents share
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(super) time: Duration,
    /// Write the measurements to a file, for `--compare`
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
    /// Compare with the measurements in a file: by instructions where the machine counts them, else
    /// by the median of the time; and by allocations
    #[arg(long, value_name = "FILE")]
    pub(super) compare: Option<PathBuf>,
    /// The rise above these that is tolerated
    #[arg(long, value_name = "PERCENT", default_value = "10%", requires = "compare")]
    pub(super) threshold: Percent,
    /// Output format: a table for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: TableOrJson,
    /// Maximum size of one file
    #[arg(long, value_name = "BYTES", default_value_t = 32 << 20)]
    pub(super) max_bytes: u64,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-engine replay decisions.jsonl --config new.yaml\n\n\
                        Exit status: 0 nothing changes, 2 something does, 1 a log or a part of it could not be read, 64 invalid command line, 78 invalid configuration")]
pub(super) struct ReplayArgs {
    /// Decision logs of this engine or of OPA: JSON lines or arrays, plain or gzip; `-` for standard
    /// input
    #[arg(value_name = "LOG", required = true)]
    pub(super) logs: Vec<PathBuf>,
    /// The configuration to decide by: a file of TOML or YAML, by its name; `POLICY_ENGINE_CONFIG`
    /// names it too [default: every policy, with nothing set]
    #[arg(long = "config", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// Any setting of the configuration, such as `policies.pods.settings.version=v1.30`; may be
    /// repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<Assignment>,
    /// Decide by the valid policies where others are not
    #[arg(long)]
    pub(super) skip_invalid: bool,
    /// Another program to ask in place of this one: a `policy-engine`, or an image with one, by its
    /// archive or reference, which Docker or Podman runs
    #[arg(long, value_name = "PROGRAM|IMAGE")]
    pub(super) against: Option<String>,
    /// Let nothing count as a change but another verdict: not other checks, words or patches
    #[arg(long)]
    pub(super) verdicts_only: bool,
    /// Decisions that are told of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = clap::value_parser!(u16).range(..=1000))]
    pub(super) examples: u16,
    /// Output format: for people or programs, or a report for CI [default: table on a terminal,
    /// else json]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<ReplayFormat>,
}

impl ReplayArgs {
    /// The sources of the configuration, with the environment of this process.
    pub(super) fn sources(&self, confinement: Option<Mode>) -> Sources {
        let Self { skip_invalid, set, .. } = self;
        let (skip_invalid, set) = (*skip_invalid, set.clone());
        let flags = Flags { skip_invalid, confinement, set, ..Flags::default() };
        Sources::from_process(self.file.clone(), flags)
    }

    /// The same for another program.
    pub(super) fn serve_options(&self, confinement: Option<Mode>) -> ServeOptions {
        let text = |set: &Assignment| format!("{}={}", set.path().join("."), set.value());
        let sources = self.sources(confinement);
        ServeOptions {
            file: sources.file().map(|(file, _)| file),
            set: self.set.iter().map(text).collect(),
            skip_invalid: self.skip_invalid,
            confinement,
            variables: sources.variables(),
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-engine test policies --coverage\n\n\
                        Exit status: 0 all passed, 2 any failed or too few checks are covered, 1 any is undecided or cannot be read, 64 invalid command line")]
pub(super) struct TestArgs {
    /// Suites, and folders in which every file that ends in `.suite.yaml`, `.suite.yml` or
    /// `.suite.json` is one; with `--init` files of inputs and folders of them [default: this folder]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Run only the cases whose name contains this text; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Vec<String>,
    /// Print how many cases each check of the policies allows and denies
    #[arg(long)]
    pub(super) coverage: bool,
    /// Exit with 2 where fewer of the checks, in percent, have both
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) min_coverage: Option<u8>,
    /// Number of cases that run at one time [default: one a processor]
    #[arg(long, value_name = "NUMBER")]
    pub(super) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(super) limits: LimitArgs,
    /// Output format: for people or programs, or a report for CI [default: table on a terminal,
    /// else json]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<TestFormat>,
    /// Write a suite of what this policy decides on the files instead
    #[arg(
        long,
        value_name = "POLICY[@VERSION]",
        conflicts_with_all = [
            "filter", "coverage", "min_coverage", "jobs", "format", "timeout", "allocation_budget",
            "cpu_budget"
        ]
    )]
    pub(super) init: Option<PolicyRef>,
    /// With `--init`: the suite to write; `-` for standard output [default: POLICY.suite.yaml in the
    /// first folder]
    #[arg(long, short, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    /// Print the JSON Schema of suites instead, for editors
    #[arg(long, exclusive = true)]
    pub(super) schema: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct ConfigArgs {
    #[command(flatten)]
    pub(super) config: ConfigSourceArgs,
    /// Print the JSON Schema of the configuration file instead, for editors
    #[arg(long, exclusive = true)]
    pub(super) schema: bool,
    /// Output format: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: TextOrJson,
}

#[derive(Debug, clap::Args)]
pub(super) struct ConfigSourceArgs {
    /// The configuration: a file of TOML or YAML, by its name; `POLICY_ENGINE_CONFIG` names it too
    // Not by clap's `env`: a variable that is empty is as one that is not set.
    #[arg(long = "config", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Address to listen on: `127.0.0.1:8181`, `https://0.0.0.0:8443`, `unix:///run/http.sock`; may
    /// be repeated
    #[arg(long, value_name = "ADDRESS")]
    listen: Vec<String>,
    /// Destination of the decision log: `stdout`, a file or the URL of a collector
    #[arg(long, value_name = "TO")]
    decision_log: Option<String>,
    /// Address of the console, such as `127.0.0.1:8383`
    #[arg(long, value_name = "ADDRESS")]
    console: Option<String>,
    /// Serve the valid policies where others are not
    #[arg(long)]
    skip_invalid: bool,
    /// Any setting, such as `limits.body=1MiB` or `policies.pods.settings.version=v1.30`: a dotted
    /// key, and a value that is JSON or else text; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<Assignment>,
}

impl ConfigSourceArgs {
    /// The sources that these flags name, with the environment of this process.
    pub(super) fn sources(self, confinement: Option<Mode>) -> Sources {
        let Self { file, listen, decision_log, console, skip_invalid, set } = self;
        let flags = Flags { listen, decision_log, console, skip_invalid, confinement, set };
        Sources::from_process(file, flags)
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct VersionArgs {
    /// Output format: text for people or JSON for programs
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: TextOrJson,
}

#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct SettingsArgs {
    /// The policy's settings: a file of JSON or YAML
    #[arg(long = "settings", value_name = "FILE")]
    pub(super) file: Option<PathBuf>,
    /// One setting, over the file's: a dotted key, and a value that is JSON or else text; may be
    /// repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) assignments: Vec<Assignment>,
}

/// What one evaluation may take, in the words of the configuration of `serve`.
#[derive(Debug, clap::Args)]
pub(super) struct LimitArgs {
    /// The time that a decision may take
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// The memory that a decision may allocate in all, freed or not, such as `64MiB` [default: any]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    allocation_budget: Option<u64>,
    /// The time that a decision may have of a processor [default: any]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    cpu_budget: Option<Duration>,
}

impl LimitArgs {
    pub(super) fn limits(&self) -> EvaluationLimits {
        let budget = Budget { allocation: self.allocation_budget, cpu: self.cpu_budget };
        EvaluationLimits { timeout: self.timeout, budget }
    }
}

impl SettingsArgs {
    pub(super) fn any(&self) -> bool {
        self.file.is_some() || !self.assignments.is_empty()
    }

    pub(super) fn load(&self) -> Result<Settings, Failure> {
        Settings::load(self.file.as_deref(), &self.assignments)
            .map_err(|error| Failure::with_help(&error, error.help()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TableOrJson {
    Table,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DescribeFormat {
    Text,
    Json,
    Webhook,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ReplayFormat {
    /// For people
    Table,
    /// One object with everything
    Json,
    /// JUnit's XML: a test case for each cell of the matrix
    Junit,
    /// SARIF 2.1.0: a result for each example of a change, with its line in the log
    Sarif,
    /// The Test Anything Protocol, version 14
    Tap,
    /// Annotations in a workflow of GitHub's
    Github,
    /// Tables for a comment or a summary
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DecisionFormat {
    /// A line of JSON a decision
    Json,
    /// The same, laid out
    Pretty,
    /// A row a decision
    Table,
    /// JUnit's XML: a test case a document
    Junit,
    /// SARIF 2.1.0: a result with file, line and column for each violation
    Sarif,
    /// The Test Anything Protocol, version 14
    Tap,
    /// Annotations in a workflow of GitHub's
    Github,
    /// A table for a comment or a summary
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TestFormat {
    /// A line of JSON a case
    Json,
    /// A row a suite, and a diff of each case that failed
    Table,
    /// JUnit's XML: a test case a case
    Junit,
    /// SARIF 2.1.0: a result with file, line and column for each difference
    Sarif,
    /// The Test Anything Protocol, version 14
    Tap,
    /// Annotations in a workflow of GitHub's
    Github,
    /// A table for a comment or a summary
    Markdown,
}

fn config_help(example: &str) -> String {
    format!(
        "Precedence, highest first: these flags, the environment (`limits.body` is \
         POLICY_ENGINE_LIMITS_BODY), the file, the defaults.\n\n\
         Example: {example}\n\n\
         Exit status: 78 invalid configuration, 1 failed, 64 invalid command line"
    )
}

fn bytes(text: &str) -> Result<u64, String> {
    let size = text.parse::<ByteSize>().map(|size| size.as_u64());
    size.map_err(|_| "expected a number of bytes such as `64MiB`".to_owned())
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| format!("`{text}` has no `=`: write `KEY=VALUE`"))?;
    Ok((key.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
