use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use object::read::archive::ArchiveFile;

use crate::support::{Folder, Nix, WORK_DIR, digest, repository, run};

const DEPS: &str = "x86_64-unknown-linux-musl/release/deps";

/// The digests of the object files of a compiled crate, by their names. What tells the compiler of
/// the crate's interface is left out: the folder is in there, and it is in no program.
fn objects(library: &Path) -> BTreeMap<String, String> {
    let bytes = fs::read(library).unwrap();
    let archive = ArchiveFile::parse(&*bytes).unwrap();
    let members = archive.members().map(Result::unwrap);
    let named = members.map(|member| {
        let name = String::from_utf8(member.name().to_owned()).unwrap();
        (name, digest(member.data(&*bytes).unwrap()))
    });
    named.filter(|(name, _)| name != "lib.rmeta").collect()
}

/// The proof that code depends on its sources alone: Nix compiles them in another folder, with
/// another user's name, other places of third-party sources, and nothing of this machine's settings.
///
/// The programs are the same where the C compiler that links them is, which here is another
/// Debian's.
#[test]
#[cfg_attr(not(has_nix), ignore = "needs Nix with flakes")]
fn nix_and_cargo_compile_the_same_code() {
    // It compiles.
    let _ = repository();
    let ours = Path::new(WORK_DIR).join("target").join(DEPS);
    let artifacts = Nix::find().build("engine-artifacts", &[]).join("target.tar.zst");
    let folder = Folder::new();
    let [from, to] = [&artifacts, folder.path()].map(|path| path.to_str().unwrap());
    run("tar", &["--zstd", "-xf", from, "-C", to]);
    let mut compared = Vec::new();
    for entry in fs::read_dir(folder.path().join(DEPS)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rlib") {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            assert_eq!(objects(&path), objects(&ours.join(&name)), "{name}");
            compared.push(name);
        }
    }
    let is_engine = |name: &String| name.starts_with("libpolicy_engine-");
    assert!(compared.iter().any(is_engine), "{compared:?}");
}
