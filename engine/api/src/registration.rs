use linkme::distributed_slice;
use serde_json::Value;

use crate::evaluate::{ConfigureError, Evaluate, configure};
use crate::{Check, KubernetesResources, Policy};

/// Every policy of every crate linked into this binary, one element a crate.
#[doc(hidden)]
#[distributed_slice]
pub static REGISTERED: [&'static [Registration]];

/// The policies of all crates linked into this binary, in no order that means anything.
pub fn registered() -> impl Iterator<Item = &'static Registration> {
    REGISTERED.iter().copied().flatten()
}

/// A policy before it is configured, as the engine sees it. Made by [`register!`](crate::register).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Registration {
    /// The policy's name.
    pub name: &'static str,
    /// Its semantic version.
    pub version: &'static str,
    /// One sentence on what it decides; empty where the crate has none.
    pub description: &'static str,
    /// Its authors, separated by `:` as Cargo does.
    pub authors: &'static str,
    /// The package that it comes from.
    pub crate_name: &'static str,
    /// That package's version.
    pub crate_version: &'static str,
    /// True if it asks for threads of its own: [`Policy::BLOCKING`].
    pub blocking: bool,
    /// The resources of Kubernetes that it judges: [`Policy::KUBERNETES_RESOURCES`].
    pub kubernetes_resources: KubernetesResources,
    /// The checks that its denials name: [`Policy::CHECKS`].
    pub checks: &'static [Check],
    /// Makes the policy from its settings, as JSON text.
    pub configure: Configure,
    /// The input's JSON Schema, where the author gave one.
    pub input_schema: fn() -> Option<Value>,
    /// The settings' JSON Schema, where the author gave one.
    pub settings_schema: fn() -> Option<Value>,
}

/// Makes a policy from its settings, as JSON text.
pub type Configure = fn(&[u8]) -> Result<Box<dyn Evaluate>, ConfigureError>;

impl Registration {
    /// Creates a registration, for the expansion of `register!` only.
    #[doc(hidden)]
    #[must_use]
    pub const fn __new<P: Policy>(
        crate_name: &'static str,
        crate_version: &'static str,
        description: &'static str,
        authors: &'static str,
    ) -> Self {
        Self {
            blocking: P::BLOCKING,
            kubernetes_resources: P::KUBERNETES_RESOURCES,
            checks: P::CHECKS,
            input_schema: P::input_schema,
            settings_schema: P::settings_schema,
            ..Self::__from_function(crate_name, crate_version, description, authors, configure::<P>)
        }
    }

    /// Creates the registration of a function, for the expansion of `register!` only.
    #[doc(hidden)]
    #[must_use]
    pub const fn __from_function(
        crate_name: &'static str,
        crate_version: &'static str,
        description: &'static str,
        authors: &'static str,
        configure: Configure,
    ) -> Self {
        Self {
            name: crate_name,
            version: crate_version,
            description,
            authors,
            crate_name,
            crate_version,
            blocking: false,
            kubernetes_resources: &[],
            checks: &[],
            configure,
            input_schema: || None,
            settings_schema: || None,
        }
    }

