//! From the text of a setting to what it means.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use hyper::Uri;

use super::report::Parsed;
use super::{Address, Mode, WhenFull};
use crate::policies::PolicyRef;
use policy_text::redact_url;

/// More of anything is a slip of the finger, and less than what arithmetic on it can take.
const MOST: usize = 1_000_000_000;
const MOST_BYTES: u64 = 1 << 40;
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// How many, of what there must be.
pub(super) fn count(text: &str) -> Parsed<usize> {
    number(text, 1..=MOST)
}

/// How many, of what there may be none.
pub(super) fn count_or_none(text: &str) -> Parsed<usize> {
    number(text, 0..=MOST)
}

fn number(text: &str, allowed: RangeInclusive<usize>) -> Parsed<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|number| digits && allowed.contains(number))
        .ok_or_else(|| format!("a whole number from {} to {}", allowed.start(), allowed.end()))
}

/// A size.
pub(super) fn bytes(text: &str) -> Parsed<usize> {
    text.parse::<ByteSize>()
        .ok()
        .filter(|size| (1..=MOST_BYTES).contains(&size.as_u64()))
        .and_then(|size| usize::try_from(size.as_u64()).ok())
        .ok_or_else(|| "a number of bytes such as `8MiB`, from 1 to 1TiB".to_owned())
}

/// Longer than no time at all.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    any_duration(text).ok().filter(|duration| !duration.is_zero()).ok_or_else(|| {
        "a duration such as `500ms` or `10s`, above 0 and of a year at most".to_owned()
    })
}

/// A duration that may be none.
pub(super) fn any_duration(text: &str) -> Parsed<Duration> {
    humantime::parse_duration(text)
        .ok()
        .filter(|duration| *duration <= LONGEST)
        .ok_or_else(|| "a duration such as `500ms` or `10s`, of a year at most".to_owned())
}

/// Yes or no.
pub(super) fn switch(text: &str) -> Parsed<bool> {
    text.parse().map_err(|_| "`true` or `false`".to_owned())
}

/// A file's path.
pub(super) fn path(text: &str) -> Parsed<PathBuf> {
    if text.is_empty() { Err("a file's path".to_owned()) } else { Ok(text.into()) }
}

/// Octal digits as text, as `660` may be meant in either way.
pub(super) fn permissions(text: &str) -> Parsed<u32> {
    text.strip_prefix('0')
        .filter(|digits| digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit()))
        .and_then(|digits| u32::from_str_radix(digits, 8).ok())
        .ok_or_else(|| "four octal digits in quotes such as `\"0660\"`".to_owned())
}

/// What to listen on.
pub(super) fn address(text: &str) -> Parsed<Address> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let socket = || rest.parse::<SocketAddr>().ok();
    match scheme {
        "http" => socket().map(Address::Http),
        "https" => socket().map(Address::Https),
        "unix" if !rest.is_empty() => Some(Address::Unix(rest.into())),
        _ => None,
    }
    .ok_or_else(|| {
        "an IP address and a port such as `127.0.0.1:8181`, after `http://`, `https://` or \
         nothing, or else `unix://` and a path"
            .to_owned()
    })
}

/// What a denial does.
pub(super) fn mode(text: &str) -> Parsed<Mode> {
    match text {
        "enforce" => Ok(Mode::Enforce),
        "monitor" => Ok(Mode::Monitor),
        _ => Err("`enforce` or `monitor`".to_owned()),
    }
}

/// What a full buffer does.
pub(super) fn when_full(text: &str) -> Parsed<WhenFull> {
    match text {
        "drop" => Ok(WhenFull::Drop),
        "wait" => Ok(WhenFull::Wait),
        _ => Err("`drop` or `wait`".to_owned()),
    }
}

/// A policy of the binary.
pub(super) fn policy(text: &str) -> Parsed<PolicyRef> {
    text.parse().map_err(|_| {
        "a policy such as `pod-security`, with the version `1`, `1.2` or `1.2.3` after an `@` or \
         with none"
            .to_owned()
    })
}

/// An instance's name, which is a path of the API.
pub(super) fn is_id(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.split('/').all(|segment| {
        segment.bytes().next().is_some_and(letter)
            && segment.bytes().all(|byte| letter(byte) || matches!(byte, b'.' | b'-'))
    })
}

/// What is asked by default: with OPA, it may begin with a slash.
pub(super) fn decision(text: &str) -> Parsed<String> {
    let path = text.strip_prefix('/').unwrap_or(text);
    let is_path = path.split('/').all(|name| !name.is_empty() && !name.contains(char::is_control));
    is_path.then(|| path.to_owned()).ok_or_else(|| {
        "a policy's id, perhaps with what is wanted of its answer, such as `http/authz/allowed`"
            .to_owned()
    })
}

