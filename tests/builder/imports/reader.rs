//! The reader: modules, what they mention, and the files that define it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;
use syn::{Attribute, ItemMod, ItemUse, Macro, UseTree, VisRestricted, Visibility};

/// The names that each file or folder imports from another one.
pub(super) type Imports = BTreeMap<(String, String), BTreeSet<String>>;

/// The imports between the files of the crate with this `lib.rs` or `main.rs`, tests left out.
pub(super) fn imports(base: &Path, root: &Path) -> Imports {
    let folder = root.parent().unwrap().to_owned();
    let mut this = Crate { base, modules: vec![Module::default()], at: 0, folder };
    this.read_file(root);
    this.imports()
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

impl Crate<'_> {
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