    /// Sets another name than the crate's.
    #[must_use]
    pub const fn name(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// Sets another version than the crate's.
    #[must_use]
    pub const fn version(self, version: &'static str) -> Self {
        Self { version, ..self }
    }

    /// Sets another description than the crate's.
    #[must_use]
    pub const fn description(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// Sets other authors than the crate's, separated by `:`.
    #[must_use]
    pub const fn authors(self, authors: &'static str) -> Self {
        Self { authors, ..self }
    }

    /// Sets the checks that its denials name: for a function, which has no [`Policy::CHECKS`].
    #[must_use]
    pub const fn checks(self, checks: &'static [Check]) -> Self {
        Self { checks, ..self }
    }
}

/// Registers the policies of a crate: once, at the root of its `src/lib.rs`.
///
/// A policy is a function, behind `fn`, or a type that implements [`Policy`]. Name, version,
/// description and authors are the crate's own unless given:
///
/// ```
/// # use policy_api::{Context, Error, NoSettings, Policy};
/// # fn lenient(yes: bool) -> bool { yes }
/// # struct Baseline;
/// # struct Restricted;
/// # macro_rules! yes { ($policy:ty) => { impl Policy for $policy {
/// #     type Settings = NoSettings; type Input<'a> = bool; type Output<'a> = bool;
/// #     fn validate(_: NoSettings) -> Result<Self, Error> { unimplemented!() }
/// #     fn execute<'a>(&'a self, yes: bool, _: &Context<'a>) -> Result<bool, Error> { Ok(yes) }
/// # } } }
/// # yes!(Baseline); yes!(Restricted);
/// policy_api::register!(
///     fn lenient { name: "house-lenient" },
///     Baseline { name: "house-baseline" },
///     Restricted { name: "house-restricted", version: "2.0.0", description: "The strict one" },
/// );
/// # fn main() {}
/// ```
///
/// The module that it makes is named for this crate's version. The engine's generated program
/// refers to it by that name: so the linker keeps every policy, and a policy for another version
/// does not compile.
#[macro_export]
#[expect(clippy::crate_in_macro_def, reason = "the policy's crate is meant, not this one")]
macro_rules! register {
    ($($policies:tt)+) => {
        #[doc(hidden)]
        pub mod registered_for_policy_api_0_1 {
            #[allow(unused_imports, reason = "the policies' names may be given by their full paths")]
            use super::*;

            #[$crate::__private::linkme::distributed_slice($crate::__private::REGISTERED)]
            #[linkme(crate = $crate::__private::linkme)]
            pub static POLICIES: &[$crate::Registration] =
                $crate::__registrations!([] $($policies)+);

            const _: () = $crate::__private::check(
                // `register!` stands at the root of the crate, or this path leads nowhere.
                crate::registered_for_policy_api_0_1::POLICIES,
            );
        }
    };
}

/// Makes a slice of the registrations, one policy after the other, for the expansion of
/// [`register!`] only.
#[doc(hidden)]
#[macro_export]
macro_rules! __registrations {
    ([$($made:expr,)*]) => {
        &[$($made),*]
    };
    (
        [$($made:expr,)*]
        fn $function:path $({ $($key:ident: $value:expr),* $(,)? })? $(, $($rest:tt)*)?
    ) => {
        $crate::__registrations!([
            $($made,)*
            $crate::Registration::__from_function(
                ::core::env!("CARGO_PKG_NAME"),
                ::core::env!("CARGO_PKG_VERSION"),
                ::core::env!("CARGO_PKG_DESCRIPTION"),
                ::core::env!("CARGO_PKG_AUTHORS"),
                |settings| $crate::__private::configure($function, settings),
            )$($(.$key($value))*)?,
        ] $($($rest)*)?)
    };
    (
        [$($made:expr,)*]
        $policy:path $({ $($key:ident: $value:expr),* $(,)? })? $(, $($rest:tt)*)?
    ) => {
        $crate::__registrations!([
            $($made,)*
            $crate::Registration::__new::<$policy>(
                ::core::env!("CARGO_PKG_NAME"),
                ::core::env!("CARGO_PKG_VERSION"),
                ::core::env!("CARGO_PKG_DESCRIPTION"),
                ::core::env!("CARGO_PKG_AUTHORS"),
            )$($(.$key($value))*)?,
        ] $($($rest)*)?)
    };
}

/// Stops the compilation of a crate whose policies could not be told apart or asked for.
///
/// # Panics
/// At compile time only, with words for the author.
#[track_caller]
pub const fn check(registrations: &[Registration]) {
    let mut rest = registrations;
    while let [first, others @ ..] = rest {
        assert!(
            is_name(first.name.as_bytes()),
            "a policy's name is lower-case letters, digits, `-`, `_` and `.`, and starts with a letter or digit"
        );
        assert!(
            starts_with_three_numbers(first.version.as_bytes()),
            "a policy's version is a semantic version, such as `1.2.0`"
        );
        check_ids(first.checks);
        let mut later = others;
        while let [second, remaining @ ..] = later {
            assert!(
                !(same(first.name.as_bytes(), second.name.as_bytes())
                    && same(first.version.as_bytes(), second.version.as_bytes())),
                "two policies of this `register!` have one name and version: give one of them another `name` or `version`"
            );
            later = remaining;
        }
        rest = others;
    }
}

#[track_caller]
const fn check_ids(checks: &[Check]) {
    let mut rest = checks;
    while let [first, others @ ..] = rest {
        assert!(
            is_check_id(first.id.as_bytes()),
            "a check's id is letters, digits, `-`, `_` and `.`, starts with a letter or digit, and has at most 64 of them"
        );
        assert!(!first.summary.is_empty(), "a check has a sentence that says what it demands");
        let mut later = others;
        while let [second, remaining @ ..] = later {
            assert!(
                !same(first.id.as_bytes(), second.id.as_bytes()),
                "two checks of a policy have one id: give one of them another"
            );
            later = remaining;
        }
        rest = others;
    }
}

const fn is_check_id(mut id: &[u8]) -> bool {
    let is_first = matches!(id, [b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9', ..]);
    if !is_first || id.len() > 64 {
        return false;
    }
    while let [first, rest @ ..] = id {
        if !first.is_ascii_alphanumeric() && !matches!(first, b'-' | b'_' | b'.') {
            return false;
        }
        id = rest;
    }
    true
}

const fn is_name(mut name: &[u8]) -> bool {
    if !matches!(name, [b'a'..=b'z' | b'0'..=b'9', ..]) {
        return false;
    }
    while let [first, rest @ ..] = name {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.') {
            return false;
        }
        name = rest;
    }
    true
}

/// Checks a semantic version as far as is possible at compile time; the registry parses it in full.
const fn starts_with_three_numbers(mut version: &[u8]) -> bool {
    let mut numbers = 0;
    loop {
        let [b'0'..=b'9', rest @ ..] = version else { return false };
        version = rest;
        while let [b'0'..=b'9', rest @ ..] = version {
            version = rest;
        }
        numbers += 1;
        match version {
            [] | [b'-' | b'+', ..] => return numbers == 3,
            [b'.', rest @ ..] => version = rest,
            _ => return false,
        }
    }
}

const fn same(mut left: &[u8], mut right: &[u8]) -> bool {
    while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
        if *a != *b {
            return false;
        }
        left = left_rest;
        right = right_rest;
    }
    left.is_empty() && right.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_names_ids_and_versions_are_accepted() {
        assert!(is_name(b"pod-security_2.x"));
        for name in ["", "-a", "A", "a b", "a@1", "a/b"] {
            assert!(!is_name(name.as_bytes()), "{name}");
        }
        for id in ["hostNamespaces", "a", "0.b_c-d"] {
            assert!(is_check_id(id.as_bytes()), "{id}");
        }
        for id in ["", "-a", "a b", "é", "a/b", &"a".repeat(65)] {
            assert!(!is_check_id(id.as_bytes()), "{id}");
        }
        for version in ["1.2.3", "0.0.0-rc.1", "1.20.300+b"] {
            assert!(starts_with_three_numbers(version.as_bytes()), "{version}");
        }
        for version in ["", "1", "1.2", "1.2.", "v1.2.3", "1.2.3.4", "1..2"] {
            assert!(!starts_with_three_numbers(version.as_bytes()), "{version}");
        }
    }

    #[test]
    fn registration_path_has_the_api_version() {
        let [major, minor, _] = crate::VERSION.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let stamp = if major == "0" { format!("0_{minor}") } else { major.to_owned() };
        let source = include_str!("registration.rs");
        assert!(source.contains(&format!("pub mod registered_for_policy_api_{stamp} {{")));
    }
}
