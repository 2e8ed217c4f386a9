//! The list of documented commands, a file for each group of documents. A command that several
//! groups show is listed with one of them.

use std::collections::BTreeSet;

use super::coverage::{Coverage, Listed};
use crate::support::{root, shown_commands};

/// Those for contributors.
mod contributing;
/// What explains.
mod explanation;
/// Pages for one task each.
mod how_to;
/// The page that everybody sees first.
mod readme;
/// What is looked up.
mod reference;
/// What is followed from the beginning to the end.
pub(super) mod tutorials;

/// Every command of the documents.
pub(super) fn commands() -> impl Iterator<Item = Listed> {
    let groups = [
        readme::COMMANDS,
        tutorials::COMMANDS,
        how_to::COMMANDS,
        reference::COMMANDS,
        explanation::COMMANDS,
        contributing::COMMANDS,
    ];
    groups.into_iter().flatten().copied()
}

/// The lists have every documented command and no other.
#[test]
fn every_documented_command_is_run_or_has_a_reason_not_to_be() {
    let listed: BTreeSet<_> = commands().map(|(command, _)| command.to_owned()).collect();
    let shown = shown_commands();
    let new: Vec<_> = shown.iter().filter(|shown| !listed.contains(&shown.command)).collect();
    assert!(new.is_empty(), "say in tests/builder/documents/listed what runs {new:#?}");
    for (command, coverage) in commands() {
        match coverage {
            Coverage::By(file) => {
                assert!(root().join("tests").join(file).is_file(), "{command}: {file}");
            }
            Coverage::Not(reason, like) => {
                assert!(!reason.is_empty() && !like.is_empty(), "{command}");
            }
            Coverage::In(_) => {}
        }
    }
    let shown: BTreeSet<_> = shown.into_iter().map(|shown| shown.command).collect();
    let gone: Vec<_> = listed.difference(&shown).collect();
    assert!(gone.is_empty(), "no document shows any more what is listed: {gone:#?}");
}
