//! Crates of a repository that a tool laid out for Cargo's source replacement: each beside the others
//! as `NAME-VERSION`, wherever it was in the repository.

use std::io;
use std::path::Path;

use toml_edit::{Item, value};

use policy_cargo::manifest::{self, Manifest, for_each_dependency};

/// The file that Cargo asks of each crate that is laid out so.
const CHECKSUM: &str = ".cargo-checksum.json";

/// Has the dependencies of such a crate on folders lead to where those are now. Cargo finds them by
/// their names.
pub(super) fn point_to_neighbours(manifest: &mut Manifest) -> io::Result<()> {
    let folder = manifest.folder().to_owned();
    let Some(around) = folder.parent().filter(|_| folder.join(CHECKSUM).is_file()) else {
        return Ok(());
    };
    let mut failed = Ok(());
    for_each_dependency(&mut manifest.document, |_, key, item| {
        let package = item.get("package").and_then(Item::as_str).unwrap_or(key);
        let Some(path) = item.get("path").and_then(Item::as_str) else { return };
        if folder.join(path).join("Cargo.toml").is_file() {
            return;
        }
        match neighbour(around, package) {
            Ok(Some(name)) => item["path"] = value(format!("../{name}")),
            Ok(None) => {}
            Err(error) => failed = Err(error),
        }
    });
    failed
}

/// The name of the folder of a package.
fn neighbour(around: &Path, package: &str) -> io::Result<Option<String>> {
    let start = format!("{package}-");
    let mut names = Vec::new();
    for entry in fs_err::read_dir(around)? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| name.starts_with(&start)));
    }
    names.sort();
    Ok(names.into_iter().find(|name| {
        let document = manifest::parse(&around.join(name).join("Cargo.toml"));
        document.is_ok_and(|document| {
            let found = document.get("package").and_then(|table| table.get("name"));
            found.and_then(Item::as_str) == Some(package)
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_dependency_leads_to_the_vendored_crate() {
        let temporary = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let file = temporary.path().join(file);
            fs_err::create_dir_all(file.parent().unwrap()).unwrap();
            fs_err::write(file, text).unwrap();
        };
        write(
            "zones-2.1.0/Cargo.toml",
            "[package]\nname = \"zones\"\n[dependencies]\nshared.path = \"../libs/shared\"\n\
             other = { path = \"../nowhere\" }\n",
        );
        write("shared-types-1.0.0/Cargo.toml", "package.name = \"shared-types\"\n");
        write("shared-0.4.0/Cargo.toml", "package.name = \"shared\"\n");
        let paths = || {
            let file = temporary.path().join("zones-2.1.0/Cargo.toml");
            let mut manifest = Manifest::read(file).unwrap();
            point_to_neighbours(&mut manifest).unwrap();
            let dependencies = &manifest.document["dependencies"];
            ["shared", "other"].map(|name| dependencies[name]["path"].as_str().unwrap().to_owned())
        };
        assert_eq!(paths(), ["../libs/shared", "../nowhere"]);
        write("zones-2.1.0/.cargo-checksum.json", "{\"files\":{},\"package\":null}");
        assert_eq!(paths(), ["../shared-0.4.0", "../nowhere"]);
    }
}
