//! The values of plain scalars: Kubernetes' reader takes YAML 1.1's words and, mostly, Go's
//! numbers.

use std::borrow::Cow;

/// The value of a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    /// An integer of 64 bits, signed where it can be.
    Integer(i64),
    Unsigned(u64),
    /// May be infinite or not a number.
    Float(f64),
    /// Its own text.
    Text,
}

/// Resolves a scalar that has no quotes.
pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => number(text).unwrap_or(Resolved::Text),
    }
}

fn number(text: &str) -> Option<Resolved> {
    let first = *text.as_bytes().first()?;
    if !matches!(first, b'.' | b'+' | b'-' | b'0'..=b'9') {
        return None;
    }
    let digits: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    if first == b'.' {
        // Only here is it looked at where they stand.
        return float(&digits).filter(|_| separates_digits(text));
    }
    integer(&digits).or_else(|| float(&digits)).or_else(|| signed_binary(&digits))
}

/// Returns whether each `_` has a digit before it and behind it.
fn separates_digits(text: &str) -> bool {
    let ends_with_digit = |part: &str| part.ends_with(|last: char| last.is_ascii_digit());
    let begins_with_digit = |part: &str| part.starts_with(|first: char| first.is_ascii_digit());
    let parts: Vec<_> = text.split('_').collect();
    parts.iter().skip(1).all(|part| begins_with_digit(part))
        && parts.iter().rev().skip(1).all(|part| ends_with_digit(part))
}

/// An integer of Go's: decimal, `0x…`, `0b…`, `0o…`, and octal where it begins with 0.
fn integer(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']);
    let digits = unsigned.unwrap_or(text);
    let (radix, digits) = match digits.as_bytes() {
        [b'0'] => (10, digits),
        [b'0', b'x' | b'X', _, ..] => (16, digits.get(2..)?),
        [b'0', b'o' | b'O', _, ..] => (8, digits.get(2..)?),
        [b'0', b'b' | b'B', _, ..] => (2, digits.get(2..)?),
        [b'0', ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // A second sign is none of a number.
    let magnitude = digits
        .starts_with(|first: char| first.is_ascii_alphanumeric())
        .then(|| u64::from_str_radix(digits, radix).ok())??;
    if text.starts_with('-') {
        return 0_i64.checked_sub_unsigned(magnitude).map(Resolved::Integer);
    }
    match i64::try_from(magnitude) {
        Ok(value) => Some(Resolved::Integer(value)),
        Err(_) if unsigned.is_none() => Some(Resolved::Unsigned(magnitude)),
        Err(_) => None,
    }
}

/// A decimal number with a point or an exponent, or an integer too long for 64 bits.
fn float(text: &str) -> Option<Resolved> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    let is_number = are_digits(whole)
        && are_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|digits| !digits.is_empty() && are_digits(digits));
    if !is_number {
        return None;
    }
    // What is too large for a float is text.
    text.parse::<f64>().ok().filter(|value| value.is_finite()).map(Resolved::Float)
}

/// `0b+1` and `0b-1`, which Kubernetes' reader takes for numbers.
fn signed_binary(text: &str) -> Option<Resolved> {
    let digits = text.strip_prefix("0b").filter(|digits| digits.starts_with(['+', '-']))?;
    i64::from_str_radix(digits, 2).ok().map(Resolved::Integer)
}

impl Resolved {
    /// The value as JSON, where it is neither text nor a number that JSON lacks. Numbers are
    /// written as Kubernetes writes them: a float that is whole looks like an integer.
    pub(super) fn to_json(self) -> Option<String> {
        match self {
            Self::Null => Some("null".to_owned()),
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            Self::Unsigned(value) => Some(value.to_string()),
            // Go writes -0, which its readers of integers take for 0.
            Self::Float(0.0) => Some("0".to_owned()),
            Self::Float(value) if !value.is_finite() => None,
            Self::Float(value) if (1e-6..1e21).contains(&value.abs()) => Some(value.to_string()),
            Self::Float(value) => Some(format!("{value:e}")),
            Self::Text => None,
        }
    }

    /// The value as an object's key, where it can be one and is not its own text. Floats are
    /// rounded to 32 bits; those that would be written with an exponent are none.
    pub(super) fn to_key(self) -> Option<String> {
        match self {
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(value) => Some(value.to_string()),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "so are they in Kubernetes' reader"
            )]
            Self::Float(value) => {
                let rounded = value as f32;
                (1e-4..1e6).contains(&rounded.abs()).then(|| rounded.to_string())
            }
            Self::Null | Self::Unsigned(_) | Self::Text => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        resolve(text).to_json().unwrap_or_else(|| format!("{:?}", resolve(text)))
    }

    #[test]
    fn booleans_and_nulls_are_spelled_as_by_kubernetes() {
        for text in ["nULL", "tRUE", "yEs", "Nil", "none", "=", "<<", "t", "F", "oN", "ye", "NaN"] {
            assert_eq!(resolve(text), Resolved::Text, "{text}");
        }
        assert_eq!(
            (json("y"), json("Off"), json("~"), json("")),
            ("true".into(), "false".into(), "null".into(), "null".into())
        );
    }

    #[test]
    fn numbers_are_written_as_by_go() {
        for (text, expected) in [
            ("1.00065e+09", "1000650000"),
            ("1e3", "1000"),
            ("1000.0", "1000"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("012", "10"),
            ("08", "8"),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("0b11", "3"),
            ("-0b11", "-3"),
            ("0b-1", "-1"),
            ("1_000", "1000"),
            ("0_7", "7"),
            ("+1", "1"),
            (".5", "0.5"),
            (".5_0", "0.5"),
            ("1__0_", "10"),
            ("1.", "1"),
            ("18446744073709551615", "18446744073709551615"),
            ("+18446744073709551615", "18446744073709552000"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("-9223372036854775809", "-9223372036854776000"),
            ("0x8000000000000000", "9223372036854775808"),
            ("1e21", "1e21"),
            ("1e-7", "1e-7"),
            ("0.000001", "0.000001"),
        ] {
            assert_eq!(json(text), expected, "{text}");
        }
        for text in [
            "1e400",
            "190:20:30",
            "2001-01-01",
            "0x",
            "0b2",
            "0o8",
            "1.2.3",
            "+",
            "-",
            ".",
            "1e",
            "--1",
            "+-1",
            "_1",
            "0x-1",
            "1k",
            ".e5",
            "-0x8000000000000001",
            "._5",
            ".5_",
            ".5__0",
            ".5_e1",
            "٣",
        ] {
            assert_eq!(resolve(text), Resolved::Text, "{text}");
        }
        assert_eq!((json("-.INF"), json(".inf")), ("Float(-inf)".into(), "Float(inf)".into()));
    }

    #[test]
    fn keys_become_strings() {
        let key = |text| resolve(text).to_key();
        assert_eq!(key("0x10").as_deref(), Some("16"));
        assert_eq!(key("1.10").as_deref(), Some("1.1"));
        assert_eq!(key("yes").as_deref(), Some("true"));
        for none in ["", "~", "1e6", "1e-5", ".inf", "0.0", "18446744073709551615"] {
            assert_eq!(key(none), None, "{none}");
        }
    }
}
