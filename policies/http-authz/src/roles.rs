use std::collections::BTreeMap;

use policy_api::Error;

use crate::path::PlainPath;
use crate::pattern::PathPattern;
use crate::settings::{Grant, Settings};

/// The roles and their rules, parsed.
#[derive(Debug)]
pub(crate) struct Roles(BTreeMap<Box<str>, Role>);

#[derive(Debug)]
pub(crate) struct Role {
    /// The reason to give when this role allows a request.
    pub(crate) reason: Box<str>,
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    methods: Methods,
    paths: Vec<PathPattern>,
}

#[derive(Debug)]
enum Methods {
    Any,
    These(Vec<Box<str>>),
}

impl Roles {
    pub(crate) fn parse(settings: Settings) -> Result<Self, Error> {
        let roles = settings.roles.into_iter().map(|(role, grants)| {
            if role.is_empty() {
                return Err(Error::msg("a role of `roles` has an empty name: give it one"));
            }
            // Who makes the request's roles of a header may trim them, or not.
            if role.trim() != role || role.contains(char::is_control) {
                return Err(Error::msg(format_args!(
                    "`roles` has the role `{}`: expected no blank at either end of a role, and no \
                     control character",
                    role.escape_debug()
                )));
            }
            let rules = grants.iter().enumerate().map(|(index, grant)| {
                Rule::parse(grant)
                    .map_err(|error| Error::msg(format_args!("`roles.{role}[{index}].{error}")))
            });
            let rules = rules.collect::<Result<_, _>>()?;
            let reason = format!("the role `{role}` allows it").into();
            Ok((role.into(), Role { reason, rules }))
        });
        Ok(Self(roles.collect::<Result<_, _>>()?))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn find(&self, name: &str) -> Option<&Role> {
        self.0.get(name)
    }
}

impl Role {
    pub(crate) fn allows(&self, method: &str, path: PlainPath<'_>) -> bool {
        self.rules.iter().any(|rule| rule.allows(method, path))
    }
}

impl Rule {
    fn allows(&self, method: &str, path: PlainPath<'_>) -> bool {
        self.methods.include(method) && self.paths.iter().any(|pattern| pattern.matches(path))
    }

    /// The error goes on from the grant's own place: `FIELD` is wrong.
    fn parse(grant: &Grant) -> Result<Self, String> {
        let mut paths = Vec::with_capacity(grant.paths.len());
        for (index, path) in grant.paths.iter().enumerate() {
            paths.push(
                PathPattern::parse(path)
                    .map_err(|reason| format!("paths[{index}]` is `{path}`: {reason}"))?,
            );
        }
        if paths.is_empty() {
            return Err("paths` is empty: expected patterns such as `/api/**`".to_owned());
        }
        Ok(Self { methods: Methods::parse(&grant.methods)?, paths })
    }
}

impl Methods {
    fn parse(methods: &[String]) -> Result<Self, String> {
        if methods.is_empty() {
            return Err("methods` is empty: expected methods such as `GET`, or `*`".to_owned());
        }
        let is_method = |method: &str| {
            !method.is_empty()
                && method
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_'))
        };
        for (index, method) in methods.iter().enumerate() {
            if method != "*" && !is_method(method) {
                return Err(format!(
                    "methods[{index}]` is `{method}`: expected a method in capitals such as `GET`, \
                     or `*`"
                ));
            }
        }
        if methods.iter().any(|method| method == "*") {
            return Ok(Self::Any);
        }
        Ok(Self::These(methods.iter().map(|method| method.as_str().into()).collect()))
    }

    fn include(&self, method: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(methods) => methods.iter().any(|known| **known == *method),
        }
    }
}
