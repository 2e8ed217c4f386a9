use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Event, WatchError};

/// How long nothing may be saved until what was saved is built: editors and Git write several files
/// in a row.
pub(super) const PAUSE: Duration = Duration::from_millis(30);

/// Tells each change of a policies folder, and of the engine's sources, until it is dropped.
pub(super) fn watch(
    policies: &Path,
    engine: &Path,
    events: Sender<Event>,
) -> Result<RecommendedWatcher, WatchError> {
    let mistake = |path: &Path, reason: String| WatchError::Files { path: path.to_owned(), reason };
    // As the system names it in what it tells, whatever the user calls it.
    let policies = policies.canonicalize().map_err(|error| mistake(policies, error.to_string()))?;
    let mut roots = vec![policies];
    roots.extend(["engine/api", "engine/runtime"].map(|folder| engine.join(folder)));
    let shown = roots.clone();
    let tell = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else { return };
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        for path in event.paths {
            if let Some(inside) = inside(&path, &shown) {
                // Once nobody listens there is nothing to tell.
                let _ = events.send(Event::Saved(inside.display().to_string()));
            }
        }
    };
    let mut watcher = notify::recommended_watcher(tell)
        .map_err(|error| mistake(Path::new("."), error.to_string()))?;
    for root in &roots {
        watcher
            .watch(root, RecursiveMode::Recursive)
            .map_err(|error| mistake(root, error.to_string()))?;
    }
    Ok(watcher)
}

/// A path inside of one of the folders, unless it is of no interest: Git's and other hidden files,
/// what Cargo makes, and what editors write beside a file.
fn inside<'a>(path: &'a Path, roots: &[PathBuf]) -> Option<&'a Path> {
    let inside = roots.iter().find_map(|root| path.strip_prefix(root).ok())?;
    let is_noise = inside.components().any(|part| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with(['.', '#'])
            || name == "target"
            || name.ends_with('~')
            || [".swp", ".swx", ".tmp", ".bak"].iter().any(|end| name.ends_with(end))
            // Vim finds out by it whether it may write.
            || name == "4913"
    });
    (!is_noise).then_some(inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_are_of_interest() {
        let roots = [PathBuf::from("/p"), PathBuf::from("/engine/api")];
        let told = |path: &str| inside(Path::new(path), &roots).map(Path::to_owned);
        for path in ["/p/hours/src/lib.rs", "/p/Cargo.lock", "/p/new", "/p/a/src/words.txt"] {
            assert_eq!(told(path).as_deref(), Path::new(path).strip_prefix("/p").ok());
        }
        assert!(told("/engine/api/src/lib.rs").is_some());
        for path in [
            "/p/.git/index",
            "/p/hours/target/debug/x",
            "/p/hours/src/.lib.rs.swp",
            "/p/hours/src/lib.rs~",
            "/p/hours/src/#lib.rs#",
            "/p/hours/src/4913",
            "/elsewhere/lib.rs",
        ] {
            assert_eq!(told(path), None, "{path}");
        }
    }
}
