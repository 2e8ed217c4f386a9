use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::measure::Measured;
use crate::cli::percent::Percent;

/// What was measured of a policy, as it is printed and saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Measurements {
    pub(super) policy: String,
    pub(super) version: String,
    pub(super) documents: Vec<Measured>,
}

/// An error about a file of measurements.
#[derive(Debug, thiserror::Error)]
pub(super) enum SavedError {
    #[error("failed to read the measurements in `{}`: {error}", file.display())]
    Read { file: PathBuf, error: std::io::Error },
    #[error(
        "failed to read the measurements in `{}`: {reason}\nhelp: write them with `--save`",
        file.display()
    )]
    Format { file: PathBuf, reason: String },
    #[error(
        "the measurements in `{}` are of the policy `{found}`: expected those of `{wanted}`",
        file.display()
    )]
    OtherPolicy { file: PathBuf, found: String, wanted: String },
    #[error("failed to write the measurements to `{}`: {error}", file.display())]
    Write { file: PathBuf, error: std::io::Error },
}

impl Measurements {
    /// Reads those that `--save` wrote.
    pub(super) fn load(file: &Path, policy: &str) -> Result<Self, SavedError> {
        let bytes =
            fs::read(file).map_err(|error| SavedError::Read { file: file.to_owned(), error })?;
        let saved: Self = serde_json::from_slice(&bytes).map_err(|error| SavedError::Format {
            file: file.to_owned(),
            reason: error.to_string(),
        })?;
        if saved.policy == policy {
            return Ok(saved);
        }
        Err(SavedError::OtherPolicy {
            file: file.to_owned(),
            found: saved.policy,
            wanted: policy.to_owned(),
        })
    }

    /// Writes them, all or nothing.
    pub(super) fn save(&self, file: &Path) -> Result<(), SavedError> {
        let error = |error| SavedError::Write { file: file.to_owned(), error };
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|failed| error(failed.into()))?;
        bytes.push(b'\n');
        let mut unfinished = file.as_os_str().to_owned();
        unfinished.push(".unfinished");
        let unfinished = PathBuf::from(unfinished);
        let written = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, file));
        written.map_err(|failed| {
            let _ = fs::remove_file(&unfinished);
            error(failed)
        })
    }

    /// What takes more than before, by more than is tolerated: a sentence for each.
    ///
    /// Instructions are compared where both counted them, else the median of the time; and
    /// allocations.
    pub(super) fn compare(&self, before: &Self, tolerated: Percent) -> Vec<String> {
        let mut slower = Vec::new();
        for now in &self.documents {
            let Some(before) = before.documents.iter().find(|one| one.input == now.input) else {
                continue;
            };
            let (unit, then, new) = match (before.instructions, now.instructions) {
                (Some(then), Some(new)) => ("instructions", number(then), number(new)),
                _ => ("ns", before.nanoseconds.p50, now.nanoseconds.p50),
            };
            let allocations = before.allocations.zip(now.allocations);
            let allocations =
                allocations.map(|(then, new)| ("allocations", number(then), number(new)));
            for (unit, then, new) in [(unit, then, new)].into_iter().chain(allocations) {
                if new > tolerated.above(then) {
                    slower.push(format!(
                        "{}: a decision takes {new} {unit}, and took {then} before: more than \
                         {tolerated} above",
                        now.input
                    ));
                }
            }
        }
        slower
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts that far")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::super::measure::Percentiles;
    use super::*;

    fn measured(p50: f64, allocations: u64, instructions: Option<u64>) -> Measurements {
        let document = Measured {
            input: "a.yaml document 1".to_owned(),
            decisions: 7,
            decisions_per_sample: 1,
            nanoseconds: Percentiles { p50, p90: p50, p99: p50, max: p50 },
            cpu_nanoseconds: Some(p50),
            allocations: Some(allocations),
            allocated_bytes: Some(64),
            instructions,
        };
        let version = "1.0.0".to_owned();
        Measurements { policy: "pods".to_owned(), version, documents: vec![document] }
    }

    #[test]
    fn what_takes_more_than_is_tolerated_is_named() {
        let tolerated: Percent = "10%".parse().unwrap();
        let before = measured(100.0, 5, None);
        assert_eq!(measured(110.0, 5, None).compare(&before, tolerated), [""; 0]);
        assert_eq!(
            measured(111.0, 6, Some(1)).compare(&before, tolerated),
            [
                "a.yaml document 1: a decision takes 111 ns, and took 100 before: more than 10% \
                 above",
                "a.yaml document 1: a decision takes 6 allocations, and took 5 before: more than \
                 10% above",
            ]
        );
        // Time says nothing where instructions do.
        let counted = measured(100.0, 5, Some(1000));
        assert_eq!(measured(900.0, 5, Some(1000)).compare(&counted, tolerated), [""; 0]);
        assert_eq!(measured(9.0, 5, Some(2000)).compare(&counted, tolerated).len(), 1);
        let none = Measurements { documents: Vec::new(), ..before };
        assert_eq!(measured(900.0, 5, None).compare(&none, tolerated), [""; 0]);
    }

    #[test]
    fn saved_measurements_are_read_again_for_the_same_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pods.json");
        let measurements = measured(100.5, 5, Some(7));
        measurements.save(&file).unwrap();
        assert_eq!(Measurements::load(&file, "pods").unwrap(), measurements);
        let shown =
            |error: SavedError| error.to_string().replace(&folder.path().display().to_string(), "");
        assert_eq!(
            shown(Measurements::load(&file, "images").unwrap_err()),
            "the measurements in `/pods.json` are of the policy `pods`: expected those of `images`"
        );
        fs::write(&file, "{}").unwrap();
        assert_eq!(
            shown(Measurements::load(&file, "pods").unwrap_err()),
            "failed to read the measurements in `/pods.json`: missing field `policy` at line 1 \
             column 2\nhelp: write them with `--save`"
        );
        let nowhere = folder.path().join("no/such.json");
        assert_eq!(
            shown(measurements.save(&nowhere).unwrap_err()),
            "failed to write the measurements to `/no/such.json`: No such file or directory (os \
             error 2)"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
