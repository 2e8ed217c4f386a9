//! The parsers of settings: from the text of a value to its meaning.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use hyper::Uri;

use super::{Address, Mode, Sample, WhenFull};
use crate::policies::PolicyRef;
use policy_text::redact_url;

/// The largest number: larger ones are slips of the finger, and arithmetic could overflow.
const MAX_COUNT: usize = 1_000_000_000;
const MAX_BYTES: u64 = 1 << 40;
const MAX_DURATION: Duration = Duration::from_hours(365 * 24);

/// The form of a kind of value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Format {
    /// The texts that are accepted, to follow "expected".
    pub(super) expected: &'static str,
    /// The JSON Schema of what a file may hold. It accepts whatever the parser does, and more.
    pub(super) json_schema: &'static str,
}

/// A parser of one kind of value, with its name for errors.
pub(super) struct Parser<T> {
    pub(super) format: Format,
    from_text: fn(&str) -> Option<T>,
}

impl<T> Parser<T> {
    /// The value that a text stands for.
    pub(super) fn parse(&self, text: &str) -> Option<T> {
        (self.from_text)(text)
    }
}

/// A count of at least one.
pub(super) const COUNT: Parser<usize> = Parser {
    format: Format {
        expected: "a whole number from 1 to 1000000000",
        json_schema: r#"{"type": ["integer", "string"], "minimum": 1, "maximum": 1000000000, "pattern": "^[0-9]+$"}"#,
    },
    from_text: |text| number(text, 1..=MAX_COUNT),
};

/// A count that may be zero.
pub(super) const COUNT_OR_ZERO: Parser<usize> = Parser {
    format: Format {
        expected: "a whole number from 0 to 1000000000",
        json_schema: r#"{"type": ["integer", "string"], "minimum": 0, "maximum": 1000000000, "pattern": "^[0-9]+$"}"#,
    },
    from_text: |text| number(text, 0..=MAX_COUNT),
};

fn number(text: &str, allowed: RangeInclusive<usize>) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && allowed.contains(number))
}

/// A size in bytes.
pub(super) const BYTES: Parser<usize> = Parser {
    format: Format {
        expected: "a number of bytes such as `8MiB`, from 1 to 1TiB",
        json_schema: r#"{"type": ["integer", "string"], "minimum": 1, "maximum": 1099511627776, "pattern": "^[0-9.]+\\s*([kKmMgGtT]i?)?[bB]?$"}"#,
    },
    from_text: |text| {
        let size = text.parse::<ByteSize>().ok()?.as_u64();
        (1..=MAX_BYTES).contains(&size).then(|| usize::try_from(size).ok())?
    },
};

/// A size in bytes, or no limit.
pub(super) const BYTES_OR_NONE: Parser<Option<u64>> = Parser {
    format: Format {
        expected: "a number of bytes such as `64MiB`, from 1 to 1TiB, or `none`",
        json_schema: r#"{"type": ["integer", "string"], "minimum": 1, "maximum": 1099511627776, "pattern": "^([0-9.]+\\s*([kKmMgGtT]i?)?[bB]?|none)$"}"#,
    },
    from_text: |text| match text {
        "none" => Some(None),
        size => BYTES.parse(size).map(|size| Some(size as u64)),
    },
};

/// A duration above zero.
pub(super) const DURATION: Parser<Duration> = Parser {
    format: Format {
        expected: "a duration such as `500ms` or `10s`, above 0 and of a year at most",
        json_schema: r#"{"type": "string", "pattern": "^\\s*([0-9][0-9.\\s]*[a-zA-Zµ]+\\s*)+$"}"#,
    },
    from_text: |text| duration(text).filter(|duration| !duration.is_zero()),
};

/// A duration above zero, or no limit.
pub(super) const DURATION_OR_NONE: Parser<Option<Duration>> = Parser {
    format: Format {
        expected: "a duration such as `50ms` or `1s`, above 0 and of a year at most, or `none`",
        json_schema: r#"{"type": "string", "pattern": "^(\\s*([0-9][0-9.\\s]*[a-zA-Zµ]+\\s*)+|none)$"}"#,
    },
    from_text: |text| match text {
        "none" => Some(None),
        time => DURATION.parse(time).map(Some),
    },
};

/// A duration that may be zero.
pub(super) const DURATION_OR_ZERO: Parser<Duration> = Parser {
    format: Format {
        expected: "a duration such as `500ms` or `10s`, of a year at most",
        json_schema: r#"{"type": ["string", "integer"], "maximum": 0, "pattern": "^\\s*([0-9][0-9.\\s]*[a-zA-Zµ]+\\s*)+$|^0$"}"#,
    },
    from_text: duration,
};

fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok().filter(|duration| *duration <= MAX_DURATION)
}

/// The console: its address, or a table.
pub(super) const CONSOLE: Format = Format {
    expected: "an address, or a table",
    json_schema: r#"{"type": ["object", "string"], "minLength": 1}"#,
};

/// The decision log: its destination, or a table.
pub(super) const DECISION_LOG: Format = Format {
    expected: "a destination, or a table",
    json_schema: r#"{"type": ["object", "string"], "minLength": 1}"#,
};

/// Text by keys of the user's own.
pub(super) const LABELS: Format = Format {
    expected: "a table of texts",
    json_schema: r#"{"type": "object", "propertyNames": {"not": {"enum": ["id", "version"]}}, "additionalProperties": {"type": ["string", "number", "boolean"]}}"#,
};

/// Replacements by the pointers to what they replace.
pub(super) const MASKS: Format = Format {
    expected: "a table of JSON pointers, each with any value",
    json_schema: r#"{"type": "object", "propertyNames": {"pattern": "^/(input|result)(/|$)"}}"#,
};

/// Settings of a policy, which its author defines.
pub(super) const SETTINGS: Format =
    Format { expected: "a table", json_schema: r#"{"type": "object"}"# };

/// A switch.
pub(super) const SWITCH: Parser<bool> = Parser {
    format: Format {
        expected: "`true` or `false`",
        json_schema: r#"{"enum": [true, false, "true", "false"]}"#,
    },
    from_text: |text| text.parse().ok(),
};

/// Any text.
pub(super) const TEXT: Parser<String> = Parser {
    format: Format {
        expected: "text",
        json_schema: r#"{"type": ["string", "number", "boolean"]}"#,
    },
    from_text: |text| Some(text.to_owned()),
};

/// A file's path.
pub(super) const PATH: Parser<PathBuf> = Parser {
    format: Format {
        expected: "a file's path",
        json_schema: r#"{"type": "string", "minLength": 1}"#,
    },
    from_text: |text| (!text.is_empty()).then(|| text.into()),
};

/// Permissions: octal digits as text, as the number `660` may be meant in either way.
pub(super) const PERMISSIONS: Parser<u32> = Parser {
    format: Format {
        expected: "four octal digits in quotes such as `\"0660\"`",
        json_schema: r#"{"type": "string", "pattern": "^0[0-7]{3}$"}"#,
    },
    from_text: |text| {
        text.strip_prefix('0')
            .filter(|digits| {
                digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit())
            })
            .and_then(|digits| u32::from_str_radix(digits, 8).ok())
    },
};

/// An address to listen on.
pub(super) const ADDRESS: Parser<Address> = Parser {
    format: Format {
        expected: "an IP address and a port such as `127.0.0.1:8181`, after `http://`, `https://` or \
               nothing, or else `unix://` and a path",
        json_schema: r#"{"type": ["array", "string"], "pattern": "[0-9]:[0-9]+$|\\]:[0-9]+$|^unix://.", "items": {"type": "string", "pattern": "[0-9]:[0-9]+$|\\]:[0-9]+$|^unix://."}}"#,
    },
    from_text: |text| {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let socket = || rest.parse::<SocketAddr>().ok();
        match scheme {
            "http" => socket().map(Address::Http),
            "https" => socket().map(Address::Https),
            "unix" if !rest.is_empty() => Some(Address::Unix(rest.into())),
            _ => None,
        }
    },
};

/// The effect of a denial.
pub(super) const MODE: Parser<Mode> = Parser {
    format: Format {
        expected: "`enforce` or `monitor`",
        json_schema: r#"{"enum": ["enforce", "monitor"]}"#,
    },
    from_text: |text| match text {
        "enforce" => Some(Mode::Enforce),
        "monitor" => Some(Mode::Monitor),
        _ => None,
    },
};

/// The confinement of policies.
pub(super) const CONFINEMENT_MODE: Parser<policy_confinement::Mode> = Parser {
    format: Format {
        expected: "`enforce`, `warn` or `off`",
        json_schema: r#"{"enum": ["enforce", "warn", "off"]}"#,
    },
    from_text: |text| text.parse().ok(),
};

