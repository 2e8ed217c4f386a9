use super::coverage::{Coverage, Scene};
use super::listed;
use crate::support::{Shown, shown_commands};

/// The commands of a scene, as they are run.
pub(super) struct Script {
    left: Vec<String>,
}

impl Script {
    pub(super) fn new(scene: Scene) -> Self {
        let is_in = |shown: &Shown| {
            listed::commands().any(|(command, coverage)| {
                command == shown.command && matches!(coverage, Coverage::In(its) if its == scene)
            })
        };
        let mut left = Vec::<String>::new();
        for shown in shown_commands().into_iter().filter(is_in) {
            // Some stand in several places.
            if !left.contains(&shown.command) {
                left.push(shown.command);
            }
        }
        Self { left }
    }

    /// The command that begins so, which is now run.
    pub(super) fn takes(&mut self, beginning: &str) -> String {
        let place = self.left.iter().position(|command| command.starts_with(beginning));
        let place = place.unwrap_or_else(|| panic!("no `{beginning}…` in {:#?}", self.left));
        self.left.remove(place)
    }

    /// Makes sure that all of them were.
    pub(super) fn ends(self) {
        assert!(self.left.is_empty(), "not run: {:#?}", self.left);
    }
}
