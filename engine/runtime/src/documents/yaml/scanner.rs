//! The scanner, from characters to tokens, by the rules of libyaml, of which Kubernetes' reader is
//! a translation. What this reader leaves out is refused here: directives, `?` in brackets, and
//! tags but those of plain types.

use std::collections::VecDeque;

use super::cursor::{Cursor, END, Mark};
use crate::documents::DocumentError;

/// The longest distance between a key's start and its `:`, in characters.
const MAX_KEY: usize = 1024;

/// A part of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    DocumentStart,
    DocumentEnd,
    /// The text's end.
    End,
    BlockSequence,
    BlockMapping,
    /// An end of either.
    BlockEnd,
    /// `-`.
    BlockEntry,
    /// `[`.
    FlowSequence,
    /// `]`.
    FlowSequenceEnd,
    /// `{`.
    FlowMapping,
    /// `}`.
    FlowMappingEnd,
    /// `,`.
    FlowEntry,
    /// Stands before a key.
    Key,
    /// `:`.
    Value,
    /// `&name`.
    Anchor(String),
    /// `*name`.
    Alias(String),
    Tag(Tag),
    Scalar {
        text: String,
        /// True if it has neither quotes nor the indicator of a block.
        plain: bool,
    },
}

/// The tags that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Seq,
    Map,
}

/// Yields the tokens of a text.
pub(super) struct Scanner<'a> {
    pub(super) cursor: Cursor<'a>,
    /// True if JSON's escapes are read that YAML lacks.
    pub(super) is_json: bool,
    /// Tokens that are scanned but not taken: what turns out to be a key needs tokens before it.
    queue: VecDeque<(Token, Mark)>,
    /// The number of tokens that were taken.
    taken: usize,
    /// The column of the block that the cursor is in, and those around it.
    pub(super) indent: Option<usize>,
    indents: Vec<Option<usize>>,
    /// True if a key may begin here.
    pub(super) key_allowed: bool,
    /// The possible keys: of the block, and of each bracket that is open.
    keys: Vec<Option<PossibleKey>>,
}

