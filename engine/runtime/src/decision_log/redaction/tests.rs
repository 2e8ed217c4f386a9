use super::*;
use proptest::prelude::*;
use serde_json::json;

fn redaction(erase: &[&str], mask: &[(&str, Value)]) -> Redaction {
    let erase: Vec<_> = erase.iter().map(|&pointer| pointer.to_owned()).collect();
    let mask = mask.iter().map(|(pointer, value)| ((*pointer).to_owned(), value.clone())).collect();
    Redaction::new(&erase, &mask).unwrap()
}

fn seen(redaction: &Redaction, input: &str) -> (String, Vec<String>, Vec<String>) {
    let input: &RawValue = serde_json::from_str(input).unwrap();
    let (mut out, mut changes) = (Vec::new(), Changes::default());
    let kept = redaction.write(Part::Input, input, &mut out, &mut changes);
    assert_eq!(kept, !out.is_empty());
    (String::from_utf8(out).unwrap(), changes.erased, changes.masked)
}

fn erased(pointer: &str, input: &str) -> String {
    seen(&redaction(&[pointer], &[]), input).0
}

#[test]
fn erased_fields_are_removed_and_listed() {
    let both = redaction(
        &["/input/user/password", "/input/none", "/result/reason"],
        &[("/input/user/name", json!({"hidden": true})), ("/input/user/none", json!(1))],
    );
    assert_eq!(
        seen(&both, r#"{"user": {"name": "ann", "password": "x", "n": 1.50}, "z": [ ]}"#),
        (
            r#"{"user":{"name":{"hidden":true},"n":1.50},"z":[ ]}"#.to_owned(),
            vec!["/input/user/password".to_owned()],
            vec!["/input/user/name".to_owned()]
        )
    );
}

#[test]
fn array_indices_refer_to_the_original_input() {
    let first_two = redaction(&["/input/a/0", "/input/a/1"], &[]);
    assert_eq!(seen(&first_two, r#"{"a": [1, 2, 3]}"#).0, r#"{"a":[3]}"#);
    assert_eq!(erased("/input/1", "[1]"), "[1]");
    assert_eq!(erased("/input/01", "[1,2]"), "[1,2]");
    assert_eq!(erased("/input/01", r#"{"01":2}"#), "{}");
}

#[test]
fn star_matches_every_element() {
    let env = redaction(&["/input/*/env/*/value"], &[("/input/*/tag", json!("?"))]);
    let (text, erased, masked) = seen(
        &env,
        r#"{"a/b": {"env": [{"name":1,"value":2},{"value":3}], "tag": 4}, "c": {"env": 5}}"#,
    );
    assert_eq!(text, r#"{"a/b":{"env":[{"name":1},{}],"tag":"?"},"c":{"env":5}}"#);
    assert_eq!(erased, ["/input/a~1b/env/0/value", "/input/a~1b/env/1/value"]);
    assert_eq!(masked, ["/input/a~1b/tag"]);
}

#[test]
fn keys_erased_by_a_star_are_not_listed() {
    let (text, erased, masked) = seen(
        &redaction(&["/input/*", "/result/known"], &[("/input/a", json!(1))]),
        r#"{"hunter2": 1, "b": {"hunter3": 2}, "a": 3}"#,
    );
    assert_eq!((text.as_str(), erased.as_slice()), ("{}", &["/input/*".to_owned()][..]));
    assert!(masked.is_empty());
    let (_, erased, _) =
        seen(&redaction(&["/input/*/*"], &[]), r#"{"a": {"x": 1, "y": 2}, "b": [3, 4], "c": 5}"#);
    assert_eq!(erased, ["/input/a/*", "/input/b/0", "/input/b/1"]);
    // Of what is masked, the key is there to be seen.
    assert_eq!(seen(&redaction(&[], &[("/input/*", json!(0))]), r#"{"k": 1}"#).2, ["/input/k"]);
}

#[test]
fn whole_input_is_erased_or_masked() {
    let all = (String::new(), vec!["/input".to_owned()], vec![]);
    assert_eq!(seen(&redaction(&["/input"], &[("/input", json!(1))]), "[1]"), all);
    assert_eq!(seen(&redaction(&[], &[("/input", json!({}))]), "[1]").0, "{}");
}

#[test]
fn escaped_and_duplicate_keys_are_erased() {
    let input = r#"{"p\u0061ss": 1, "a": 2, "pass": 3, "a\/~b": 4}"#;
    assert_eq!(erased("/input/pass", input), r#"{"a":2,"a\/~b":4}"#);
    assert!(!erased("/input/a~1~0b", input).contains('4'));
}

#[test]
fn undecodable_input_is_erased_as_a_whole() {
    // Half a surrogate pair is JSON by its grammar, and no text.
    let input = r#"{"\ud800": "secret", "password": "secret"}"#;
    let password = redaction(&["/input/password"], &[("/input/a", json!(1))]);
    assert_eq!(
        seen(&password, input),
        (String::new(), vec!["/input".to_owned()], Vec::<String>::new())
    );
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
    assert_eq!(erased("/input/0/0/1", &deep), deep);
    let pointer = "/input".to_owned() + &"/0".repeat(200);
    assert_eq!(erased(&pointer, &deep), "[".repeat(200) + &"]".repeat(200));
}

#[test]
fn long_keys_over_many_elements_are_listed_once() {
    let input = format!(r#"{{"{}":[{}0]}}"#, "k".repeat(10_000), "0,".repeat(10_000));
    let (text, erased, _) = seen(&redaction(&["/input/*/*"], &[]), &input);
    assert!(text.ends_with(":[]}"));
    assert_eq!(erased.len(), 2);
    assert_eq!(erased[1], "/input/*/*");
}

#[test]
fn line_breaks_are_removed() {
    assert_eq!(erased("/input/x", "{\r\n\"a\": [1,\n2], \"x\":\n3}"), r#"{"a":[1,2]}"#);
    assert_eq!(seen(&redaction(&[], &[]), "[1,\n 2]").0, "[1, 2]");
}

#[test]
fn invalid_pointers_are_refused() {
    let told = |pointer: &str| {
        Redaction::new(&[pointer.to_owned()], &BTreeMap::new()).unwrap_err().to_string()
    };
    for nowhere in ["", "/", "input/a", "/inputs", "/labels/id"] {
        assert_eq!(
            told(nowhere),
            format!(
                "`{nowhere}` leads nowhere in a decision: expected `/input`, `/result`, or a \
                 pointer below one of them, such as `/input/password`"
            )
        );
    }
    for escape in ["/input/a~2", "/input/~", "/result/x/~~01"] {
        assert_eq!(
            told(escape),
            format!("`{escape}` is no JSON pointer: write `~0` for `~` in a key, and `~1` for `/`")
        );
    }
}

fn any_input() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!("SECRET")), Just(json!(1)), Just(Value::Null)];
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[ab~/0-2]{1,2}", inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// Pointers to every secret.
fn secrets(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(pointer.to_owned()),
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                secrets(element, &format!("{pointer}/{at}"), found);
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                let key = key.replace('~', "~0").replace('/', "~1");
                secrets(entry, &format!("{pointer}/{key}"), found);
            }
        }
        _ => {}
    }
}

fn without_secrets(value: &Value, mask: bool) -> Option<Value> {
    match value {
        Value::String(_) => mask.then(|| json!("-")),
        Value::Array(elements) => {
            Some(elements.iter().filter_map(|element| without_secrets(element, mask)).collect())
        }
        Value::Object(entries) => Some(
            entries
                .iter()
                .filter_map(|(key, entry)| Some((key.clone(), without_secrets(entry, mask)?)))
                .collect(),
        ),
        other => Some(other.clone()),
    }
}

proptest! {
    #[test]
    fn no_secret_survives_redaction(input in any_input(), mask in any::<bool>(), pretty in any::<bool>()) {
        let mut pointers = Vec::new();
        secrets(&input, "/input", &mut pointers);
        let some: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let masks: Vec<_> = some.iter().map(|pointer| (*pointer, json!("-"))).collect();
        let redaction = if mask { redaction(&[], &masks) } else { redaction(&some, &[]) };
        let text = if pretty { format!("{input:#}") } else { input.to_string() };
        let (text, erased, masked) = seen(&redaction, &text);
        prop_assert!(!text.contains("SECRET"), "{text}");
        prop_assert!(!text.contains('\n'), "{text}");
        let mut listed = if mask { masked } else { erased };
        listed.sort();
        pointers.sort();
        prop_assert_eq!(listed, pointers);
        let shown = (!text.is_empty()).then(|| serde_json::from_str(&text).unwrap());
        prop_assert_eq!(shown, without_secrets(&input, mask));
    }

    #[test]
    fn arbitrary_pointer_and_input_never_panic(
        input in any_input(),
        pointers in prop::collection::vec("/(input|result)(/([ab0-2]{1,2}|\\*|~0|~1)){0,5}", 0..5),
    ) {
        let pointers: Vec<&str> = pointers.iter().map(String::as_str).collect();
        let (text, ..) = seen(&redaction(&pointers, &[]), &input.to_string());
        prop_assert!(text.is_empty() || serde_json::from_str::<Value>(&text).is_ok(), "{text}");
    }
}
