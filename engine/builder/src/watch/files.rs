use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Event, WatchError};
use crate::steps::engine::Engine;
use policy_host::tree::is_target_folder;

/// The time without a save after which a build starts: editors and Git write several files in a
/// row.
pub(super) const PAUSE: Duration = Duration::from_millis(30);
/// The longest time between the first save and the build.
pub(super) const LONGEST: Duration = Duration::from_secs(1);

/// Tells each change of a policies folder, and of the engine's sources unless they are embedded,
/// until it is dropped.
pub(super) fn watch(
    policies: &Path,
    engine: &Engine,
    events: Sender<Event>,
) -> Result<RecommendedWatcher, WatchError> {
    let mistake = |path: &Path, reason: String| WatchError::Files { path: path.to_owned(), reason };
    // As the system names it in what it tells, whatever the user calls it.
    let policies = policies.canonicalize().map_err(|error| mistake(policies, error.to_string()))?;
    let roots: Vec<_> = [policies].into_iter().chain(edited(engine)).collect();
    let shown = roots.clone();
    let tell = move |event: notify::Result<notify::Event>| {
        for saved in saved(event, &shown) {
            // Once nobody listens there is nothing to tell.
            let _ = events.send(Event::Saved(saved));
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

/// The folders of the engine that somebody may edit.
fn edited(engine: &Engine) -> Vec<PathBuf> {
    let folders = engine.crates().map(|(_, manifest)| manifest.folder().to_owned());
    folders.filter(|_| !engine.is_embedded).collect()
}

/// The saved files, as they are to be shown. Where the system lost count of them, or cannot tell,
/// it may be anything.
fn saved(event: notify::Result<notify::Event>, roots: &[PathBuf]) -> Vec<String> {
    match event {
        Ok(event) if event.need_rescan() => vec!["many files".to_owned()],
        Ok(event) if matches!(event.kind, EventKind::Access(_)) => Vec::new(),
        Ok(event) => {
            let paths = event.paths.iter().filter_map(|path| inside(path, roots));
            paths.map(|path| path.display().to_string()).collect()
        }
        Err(error) => vec![format!("something that cannot be watched ({error})")],
    }
}

/// A path inside of one of the folders, unless it is of no interest: Git's and other hidden files,
/// what Cargo makes, and what editors write beside a file.
fn inside<'a>(path: &'a Path, roots: &[PathBuf]) -> Option<&'a Path> {
    let inside = roots.iter().find_map(|root| path.strip_prefix(root).ok())?;
    if path.ancestors().take(inside.components().count()).any(is_target_folder) {
        return None;
    }
    let is_noise = inside.components().enumerate().any(|(depth, part)| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with(['.', '#'])
            // At the top of the folder or of a crate, even where it has just been removed.
            || depth < 2 && name == "target"
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
    fn only_source_files_trigger_a_build() {
        let roots = [PathBuf::from("/p"), PathBuf::from("/engine/api")];
        let told = |path: &str| inside(Path::new(path), &roots).map(Path::to_owned);
        for path in ["/p/hours/src/lib.rs", "/p/Cargo.lock", "/p/new", "/p/a/src/target/mod.rs"] {
            assert_eq!(told(path).as_deref(), Path::new(path).strip_prefix("/p").ok());
        }
        assert!(told("/engine/api/src/lib.rs").is_some());
        for path in [
            "/p/.git/index",
            "/p/hours/target/debug/x",
            "/p/target/debug/x",
            "/p/hours/src/.lib.rs.swp",
            "/p/hours/src/lib.rs~",
            "/p/hours/src/#lib.rs#",
            "/p/hours/src/4913",
            "/elsewhere/lib.rs",
        ] {
            assert_eq!(told(path), None, "{path}");
        }
    }

    #[test]
    fn what_cargo_makes_in_a_nested_crate_triggers_no_build() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("hours/nested/target");
        std::fs::create_dir_all(target.join("debug")).unwrap();
        let (file, roots) = (target.join("debug/x"), [folder.path().to_owned()]);
        assert!(inside(&file, &roots).is_some());
        std::fs::write(target.join("CACHEDIR.TAG"), "").unwrap();
        assert_eq!(inside(&file, &roots), None);
    }

    #[test]
    fn embedded_sources_are_not_watched() {
        let engine = Engine::locate(Some(Path::new("../.."))).unwrap();
        assert_eq!(edited(&engine).len(), 7);
        assert!(edited(&Engine { is_embedded: true, ..engine }).is_empty());
    }

    #[test]
    fn lost_file_events_count_as_a_change() {
        let lost = notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        assert_eq!(saved(Ok(lost), &[]), ["many files"]);
        let error = notify::Error::generic("too many");
        assert_eq!(saved(Err(error), &[]), ["something that cannot be watched (too many)"]);
        let read = EventKind::Access(notify::event::AccessKind::Read);
        let read = notify::Event::new(read).add_path("/p/lib.rs".into());
        assert!(saved(Ok(read), &[PathBuf::from("/p")]).is_empty());
    }
}