/// A token that a `:` would make a key.
#[derive(Debug, Clone, Copy)]
struct PossibleKey {
    /// True if nothing else may stand there.
    required: bool,
    /// The number of tokens before it.
    number: usize,
    at: Mark,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, DocumentError> {
        Ok(Self {
            cursor: Cursor::new(text)?,
            is_json: false,
            queue: VecDeque::new(),
            taken: 0,
            indent: None,
            indents: Vec::new(),
            key_allowed: true,
            keys: vec![None],
        })
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Result<&Token, DocumentError> {
        self.fill()?;
        Ok(self.queue.front().map_or(&Token::End, |(token, _)| token))
    }

    /// The position of the next token.
    pub(super) fn mark(&mut self) -> Result<Mark, DocumentError> {
        self.fill()?;
        Ok(self.queue.front().map_or(self.cursor.mark(), |(_, at)| *at))
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<(Token, Mark), DocumentError> {
        self.fill()?;
        self.taken += 1;
        Ok(self.queue.pop_front().unwrap_or((Token::End, self.cursor.mark())))
    }

    /// Takes the next token if it is this one.
    pub(super) fn take_if(&mut self, token: &Token) -> Result<bool, DocumentError> {
        let is_next = self.peek()? == token;
        if is_next {
            self.take()?;
        }
        Ok(is_next)
    }

    /// Scans until it is known which token is next.
    fn fill(&mut self) -> Result<(), DocumentError> {
        while self.queue.is_empty() || self.first_may_be_key()? {
            self.scan()?;
        }
        Ok(())
    }

    fn first_may_be_key(&mut self) -> Result<bool, DocumentError> {
        let taken = self.taken;
        let is_first = |key: &&mut Option<PossibleKey>| key.is_some_and(|key| key.number == taken);
        match self.keys.iter_mut().find(is_first) {
            Some(key) => still_possible(key, self.cursor.mark()),
            None => Ok(false),
        }
    }

    /// Scans a token, with those that it brings about.
    fn scan(&mut self) -> Result<(), DocumentError> {
        self.skip_to_token();
        let at = self.cursor.mark();
        self.end_blocks(Some(at.column));
        if self.cursor.is_at_end() {
            return self.end();
        }
        if self.cursor.is_between_documents() {
            return self.marker(at);
        }
        if at.column == 0 && self.cursor.peek(0) == b'%' {
            return at.refuse("a directive: not even `kubectl` reads a file that has one");
        }
        let in_flow = self.is_in_flow();
        let gap_follows = self.cursor.is_gap(1);
        match self.cursor.peek(0) {
            b'[' => self.open(Token::FlowSequence),
            b'{' => self.open(Token::FlowMapping),
            b']' => self.close(Token::FlowSequenceEnd),
            b'}' => self.close(Token::FlowMappingEnd),
            b',' => {
                self.forget_key()?;
                self.key_allowed = true;
                self.indicator(Token::FlowEntry);
                Ok(())
            }
            b'-' if gap_follows => self.block_entry(at),
            b'?' if in_flow => at.refuse(
                "`?` marks a key here: write the key without it, or text that begins with `?` in \
                 quotes",
            ),
            b'?' if gap_follows => self.marked_key(at),
            b':' if gap_follows || in_flow => self.value(at),
            b'*' => {
                self.begin_node()?;
                let name = self.name(at)?;
                self.push(Token::Alias(name), at);
                Ok(())
            }
            b'&' => {
                self.begin_node()?;
                let name = self.name(at)?;
                self.push(Token::Anchor(name), at);
                Ok(())
            }
            b'!' => {
                self.begin_node()?;
                let tag = self.tag(at)?;
                self.push(Token::Tag(tag), at);
                Ok(())
            }
            style @ (b'|' | b'>') if !in_flow => {
                self.forget_key()?;
                self.key_allowed = true;
                let text = self.block_scalar(style)?;
                self.push(Token::Scalar { text, plain: false }, at);
                Ok(())
            }
            quote @ (b'\'' | b'"') => {
                self.begin_node()?;
                let text = self.quoted(quote)?;
                self.push(Token::Scalar { text, plain: false }, at);
                Ok(())
            }
            other if begins_plain(other, in_flow, self.cursor.is_blank(1)) => {
                self.begin_node()?;
                let text = self.plain()?;
                self.push(Token::Scalar { text, plain: true }, at);
                Ok(())
            }
            b'\t' => at.refuse("a tab: lines of YAML are indented with spaces"),
            other => at.refuse(format!(
                "`{}` cannot stand here: write text that begins with it in quotes",
                char::from(other)
            )),
        }
    }

    /// Skips blanks, comments and line breaks. Where a key may begin, a tab is none of them.
    fn skip_to_token(&mut self) {
        loop {
            while self.cursor.peek(0) == b' '
                || (self.cursor.peek(0) == b'\t' && (self.is_in_flow() || !self.key_allowed))
            {
                self.cursor.skip();
            }
            if self.cursor.peek(0) == b'#' {
                self.cursor.skip_line();
            }
            if !self.cursor.skip_break() {
                return;
            }
            if !self.is_in_flow() {
                self.key_allowed = true;
            }
        }
    }

    pub(super) fn is_in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    fn push(&mut self, token: Token, at: Mark) {
        self.queue.push_back((token, at));
    }

    /// A token of one character.
    fn indicator(&mut self, token: Token) {
        let at = self.cursor.mark();
        self.cursor.skip();
        self.push(token, at);
    }

    fn end(&mut self) -> Result<(), DocumentError> {
        self.end_blocks(None);
        self.forget_key()?;
        // No `:` follows what is open still.
        self.keys.fill(None);
        self.key_allowed = false;
        self.push(Token::End, self.cursor.mark());
        Ok(())
    }

    fn marker(&mut self, at: Mark) -> Result<(), DocumentError> {
        self.end_blocks(None);
        self.forget_key()?;
        self.key_allowed = false;
        let is_start = self.cursor.peek(0) == b'-';
        for _ in 0..3 {
            self.cursor.skip();
        }
        self.push(if is_start { Token::DocumentStart } else { Token::DocumentEnd }, at);
        Ok(())
    }

    fn open(&mut self, token: Token) -> Result<(), DocumentError> {
        self.remember_key()?;
        self.keys.push(None);
        self.key_allowed = true;
        self.indicator(token);
        Ok(())
    }

    fn close(&mut self, token: Token) -> Result<(), DocumentError> {
        self.forget_key()?;
        if self.is_in_flow() {
            self.keys.pop();
        }
        self.key_allowed = false;
        self.indicator(token);
        Ok(())
    }

    fn block_entry(&mut self, at: Mark) -> Result<(), DocumentError> {
        if self.is_in_flow() {
            return at.refuse("`- ` begins no element inside of brackets: separate them by `,`");
        }
        if !self.key_allowed {
            return at.refuse("`- ` begins no element here: write it on a line of its own");
        }
        self.begin_block(at, None, Token::BlockSequence);
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(Token::BlockEntry);
        Ok(())
    }

    /// A key behind `?`: so Kubernetes' own tools write those of more than 128 characters.
    fn marked_key(&mut self, at: Mark) -> Result<(), DocumentError> {
        if !self.key_allowed {
            return at.refuse("`? ` marks no key here: write it on a line of its own");
        }
        self.begin_block(at, None, Token::BlockMapping);
        self.forget_key()?;
        self.key_allowed = true;
        self.indicator(Token::Key);
        Ok(())
    }

    fn value(&mut self, at: Mark) -> Result<(), DocumentError> {
        let now = self.cursor.mark();
        let mut key = self.keys.last().copied().flatten();
        if !still_possible(&mut key, now)? {
            key = None;
        }
        let Some(key) = key else {
            // Below the `?` of its key, if it has one: the parser finds out.
            if self.key_allowed && !self.is_in_flow() && self.indent == Some(at.column) {
                self.indicator(Token::Value);
                return Ok(());
            }
            return at.refuse(format!(
                "`:` without a key: expected one before it on its line, at most {MAX_KEY} \
                 characters away"
            ));
        };
        self.insert(key.number, Token::Key, key.at);
        self.begin_block(key.at, Some(key.number), Token::BlockMapping);
        if let Some(last) = self.keys.last_mut() {
            *last = None;
        }
        self.key_allowed = false;
        self.indicator(Token::Value);
        Ok(())
    }

    /// Saves a possible key that begins here; none begins right behind it.
    fn begin_node(&mut self) -> Result<(), DocumentError> {
        self.remember_key()?;
        self.key_allowed = false;
        Ok(())
    }

    fn remember_key(&mut self) -> Result<(), DocumentError> {
        if self.key_allowed {
            self.forget_key()?;
            let at = self.cursor.mark();
            let required = !self.is_in_flow() && self.indent == Some(at.column);
            let number = self.taken + self.queue.len();
            if let Some(last) = self.keys.last_mut() {
                *last = Some(PossibleKey { required, number, at });
            }
        }
        Ok(())
    }

    fn forget_key(&mut self) -> Result<(), DocumentError> {
        match self.keys.last_mut().and_then(Option::take) {
            Some(PossibleKey { required: true, at, .. }) => no_value(at),
            _ => Ok(()),
        }
    }

    /// A block begins where this column is further right than the block that is open.
    fn begin_block(&mut self, at: Mark, before: Option<usize>, token: Token) {
        if self.is_in_flow() || self.indent >= Some(at.column) {
            return;
        }
        self.indents.push(self.indent);
        self.indent = Some(at.column);
        match before {
            Some(number) => self.insert(number, token, at),
            None => self.push(token, at),
        }
    }

    /// Blocks end that are further right than this column.
    fn end_blocks(&mut self, column: Option<usize>) {
        while !self.is_in_flow() && self.indent > column {
            self.push(Token::BlockEnd, self.cursor.mark());
            self.indent = self.indents.pop().flatten();
        }
    }

    fn insert(&mut self, number: usize, token: Token, at: Mark) {
        let index = number.saturating_sub(self.taken).min(self.queue.len());
        self.queue.insert(index, (token, at));
    }

    /// The name behind `&` or `*`.
    fn name(&mut self, at: Mark) -> Result<String, DocumentError> {
        self.cursor.skip();
        let mut name = String::new();
        while matches!(self.cursor.peek(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-') {
            self.cursor.take(&mut name);
        }
        let ends = self.cursor.is_gap(0)
            || matches!(self.cursor.peek(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return at.refuse("the name of an anchor has letters, digits, `-` and `_`");
        }
        Ok(name)
    }

    fn tag(&mut self, at: Mark) -> Result<Tag, DocumentError> {
        let mut tag = String::new();
        while !self.cursor.is_gap(0) {
            self.cursor.take(&mut tag);
        }
        match tag.as_str() {
            "!!null" => Ok(Tag::Null),
            "!!bool" => Ok(Tag::Bool),
            "!!int" => Ok(Tag::Int),
            "!!float" => Ok(Tag::Float),
            "!!str" => Ok(Tag::Str),
            "!!seq" => Ok(Tag::Seq),
            "!!map" => Ok(Tag::Map),
            _ => at.refuse(format!(
                "unsupported tag `{tag}`: write the value without it (text that begins with `!` \
                 in quotes)"
            )),
        }
    }
}

/// Returns whether a `:` at this place would make it a key; forgets it where not.
fn still_possible(key: &mut Option<PossibleKey>, now: Mark) -> Result<bool, DocumentError> {
    let Some(PossibleKey { required, at, .. }) = *key else { return Ok(false) };
    if at.line == now.line && now.column <= at.column + MAX_KEY {
        return Ok(true);
    }
    if required {
        return no_value(at);
    }
    *key = None;
    Ok(false)
}

fn no_value<T>(key: Mark) -> Result<T, DocumentError> {
    key.refuse(format!(
        "expected a key with `:` behind it, on one line and at most {MAX_KEY} characters away"
    ))
}

fn begins_plain(first: u8, in_flow: bool, blank_follows: bool) -> bool {
    match first {
        b'-' => !blank_follows,
        b'?' | b':' => !in_flow,
        b' ' | b'\t' | b'\n' | b'\r' | END | b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&'
        | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@' | b'`' => false,
        _ => true,
    }
}

impl Token {
    /// A description for errors.
    pub(super) fn in_words(&self) -> &'static str {
        match self {
            Self::DocumentStart | Self::DocumentEnd => "the end of the document",
            Self::End => "the end of the text",
            Self::BlockSequence | Self::BlockEntry => "a list",
            Self::BlockMapping | Self::Key => "a key",
            Self::BlockEnd => "the end of the block",
            Self::FlowSequence => "`[`",
            Self::FlowSequenceEnd => "`]`",
            Self::FlowMapping => "`{`",
            Self::FlowMappingEnd => "`}`",
            Self::FlowEntry => "`,`",
            Self::Value => "`:`",
            Self::Anchor(_) => "an anchor",
            Self::Alias(_) => "an alias",
            Self::Tag(_) => "a tag",
            Self::Scalar { .. } => "text",
        }
    }
}
