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
    /// The reason of a request that this role allows.
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
    /// True if more segments may follow.
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
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    reason: &'a str,
}

/// A "no": the check, the field of the request, and the reason.
struct Denial(&'static str, Option<&'static str>, &'static str);

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
            Ok(reason) => Answer { allowed: true, check: None, field: None, reason },
            Err(Denial(check, field, reason)) => {
                Answer { allowed: false, check: Some(check), field, reason }
            }
        };
        serde_json::to_writer(output, &answer)?;
        Ok(answer.allowed)
    }

    fn judge(&self, request: &Request<'_>) -> Result<&str, Denial> {
        if self.roles.is_empty() {
            let reason = "the settings define no `roles`, so every request is denied";
            return Err(Denial("roles", None, reason));
        }
        if !is_token(&request.method) {
            let reason = "the method is not one that HTTP knows the form of, such as `GET`";
            return Err(Denial("method", Some("method"), reason));
        }
        let of_path = |reason| Denial("path", Some("path"), reason);
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        unambiguous(path).map_err(of_path)?;
        if query.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(of_path("the path or its query has a control character"));
        }
        if request.roles.is_empty() {
            return Err(Denial("role", Some("roles"), "the request carries no role"));
        }
        let unknown = "the settings define none of the request's roles";
        let mut denial = Denial("role", Some("roles"), unknown);
        for role in request.roles.iter().filter_map(|name| self.roles.get(&*name.0)) {
            if role.grants.iter().any(|grant| grant.allows(&request.method, path)) {
                return Ok(&role.reason);
            }
            let not_granted = "none of the request's roles allows this method on this path";
            denial = Denial("grant", None, not_granted);
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

fn is_token(method: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !method.is_empty() && method.bytes().all(in_token)
}

/// True if the path needs the full check. Without an early return, this is vectorised.
fn is_remarkable(path: &[u8]) -> bool {
    let bytes = path.iter().fold(false, |found, byte| {
        found | matches!(byte, b'%' | b'#' | b';' | b'\\' | 0..=b' ' | 0x7f..)
    });
    let pairs = path.iter().zip(path.iter().skip(1)).fold(false, |found, (byte, next)| {
        found | ((*byte == b'/') & matches!(next, b'/' | b'.' | b'+'))
    });
    bytes | pairs
}

/// Finds a flaw among the ASCII characters, without the Unicode tables of the policy.
fn find_flaw(path: &str) -> Result<(), &'static str> {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        if segment.is_empty() && segments.peek().is_none() {
            break;
        }
        let name = unescaped(segment)?;
        for character in name.chars() {
            match character {
                '\\' => return Err("the path has a backslash"),
                ';' => return Err("the path has a `;`, where some servers cut it"),
                '#' => return Err("the path has a `#`, which no request target may have"),
                _ if character.is_control() => {
                    return Err("the path or its query has a control character");
                }
                _ => {}
            }
        }
        if name.trim().is_empty() {
            return Err("the path has an empty segment, as in `//` or `/%20/`");
        }
        if name.trim() != name || segment.contains(' ') {
            return Err("the path has a blank that is not escaped, or a segment that begins or \
                        ends with one");
        }
        if name.contains('.') && name.bytes().all(|byte| matches!(byte, b'.' | b'+')) {
            return Err("the path has a `.` or `..` segment, or one of dots alone");
        }
    }
    Ok(())
}

fn unescaped(segment: &str) -> Result<Cow<'_, str>, &'static str> {
    if !segment.contains('%') {
        return Ok(Cow::Borrowed(segment));
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        match unescape(after).ok_or("the path has a `%` without two hexadecimal digits")? {
            b'.' | b'/' | b'\\' | b';' | b'?' | b'#' | b'%' | 0..=0x1f | 0x7f => {
                return Err(
                    "the path has an escaped `.`, `/`, `\\`, `;`, `?`, `#`, `%` or control \
                            character",
                );
            }
            escaped => bytes.push(escaped),
        }
        rest = after.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| "the path has escaped bytes that are not UTF-8")
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
    const PATHS: [&str; 18] = [
        "/api",
        "/api/",
        "/healthz?x=/..",
        "/api/v1/teams/a",
        "",
        "api",
        "/api//x",
        "/api/../x",
        "/api/%2e",
        "/api/..%3b/",
        "/api/a;b",
        "/api/..%20/",
        "/api/%20/",
        "/api/+",
        "/api/+./",
        "/api/%zz",
        "/api/#",
        "/api/%ff",
    ];

    #[test]
    fn floor_decides_as_the_policy() {
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
