use policy_api::{Check, Context, Error, Policy, schema_of};
use serde_json::Value;

use crate::checks::CHECKS;
use crate::decision::{Decision, Reason};
use crate::path::PlainPath;
use crate::request::Request;
use crate::roles::Roles;
use crate::settings::Settings;

/// The policy `http-authz`.
#[derive(Debug)]
pub struct HttpAuthz {
    roles: Roles,
}

impl Policy for HttpAuthz {
    type Settings = Settings;
    type Input<'a> = Request<'a>;
    type Output<'a> = Decision<'a>;

    const CHECKS: &'static [Check] = CHECKS;

    fn validate(settings: Settings) -> Result<Self, Error> {
        Ok(Self { roles: Roles::parse(settings)? })
    }

    fn execute<'a>(
        &'a self,
        request: Request<'a>,
        context: &Context<'a>,
    ) -> Result<Decision<'a>, Error> {
        Ok(self.judge(&request, context)?.into())
    }

    fn input_schema() -> Option<Value> {
        Some(schema_of::<Request<'_>>())
    }

    fn settings_schema() -> Option<Value> {
        Some(schema_of::<Settings>())
    }
}

impl HttpAuthz {
    fn judge(&self, request: &Request<'_>, context: &Context<'_>) -> Result<Reason<'_>, Error> {
        if self.roles.is_empty() {
            return Ok(Reason::NothingConfigured);
        }
        if !is_token(&request.method) {
            return Ok(Reason::NoMethod);
        }
        let path = match PlainPath::parse(&request.path) {
            Ok(path) => path,
            Err(flaw) => return Ok(Reason::Ambiguous(flaw)),
        };
        let mut denial =
            if request.roles.is_empty() { Reason::NoRole } else { Reason::UnknownRoles };
        for (index, role) in request.roles.iter().enumerate() {
            // A request may have a great many roles.
            if index > 0 {
                context.check()?;
            }
            let Some(role) = self.roles.find(&role.0) else { continue };
            if role.allows(&request.method, path) {
                return Ok(Reason::Allowed(&role.reason));
            }
            denial = Reason::NotGranted;
        }
        Ok(denial)
    }
}

