//! Imports within each crate, which go one way (see CONTRIBUTING.md).
//!
//! A name counts as imported from the file that defines it, however many `mod.rs` pass it on.

/// The names that files import, found by reading them.
mod reader;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::support::root;
use reader::Imports;

#[test]
fn no_file_and_no_folder_imports_what_imports_it() {
    let mut report = String::new();
    for folder in ["engine", "policies"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.join("Cargo.toml").is_file() {
                report += &circles(root(), &path.join("src"));
            }
        }
    }
    assert!(report.is_empty(), "imports go in circles:\n{report}");
}

#[test]
fn circles_are_found_and_re_exports_are_none() {
    let temporary = tempfile::tempdir().unwrap();
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod family; mod x; mod y; pub use a::A;"),
        // A circle of files, by `use` and by a path in code.
        ("a.rs", "use super::b::{self, B}; pub struct A(B); pub fn new() -> A { b::new() }"),
        ("b.rs", "pub struct B; pub(in crate::a) fn new() -> B { crate::A::take() }"),
        // One of a module that runs its child, which returns the module's error.
        ("c/mod.rs", "mod child; pub struct Error; fn run() -> Result<(), Error> { child::run() }"),
        ("c/child.rs", "pub fn run() -> Result<(), super::Error> { Ok(()) }"),
        // One of folders, of which no file is in a circle: by a re-export, a glob and a macro.
        ("x/mod.rs", "mod p; mod q; pub(crate) use self::q::Q;"),
        ("x/p.rs", "fn f() { use crate::y::R as Renamed; Renamed; }"),
        ("x/q.rs", "use crate::y::other_crate::C; pub struct Q;"),
        ("y/mod.rs", "mod r; mod s; pub use other_crate; pub use self::r::*; use self::s::S;"),
        ("y/r.rs", "pub struct R;"),
        ("y/s.rs", "pub struct S; fn f() { vec![crate::x::Q]; }"),
        // None: one child imports another by their parent, and only a test imports back.
        ("family/mod.rs", "mod older; mod younger; pub use self::{older::Older, younger::*};"),
        (
            "family/older.rs",
            "pub struct Older; #[cfg(test)] mod tests { use super::super::younger::Younger; }",
        ),
        ("family/younger.rs", "use super::Older; pub struct Younger(Older);"),
    ];
    for (name, text) in files {
        let file = temporary.path().join("src").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    assert_eq!(
        circles(temporary.path(), &temporary.path().join("src")),
        "\
src/a.rs -> src/b.rs -> src/a.rs
    src/a.rs imports `B`, `new` from src/b.rs
    src/b.rs imports `A` from src/a.rs
src/c/child.rs -> src/c/mod.rs -> src/c/child.rs
    src/c/child.rs imports `Error` from src/c/mod.rs
    src/c/mod.rs imports `run` from src/c/child.rs
src/x/ -> src/y/ -> src/x/
    src/x/ imports `R` from src/y/
    src/y/ imports `Q` from src/x/
"
    );
}

/// The circles of one crate, a paragraph each; paths are relative to `base`.
fn circles(base: &Path, src: &Path) -> String {
    let mut found = String::new();
    let roots = ["lib.rs", "main.rs"].map(|name| src.join(name));
    assert!(roots.iter().any(|root| root.is_file()), "{}: no crate is there", src.display());
    for root in roots.iter().filter(|root| root.is_file()) {
        let between_files = reader::imports(base, root);
        describe(&between_files, |_| true, &mut found);
        // Of files alone, a circle is told above.
        let of_folders = |circle: &[String]| circle.iter().any(|name| name.ends_with('/'));
        describe(&between_siblings(&between_files), of_folders, &mut found);
    }
    found
}

/// Imports between the entries of each folder, a subfolder's files counting as the subfolder.
fn between_siblings(files: &Imports) -> Imports {
    let mut siblings = Imports::new();
    for ((from, to), names) in files {
        let [from, to] = [from, to].map(|file| file.split_inclusive('/').collect::<Vec<_>>());
        let depth = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        // A folder's own file is the folder, not an entry beside the others.
        let is_own = |entry: &Vec<&str>| ["lib.rs", "main.rs", "mod.rs"].contains(&entry[depth]);
        if !is_own(&from) && !is_own(&to) {
            let tie = (from[..=depth].concat(), to[..=depth].concat());
            siblings.entry(tie).or_default().extend(names.iter().cloned());
        }
    }
    siblings
}

/// Writes a shortest circle through each import that is part of one.
fn describe(imports: &Imports, wanted: impl Fn(&[String]) -> bool, found: &mut String) {
    let mut circles = BTreeSet::new();
    for (from, to) in imports.keys() {
        // By breadth first: who was reached from whom, on the way from `to` back to `from`.
        let mut reached = BTreeMap::from([(to, to)]);
        let mut queue = VecDeque::from([to]);
        while let Some(at) = queue.pop_front() {
            for (_, next) in imports.keys().filter(|(importer, _)| importer == at) {
                if !reached.contains_key(next) {
                    reached.insert(next, at);
                    queue.push_back(next);
                }
            }
        }
        if reached.contains_key(from) {
            let mut circle = vec![from.clone()];
            let mut at = from;
            while at != to {
                at = reached[at];
                circle.insert(0, at.clone());
            }
            let first = circle.iter().enumerate().min_by_key(|(_, name)| *name).unwrap().0;
            circle.rotate_left(first);
            circles.insert(circle);
        }
    }
    for mut circle in circles.into_iter().filter(|circle| wanted(circle)) {
        circle.push(circle[0].clone());
        writeln!(found, "{}", circle.join(" -> ")).unwrap();
        for tie in circle.windows(2) {
            let names = &imports[&(tie[0].clone(), tie[1].clone())];
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            writeln!(found, "    {} imports {names} from {}", tie[0], tie[1]).unwrap();
        }
    }
}
