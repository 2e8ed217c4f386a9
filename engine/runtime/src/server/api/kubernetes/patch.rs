//! JSON Patch (RFC 6902), checked without the object that it is for. The API server applies it, and
//! denies with words of its own where it does not fit.

use std::fmt;

use serde_json::Value;

/// The error of an invalid `patch`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PatchError {
    NotAnArray,
    Operation { index: usize, problem: String },
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Operation { index, problem } = self {
            write!(f, "operation {index} {problem}: ")?;
        }
        f.write_str(
            "expected an array of JSON Patch operations, such as `{\"op\": \"add\", \"path\": \
             \"/metadata/labels\", \"value\": {}}`",
        )
    }
}

/// Checks a patch, and returns its operations.
pub(super) fn operations(patch: &Value) -> Result<&[Value], PatchError> {
    let operations = patch.as_array().ok_or(PatchError::NotAnArray)?;
    for (index, operation) in operations.iter().enumerate() {
        check(operation).map_err(|problem| PatchError::Operation { index, problem })?;
    }
    Ok(operations)
}

fn check(operation: &Value) -> Result<(), String> {
    if !operation.is_object() {
        return Err("is no object".to_owned());
    }
    let op = operation.get("op").ok_or("has no `op`")?;
    let path = pointer(operation, "path")?;
    match op.as_str() {
        Some("remove") => {}
        Some(op @ ("add" | "replace" | "test")) => {
            if operation.get("value").is_none() {
                return Err(format!("is `{op}` without a `value`"));
            }
        }
        Some("move") => {
            let from = pointer(operation, "from")?;
            if path.strip_prefix(from).is_some_and(|below| below.starts_with('/')) {
                return Err(format!("moves `{from}` into itself"));
            }
        }
        Some("copy") => {
            pointer(operation, "from")?;
        }
        _ => {
            return Err(format!(
                "has the `op` {op}, which is none of `add`, `remove`, `replace`, `move`, `copy` \
                 and `test`"
            ));
        }
    }
    Ok(())
}

/// A JSON pointer (RFC 6901).
fn pointer<'v>(operation: &'v Value, field: &str) -> Result<&'v str, String> {
    let found = operation.get(field).ok_or_else(|| format!("has no `{field}`"))?;
    let is_pointer = |text: &str| {
        (text.is_empty() || text.starts_with('/'))
            && text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']))
    };
    found
        .as_str()
        .filter(|text| is_pointer(text))
        .ok_or_else(|| format!("has the `{field}` {found}, which is no JSON pointer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_operation_of_the_rfc_is_accepted() {
        let patch = json!([
            {"op": "add", "path": "/a/-", "value": null},
            {"op": "remove", "path": "/a~1b~0"},
            {"op": "replace", "path": "", "value": {}},
            {"op": "move", "from": "/a", "path": "/ab", "more": 1},
            {"op": "copy", "from": "", "path": "/a/b"},
            {"op": "test", "path": "/a//", "value": false},
        ]);
        assert_eq!(operations(&patch).unwrap().len(), 6);
        assert_eq!(operations(&json!([])).unwrap().len(), 0);
    }

    #[test]
    fn invalid_operation_is_reported_with_its_index() {
        for (operation, problem) in [
            (json!(7), "is no object"),
            (json!({"path": "/a"}), "has no `op`"),
            (json!({"op": "add", "value": 1}), "has no `path`"),
            (json!({"op": "add", "path": "/a"}), "is `add` without a `value`"),
            (json!({"op": "replace", "path": "/a"}), "is `replace` without a `value`"),
            (json!({"op": "test", "path": "/a"}), "is `test` without a `value`"),
            (json!({"op": "move", "path": "/a"}), "has no `from`"),
            (json!({"op": "copy", "path": "/a"}), "has no `from`"),
            (json!({"op": "move", "from": "/a", "path": "/a/b"}), "moves `/a` into itself"),
            (
                json!({"op": "move", "from": 7, "path": "/a"}),
                "has the `from` 7, which is no JSON pointer",
            ),
            (
                json!({"op": "remove", "path": "a"}),
                "has the `path` \"a\", which is no JSON pointer",
            ),
            (
                json!({"op": "remove", "path": "/~"}),
                "has the `path` \"/~\", which is no JSON pointer",
            ),
            (
                json!({"op": "remove", "path": "/~2"}),
                "has the `path` \"/~2\", which is no JSON pointer",
            ),
            (
                json!({"op": "remove", "path": null}),
                "has the `path` null, which is no JSON pointer",
            ),
            (
                json!({"op": "Add", "path": "/a", "value": 1}),
                "has the `op` \"Add\", which is none of `add`, `remove`, `replace`, `move`, `copy` \
                 and `test`",
            ),
        ] {
            let patch = json!([{"op": "remove", "path": "/a"}, operation]);
            let expected = PatchError::Operation { index: 1, problem: problem.to_owned() };
            assert_eq!(operations(&patch), Err(expected));
        }
        for patch in [json!({}), json!("x"), json!(true)] {
            assert_eq!(operations(&patch), Err(PatchError::NotAnArray));
        }
    }
}