/// Returns whether a text has the form of a method (RFC 9110, 5.6.2).
fn is_token(method: &str) -> bool {
    let in_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !method.is_empty() && method.bytes().all(in_token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy_api::decide;

    const SETTINGS: &str = r#"{"roles": {
        "viewer": [{"methods": ["GET", "HEAD"], "paths": ["/api/**", "/healthz"]}],
        "owner": [{"methods": ["*"], "paths": ["/api/v1/teams/*"]}],
        "nobody": []
    }}"#;

    /// `METHOD PATH` by these roles: the output.
    fn ask(settings: &str, request: &str, roles: &str) -> String {
        let (method, path) = request.split_once(' ').unwrap();
        let input = format!(
            r#"{{"method": "{method}", "path": "{path}", "roles": {roles}, "user": "alice"}}"#
        );
        decide::<HttpAuthz>(settings, &input).unwrap().output.to_string()
    }

    fn denied(check: &str, reason: &str) -> String {
        let field = match check {
            "role" => r#""field":"roles","#.to_owned(),
            "method" | "path" => format!(r#""field":"{check}","#),
            _ => String::new(),
        };
        format!(r#"{{"allowed":false,"check":"{check}",{field}"reason":"{reason}"}}"#)
    }

    fn error(settings: &str) -> String {
        decide::<HttpAuthz>(settings, "{}").unwrap_err().to_string()
    }

    #[test]
    fn role_allows_its_methods_on_its_paths() {
        assert_eq!(
            ask(SETTINGS, "GET /api/v1/pods?limit=5", r#"["nobody", "viewer"]"#),
            r#"{"allowed":true,"reason":"the role `viewer` allows it"}"#
        );
        assert_eq!(
            ask(SETTINGS, "DELETE /api/v1/teams/a", r#"["viewer", "owner"]"#),
            r#"{"allowed":true,"reason":"the role `owner` allows it"}"#
        );
        let not_granted =
            denied("grant", "none of the request's roles allows this method on this path");
        assert_eq!(ask(SETTINGS, "DELETE /api/v1/teams/a", r#"["viewer"]"#), not_granted);
        assert_eq!(ask(SETTINGS, "get /healthz", r#"["viewer"]"#), not_granted);
        assert_eq!(ask(SETTINGS, "GET /metrics", r#"["viewer", "intruder"]"#), not_granted);
    }

    #[test]
    fn request_without_a_known_role_is_denied() {
        assert_eq!(
            ask(SETTINGS, "GET /healthz", "[]"),
            denied("role", "the request carries no role")
        );
        assert_eq!(
            ask(SETTINGS, "GET /healthz", r#"["Viewer"]"#),
            denied("role", "the settings define none of the request's roles")
        );
        let input = r#"{"method": "GET", "path": "/healthz"}"#;
        let output = decide::<HttpAuthz>(SETTINGS, input).unwrap().output.to_string();
        assert_eq!(output, denied("role", "the request carries no role"));
    }

    #[test]
    fn malformed_method_is_denied_even_if_any_is_allowed() {
        for method in ["", " GET", "GET ", "GET\\u0000", "GET\\r\\nX", "G\\u0415T", "GET,POST"] {
            let input = format!(
                r#"{{"method": "{method}", "path": "/api/v1/teams/a", "roles": ["owner"]}}"#
            );
            let output = decide::<HttpAuthz>(SETTINGS, &input).unwrap().output.to_string();
            let reason = "the method is not one that HTTP knows the form of, such as `GET`";
            assert_eq!(output, denied("method", reason), "{method}");
        }
        let own = ask(SETTINGS, "M-SEARCH /api/v1/teams/a", r#"["owner"]"#);
        assert_eq!(own, r#"{"allowed":true,"reason":"the role `owner` allows it"}"#);
    }

    #[test]
    fn everything_is_denied_without_settings() {
        assert_eq!(
            ask("{}", "GET /healthz", r#"["viewer"]"#),
            denied("roles", "the settings define no `roles`, so every request is denied")
        );
    }

    #[test]
    fn ambiguous_path_is_denied_with_the_reason() {
        for (path, reason) in [
            ("api", "the path does not start with `/`"),
            ("/api//x", "the path has an empty segment, as in `//` or `/%20/`"),
            ("/api/../x", "the path has a `.` or `..` segment, or one of dots alone"),
            (
                "/api/..%20/x",
                "the path has a blank that is not escaped, or a segment that begins or ends with one",
            ),
            (r"/api\\x", "the path has a backslash"),
            ("/api/..;/x", "the path has a `;`, where some servers cut it"),
            (r"/api\u0000", "the path or its query has a control character"),
            (
                "/api%2fx",
                r"the path has an escaped `.`, `/`, `\\`, `;`, `?`, `#`, `%` or control character",
            ),
            (
                "/api/..%3b/x",
                r"the path has an escaped `.`, `/`, `\\`, `;`, `?`, `#`, `%` or control character",
            ),
            (
                r"/api/..\uff0fx",
                r"the path has a character that some servers take for `/`, `\\`, `;`, `?`, `#` or `%`",
            ),
            ("/api%x", "the path has a `%` without two hexadecimal digits"),
        ] {
            assert_eq!(
                ask(SETTINGS, &format!("GET {path}"), r#"["viewer"]"#),
                denied("path", reason)
            );
        }
    }

    #[test]
    fn escaped_json_strings_match_their_names() {
        assert_eq!(
            ask(SETTINGS, r"GET \/healthz", r#"["\u0076iewer"]"#),
            r#"{"allowed":true,"reason":"the role `viewer` allows it"}"#
        );
    }

    #[test]
    fn invalid_settings_are_refused_with_their_position() {
        let grant = |grant: &str| error(&format!(r#"{{"roles": {{"r": [{grant}]}}}}"#));
        assert_eq!(
            grant(r#"{"methods": ["GET"], "paths": ["/a", "b"]}"#),
            "`roles.r[0].paths[1]` is `b`: expected a pattern that starts with `/`"
        );
        assert_eq!(
            grant(r#"{"methods": ["GET", "get"], "paths": ["/a"]}"#),
            "`roles.r[0].methods[1]` is `get`: expected a method in capitals such as `GET`, or `*`"
        );
        assert_eq!(
            grant(r#"{"methods": [], "paths": ["/a"]}"#),
            "`roles.r[0].methods` is empty: expected methods such as `GET`, or `*`"
        );
        assert_eq!(
            grant(r#"{"methods": ["*"], "paths": []}"#),
            "`roles.r[0].paths` is empty: expected patterns such as `/api/**`"
        );
        assert_eq!(
            error(r#"{"roles": {"": []}}"#),
            "a role of `roles` has an empty name: give it one"
        );
        for role in [" viewer", "viewer\\t", "view\\u0000er", "\\u00a0"] {
            let role = error(&format!(r#"{{"roles": {{"{role}": []}}}}"#));
            assert!(
                role.ends_with(
                    ": expected no blank at either end of a role, and no control character"
                ),
                "{role}"
            );
        }
        assert!(error(r#"{"role": {}}"#).starts_with("unknown field `role`, expected `roles`"));
    }

    #[test]
    fn incomplete_request_is_an_error() {
        assert_eq!(error(SETTINGS), "missing field `method`, at line 1 column 2");
    }
}