/// Where the decision log goes, with nothing else of it.
pub(super) enum To {
    Stdout,
    File(PathBuf),
    Collector(String),
}

/// Where the decision log goes.
pub(super) fn destination(text: &str) -> Parsed<To> {
    let collector = || {
        let uri: Uri = text.parse().ok()?;
        (!uri.authority()?.host().is_empty())
            .then(|| To::Collector(text.trim_end_matches('/').to_owned()))
    };
    let found = if redact_url(text) != text {
        None
    } else if text.starts_with("http://") || text.starts_with("https://") {
        collector()
    } else if text == "stdout" {
        Some(To::Stdout)
    } else if matches!(text, "" | "true" | "false") || text.contains("://") {
        None
    } else {
        Some(To::File(text.into()))
    };
    found.ok_or_else(|| {
        "`stdout`, a file's path, or the URL of a collector such as `https://logs.example.com`, \
         without a query and without a password"
            .to_owned()
    })
}

/// A JSON pointer to the input or the result, or into it.
pub(super) fn pointer(text: &str) -> Parsed<String> {
    let inside = ["/input", "/result"].iter().any(|root| {
        text.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let escaped = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if inside && escaped {
        return Ok(text.to_owned());
    }
    Err("a JSON pointer that begins with `/input` or `/result`, such as `/input/password`, with \
         `~0` for `~` and `~1` for `/` in a key"
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(count("1"), Ok(1));
        assert_eq!(count_or_none("0"), Ok(0));
        for text in ["0", "-1", "+1", "", "1.0", "1000000001", "99999999999999999999999"] {
            assert_eq!(count(text), Err("a whole number from 1 to 1000000000".to_owned()));
        }
    }

    #[test]
    fn sizes_and_durations_have_units() {
        assert_eq!(bytes("8MiB"), Ok(8 << 20));
        assert_eq!(bytes("1kB"), Ok(1000));
        assert_eq!(bytes("12"), Ok(12));
        assert_eq!(bytes("1TiB"), Ok(1 << 40));
        for text in ["0", "8MB!", "-1", "2TiB", "99999999999EiB", ""] {
            assert!(bytes(text).is_err(), "{text}");
        }
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(any_duration("0s"), Ok(Duration::ZERO));
        for text in ["0s", "5", "-1s", "366d", "99999999999999y", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn permissions_are_four_octal_digits() {
        assert_eq!(permissions("0660"), Ok(0o660));
        for text in ["660", "432", "0o660", "0888", "00660", "0+66", ""] {
            assert!(permissions(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_are_of_three_kinds() {
        let http = || Address::Http("127.0.0.1:8181".parse().unwrap());
        assert_eq!(address("127.0.0.1:8181"), Ok(http()));
        assert_eq!(address("http://127.0.0.1:8181"), Ok(http()));
        assert_eq!(address("https://[::]:8443"), Ok(Address::Https("[::]:8443".parse().unwrap())));
        assert_eq!(address("unix:///run/a.sock"), Ok(Address::Unix("/run/a.sock".into())));
        for text in ["", "localhost:8181", "ftp://1.1.1.1:1", "unix://", "http://1.1.1.1", ":1"] {
            assert!(address(text).is_err(), "{text}");
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
    fn a_decision_is_a_path() {
        assert_eq!(decision("/http/authz/allow"), Ok("http/authz/allow".to_owned()));
        assert_eq!(decision("pods"), Ok("pods".to_owned()));
        for text in ["", "/", "//a", "a//b", "a/", "a\n"] {
            assert!(decision(text).is_err(), "{text}");
        }
    }

    #[test]
    fn destinations_are_told_by_how_they_begin() {
        let kind = |text| match destination(text) {
            Ok(To::Stdout) => "stdout".to_owned(),
            Ok(To::File(path)) => format!("file {}", path.display()),
            Ok(To::Collector(url)) => format!("collector {url}"),
            Err(_) => "none".to_owned(),
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
            assert_eq!(pointer(text), Ok(text.to_owned()));
        }
        for text in ["", "/", "input", "/inputs", "/labels/a", "/input/~", "/input/a~2"] {
            assert!(pointer(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_ends(text in ".{0,30}") {
            let _ = (count(&text), bytes(&text), duration(&text), permissions(&text));
            let _ = (address(&text), policy(&text), is_id(&text), pointer(&text));
            let _ = destination(&text).is_ok();
        }

        #[test]
        fn any_size_ends(text in r"[0-9.]{0,30} ?[kKMGTPEiBb]{0,4}") {
            let _ = bytes(&text);
        }

        #[test]
        fn any_duration_ends(text in r"([0-9]{1,21}(ns|ms|s|m|h|d|y|months) ?){0,4}") {
            let _ = duration(&text);
        }
    }
}
