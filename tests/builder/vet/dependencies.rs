use crate::support::{Folder, sentence};

const API: &str = "policy-api = \"0.1\"\n";
const NO_DATABASE: &str = "note: known vulnerabilities are not looked for without a copy of \
    github.com/RustSec/advisory-db: name one with `--advisory-db`, or have `cargo audit` or `cargo \
    deny` fetch it\n";

/// Policies that are linked with others' crates: one by another, one with what is known for what
/// it does.
fn folder() -> Folder {
    let crates =
        [("libc 0.2.1", ""), ("leaky 1.4.0", "libc = \"0.2\""), ("middle 1.0.0", "leaky = \"1\"")];
    Folder::with_registry(&crates)
        .engine("", &[])
        .library("first", &format!("{API}middle = \"1\""), "")
        .library("second", &format!("{API}libc = \"0.2\""), "")
}

/// The findings on standard output, and the messages on standard error.
fn refused(folder: &Folder) -> (String, String) {
    let refused = folder.vet().assert().code(1);
    let [out, said] = [&refused.get_output().stdout, &refused.get_output().stderr]
        .map(|bytes| String::from_utf8(bytes.clone()).unwrap());
    let findings = out.split("\nTo let them pass").next().unwrap().to_owned();
    (findings, said)
}

const WHY: &str = "what a crate is linked with can do what it may not do itself\n";

#[test]
fn dependency_for_system_access_is_found() {
    let (findings, said) = refused(&folder());
    let of_second = "policies/second/Cargo.toml: crate `second`: dependency: `libc`, which is there \
                     to reach the system's own calls, processes or environment: ";
    // What a dependency does with it is behind that dependency's own names.
    assert_eq!(findings, format!("{of_second}{WHY}"));
    assert!(said.contains(NO_DATABASE), "{said}");
    assert!(said.contains("note: what the crates' own code does was not looked at: "), "{said}");
}

#[test]
fn denied_transitive_dependency_is_found() {
    let libc = "[[vet.allow]]\ncrate = \"second\"\nwhat = \"dependency\"\nitem = \"libc\"\nreason = \"x\"\n";
    let rules = format!("{libc}[vet.dependencies]\ndeny = [\"leaky@<1.5\", \"middle@2\"]\n");
    let (findings, said) = refused(&folder().file("policies/policies.toml", &rules));
    assert_eq!(
        findings,
        format!(
            "policies/second/Cargo.toml: crate `second`: dependency: `libc`, which is there to reach \
             the system's own calls, processes or environment; allowed: x\n\
             policies/first/Cargo.toml: crate `first`: dependency: `leaky` 1.4.0, which \
             `vet.dependencies.deny` has: {WHY}"
        )
    );
    assert!(said.contains("vetting found forbidden capabilities in `first`\n"), "{said}");
}

#[test]
fn dependency_outside_the_allow_list_is_found() {
    let rules = "[vet.dependencies]\nallow = [\"middle\", \"libc@0.2\"]\n";
    let (findings, _) = refused(&folder().file("policies/policies.toml", rules));
    assert_eq!(
        findings,
        format!(
            "policies/first/Cargo.toml: crate `first`: dependency: `leaky` 1.4.0, which \
             `vet.dependencies.allow` has not: {WHY}"
        )
    );
}

/// An advisory as the database has them.
fn advisory(id: &str, head: &str, patched: &str) -> String {
    format!(
        "```toml\n[advisory]\nid = \"{id}\"\npackage = \"leaky\"\ndate = \"2026-01-02\"\n{head}\n\n\
         [versions]\npatched = [{patched}]\n```\n\n# Title of {id}\n\nMore words.\n"
    )
}

fn with_advisories(database: &str) -> Folder {
    let crates = [("leaky 1.4.0", "")];
    let advisories = [
        ("RUSTSEC-2026-0001", "", "\"^1.3.9\", \">=1.4.2\""),
        ("RUSTSEC-2026-0002", "", "\">=1.4.2\""),
        ("RUSTSEC-2026-0003", "withdrawn = \"2026-02-03\"", ""),
        ("RUSTSEC-2026-0004", "informational = \"unmaintained\"", ""),
        ("RUSTSEC-2026-0005", "", ""),
    ];
    let folder = Folder::with_registry(&crates).engine("", &[]).library(
        "first",
        &format!("{API}leaky = \"1\""),
        "",
    );
    advisories.into_iter().fold(folder, |folder, (id, head, patched)| {
        let path = format!("{database}/crates/leaky/{id}.md");
        folder.file(&path, &advisory(id, head, patched))
    })
}

#[test]
fn known_vulnerability_is_found() {
    // Where `cargo deny` keeps its copy.
    let folder = with_advisories("cargo-home/advisory-dbs/advisory-db-0123");
    let (findings, said) = refused(&folder);
    let line = |id: &str, remedy: &str| {
        format!(
            "policies/first/Cargo.toml: crate `first`: advisory: `leaky` 1.4.0 has {id} (Title of \
             {id}; {remedy})"
        )
    };
    let second = line("RUSTSEC-2026-0002", "corrected in `>=1.4.2`");
    let fifth = line("RUSTSEC-2026-0005", "no version is without it");
    let why = ": it is a known vulnerability\n";
    assert_eq!(findings, format!("{second}{why}{fifth}{why}"));
    assert!(
        said.contains(
            "note: crate `first` is linked with `leaky` 1.4.0, of which RUSTSEC-2026-0004 says \
             `unmaintained`: Title of RUSTSEC-2026-0004\n"
        ),
        "{said}"
    );
    assert!(!said.contains(NO_DATABASE), "{said}");

    let allow = |id: &str| {
        format!(
            "[[vet.allow]]\ncrate = \"first\"\nwhat = \"advisory\"\nitem = \"{id}\"\nreason = \"no\"\n"
        )
    };
    let rules = format!("{}{}", allow("RUSTSEC-2026-0002"), allow("RUSTSEC-2026-0005"));
    let folder = folder.file("policies/policies.toml", &rules);
    let allowed = format!("{second}; allowed: no\n{fifth}; allowed: no\nnothing else found\n");
    folder.vet().assert().success().stdout(allowed);
}

#[test]
fn named_advisory_database_is_used() {
    let folder = with_advisories("database");
    let named = |database: &str| {
        let refused = folder.vet().args(["--advisory-db", database]).assert().code(1);
        sentence(&String::from_utf8(refused.get_output().stderr.clone()).unwrap())
    };
    assert!(named("database").starts_with("vetting found "));
    assert_eq!(
        named("policies"),
        "`policies` is no advisory database: expected a folder with `crates` in it, as in a checkout \
         of github.com/RustSec/advisory-db"
    );
    let file = "database/crates/leaky/RUSTSEC-2026-0009.md";
    let folder = with_advisories("database").file(file, "# No block\n");
    let refused = folder.vet().args(["--advisory-db", "database"]).assert().code(1).stdout("");
    assert_eq!(
        sentence(&String::from_utf8(refused.get_output().stderr.clone()).unwrap()),
        format!(
            "advisory `{file}` is not as RustSec writes them: it does not begin with a block of TOML"
        )
    );
}

#[test]
fn invalid_vet_rules_are_refused() {
    let folder = folder().file("policies/policies.toml", "vet.allow = [{ crate = \"first\" }]\n");
    let refused = folder.vet().assert().code(1).stdout("");
    assert_eq!(
        sentence(&String::from_utf8(refused.get_output().stderr.clone()).unwrap()),
        "`policies/policies.toml`: missing field `what`, in `vet.allow`"
    );
}