/// The effect of a full buffer.
pub(super) const WHEN_FULL: Parser<WhenFull> = Parser {
    format: Format { expected: "`drop` or `wait`", json_schema: r#"{"enum": ["drop", "wait"]}"# },
    from_text: |text| match text {
        "drop" => Some(WhenFull::Drop),
        "wait" => Some(WhenFull::Wait),
        _ => None,
    },
};

/// A policy of this binary.
pub(super) const POLICY: Parser<PolicyRef> = Parser {
    format: Format {
        expected: "a policy such as `pod-security`, with the version `1`, `1.2` or `1.2.3` after an \
               `@` or with none",
        json_schema: r#"{"type": "string", "minLength": 1}"#,
    },
    from_text: |text| text.parse().ok(),
};

/// A shadow: its policy, or a table.
pub(super) const SHADOW: Format = Format {
    expected: "a policy such as `pod-security@2`, or a table",
    json_schema: r#"{"type": ["object", "string"], "minLength": 1, "required": ["policy"]}"#,
};

/// The share of questions that a shadow is asked.
pub(super) const SAMPLE: Parser<Sample> = Parser {
    format: Format {
        expected: "a percentage such as `10%` or `0.5%`, from `0%` to `100%`",
        json_schema: r#"{"type": "string", "pattern": "^(100(\\.0{1,4})?|[0-9]{1,2}(\\.[0-9]{1,4})?)%$"}"#,
    },
    from_text: |text| {
        let (whole, decimals) = match text.strip_suffix('%')?.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, decimals)) => (whole, decimals),
            None => (text.strip_suffix('%')?, ""),
        };
        if !(1..=3).contains(&whole.len()) || decimals.len() > 4 {
            return None;
        }
        let digits = format!("{whole}{decimals:0<4}");
        number(&digits, 0..=Sample::ALL).map(Sample::from_per_million)
    },
};

/// Returns whether a text is the id of a policy, which is a path of the API.
pub(super) fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.split('/').all(|segment| {
        segment.bytes().next().is_some_and(letter)
            && segment.bytes().all(|byte| letter(byte) || matches!(byte, b'.' | b'-'))
    })
}

/// The path of the default decision; with OPA, it may begin with a slash.
pub(super) const DECISION: Parser<String> = Parser {
    format: Format {
        expected: "a policy's id, perhaps with a field of its answer, such as `http/authz/allowed`",
        json_schema: r#"{"type": "string", "minLength": 1}"#,
    },
    from_text: |text| {
        let path = text.strip_prefix('/').unwrap_or(text);
        let is_name = |name: &str| !name.is_empty() && !name.contains(char::is_control);
        path.split('/').all(is_name).then(|| path.to_owned())
    },
};

/// The kind of a decision log's destination, and its address.
pub(super) enum DestinationAddress {
    Stdout,
    File(PathBuf),
    Collector(String),
}

/// A decision log's destination.
pub(super) const DESTINATION: Parser<DestinationAddress> = Parser {
    format: Format {
        expected: "`stdout`, a file's path, or the URL of a collector such as \
               `https://logs.example.com`, without a query and without a password",
        json_schema: r#"{"type": "string", "minLength": 1}"#,
    },
    from_text: |text| {
        if redact_url(text) != text {
            None
        } else if text.starts_with("http://") || text.starts_with("https://") {
            let uri: Uri = text.parse().ok()?;
            (!uri.authority()?.host().is_empty())
                .then(|| DestinationAddress::Collector(text.trim_end_matches('/').to_owned()))
        } else if text == "stdout" {
            Some(DestinationAddress::Stdout)
        } else if matches!(text, "" | "true" | "false") || text.contains("://") {
            None
        } else {
            Some(DestinationAddress::File(text.into()))
        }
    },
};

