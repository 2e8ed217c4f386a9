use std::slice;

use crate::DecodeError;

/// The depth to which arrays and objects may be nested in an input or in settings.
///
/// Decoding is recursive, and so is much of what policies do with what they were given: input
/// without a bound here would overflow the stack, which no process survives.
pub const MAX_NESTING: usize = 100;

/// Checks that JSON text is nested at most [`MAX_NESTING`] levels deep.
pub(crate) fn check(json: &[u8]) -> Result<(), DecodeError> {
    // Counting openings settles most inputs: with no more of them than levels allowed there is
    // nothing to look at more closely.
    if json.len() <= MAX_NESTING {
        return Ok(());
    }
    match openings(json) {
        ..=MAX_NESTING => Ok(()),
        openings => check_each_level(json, openings),
    }
}

/// The number of `{` and `[`, in strings too.
///
/// Sums of bytes over blocks that cannot overflow them: the compiler makes vector instructions of
/// that, and not of `filter().count()`, which takes twenty times as long.
fn openings(json: &[u8]) -> usize {
    // The one bit between the two characters is set, which makes `{` of both and of nothing else.
    let is_opening = |byte: &u8| u8::from(byte | 0x20 == b'{');
    let count = |block: &[u8]| usize::from(block.iter().map(is_opening).sum::<u8>());
    let (blocks, rest) = json.as_chunks::<64>();
    blocks.iter().map(|block| count(block)).sum::<usize>() + count(rest)
}

/// Objects of Kubernetes often have so many openings that they come here. Most of their bytes are
/// in strings: skipping those by a loop of their own takes two thirds of the time.
fn check_each_level(json: &[u8], openings: usize) -> Result<(), DecodeError> {
    let mut depth = 0usize;
    // At most: those in strings are never taken off.
    let mut ahead = openings;
    let mut rest = json.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'"' => skip_string(&mut rest),
            b'{' | b'[' => {
                depth += 1;
                ahead -= 1;
                if depth > MAX_NESTING {
                    let offset = json.len() - rest.len() - 1;
                    return Err(DecodeError::too_deep(json, offset, MAX_NESTING));
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth + ahead <= MAX_NESTING {
                    break;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Goes on behind the end of the string that was begun.
fn skip_string(rest: &mut slice::Iter<'_, u8>) {
    while let Some(b'\\') = rest.find(|byte| matches!(byte, b'"' | b'\\')) {
        rest.next();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nested(levels: usize) -> String {
        format!("{}{}", "[".repeat(levels), "]".repeat(levels))
    }

    #[test]
    fn nesting_above_the_limit_is_refused() {
        assert!(check(nested(MAX_NESTING).as_bytes()).is_ok());
        let error = check(nested(MAX_NESTING + 1).as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "nested deeper than 100 levels, at line 1 column 101");
    }

    #[test]
    fn brackets_inside_strings_and_side_by_side_do_not_count() {
        let text = format!(r#"{{"a\"[": "{}"}}"#, "[{".repeat(500));
        assert!(check(text.as_bytes()).is_ok());
        assert!(check(format!("[{}[]]", "[],".repeat(500)).as_bytes()).is_ok());
    }

    #[test]
    fn closed_levels_do_not_count() {
        let text = |again| format!("{}{}{}", "[".repeat(60), "]".repeat(50), "[".repeat(again));
        assert!(check(text(MAX_NESTING - 10).as_bytes()).is_ok());
        assert!(check(text(MAX_NESTING - 9).as_bytes()).is_err());
    }

    #[test]
    fn only_two_brackets_open_a_level() {
        for byte in 0..=u8::MAX {
            assert_eq!(openings(&[byte]), usize::from(matches!(byte, b'{' | b'[')), "{byte}");
        }
        assert_eq!(openings(&[b'['; 1000]), 1000);
    }

    /// Byte by byte: whether any level is too deep.
    fn is_too_deep(json: &[u8]) -> bool {
        let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
        json.iter().any(|byte| {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth > MAX_NESTING
        })
    }

    proptest! {
        /// Neither the short cut nor skipping strings changes the answer.
        #[test]
        fn nesting_check_agrees_with_a_simple_scan(text in r#"([\[{]{1,60}|[\]}]{1,60}|"|\\"|\\){0,20}"#) {
            prop_assert_eq!(check(text.as_bytes()).is_err(), is_too_deep(text.as_bytes()));
        }
    }
}
