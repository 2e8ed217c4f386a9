use serde_json::Value;

use crate::policies::MASK;
use crate::suites::yaml_text::{plain, scalar};

/// A value as YAML, in blocks.
pub(super) fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, None);
    out
}

/// A value as YAML, in blocks, with a comment in the place of each secret.
pub(super) fn yaml_without_secrets(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, 0, Some(MASK));
    out
}

/// Writes a value. Keys whose value is `secret` are commented out.
fn write(out: &mut String, value: &Value, indent: usize, secret: Option<&str>) {
    let is_secret = |value: &Value| secret.is_some() && value.as_str() == secret;
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                push_indent(out, indent);
                if is_secret(value) {
                    out.push_str("# ");
                    out.push_str(&plain(key));
                    out.push_str(": a secret that is not shown\n");
                    continue;
                }
                out.push_str(&plain(key));
                out.push(':');
                if is_block(value) {
                    out.push('\n');
                    write(out, value, indent + 2, secret);
                } else {
                    out.push(' ');
                    write(out, value, 0, secret);
                }
            }
            // Comments alone are nothing.
            if fields.values().all(is_secret) {
                push_indent(out, indent);
                out.push_str("{}\n");
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for element in elements {
                let mut inner = String::new();
                let is_block = is_block(element);
                write(&mut inner, element, if is_block { indent + 2 } else { 0 }, secret);
                push_indent(out, indent);
                out.push_str("- ");
                out.push_str(inner.trim_start_matches(' '));
            }
        }
        value => {
            push_indent(out, indent);
            out.push_str(&scalar(value));
            out.push('\n');
        }
    }
}

/// Tells whether a value takes lines of its own.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        _ => false,
    }
}

fn push_indent(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    use crate::documents::{Source, documents};

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "([a-z:# \"'\n-]|•|é){0,8}".prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::btree_map("[a-z: -]{1,4}", inner, 0..4)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn values_are_blocks() {
        let value = json!({"a": {"b": [1, {"c": "x y", "d": []}, [2]]}, "e": "no", "f": {}});
        let text = "a:\n  b:\n    - 1\n    - c: x y\n      d: []\n    - - 2\ne: \"no\"\nf: {}\n";
        assert_eq!(yaml(&value), text);
    }

    #[test]
    fn secrets_are_comments_and_the_rest_stays() {
        let value = json!({"a": {"pin": MASK}, "b": [{"c": 1, "token": MASK}], "token": MASK});
        let text = "a:\n  # pin: a secret that is not shown\n  {}\nb:\n  - c: 1\n    \
                    # token: a secret that is not shown\n# token: a secret that is not shown\n";
        assert_eq!(yaml_without_secrets(&value), text);
        let source = Source::new("a.yaml", text);
        let read = documents(&source).next().unwrap().unwrap();
        let read: Value = serde_json::from_slice(&read.json).unwrap();
        assert_eq!(read, json!({"a": {}, "b": [{"c": 1}]}));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(value in value()) {
            let value = json!({"value": value});
            let text = yaml(&value);
            let source = Source::new("a.yaml", text.as_str());
            let read = documents(&source).next().unwrap().unwrap();
            prop_assert_eq!(&serde_json::from_slice::<Value>(&read.json).unwrap(), &value, "{}", text);
        }
    }
}
