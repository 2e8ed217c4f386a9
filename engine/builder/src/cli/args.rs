//! The subcommands.

use clap::{Parser, Subcommand};

use super::add::Add;
use super::base::Base;
use super::build::Build;
use super::builder_image::BuilderImage;
use super::completions::Completions;
use super::diff::Diff;
use super::discover::Discover;
use super::engine_archive::EngineArchive;
use super::generate::Generate;
use super::image::Image;
use super::index::Index;
use super::inspect::Inspect;
use super::label::Label;
use super::lock::Lock;
use super::man::Man;
use super::new::New;
use super::pack::Pack;
use super::push::Push;
use super::run::Run;
use super::setup::Setup;
use super::sign::Sign;
use super::verify::Verify;
use super::version::Version;
use super::vet::Vet;
use super::watch::Watch;

/// Builds one static binary, and a small image, from a folder of Rust policy crates
#[derive(Debug, Parser)]
#[command(
    name = "policy-builder",
    version,
    arg_required_else_help = true,
    after_help = "Example: policy-builder image --policies ./policies --output policy-engine.tar"
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Starts a policies folder, with one policy and its test
    New(New),
    /// Adds a policy crate to a policies folder
    Add(Add),
    /// Has Cargo take `policy-api` from this program in a fresh clone: for tests and editors
    Setup(Setup),
    /// Shows the policy crates of a folder
    Discover(Discover),
    /// Generates the Cargo workspace that links the policies, with a complete lock
    Generate(Generate),
    /// Finds forbidden capabilities: file, network and process access, unsafe code
    Vet(Vet),
    /// Compiles the policies into one static binary
    Build(Build),
    /// Compiles the policies and packs the binary as an OCI image
    Image(Image),
    /// Packs a binary that another tool compiled from a laid-out workspace
    Pack(Pack),
    /// Pushes an image to registries, without a container engine
    Push(Push),
    /// Signs an image and what is attached to it, with a key
    Sign(Sign),
    /// Adds the labels to a Docker image archive, from standard input to standard output
    Label(Label),
    /// Writes the files that every image has beside its binary
    Base(Base),
    /// Joins the images of several platforms into one
    Index(Index),
    /// Writes `policies.lock`: one version of every package that the program is made of
    Lock(Lock),
    /// Shows what an image holds: its policies, bill of materials, provenance and signatures
    Inspect(Inspect),
    /// Compares two images, their policies first
    Diff(Diff),
    /// Rebuilds an image from its sources and compares the digests, or checks its signatures
    Verify(Verify),
    /// Prints completions for a shell
    Completions(Completions),
    /// Packs the builder itself, with a compiler and the engine's sources, as an image
    BuilderImage(BuilderImage),
    /// Serves the policies during development: compiles each save and switches to it
    Watch(Watch),
    /// Compiles the policies quickly, for this machine, and runs the program
    Run(Run),
    /// Shows the versions of this program and of the engine in it
    Version(Version),
    /// Writes the embedded sources of the engine, for the package that is published
    #[command(hide = true)]
    EngineArchive(EngineArchive),
    /// Writes man pages, for packages
    #[command(hide = true)]
    Man(Man),
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn command_line_is_consistent() {
        Args::command().debug_assert();
    }

    /// The command in an example, without what a shell makes of the rest.
    fn example(command: &clap::Command) -> Option<Vec<String>> {
        let help = command.get_after_help()?.to_string();
        let (_, example) = help.rsplit_once("Example: ")?;
        let words = example.split_whitespace();
        let from = words.skip_while(|word| *word != "policy-builder");
        let until = from.take_while(|word| !["&&", "|", ">"].contains(word));
        Some(until.map(str::to_owned).collect())
    }

    #[test]
    fn every_command_has_a_valid_example() {
        let args = Args::command();
        for command in args.get_subcommands().chain([&args]) {
            let Some(example) = example(command) else { panic!("{command} has no example") };
            let name = command.get_name();
            assert!(name == "policy-builder" || example[1] == name, "{name}: {example:?}");
            let parsed = Args::try_parse_from(&example);
            assert!(parsed.is_ok(), "{example:?}: {}", parsed.unwrap_err());
        }
    }

    #[test]
    fn every_command_with_a_result_has_formats() {
        // What these print is for programs only, or is what they do.
        let others = ["label", "completions", "man", "watch", "run"];
        for command in Args::command().get_subcommands() {
            let name = command.get_name();
            let format = command.get_arguments().find(|argument| argument.get_id() == "format");
            let Some(format) = format else {
                assert!(others.contains(&name), "{name} has no --format");
                continue;
            };
            let formats: Vec<_> = format.get_possible_values();
            let formats: Vec<_> =
                formats.iter().map(clap::builder::PossibleValue::get_name).collect();
            let reports: &[&str] = match name {
                "vet" => &["junit", "sarif", "tap", "github", "markdown"],
                _ => &[],
            };
            assert_eq!(formats, [&["text", "json"], reports].concat(), "{name}");
            assert_eq!(format.get_default_values(), ["text"], "{name}");
        }
    }

    #[test]
    fn every_argument_has_help() {
        for command in Args::command().get_subcommands() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty() && !help.ends_with('.'), "{command} {argument}: {help}");
            }
        }
    }
}
