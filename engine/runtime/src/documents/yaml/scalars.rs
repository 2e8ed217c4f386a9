//! The texts of scalars: plain, in quotes, and as blocks.

use super::cursor::{END, Mark};
use super::scanner::Scanner;
use crate::documents::DocumentError;

/// The white space between two words of a scalar, which may go over lines.
#[derive(Default)]
struct Space {
    blanks: String,
    /// True if a line has ended.
    broken: bool,
    /// The line breaks behind the first.
    breaks: String,
}

impl Space {
    /// Puts it behind a text: one line break is a space, and of more the first is left out.
    fn fold(&mut self, into: &mut String) {
        if !self.broken {
            into.push_str(&self.blanks);
        } else if self.breaks.is_empty() {
            into.push(' ');
        } else {
            into.push_str(&self.breaks);
        }
        self.blanks.clear();
        self.breaks.clear();
        self.broken = false;
    }
}

/// The handling of line breaks at the end of a block.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_> {
    pub(super) fn plain(&mut self) -> Result<String, DocumentError> {
        let indent = self.indent.map_or(0, |indent| indent + 1);
        let in_flow = self.is_in_flow();
        let mut text = String::new();
        let mut space = Space::default();
        loop {
            if self.cursor.is_between_documents() || self.cursor.peek(0) == b'#' {
                break;
            }
            while !self.cursor.is_gap(0) {
                let ends = match self.cursor.peek(0) {
                    b':' => self.cursor.is_gap(1),
                    b',' | b'?' | b'[' | b']' | b'{' | b'}' => in_flow,
                    _ => false,
                };
                if ends {
                    break;
                }
                space.fold(&mut text);
                self.cursor.take(&mut text);
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                let column = self.cursor.column();
                if space.broken && column < indent && self.cursor.peek(0) == b'\t' {
                    return self.cursor.mark().refuse("a tab: lines are indented with spaces");
                }
                self.space(&mut space);
            }
            if !in_flow && self.cursor.column() < indent {
                break;
            }
        }
        if space.broken {
            self.key_allowed = true;
        }
        Ok(text)
    }

    /// Takes a blank or a line break.
    fn space(&mut self, space: &mut Space) {
        if self.cursor.is_break(0) {
            if space.broken {
                self.cursor.take_break(&mut space.breaks);
            } else {
                self.cursor.skip_break();
                space.broken = true;
            }
        } else if space.broken {
            self.cursor.skip();
        } else {
            self.cursor.take(&mut space.blanks);
        }
    }

    pub(super) fn quoted(&mut self, quote: u8) -> Result<String, DocumentError> {
        let start = self.cursor.mark();
        self.cursor.skip();
        let mut text = String::new();
        loop {
            if self.cursor.is_between_documents() {
                return self.cursor.mark().refuse(format!(
                    "a document ends inside of the quotes that line {} opens",
                    start.line + 1
                ));
            }
            if self.cursor.is_at_end() {
                return start.refuse("the quotes are never closed");
            }
            let mut space = Space::default();
            while !self.cursor.is_gap(0) {
                match self.cursor.peek(0) {
                    b'\'' if quote == b'\'' && self.cursor.peek(1) == b'\'' => {
                        text.push('\'');
                        self.cursor.skip();
                        self.cursor.skip();
                    }
                    other if other == quote => {
                        self.cursor.skip();
                        return Ok(text);
                    }
                    b'\\' if quote == b'"' && self.cursor.is_break(1) => {
                        self.cursor.skip();
                        self.cursor.skip_break();
                        // What follows joins on without a space.
                        self.skip_escaped_break(&mut text);
                        break;
                    }
                    b'\\' if quote == b'"' => self.escape(&mut text)?,
                    _ => self.cursor.take(&mut text),
                }
            }
            let mut any = false;
            while self.cursor.is_blank(0) || self.cursor.is_break(0) {
                self.space(&mut space);
                any = true;
            }
            if any {
                space.fold(&mut text);
            }
        }
    }

    /// Skips what follows a line break with a backslash before it: blanks, and further breaks,
    /// which stay.
    fn skip_escaped_break(&mut self, text: &mut String) {
        while self.cursor.is_blank(0) || self.cursor.is_break(0) {
            if self.cursor.is_break(0) {
                self.cursor.take_break(text);
            } else {
                self.cursor.skip();
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Result<(), DocumentError> {
        let at = self.cursor.mark();
        let letter = self.cursor.peek(1);
        let mut width = 2 + digits(letter);
        let character = match letter {
            b'0' => '\0',
            b'a' => '\u{7}',
            b'b' => '\u{8}',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\u{b}',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'e' => '\u{1b}',
            b' ' => ' ',
            b'"' => '"',
            b'\'' => '\'',
            b'\\' => '\\',
            b'N' => '\u{85}',
            b'_' => '\u{a0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'u' if self.is_json && self.is_surrogate_pair() => {
                width += 6;
                self.surrogate_pair(at)?
            }
            b'x' | b'u' | b'U' => match char::from_u32(self.code(at, 0, digits(letter))?) {
                Some(character) => character,
                None => {
                    return at.refuse(
                        "the escape stands for no character: write one beyond U+FFFF as one \
                         escape with `\\U`",
                    );
                }
            },
            b'/' if self.is_json => '/',
            b'/' => {
                return at.refuse("the escape `\\/`, which Kubernetes does not read: write `/`");
            }
            END => return at.refuse("the quotes are never closed"),
            _ => {
                return at.refuse(
                    "no escape of YAML begins so: write `\\\\` for a backslash, or use single \
                     quotes",
                );
            }
        };
        text.push(character);
        for _ in 0..width {
            self.cursor.skip();
        }
        Ok(())
    }

    /// The number in an escape that begins so far ahead.
    fn code(&self, at: Mark, ahead: usize, digits: usize) -> Result<u32, DocumentError> {
        let mut code = 0_u32;
        for index in 0..digits {
            match char::from(self.cursor.peek(ahead + 2 + index)).to_digit(16) {
                Some(digit) => code = code.saturating_mul(16).saturating_add(digit),
                None => {
                    return at.refuse(format!("the escape needs {digits} hexadecimal digits"));
                }
            }
        }
        Ok(code)
    }

    /// Returns whether two escapes stand here that JSON writes for one character.
    fn is_surrogate_pair(&self) -> bool {
        matches!(self.cursor.peek(2), b'd' | b'D')
            && [self.cursor.peek(6), self.cursor.peek(7)] == *b"\\u"
    }

    fn surrogate_pair(&self, at: Mark) -> Result<char, DocumentError> {
        let unit = |code| u16::try_from(code).unwrap_or_default();
        let units = [unit(self.code(at, 0, 4)?), unit(self.code(at, 6, 4)?)];
        match char::decode_utf16(units).collect::<Result<Vec<_>, _>>().as_deref() {
            Ok([character]) => Ok(*character),
            _ => at.refuse("the two escapes stand for no character"),
        }
    }

    pub(super) fn block_scalar(&mut self, style: u8) -> Result<String, DocumentError> {
        let start = self.cursor.mark();
        self.cursor.skip();
        let (chomping, indentation) = self.block_header(start)?;
        let mut indent = (indentation > 0).then(|| self.indent.unwrap_or(0) + indentation);
        let mut text = String::new();
        // The break at the end of the last line, and those of empty lines behind it.
        let mut line_break = String::new();
        let mut empty_lines = String::new();
        self.empty_lines(&mut indent, &mut empty_lines)?;
        let mut was_indented = false;
        while Some(self.cursor.column()) == indent && !self.cursor.is_at_end() {
            let is_indented = self.cursor.is_blank(0);
            if style == b'>' && !was_indented && !is_indented && !line_break.is_empty() {
                if empty_lines.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&line_break);
            }
            text.push_str(&empty_lines);
            line_break.clear();
            empty_lines.clear();
            was_indented = is_indented;
            while !self.cursor.is_break(0) && !self.cursor.is_at_end() {
                self.cursor.take(&mut text);
            }
            // At the end of the text there may be none.
            self.cursor.take_break(&mut line_break);
            self.empty_lines(&mut indent, &mut empty_lines)?;
        }
        if chomping != Chomping::Strip {
            text.push_str(&line_break);
        }
        if chomping == Chomping::Keep {
            text.push_str(&empty_lines);
        }
        Ok(text)
    }

    /// The header behind `|` or `>`: how it ends and how far it is indented, in either order, 0
    /// where its first line says.
    fn block_header(&mut self, start: Mark) -> Result<(Chomping, usize), DocumentError> {
        let mut chomping = None;
        let mut indentation = None;
        loop {
            match self.cursor.peek(0) {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                digit @ b'1'..=b'9' if indentation.is_none() => {
                    indentation = Some(usize::from(digit - b'0'));
                }
                _ => break,
            }
            self.cursor.skip();
        }
        while self.cursor.is_blank(0) {
            self.cursor.skip();
        }
        if self.cursor.peek(0) == b'#' {
            self.cursor.skip_line();
        }
        if !self.cursor.skip_break() && !self.cursor.is_at_end() {
            return start.refuse(
                "expected the end of the line behind `|` or `>`: write text that begins so in \
                 quotes",
            );
        }
        Ok((chomping.unwrap_or(Chomping::Clip), indentation.unwrap_or(0)))
    }

    /// Takes empty lines and the indentation of the next; finds out how far the block is indented
    /// where that is not known.
    fn empty_lines(
        &mut self,
        indent: &mut Option<usize>,
        breaks: &mut String,
    ) -> Result<(), DocumentError> {
        let mut widest = 0;
        loop {
            while indent.is_none_or(|indent| self.cursor.column() < indent)
                && self.cursor.peek(0) == b' '
            {
                self.cursor.skip();
            }
            let column = self.cursor.column();
            widest = widest.max(column);
            if self.cursor.peek(0) == b'\t' && indent.is_none_or(|indent| column < indent) {
                return self.cursor.mark().refuse("a tab: lines are indented with spaces");
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.take_break(breaks);
        }
        let least = self.indent.map_or(0, |indent| indent + 1).max(1);
        indent.get_or_insert(widest.max(least));
        Ok(())
    }
}

/// The number of hexadecimal digits in an escape with this letter.
fn digits(letter: u8) -> usize {
    match letter {
        b'x' => 2,
        b'u' => 4,
        b'U' => 8,
        _ => 0,
    }
}
