/// The treatment of a setting of Cargo's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// Cargo is told.
    Followed,
    /// It would decide what the program is made of, so Cargo is not told, and the user is told that.
    SetAside,
    /// It makes no difference to the program, or says what a build says itself.
    Passed,
}

/// The treatment of a key of a configuration file. Unknown keys are set aside: Cargo may get more
/// keys that decide what a program is.
///
/// See the Cargo book's chapter "Configuration".
pub(super) fn treatment(path: &[&str]) -> Treatment {
    match path {
        ["build", "jobs"]
        | [
            "cache" | "credential-alias" | "http" | "net" | "registries" | "registry" | "source",
            ..,
        ]
        | ["target", _, "linker"] => Treatment::Followed,
        [
            "alias"
            | "cargo-new"
            | "doc"
            | "future-incompat-report"
            | "include"
            | "install"
            | "term",
            ..,
        ]
        | [
            "build",
            "build-dir" | "dep-info-basedir" | "incremental" | "rustdoc" | "rustdocflags"
            | "target-dir" | "warnings",
            ..,
        ]
        | ["target", _, "runner" | "rustdocflags"] => Treatment::Passed,
        // Those that no program is compiled by.
        ["profile", name, ..] if *name != "release" => Treatment::Passed,
        _ => Treatment::SetAside,
    }
}
