use std::collections::BTreeSet;

use policy_console::{ResultKind, TriedSide, Violation};
use serde_json::Value;

/// The most differences that are listed of one kind.
const MAX_LISTED: usize = 50;

/// The most characters of a value.
const MAX_VALUE: usize = 80;

/// What differs between what two policies decided, in words; nothing where nothing does.
pub(super) fn differences(first: &TriedSide, second: &TriedSide) -> Vec<String> {
    let mut told = Vec::new();
    if first.verdict != second.verdict {
        let [first, second] = [first.verdict, second.verdict].map(word);
        told.push(format!("the first {first}, the second {second}"));
    }
    if first.error.is_some() && second.error.is_some() && first.error != second.error {
        told.push("the errors differ".to_owned());
    }
    let checks = |side: &TriedSide| -> BTreeSet<String> {
        side.violations.iter().filter_map(|violation| violation.check.clone()).collect()
    };
    only("check", &checks(first), &checks(second), &mut told);
    let violations =
        |side: &TriedSide| -> BTreeSet<String> { side.violations.iter().map(in_words).collect() };
    only("violation", &violations(first), &violations(second), &mut told);
    if first.omitted_violations + second.omitted_violations > 0 {
        told.push("only the first violations of each are compared: one has more".to_owned());
    }
    if let (Some(first), Some(second)) = (&first.output, &second.output) {
        output(first, second, &mut told);
    }
    told
}

fn word(verdict: ResultKind) -> &'static str {
    match verdict {
        ResultKind::Allowed => "allows",
        ResultKind::Denied => "denies",
        ResultKind::Answered => "answers without a verdict",
        ResultKind::Failed => "fails",
    }
}

fn in_words(violation: &Violation) -> String {
    match &violation.field {
        Some(field) => format!("{field}: {}", violation.message),
        None => violation.message.clone(),
    }
}

/// Tells what only one of two has.
fn only(what: &str, first: &BTreeSet<String>, second: &BTreeSet<String>, told: &mut Vec<String>) {
    for (whose, own, other) in [("first", first, second), ("second", second, first)] {
        let mut all = own.difference(other);
        let listed = all.by_ref().take(MAX_LISTED);
        told.extend(listed.map(|one| format!("{what} of the {whose} only: {one}")));
        match all.count() {
            0 => {}
            more => told.push(format!("and {more} more {what}s of the {whose} only")),
        }
    }
}

/// Tells what else differs in two outputs: field by field where both are objects.
fn output(first: &str, second: &str, told: &mut Vec<String>) {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let (first, second) = (read(first), read(second));
    let (Value::Object(first), Value::Object(second)) = (&first, &second) else {
        if first != second {
            told.push(format!(
                "the output is {} and {}",
                short(Some(&first)),
                short(Some(&second))
            ));
        }
        return;
    };
    let keys: BTreeSet<_> = first.keys().chain(second.keys()).collect();
    // These are told above.
    let others =
        keys.into_iter().filter(|key| !matches!(&***key, "allowed" | "allow" | "violations"));
    let mut differing = others.filter(|key| first.get(*key) != second.get(*key));
    let listed = differing.by_ref().take(MAX_LISTED);
    told.extend(
        listed.map(|key| {
            format!("`{key}` is {} and {}", short(first.get(key)), short(second.get(key)))
        }),
    );
    match differing.count() {
        0 => {}
        more => told.push(format!("and {more} more fields of the output")),
    }
}

fn short(value: Option<&Value>) -> String {
    let Some(value) = value else { return "missing".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(MAX_VALUE).and_then(|(end, _)| text.get(..end)) {
        Some(start) => format!("`{start}…`"),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(verdict: ResultKind, violations: &[(&str, &str)], output: &str) -> TriedSide {
        let violation = |(check, message): &(&str, &str)| Violation {
            check: Some((*check).to_owned()),
            field: Some("spec".to_owned()),
            message: (*message).to_owned(),
            line: None,
        };
        TriedSide {
            policy: "pods".to_owned(),
            version: "1.0.0".to_owned(),
            settings_digest: String::new(),
            settings_from: "",
            verdict,
            mode: "enforce",
            violations: violations.iter().map(violation).collect(),
            omitted_violations: 0,
            output: Some(output.to_owned()),
            error: None,
            microseconds: None,
            allocated_bytes: None,
        }
    }

    #[test]
    fn differences_are_told_in_words() {
        let allowed = side(ResultKind::Allowed, &[], r#"{"allowed":true,"reason":"a"}"#);
        let denied = side(
            ResultKind::Denied,
            &[("image", "bad"), ("host", "worse")],
            r#"{"allowed":false,"violations":[]}"#,
        );
        assert_eq!(differences(&denied, &denied), Vec::<String>::new());
        assert_eq!(
            differences(&denied, &allowed),
            [
                "the first denies, the second allows",
                "check of the first only: host",
                "check of the first only: image",
                "violation of the first only: spec: bad",
                "violation of the first only: spec: worse",
                "`reason` is missing and `\"a\"`",
            ]
        );
        let texts: Vec<_> = (0..60).map(|number| number.to_string()).collect();
        let many: Vec<_> = texts.iter().map(|text| ("image", text.as_str())).collect();
        let told = differences(&denied, &side(ResultKind::Denied, &many, "[1]"));
        assert!(told.contains(&"and 10 more violations of the second only".to_owned()), "{told:?}");
        assert_eq!(
            told.last().unwrap(),
            "the output is `{\"allowed\":false,\"violations\":[]}` and `[1]`"
        );
    }
}
