//! The floor: `http-authz` as one would write it by hand, for itself alone.
//!
//! Same settings, same requests, same answers byte for byte. It parses by `serde_json::from_slice`
//! into a struct that borrows, asks tables that are prepared beforehand, and writes into a buffer
//! that is used again. Paths are judged and compared in the very way of the policy, so that the
//! difference is the engine's: erased types, the limit of nesting, and a verdict that is found
//! whatever a policy writes. (The engine checks for UTF-8 once and not string by string, which is
//! why it can be the faster of the two.)

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Roles by name, ready to be asked.
pub struct Floor {
    roles: BTreeMap<String, Role>,
}

struct Role {
    /// What is answered when this role allows a request.
    reason: String,
    grants: Vec<Grant>,
}

struct Grant {
    /// None for any.
    methods: Option<Vec<String>>,
    paths: Vec<Pattern>,
}

struct Pattern {
    /// The text before the first `*`, then what stands behind each of them.
    start: String,
    after_stars: Vec<String>,
    /// Whether more segments may follow.
    open: bool,
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    path: Cow<'a, str>,
    #[serde(borrow, default)]
    roles: Vec<Name<'a>>,
}

/// In a list, Serde borrows no plain `Cow`.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Serialize)]
struct Answer<'a> {
    allowed: bool,
    reason: &'a str,
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    roles: BTreeMap<String, Vec<GrantSettings>>,
}

#[derive(Deserialize)]
struct GrantSettings {
    methods: Vec<String>,
    paths: Vec<String>,
}

impl Floor {
    /// Prepares the tables.
    ///
    /// # Errors
    /// Settings of another shape. What they say is trusted.
    pub fn new(settings: &str) -> serde_json::Result<Self> {
        let settings: Settings = serde_json::from_str(settings)?;
        let roles = settings.roles.into_iter().map(|(name, grants)| {
            let reason = format!("the role `{name}` allows it");
            (name, Role { reason, grants: grants.into_iter().map(Grant::from).collect() })
        });
        Ok(Self { roles: roles.collect() })
    }

    /// Answers one request, appending to `output`, and says whether it is allowed.
    ///
    /// # Errors
    /// A request that is not JSON or of another shape.
    pub fn decide(&self, input: &[u8], output: &mut Vec<u8>) -> serde_json::Result<bool> {
        let request: Request<'_> = serde_json::from_slice(input)?;
        let answer = match self.judge(&request) {
            Ok(reason) => Answer { allowed: true, reason },
            Err(reason) => Answer { allowed: false, reason },
        };
        serde_json::to_writer(output, &answer)?;
        Ok(answer.allowed)
    }

    fn judge(&self, request: &Request<'_>) -> Result<&str, &'static str> {
        if self.roles.is_empty() {
            return Err("the settings define no `roles`, so every request is denied");
        }
        let path = request.path.split_once('?').map_or(&*request.path, |(path, _)| path);
        unambiguous(path)?;
        if request.roles.is_empty() {
            return Err("the request carries no role");
        }
        let mut denial = "the settings define none of the request's roles";
        for role in request.roles.iter().filter_map(|name| self.roles.get(&*name.0)) {
            if role.grants.iter().any(|grant| grant.allows(&request.method, path)) {
                return Ok(&role.reason);
            }
            denial = "none of the request's roles allows this method on this path";
        }
        Err(denial)
    }
}

impl From<GrantSettings> for Grant {
    fn from(grant: GrantSettings) -> Self {
        let is_any = grant.methods.iter().any(|method| method == "*");
        Self {
            methods: (!is_any).then_some(grant.methods),
            paths: grant.paths.iter().map(|path| Pattern::new(path)).collect(),
        }
    }
}

impl Grant {
    fn allows(&self, method: &str, path: &str) -> bool {
        let methods = self.methods.as_ref();
        methods.is_none_or(|methods| methods.iter().any(|known| known == method))
            && self.paths.iter().any(|pattern| pattern.matches(path))
    }
}

impl Pattern {
    fn new(text: &str) -> Self {
        let before = text.strip_suffix("/**");
        let mut pieces = before.unwrap_or(text).split('*').map(str::to_owned);
        Self {
            start: pieces.next().unwrap_or_default(),
            after_stars: pieces.collect(),
            open: before.is_some(),
        }
    }

