use crate::documents::DocumentError;
use crate::documents::tree::Position;

/// A line and a column, both counted from 0; a column is a character, not a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Mark {
    pub(super) fn place(self) -> Position {
        (self.line + 1, self.column + 1)
    }

    /// The text that stands here is not read.
    pub(super) fn refuse<T>(self, message: impl Into<String>) -> Result<T, DocumentError> {
        Err(DocumentError { message: message.into(), place: Some(self.place()) })
    }
}

/// A position in a text that [`Cursor::new`] has checked.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    mark: Mark,
}

/// The byte that [`Cursor::peek`] returns behind the end. No text holds it.
pub(super) const END: u8 = 0;

impl<'a> Cursor<'a> {
    /// Checks that every character is one that YAML has, and that lines end with `\n` or `\r\n`:
    /// what else ends a line does so for some readers only.
    pub(super) fn new(text: &'a str) -> Result<Self, DocumentError> {
        let mut cursor = Self { text, offset: 0, mark: Mark { line: 0, column: 0 } };
        let all_plain = text.bytes().all(|byte| matches!(byte, b'\n' | b'\t' | b' '..=b'~'));
        if !all_plain {
            cursor.check()?;
            cursor = Self { text, offset: 0, mark: Mark { line: 0, column: 0 } };
        }
        Ok(cursor)
    }

    fn check(&mut self) -> Result<(), DocumentError> {
        while let Some(character) = self.character() {
            match character {
                '\r' if self.peek(1) == b'\n' => {}
                '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => {
                    return self.mark.refuse(format!(
                        "the character U+{:04X} ends a line for some readers of YAML and not for \
                         others: take it out, or write it as an escape in double quotes",
                        u32::from(character)
                    ));
                }
                '\t'
                | '\n'
                | ' '..='~'
                | '\u{a0}'..='\u{fefe}'
                | '\u{ff00}'..='\u{fffd}'
                | '\u{10000}'.. => {}
                _ => {
                    return self.mark.refuse(format!(
                        "the character U+{:04X} has no place in YAML: take it out, or write it as \
                         an escape in double quotes",
                        u32::from(character)
                    ));
                }
            }
            self.skip_any();
        }
        Ok(())
    }

    pub(super) fn mark(&self) -> Mark {
        self.mark
    }

    pub(super) fn column(&self) -> usize {
        self.mark.column
    }

    /// The byte this far ahead.
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.offset + ahead).copied().unwrap_or(END)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.offset >= self.text.len()
    }

    /// Returns whether a space or a tab is this far ahead.
    pub(super) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    /// Returns whether a line ends this far ahead, and another follows.
    pub(super) fn is_break(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b'\n' | b'\r')
    }

    /// Returns whether a word ends this far ahead: with a blank, the line or the text.
    pub(super) fn is_gap(&self, ahead: usize) -> bool {
        self.is_blank(ahead) || self.is_break(ahead) || self.peek(ahead) == END
    }

    /// Returns whether a marker such as `---` stands here, at the beginning of a line.
    pub(super) fn is_at_marker(&self, marker: [u8; 3]) -> bool {
        self.mark.column == 0
            && [self.peek(0), self.peek(1), self.peek(2)] == marker
            && self.is_gap(3)
    }

    /// Returns whether a document's beginning or end is marked here.
    pub(super) fn is_between_documents(&self) -> bool {
        self.is_at_marker(*b"---") || self.is_at_marker(*b"...")
    }

    fn character(&self) -> Option<char> {
        self.text.get(self.offset..)?.chars().next()
    }

    /// Goes on by a character, which ends no line.
    pub(super) fn skip(&mut self) {
        if let Some(character) = self.character() {
            self.offset += character.len_utf8();
            self.mark.column += 1;
        }
    }

    /// Goes on by a character, and puts it behind a text.
    pub(super) fn take(&mut self, into: &mut String) {
        if let Some(character) = self.character() {
            into.push(character);
            self.skip();
        }
    }

    /// Goes on by the end of a line, if it is there.
    pub(super) fn skip_break(&mut self) -> bool {
        let width = match (self.peek(0), self.peek(1)) {
            (b'\r', b'\n') => 2,
            (b'\n', _) => 1,
            _ => return false,
        };
        self.offset += width;
        self.mark = Mark { line: self.mark.line + 1, column: 0 };
        true
    }

    /// Goes on by the end of a line, if it is there, and puts it behind a text.
    pub(super) fn take_break(&mut self, into: &mut String) {
        if self.skip_break() {
            into.push('\n');
        }
    }

    /// Goes on to where the line ends.
    pub(super) fn skip_line(&mut self) {
        while !self.is_break(0) && !self.is_at_end() {
            self.skip();
        }
    }

    fn skip_any(&mut self) {
        if !self.skip_break() {
            self.skip();
        }
    }
}
