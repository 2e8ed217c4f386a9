//! Imports within each crate, which go one way (see CONTRIBUTING.md).
//!
//! A name counts as imported from the file that defines it, however many `mod.rs` pass it on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, ItemMod, ItemUse, Macro, UseTree, VisRestricted, Visibility};

use crate::support::root;

#[test]
fn no_file_and_no_folder_imports_what_imports_it() {
    let mut report = String::new();
    for folder in ["engine", "policies"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            report += &circles(root(), &entry.unwrap().path().join("src"));
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

/// The names that each file or folder imports from another one.
type Imports = BTreeMap<(String, String), BTreeSet<String>>;

/// The circles of one crate, a paragraph each; paths are relative to `base`.
fn circles(base: &Path, src: &Path) -> String {
    let mut found = String::new();
    for root in ["lib.rs", "main.rs"].map(|name| src.join(name)) {
        if root.is_file() {
            let between_files = Crate::read(base, &root).imports();
            describe(&between_files, |_| true, &mut found);
            // Of files alone, a circle is told above.
            let of_folders = |circle: &[String]| circle.iter().any(|name| name.ends_with('/'));
            describe(&between_siblings(&between_files), of_folders, &mut found);
        }
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

/// Something in a crate, as its path names it.
type Name = Vec<String>;

/// A module, in a file of its own or inline in its parent's.
#[derive(Default)]
struct Module {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// Names that `use` brings; `*` for those of a module that is passed on whole.
    uses: BTreeMap<String, Name>,
    /// Paths in `use` and in code, and whether the path is only passed on, by `pub use`.
    mentions: Vec<(Name, bool)>,
}

/// The modules of a crate, without its tests; the first one is the root.
struct Crate<'b> {
    base: &'b Path,
    modules: Vec<Module>,
    /// The module that is being read, and the folder that its children are in.
    at: usize,
    folder: PathBuf,
}

impl<'b> Crate<'b> {
    fn read(base: &'b Path, root: &Path) -> Self {
        let folder = root.parent().unwrap().to_owned();
        let mut this = Self { base, modules: vec![Module::default()], at: 0, folder };
        this.read_file(root);
        this
    }

    fn read_file(&mut self, file: &Path) {
        self.modules[self.at].file = file.strip_prefix(self.base).unwrap().display().to_string();
        let text = fs::read_to_string(file).unwrap();
        let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        self.visit_file(&syntax);
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (at, module) in self.modules.iter().enumerate() {
            for (path, passed_on) in &module.mentions {
                let Some((definer, Some(name))) = self.resolve(at, path, 0) else { continue };
                let file = &self.modules[definer].file;
                let parent = |at: &usize| self.modules[*at].parent;
                let mut holders = std::iter::successors(Some(definer), parent);
                let is_own = holders.any(|holder| self.modules[holder].file == module.file);
                if *file != module.file && !(*passed_on && is_own) {
                    let tie = imports.entry((module.file.clone(), file.clone())).or_default();
                    tie.insert(name);
                }
            }
        }
        imports
    }

    /// The module that defines what `path` in the module `at` means, and its name there; no name
    /// for a module, of which nothing is used yet. `None` for what other crates define, and for
    /// what is looked for along a circle of names.
    fn resolve(&self, at: usize, path: &[String], depth: usize) -> Option<(usize, Option<String>)> {
        let (mut at, mut rest) = match path.split_first().filter(|_| depth < 16)? {
            (first, rest) if first == "crate" => (0, rest),
            (first, rest) if first == "self" => (at, rest),
            _ => (at, path),
        };
        while let Some((name, after)) = rest.split_first() {
            let module = &self.modules[at];
            let child = module.children.get(name);
            // A module and a function may share a name: what ends a path is rather the latter.
            let used = module.uses.get(name).filter(|_| child.is_none() || after.is_empty());
            if name == "super" {
                at = module.parent?;
            } else if let Some(used) = used {
                return self.resolve(at, &[used, after].concat(), depth + 1);
            } else if let Some(child) = child {
                at = *child;
            } else if rest.len() == path.len() {
                return None;
            } else {
                let glob = module.uses.get("*").and_then(|path| path.split_last());
                return glob
                    .and_then(|(_, glob)| self.resolve(at, &[glob, rest].concat(), depth + 1))
                    .or(Some((at, Some(name.clone()))));
            }
            rest = after;
        }
        Some((at, None))
    }

    fn add_use(&mut self, tree: &UseTree, path: &[String], public: bool) {
        let with = |name: &syn::Ident| match name.to_string() {
            name if name == "self" => path.to_vec(),
            name => [path, &[name]].concat(),
        };
        let (name, path) = match tree {
            UseTree::Path(tree) => return self.add_use(&tree.tree, &with(&tree.ident), public),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.add_use(tree, path, public));
            }
            UseTree::Name(tree) => (with(&tree.ident).pop().unwrap(), with(&tree.ident)),
            UseTree::Rename(tree) => (tree.rename.to_string(), with(&tree.ident)),
            UseTree::Glob(_) => ("*".to_owned(), [path, &["*".to_owned()]].concat()),
        };
        let module = &mut self.modules[self.at];
        module.mentions.push((path.clone(), public));
        if public || name != "*" {
            module.uses.insert(name, path);
        }
    }

    fn add_tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Name::new(), 0);
        for token in tokens {
            let ident = match &token {
                TokenTree::Ident(ident) => Some(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                _ => None,
            };
            if ident.is_none() || colons != 2 {
                self.add_path(std::mem::take(&mut path));
            }
            colons = 0;
            path.extend(ident);
            if let TokenTree::Group(group) = token {
                self.add_tokens(group.stream());
            }
        }
        self.add_path(path);
    }

    fn add_path(&mut self, path: Name) {
        self.modules[self.at].mentions.push((path, false));
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    let is_test = |a: &Attribute| a.parse_args::<syn::Path>().is_ok_and(|of| of.is_ident("test"));
    attributes.iter().any(|a| a.path().is_ident("cfg") && is_test(a))
}

impl Visit<'_> for Crate<'_> {
    fn visit_item_mod(&mut self, item: &ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        let (parent, folder) = (self.at, self.folder.clone());
        let name = item.ident.to_string();
        self.at = self.modules.len();
        self.folder.push(&name);
        let file = self.modules[parent].file.clone();
        self.modules.push(Module { file, parent: Some(parent), ..Module::default() });
        self.modules[parent].children.insert(name, self.at);
        let beside = self.folder.with_extension("rs");
        if let Some((_, items)) = &item.content {
            for item in items {
                self.visit_item(item);
            }
        } else if beside.is_file() {
            self.read_file(&beside);
        } else {
            self.read_file(&self.folder.join("mod.rs"));
        }
        (self.at, self.folder) = (parent, folder);
    }

    fn visit_item_use(&mut self, item: &ItemUse) {
        if !is_test(&item.attrs) && item.leading_colon.is_none() {
            let public = !matches!(item.vis, Visibility::Inherited);
            self.add_use(&item.tree, &[], public);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        if path.leading_colon.is_none() {
            self.add_path(path.segments.iter().map(|part| part.ident.to_string()).collect());
        }
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &Macro) {
        syn::visit::visit_macro(self, called);
        self.add_tokens(called.tokens.clone());
    }

    /// `pub(in path)` imports nothing.
    fn visit_vis_restricted(&mut self, _: &VisRestricted) {}
}
