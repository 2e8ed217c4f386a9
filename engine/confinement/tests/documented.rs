//! The page of the book that lists what zones may call.

use std::fmt::Write as _;
use std::path::Path;

use policy_confinement::zone_calls;

const PAGE: &str = "../../docs/src/explanation/confinement.md";
const HEAD: &str = "| purpose | with the grant | system calls |\n| --- | --- | --- |\n";

/// `GOLDEN=overwrite` writes the rows instead. They are those of one architecture.
#[test]
#[cfg(target_arch = "x86_64")]
fn page_lists_what_zones_may_call() {
    let mut rows = String::new();
    for group in zone_calls() {
        let mut names: Vec<_> = group.calls.iter().map(|call| format!("`{call}`")).collect();
        names.sort();
        names.dedup();
        let grant = group.grant.map(|grant| format!("`{grant}`")).unwrap_or_default();
        let some = if group.some_arguments { ", with some arguments" } else { "" };
        writeln!(rows, "| {}{some} | {grant} | {} |", group.purpose, names.join(" ")).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(HEAD).unwrap();
    let (listed, after) = rest.split_once("\n\n").unwrap();
    if std::env::var("GOLDEN").as_deref() == Ok("overwrite") {
        std::fs::write(&path, format!("{before}{HEAD}{rows}\n{after}")).unwrap();
    } else {
        assert_eq!(format!("{listed}\n"), rows, "write it by `GOLDEN=overwrite`");
    }
}