    fn matches(&self, path: &str) -> bool {
        let Some(mut rest) = path.as_bytes().strip_prefix(self.start.as_bytes()) else {
            return false;
        };
        for piece in &self.after_stars {
            let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
            let (segment, after) = rest.split_at(end);
            match after.strip_prefix(piece.as_bytes()) {
                Some(after) if !segment.is_empty() => rest = after,
                _ => return false,
            }
        }
        rest.is_empty() || (self.open && rest.starts_with(b"/"))
    }
}

/// Refuses a path that servers could take for another one.
fn unambiguous(path: &str) -> Result<(), &'static str> {
    if !path.starts_with('/') {
        return Err("the path does not start with `/`");
    }
    if is_remarkable(path.as_bytes()) { find_flaw(path) } else { Ok(()) }
}

/// Whether anything asks for a closer look. Without an early return, this is vectorised.
fn is_remarkable(path: &[u8]) -> bool {
    let bytes = path
        .iter()
        .fold(false, |found, byte| found | matches!(byte, b'%' | b'#' | b'\\' | 0..=0x1f | 0x7f));
    let pairs = path.iter().zip(path.iter().skip(1)).fold(false, |found, (byte, next)| {
        found | ((*byte == b'/') & matches!(next, b'/' | b'.' | b';'))
    });
    bytes | pairs
}

fn find_flaw(path: &str) -> Result<(), &'static str> {
    let mut rest = path.as_bytes();
    let mut previous = 0;
    while let [byte, after @ ..] = rest {
        match byte {
            b'/' if previous == b'/' || after.first() == Some(&b';') => {
                return Err("the path has an empty segment, as in `//` or `/;x/`");
            }
            b'/' if is_dot_segment(after) => return Err("the path has a `.` or `..` segment"),
            b'#' => return Err("the path has a `#`, which no request target may have"),
            b'\\' => return Err("the path has a backslash"),
            0..=0x1f | 0x7f => return Err("the path has a control character"),
            b'%' => match unescape(after) {
                None => return Err("the path has a `%` without two hexadecimal digits"),
                Some(b'.' | b'/' | b'\\' | b'%' | 0..=0x1f | 0x7f) => {
                    return Err("the path has an escaped `.`, `/`, `\\`, `%` or control character");
                }
                Some(_) => {}
            },
            _ => {}
        }
        previous = *byte;
        rest = after;
    }
    if path.contains('%') && std::str::from_utf8(&unescaped(path.as_bytes())).is_err() {
        return Err("the path has escaped bytes that are not UTF-8");
    }
    Ok(())
}

fn is_dot_segment(segment: &[u8]) -> bool {
    let ([b'.', b'.', rest @ ..] | [b'.', rest @ ..]) = segment else { return false };
    matches!(rest, [] | [b'/' | b';' | b'\\', ..])
}

fn unescaped(mut path: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    while let [byte, after @ ..] = path {
        path = after;
        match (byte, unescape(after)) {
            (b'%', Some(escaped)) => {
                bytes.push(escaped);
                path = after.get(2..).unwrap_or_default();
            }
            _ => bytes.push(*byte),
        }
    }
    bytes
}

fn unescape(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use http_authz::HttpAuthz;
    use policy_api::{Context, Evaluate, Policy};

    use super::*;
    use crate::Cases;

    /// Paths that are told apart, beside those of the cases.
    const PATHS: [&str; 12] = [
        "/api",
        "/api/",
        "/healthz?x=/..",
        "/api/v1/teams/a",
        "",
        "api",
        "/api//x",
        "/api/../x",
        "/api/%2e",
        "/api/%zz",
        "/api/#",
        "/api/%ff",
    ];

    #[test]
    fn its_answers_are_those_of_the_policy() {
        for name in ["http-authz", "http-authz-envoy"] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cases/{name}.json"));
            let cases = Cases::read(&file).unwrap();
            let settings = cases.settings.get();
            let floor = Floor::new(settings).unwrap();
            let policy = HttpAuthz::validate(serde_json::from_str(settings).unwrap()).unwrap();
            let inputs = cases.cases.iter().map(|case| case.input.get().to_owned());
            let of_path = |path| {
                format!(r#"{{"method":"GET","path":"{path}","roles":["viewer","owner","x"]}}"#)
            };
            for input in inputs.chain(PATHS.map(of_path)) {
                let (mut by_hand, mut ours) = (Vec::new(), Vec::new());
                let allowed = floor.decide(input.as_bytes(), &mut by_hand).unwrap();
                let verdict = policy.evaluate(input.as_bytes(), &Context::new(""), &mut ours);
                assert_eq!(verdict.unwrap(), Some(allowed.into()), "{input}");
                assert_eq!(by_hand, ours, "{input}");
            }
        }
    }
}