/// A JSON pointer to the input or the result, or into it.
pub(super) const POINTER: Parser<String> = Parser {
    format: Format {
        expected: "a JSON pointer that begins with `/input` or `/result`, such as `/input/password`, \
               with `~0` for `~` and `~1` for `/` in a key",
        json_schema: r#"{"type": ["array", "string"], "pattern": "^/(input|result)(/|$)", "items": {"type": "string", "pattern": "^/(input|result)(/|$)"}}"#,
    },
    from_text: |text| {
        let inside = ["/input", "/result"].iter().any(|root| {
            text.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        (inside && escaped).then(|| text.to_owned())
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(COUNT.parse("1"), Some(1));
        assert_eq!(COUNT_OR_ZERO.parse("0"), Some(0));
        for text in ["0", "-1", "+1", "", "1.0", "1000000001", "99999999999999999999999"] {
            assert_eq!(COUNT.parse(text), None);
        }
    }

    #[test]
    fn sizes_and_durations_have_units() {
        assert_eq!(BYTES.parse("8MiB"), Some(8 << 20));
        assert_eq!(BYTES.parse("1kB"), Some(1000));
        assert_eq!(BYTES.parse("12"), Some(12));
        assert_eq!(BYTES.parse("1TiB"), Some(1 << 40));
        for text in ["0", "8MB!", "-1", "2TiB", "99999999999EiB", ""] {
            assert!(BYTES.parse(text).is_none(), "{text}");
        }
        assert_eq!(DURATION.parse("1m 30s"), Some(Duration::from_secs(90)));
        assert_eq!(DURATION_OR_ZERO.parse("0s"), Some(Duration::ZERO));
        for text in ["0s", "5", "-1s", "366d", "99999999999999y", ""] {
            assert!(DURATION.parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn samples_are_percentages_of_four_decimals_at_most() {
        for (text, per_million) in
            [("0%", 0), ("100%", 1_000_000), ("10%", 100_000), ("0.5%", 5_000), ("0.0001%", 1)]
        {
            assert_eq!(SAMPLE.parse(text), Some(Sample::from_per_million(per_million)), "{text}");
        }
        for text in ["", "%", "10", "0.1", "101%", "-1%", "1e1%", ".5%", "1.%", "0.00001%", "1%%"] {
            assert_eq!(SAMPLE.parse(text), None, "{text}");
        }
    }

    #[test]
    fn permissions_are_four_octal_digits() {
        assert_eq!(PERMISSIONS.parse("0660"), Some(0o660));
        for text in ["660", "432", "0o660", "0888", "00660", "0+66", ""] {
            assert!(PERMISSIONS.parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn addresses_are_http_https_or_unix() {
        let http = || Address::Http("127.0.0.1:8181".parse().unwrap());
        assert_eq!(ADDRESS.parse("127.0.0.1:8181"), Some(http()));
        assert_eq!(ADDRESS.parse("http://127.0.0.1:8181"), Some(http()));
        assert_eq!(
            ADDRESS.parse("https://[::]:8443"),
            Some(Address::Https("[::]:8443".parse().unwrap()))
        );
        assert_eq!(ADDRESS.parse("unix:///run/a.sock"), Some(Address::Unix("/run/a.sock".into())));
        for text in ["", "localhost:8181", "ftp://1.1.1.1:1", "unix://", "http://1.1.1.1", ":1"] {
            assert!(ADDRESS.parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn ids_are_paths() {
        for id in ["a", "http/authz", "A1", "_x/y.z-1", "0"] {
            assert!(is_id(id), "{id}");
        }
        for id in ["", "/", "a/", "/a", "a//b", ".a", "-a", "a b", "ä", "a/.."] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn decision_is_parsed_as_a_path() {
        assert_eq!(DECISION.parse("/http/authz/allow"), Some("http/authz/allow".to_owned()));
        assert_eq!(DECISION.parse("pods"), Some("pods".to_owned()));
        for text in ["", "/", "//a", "a//b", "a/", "a\n"] {
            assert!(DECISION.parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn destination_kind_is_known_by_its_prefix() {
        let kind = |text| match DESTINATION.parse(text) {
            Some(DestinationAddress::Stdout) => "stdout".to_owned(),
            Some(DestinationAddress::File(path)) => format!("file {}", path.display()),
            Some(DestinationAddress::Collector(url)) => format!("collector {url}"),
            None => "none".to_owned(),
        };
        for (text, expected) in [
            ("stdout", "stdout"),
            ("/var/log/d.jsonl", "file /var/log/d.jsonl"),
            ("https://a.b:1/c/", "collector https://a.b:1/c"),
            ("http://a", "collector http://a"),
            ("http://", "none"),
            ("http://a b", "none"),
            ("http://a?b", "none"),
            ("http://a#b", "none"),
            ("http://u:p@a", "none"),
            ("http://u:1/p@a", "none"),
            ("http://u:p%40a", "none"),
            ("HTTP://u:p@a", "none"),
            ("u:p@a/b", "none"),
            ("ftp://a", "none"),
            ("false", "none"),
            ("", "none"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn pointers_are_into_the_event() {
        for text in ["/input", "/input/a~1b/*/~0", "/result/0", "/input/"] {
            assert_eq!(POINTER.parse(text), Some(text.to_owned()));
        }
        for text in ["", "/", "input", "/inputs", "/labels/a", "/input/~", "/input/a~2"] {
            assert!(POINTER.parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,30}") {
            let _ = (COUNT.parse(&text), BYTES.parse(&text), DURATION.parse(&text), PERMISSIONS.parse(&text));
            let _ = (ADDRESS.parse(&text), POLICY.parse(&text), is_id(&text), POINTER.parse(&text));
            let _ = DESTINATION.parse(&text).is_some();
        }

        #[test]
        fn arbitrary_size_never_panics(text in r"[0-9.]{0,30} ?[kKMGTPEiBb]{0,4}") {
            let _ = BYTES.parse(&text);
        }

        #[test]
        fn arbitrary_duration_never_panics(text in r"([0-9]{1,21}(ns|ms|s|m|h|d|y|months) ?){0,4}") {
            let _ = DURATION.parse(&text);
        }
    }
}
