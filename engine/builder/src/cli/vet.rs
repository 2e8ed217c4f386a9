use std::path::PathBuf;

use clap::ValueEnum;
use policy_report::Report;

use super::Failure;
use super::format::Format;
use super::options::{FeaturesArg, Inputs, LockedArg, VetArgs};
use crate::steps::compile::Profile;
use crate::steps::vet::VetError;
use crate::steps::{Build, BuildOptions, TargetChoice};
use policy_host::progress::Progress;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example: policy-builder vet --policies ./policies --format json")]
pub(super) struct Vet {
    #[command(flatten)]
    inputs: Inputs,
    /// The target triple that the policies will be compiled for [default: as `build` chooses it]
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// The folder to work in and to cache results in [default: `policy-builder` in Cargo's target
    /// folder, or in the user's cache where the engine's sources are this program's own]
    #[arg(long, value_name = "DIR")]
    work_dir: Option<PathBuf>,
    #[command(flatten)]
    locked: LockedArg,
    #[command(flatten)]
    features: FeaturesArg,
    #[command(flatten)]
    how: VetArgs,
    /// The format of the output: text for people, JSON for programs, or a report for CI
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: VetFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VetFormat {
    // For people.
    Text,
    // For programs.
    Json,
    // JUnit's XML.
    Junit,
    // SARIF 2.1.0.
    Sarif,
    // The Test Anything Protocol, version 14.
    Tap,
    // Annotations in a workflow of GitHub's.
    Github,
    // A table for a comment or a summary.
    Markdown,
}

impl Vet {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let progress = Progress::new();
        let options = BuildOptions {
            policies: &self.inputs.policies,
            engine: self.inputs.engine.as_deref(),
            engine_features: &self.features.engine_features,
            targets: TargetChoice::Triple(self.target.as_deref()),
            revision: None,
            work_dir: self.work_dir.as_deref(),
            profile: Profile::Release,
            locked: self.locked.locked(),
            vet: Some(self.how.options()),
        };
        let outcomes = Build::new(&options, &progress)?.vet()?;
        let Some(outcome) = outcomes.first() else { return Ok(()) };
        progress.finish();
        if self.format == VetFormat::Text {
            for note in outcome.notes() {
                progress.line(&format!("note: {note}"));
            }
        }
        let report = |format| print_report(&outcome.report(), format);
        match self.format {
            VetFormat::Text => Format::Text.print(&outcome.json(), || outcome.text()),
            VetFormat::Json => Format::Json.print(&outcome.json(), || outcome.text()),
            VetFormat::Junit => report(policy_report::Format::JUnit),
            VetFormat::Sarif => report(policy_report::Format::Sarif),
            VetFormat::Tap => report(policy_report::Format::Tap),
            VetFormat::Github => report(policy_report::Format::GitHub),
            VetFormat::Markdown => report(policy_report::Format::Markdown),
        }?;
        if outcome.passes() { Ok(()) } else { Err(VetError::Found(outcome.sentence()).into()) }
    }
}

fn print_report(report: &Report, format: policy_report::Format) -> Result<(), Failure> {
    let mut printed = Vec::new();
    report.write(format, &mut printed).map_err(Failure::Print)?;
    super::print_document(&printed)
}
