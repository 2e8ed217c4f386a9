//! Characters that servers take for the end or the absence of a name, for paths and patterns alike.
//!
//! A path is read by several programs in turn. Each may decode it, cut it, fold it or trim it
//! before it looks for what is meant. Whatever one of them might take for more than a letter of a
//! name is here, in every spelling:
//!
//! - `/` and `\` part segments, `?` and `#` end the path, `;` ends a segment or the path (Tomcat,
//!   Jetty, Shiro), `%` begins an escape (or another one, once it is decoded);
//! - control characters end a line or a text;
//! - characters that Unicode's compatibility forms (NFKC) or the code pages of Windows ("best fit",
//!   and `¥` and `₩`, which stand where `\` does) turn into one of these;
//! - segments of dots alone lead away, also behind what is trimmed or left out: blanks, the `+` of
//!   forms, invisible characters.
//!
//! Everything else is a letter: `@`, `~`, `:`, `,`, `!`, `$`, words in any script.

use crate::decision::Flaw;

/// The problem with a character that is more than a letter of a name. `%` and `/` are the caller's
/// to see to.
pub(crate) fn flaw_of(character: char) -> Option<Flaw> {
    match character {
        '\\' => Some(Flaw::Backslash),
        ';' => Some(Flaw::Parameter),
        '#' => Some(Flaw::Fragment),
        '\u{2028}' | '\u{2029}' => Some(Flaw::Control),
        _ if character.is_control() => Some(Flaw::Control),
        _ if looks_like_delimiter(character) => Some(Flaw::LookAlike),
        _ => None,
    }
}

/// Returns whether an escape stands for what is never escaped but to be overlooked.
pub(crate) fn is_hidden(escaped: u8) -> bool {
    matches!(escaped, b'.' | b'/' | b'\\' | b';' | b'?' | b'#' | b'%') || escaped.is_ascii_control()
}

/// The problem with a segment, decoded, whose characters are all in order.
pub(crate) fn flaw_of_segment(name: &str) -> Option<Flaw> {
    let is_nothing = |character: char| is_blank(character) || is_invisible(character);
    if name.chars().all(is_nothing) {
        return Some(Flaw::EmptySegment);
    }
    if name.starts_with(is_blank) || name.ends_with(is_blank) {
        return Some(Flaw::Blank);
    }
    let mut left = name.chars().filter(|character| !is_nothing(*character) && *character != '+');
    // Of `+` alone there is nothing left, and that is a name.
    (left.next().is_some_and(is_dot) && left.all(is_dot)).then_some(Flaw::DotSegment)
}

/// The characters that NFKC, or a code page of Windows, turns into `/`, `\`, `;`, `?`, `#` or `%`.
fn looks_like_delimiter(character: char) -> bool {
    matches!(
        character,
        // `/`: fraction and division slash, big solidus, full width; `a/c`, `a/s`, `c/o` and `c/u`.
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}'
        | '\u{2100}' | '\u{2101}' | '\u{2105}' | '\u{2106}'
        // `\`: set minus, the operators, small and full width; yen and won.
        | '\u{2216}' | '\u{29f5}' | '\u{29f9}' | '\u{fe68}' | '\u{ff3c}'
        | '\u{a5}' | '\u{20a9}' | '\u{ffe5}' | '\u{ffe6}'
        // `;`: the Greek question mark, vertical, small and full width.
        | '\u{37e}' | '\u{fe14}' | '\u{fe54}' | '\u{ff1b}'
        // `?`: double, with an exclamation mark, vertical, small and full width.
        | '\u{2047}'
            ..='\u{2049}' | '\u{fe16}' | '\u{fe56}' | '\u{ff1f}'
        // `#` and `%`: small and full width; the Arabic percent sign.
        | '\u{fe5f}' | '\u{ff03}' | '\u{fe6a}' | '\u{ff05}' | '\u{66a}'
    )
}

/// A dot, or what becomes one or several: leaders, the ellipsis, vertical, small and full width;
/// the full stops of CJK.
fn is_dot(character: char) -> bool {
    matches!(
        character,
        '.' | '\u{2024}'
            ..='\u{2026}'
                | '\u{fe19}'
                | '\u{fe30}'
                | '\u{fe52}'
                | '\u{ff0e}'
                | '\u{3002}'
                | '\u{ff61}'
    )
}

fn is_blank(character: char) -> bool {
    character.is_whitespace()
}

/// The characters that may be left out (`Default_Ignorable_Code_Point`), as some file systems do.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::char::{decompose_canonical, decompose_compatible};

    /// The forms of every character that is not of itself alone.
    #[test]
    fn characters_that_normalize_to_delimiters_are_flaws() {
        for character in '\u{80}'..'\u{30000}' {
            let mut becomes = String::new();
            decompose_compatible(character, |part| becomes.push(part));
            decompose_canonical(character, |part| becomes.push(part));
            let delimiter = becomes.contains(['/', '\\', ';', '?', '#', '%'])
                || becomes.chars().any(|part| part.is_ascii_control());
            assert!(!delimiter || flaw_of(character).is_some(), "{character:?}");
            let dots = becomes.chars().all(|part| part == '.');
            assert!(!dots || is_dot(character), "{character:?}");
            let blank = becomes.trim().is_empty();
            assert!(!blank || is_blank(character) || flaw_of(character).is_some(), "{character:?}");
        }
    }

    #[test]
    fn names_of_any_script_have_no_flaw() {
        for name in [
            "a",
            "c.",
            ".a",
            "a..b",
            "c++",
            "+",
            "a b",
            "@me",
            "~a",
            "a:b",
            "a,b",
            "½",
            "نیم\u{200c}",
            "❤\u{fe0f}",
        ] {
            assert_eq!(name.chars().find_map(flaw_of).or(flaw_of_segment(name)), None, "{name}");
        }
    }
}
