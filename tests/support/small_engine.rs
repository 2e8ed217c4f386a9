use super::Folder;

/// An API by which a crate registers its name.
const API: &str = r#"
#[macro_export]
macro_rules! register {
    ($($anything:tt)*) => {
        pub mod registered_for_policy_api_0_1 {
            pub static POLICIES: &[&str] = &[env!("CARGO_PKG_NAME")];
        }
    };
}
"#;

/// All that generated programs ask of an engine. It lists the policies by a function `print` that is
/// to be added, tells what its crates may do, and panics with a compile-time setting when it is told to.
pub(crate) const SMALL_RUNTIME: &str = r#"
pub mod v0_1 {
    pub struct LinkedCrate {
        pub name: &'static str,
        pub version: &'static str,
        pub policies: &'static [&'static str],
        pub grants: &'static [Grant],
    }

    #[derive(Debug)]
    pub struct Grant {
        pub crate_name: &'static str,
        pub what: &'static str,
        pub item: Option<&'static str>,
        pub reason: &'static str,
    }

    pub struct Program {
        pub target: &'static str,
        pub revision: Option<&'static str>,
        pub crates: &'static [LinkedCrate],
    }

    pub fn main(program: &Program) -> std::process::ExitCode {
        if std::env::args().nth(1).as_deref() == Some("panic") {
            let caught = std::panic::catch_unwind(|| panic!("{:?}", option_env!("HOSTILE")));
            println!("{}", if caught.is_err() { "caught" } else { "none" });
            return std::process::ExitCode::SUCCESS;
        }
        if std::env::args().nth(1).as_deref() == Some("grants") {
            for LinkedCrate { name, grants, .. } in program.crates {
                println!("{name}: {grants:?}");
            }
            return std::process::ExitCode::SUCCESS;
        }
        let mut listed = Vec::new();
        for LinkedCrate { name, version, policies, .. } in program.crates {
            for policy in *policies {
                listed.push(format!(
                    "{{\"name\":\"{policy}\",\"version\":\"{version}\",\"crate\":\"{name}\"}}"
                ));
            }
        }
        super::print(&listed.join(","));
        std::process::ExitCode::SUCCESS
    }
}
"#;

/// Prints a list.
const PRINT: &str = "fn print(policies: &str) { println!(\"[{policies}]\"); }\n";

/// An engine of a few lines, which compiles in no time. It shows how a program is made, not what one
/// does.
impl Folder {
    /// Adds such an engine in `source`, and a policy for it.
    pub(crate) fn small_engine(self) -> Self {
        self.small_engine_with("")
    }

    /// The same, whose manifest goes on with this behind `[dependencies]`.
    pub(crate) fn small_engine_with(self, manifest: &str) -> Self {
        self.engine(manifest, &[])
            .file("source/engine/api/src/lib.rs", API)
            .file("source/engine/runtime/src/lib.rs", &format!("{SMALL_RUNTIME}{PRINT}"))
            .library("small", "policy-api = \"0.1\"", "policy_api::register!();")
    }
}
