//! How each server is asked for a decision of `http-authz`, and what of its answer is the verdict.

use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;

/// An input of `http-authz`, of which servers that know no paths and roles take parts.
#[derive(Deserialize)]
struct Input {
    method: String,
    path: String,
    roles: Vec<String>,
    user: String,
}

impl Kind {
    /// The path of its API.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Ours => "/v1/data/http-authz",
            Self::Bare => "/",
            Self::Go => "/policies/http-authz",
            Self::Cerbos => "/api/check/resources",
            Self::Opa => "/v1/data/rbac/allow",
            Self::CedarAgent => "/v1/is_authorized",
        }
    }

    /// The body of the request for a decision on this input.
    pub(super) fn body(self, input: &str) -> serde_json::Result<Value> {
        let Input { method, path, roles, user } = serde_json::from_str(input)?;
        Ok(match self {
            Self::Ours | Self::Bare | Self::Opa => {
                json!({ "input": serde_json::from_str::<Value>(input)? })
            }
            Self::Go => serde_json::from_str(input)?,
            Self::Cerbos => json!({
                "principal": { "id": user, "roles": roles },
                "resources": [{
                    "actions": [method],
                    "resource": { "kind": "api", "id": "api", "attr": { "path": path } },
                }],
            }),
            Self::CedarAgent => json!({
                "principal": format!("User::\"{user}\""),
                "action": format!("Action::\"{method}\""),
                "resource": r#"Application::"api""#,
                "context": { "path": path },
            }),
        })
    }

    /// True if the answer allows the request; `None` if it is no answer.
    pub(super) fn verdict(self, answer: &str) -> Option<bool> {
        let answer: Value = serde_json::from_str(answer).ok()?;
        match self {
            Self::Ours | Self::Bare => answer.pointer("/result/allowed")?.as_bool(),
            Self::Go => answer.get("allowed")?.as_bool(),
            Self::Cerbos => {
                let actions = answer.pointer("/results/0/actions")?.as_object()?;
                Some(actions.values().next()? == "EFFECT_ALLOW")
            }
            Self::Opa => answer.get("result")?.as_bool(),
            Self::CedarAgent => Some(answer.get("decision")? == "Allow"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_is_read_in_the_words_of_each_server() {
        let cerbos = |effect| format!(r#"{{"results":[{{"actions":{{"GET":"{effect}"}}}}]}}"#);
        for (kind, answer, verdict) in [
            (Kind::Ours, r#"{"result":{"allowed":false}}"#, Some(false)),
            (Kind::Go, r#"{"allowed":true}"#, Some(true)),
            (Kind::Cerbos, &cerbos("EFFECT_ALLOW"), Some(true)),
            (Kind::Cerbos, &cerbos("EFFECT_DENY"), Some(false)),
            (Kind::Opa, r#"{"result":true}"#, Some(true)),
            (Kind::CedarAgent, r#"{"decision":"Deny"}"#, Some(false)),
            // As OPA answers for what it does not know.
            (Kind::Opa, "{}", None),
            (Kind::Ours, "no such policy", None),
        ] {
            assert_eq!(kind.verdict(answer), verdict, "{kind:?}: {answer}");
        }
    }
}
