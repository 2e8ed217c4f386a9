//! The tree of a document's tokens: nodes, anchors and merges, as Kubernetes' reader makes a map of
//! them.

use std::collections::{HashMap, HashSet};

use super::cursor::Mark;
use super::resolve::{Resolved, resolve};
use super::scanner::{Scanner, Tag, Token};
use crate::documents::DocumentError;
use crate::documents::tree::{Position, TableEntry, Tree, Value};

/// About what a node takes in memory, besides its text.
const NODE_BYTES: usize = 64;

/// Reads one document. What it makes of places is up to who asks: nothing, or `Position` itself.
pub(super) struct Reader<'a, P> {
    scanner: Scanner<'a>,
    place: fn(Position) -> P,
    anchors: HashMap<String, Anchor<P>>,
    /// The number of anchors that have begun.
    begun: usize,
    /// The bytes that the tree may still take.
    room: usize,
}

struct Anchor<P> {
    /// Its number among those of its name.
    number: usize,
    /// `None` until it ends.
    node: Option<Measured<P>>,
}

/// A node, and what an alias of it costs.
struct Measured<P> {
    node: Tree<P>,
    height: usize,
    bytes: usize,
}

/// The properties before a node.
#[derive(Default)]
struct Properties {
    anchor: Option<(String, usize)>,
    tag: Option<(Tag, Mark)>,
}

/// An object while it is read.
struct Object<P> {
    entries: Vec<TableEntry<P>>,
    /// The index of each key, once there are many.
    index: HashMap<String, usize>,
    /// Entries that came in by a merge, which may be replaced.
    merged: HashSet<usize>,
}

/// The number of keys up to which they are compared one by one.
const FEW_KEYS: usize = 16;

impl<'a, P: Clone> Reader<'a, P> {
    pub(super) fn new(
        text: &'a str,
        place: fn(Position) -> P,
        room: usize,
    ) -> Result<Self, DocumentError> {
        let scanner = Scanner::new(text)?;
        Ok(Self { scanner, place, anchors: HashMap::new(), begun: 0, room })
    }

    /// Reads the escapes of JSON, too, that YAML lacks.
    pub(super) fn with_json_escapes(mut self) -> Self {
        self.scanner.is_json = true;
        self
    }

    /// The one document of the text; `None` where there is nothing but comments.
    pub(super) fn document(mut self) -> Result<Option<Tree<P>>, DocumentError> {
        let begins = self.scanner.take_if(&Token::DocumentStart)?;
        let at = self.scanner.mark()?;
        let root = match self.scanner.peek()? {
            Token::End if !begins => return Ok(None),
            Token::DocumentStart | Token::DocumentEnd | Token::End if begins => self.null(at)?,
            _ => self.node(0, false)?,
        };
        while self.scanner.take_if(&Token::DocumentEnd)? {}
        match self.scanner.take()? {
            (Token::End, _) => Ok(Some(root)),
            (_, at) => at.refuse(
                "the document has ended before this: expected `---` on a line of its own between \
                 documents",
            ),
        }
    }

    /// A node. `hanging` is whether the elements of a list may stand right below their key.
    fn node(&mut self, depth: usize, hanging: bool) -> Result<Tree<P>, DocumentError> {
        let at = self.scanner.mark()?;
        if let Token::Alias(_) = self.scanner.peek()? {
            return self.alias(depth);
        }
        let properties = self.properties()?;
        let is_collection = match self.scanner.peek()? {
            Token::BlockSequence
            | Token::BlockMapping
            | Token::FlowSequence
            | Token::FlowMapping => true,
            Token::BlockEntry => hanging,
            _ => false,
        };
        let node = if is_collection {
            self.collection(depth, properties.tag)?
        } else {
            let (resolved, text) = self.scalar(&properties)?;
            let value = match resolved {
                Resolved::Null => Value::Null,
                Resolved::Text => Value::Text(text),
                other => match other.to_json() {
                    Some(json) => Value::Literal(json),
                    None => return at.refuse(format!("value `{text}` is not a finite number")),
                },
            };
            self.tree(value, at)?
        };
        self.close_anchor(properties, &node)?;
        Ok(node)
    }

    fn properties(&mut self) -> Result<Properties, DocumentError> {
        let mut properties = Properties::default();
        loop {
            match self.scanner.peek()? {
                Token::Anchor(_) if properties.anchor.is_none() => {
                    if let (Token::Anchor(name), _) = self.scanner.take()? {
                        self.begun += 1;
                        let anchor = Anchor { number: self.begun, node: None };
                        self.anchors.insert(name.clone(), anchor);
                        properties.anchor = Some((name, self.begun));
                    }
                }
                Token::Tag(_) if properties.tag.is_none() => {
                    if let (Token::Tag(tag), at) = self.scanner.take()? {
                        properties.tag = Some((tag, at));
                    }
                }
                _ => return Ok(properties),
            }
        }
    }

    /// Keeps what an anchor names, unless another of its name has begun since.
    fn close_anchor(
        &mut self,
        properties: Properties,
        node: &Tree<P>,
    ) -> Result<(), DocumentError> {
        let Some((name, number)) = properties.anchor else { return Ok(()) };
        let (height, bytes) = measure(node);
        self.charge(bytes)?;
        if let Some(anchor) = self.anchors.get_mut(&name).filter(|anchor| anchor.number == number) {
            anchor.node = Some(Measured { node: node.clone(), height, bytes });
        }
        Ok(())
    }

    fn alias(&mut self, depth: usize) -> Result<Tree<P>, DocumentError> {
        let (token, at) = self.scanner.take()?;
        let Token::Alias(name) = token else { return at.refuse("expected an alias") };
        let Some(anchor) = self.anchors.get(&name) else {
            return at
                .refuse(format!("`*{name}` stands for nothing: there is no `&{name}` before"));
        };
        let Some(Measured { height, bytes, .. }) = anchor.node else {
            return at.refuse(format!("`*{name}` would stand inside of itself"));
        };
        if depth + height > policy_api::MAX_NESTING {
            return too_deep(at);
        }
        self.charge(bytes)?;
        let found = self.anchors.get(&name).and_then(|anchor| anchor.node.as_ref());
        match found {
            Some(measured) => Ok(measured.node.clone()),
            None => at.refuse(format!("`*{name}` stands for nothing")),
        }
    }

    fn collection(
        &mut self,
        depth: usize,
        tag: Option<(Tag, Mark)>,
    ) -> Result<Tree<P>, DocumentError> {
        let at = self.scanner.mark()?;
        if depth >= policy_api::MAX_NESTING {
            return too_deep(at);
        }
        let (value, natural) = match self.scanner.peek()? {
            Token::BlockSequence => (self.block_sequence(depth + 1)?, Tag::Seq),
            Token::BlockEntry => (self.hanging_sequence(depth + 1)?, Tag::Seq),
            Token::FlowSequence => (self.flow_sequence(depth + 1)?, Tag::Seq),
            Token::BlockMapping => (self.block_mapping(depth + 1)?, Tag::Map),
            _ => (self.flow_mapping(depth + 1)?, Tag::Map),
        };
        match tag {
            Some((tag, at)) if tag != natural => at.refuse("the tag is of another type"),
            _ => self.tree(value, at),
        }
    }

    fn block_sequence(&mut self, depth: usize) -> Result<Value<P>, DocumentError> {
        let (_, start) = self.scanner.take()?;
        let mut elements = Vec::new();
        loop {
            match self.scanner.take()? {
                (Token::BlockEntry, at) => elements.push(match self.scanner.peek()? {
                    Token::BlockEntry | Token::BlockEnd => self.null(at)?,
                    _ => self.node(depth, false)?,
                }),
                (Token::BlockEnd, _) => return Ok(Value::List(elements)),
                (_, at) => {
                    return at.refuse(format!(
                        "expected `- `, as of the list that begins on line {}",
                        start.line + 1
                    ));
                }
            }
        }
    }

    /// A list whose elements stand no further right than their key.
    fn hanging_sequence(&mut self, depth: usize) -> Result<Value<P>, DocumentError> {
        let mut elements = Vec::new();
        loop {
            let at = self.scanner.mark()?;
            if !self.scanner.take_if(&Token::BlockEntry)? {
                return Ok(Value::List(elements));
            }
            elements.push(match self.scanner.peek()? {
                Token::BlockEntry | Token::Key | Token::Value | Token::BlockEnd => self.null(at)?,
                _ => self.node(depth, false)?,
            });
        }
    }

    fn block_mapping(&mut self, depth: usize) -> Result<Value<P>, DocumentError> {
        let (_, start) = self.scanner.take()?;
        let mut object = Object::new();
        loop {
            match self.scanner.take()? {
                (Token::Key, _) => {
                    let (key, at) = self.key()?;
                    let value_at = self.scanner.mark()?;
                    let is_empty = !self.scanner.take_if(&Token::Value)?
                        || matches!(
                            self.scanner.peek()?,
                            Token::Key | Token::Value | Token::BlockEnd
                        );
                    self.entry(&mut object, key, at, is_empty.then_some(value_at), |reader| {
                        reader.node(depth, true)
                    })?;
                }
                (Token::BlockEnd, _) => return Ok(Value::Table(object.entries)),
                (_, at) => {
                    return at.refuse(format!(
                        "expected a key, as of the object that begins on line {}",
                        start.line + 1
                    ));
                }
            }
        }
    }

    fn flow_sequence(&mut self, depth: usize) -> Result<Value<P>, DocumentError> {
        let (_, start) = self.scanner.take()?;
        let mut elements = Vec::new();
        while !self.closes(start, ('[', ']'), &Token::FlowSequenceEnd, elements.is_empty())? {
            let at = self.scanner.mark()?;
            elements.push(if *self.scanner.peek()? == Token::Key {
                // An object of one key, without its braces.
                if depth >= policy_api::MAX_NESTING {
                    return too_deep(at);
                }
                let mut object = Object::new();
                self.flow_entry(&mut object, depth + 1)?;
                self.tree(Value::Table(object.entries), at)?
            } else {
                self.node(depth, false)?
            });
        }
        Ok(Value::List(elements))
    }

    fn flow_mapping(&mut self, depth: usize) -> Result<Value<P>, DocumentError> {
        let (_, start) = self.scanner.take()?;
        let mut object = Object::new();
        let mut is_first = true;
        while !self.closes(start, ('{', '}'), &Token::FlowMappingEnd, is_first)? {
            is_first = false;
            self.flow_entry(&mut object, depth)?;
        }
        Ok(Value::Table(object.entries))
    }

    /// Returns whether brackets end here. There is a `,` before whatever follows in them, but the
    /// first.
    fn closes(
        &mut self,
        start: Mark,
        (open, close): (char, char),
        end: &Token,
        is_first: bool,
    ) -> Result<bool, DocumentError> {
        if self.scanner.take_if(end)? {
            return Ok(true);
        }
        let follows = is_first || self.scanner.take_if(&Token::FlowEntry)?;
        let at = self.scanner.mark()?;
        match self.scanner.peek()? {
            Token::End | Token::DocumentStart | Token::DocumentEnd => {
                start.refuse(format!("`{open}` is never closed"))
            }
            _ if !follows => at.refuse(format!(
                "expected `,` or `{close}`, as of the `{open}` on line {}",
                start.line + 1
            )),
            _ if is_first => Ok(false),
            _ => self.scanner.take_if(end),
        }
    }

    /// A key between braces, and its value, if it has one.
    fn flow_entry(&mut self, object: &mut Object<P>, depth: usize) -> Result<(), DocumentError> {
        self.scanner.take_if(&Token::Key)?;
        let (key, at) = self.key()?;
        let value_at = self.scanner.mark()?;
        let is_empty = !self.scanner.take_if(&Token::Value)?
            || matches!(
                self.scanner.peek()?,
                Token::FlowEntry | Token::FlowMappingEnd | Token::FlowSequenceEnd
            );
        self.entry(object, key, at, is_empty.then_some(value_at), |reader| {
            reader.node(depth, false)
        })
    }

    /// A key's text; `None` for the one that merges.
    fn key(&mut self) -> Result<(Option<String>, Mark), DocumentError> {
        let at = self.scanner.mark()?;
        let properties = self.properties()?;
        let is_merge = matches!(
            self.scanner.peek()?,
            Token::Scalar { text, plain: true } if text == "<<" && properties.tag.is_none()
        );
        match self.scanner.peek()? {
            Token::Alias(_) => {
                return at.refuse("an alias as a key: write out what it stands for");
            }
            Token::FlowSequence
            | Token::FlowMapping
            | Token::BlockSequence
            | Token::BlockMapping => {
                return at.refuse("a list or an object as a key: expected text");
            }
            _ => {}
        }
        let (resolved, text) = self.scalar(&properties)?;
        let key = match resolved {
            Resolved::Text => Some(text.clone()),
            Resolved::Null => return at.refuse("a key is null: expected text"),
            other => other.to_key(),
        };
        let Some(key) = key else {
            return at.refuse(format!("the key `{text}` is a number: write it in quotes"));
        };
        let value = match resolved {
            Resolved::Text => Value::Text(text),
            other => Value::Literal(other.to_json().unwrap_or(text)),
        };
        let node = self.tree(value, at)?;
        self.close_anchor(properties, &node)?;
        Ok((if is_merge { None } else { Some(key) }, at))
    }

    /// Puts a key and its value, read behind it, into an object.
    fn entry(
        &mut self,
        object: &mut Object<P>,
        key: Option<String>,
        at: Mark,
        empty: Option<Mark>,
        read: impl FnOnce(&mut Self) -> Result<Tree<P>, DocumentError>,
    ) -> Result<(), DocumentError> {
        let from_alias = matches!(self.scanner.peek()?, Token::Alias(_));
        let value = match empty {
            Some(at) => self.null(at)?,
            None => read(self)?,
        };
        match key {
            Some(key) => {
                self.charge(NODE_BYTES + 2 * key.len())?;
                object.put(TableEntry { key, at: (self.place)(at.place()), value }, at)
            }
            None => object.merge(value, from_alias, at),
        }
    }

    /// The value of a scalar, with its text. Where there is none, it is an empty one, which has
    /// to have an anchor or a tag.
    fn scalar(&mut self, properties: &Properties) -> Result<(Resolved, String), DocumentError> {
        let (text, plain) = match self.scanner.peek()? {
            Token::Scalar { .. } => match self.scanner.take()? {
                (Token::Scalar { text, plain }, _) => (text, plain),
                (_, at) => return at.refuse("expected a value"),
            },
            _ if properties.anchor.is_some() || properties.tag.is_some() => (String::new(), true),
            _ => {
                let (token, at) = self.scanner.take()?;
                return at.refuse(format!("expected a value, found {}", token.in_words()));
            }
        };
        let resolved = match properties.tag {
            None if plain => resolve(&text),
            None | Some((Tag::Str, _)) => Resolved::Text,
            Some((tag, at)) => match (tag, resolve(&text)) {
                (Tag::Null, resolved @ Resolved::Null)
                | (Tag::Bool, resolved @ Resolved::Bool(_))
                | (Tag::Int, resolved @ (Resolved::Integer(_) | Resolved::Unsigned(_)))
                | (Tag::Float, resolved @ Resolved::Float(_)) => resolved,
                #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
                (Tag::Float, Resolved::Integer(value)) => Resolved::Float(value as f64),
                _ => return at.refuse(format!("`{text}` is not of the type that its tag names")),
            },
        };
        Ok((resolved, text))
    }

    fn null(&mut self, at: Mark) -> Result<Tree<P>, DocumentError> {
        self.tree(Value::Null, at)
    }

    fn tree(&mut self, value: Value<P>, at: Mark) -> Result<Tree<P>, DocumentError> {
        let text = match &value {
            Value::Literal(text) | Value::Text(text) => text.len(),
            Value::Null | Value::List(_) | Value::Table(_) => 0,
        };
        self.charge(NODE_BYTES + text)?;
        Ok(Tree { value, at: (self.place)(at.place()) })
    }

    fn charge(&mut self, bytes: usize) -> Result<(), DocumentError> {
        match self.room.checked_sub(bytes) {
            Some(room) => {
                self.room = room;
                Ok(())
            }
            None => self.scanner.mark()?.refuse(
                "it has more values, or its aliases make more of them, than there is memory for",
            ),
        }
    }
}

impl<P> Object<P> {
    fn new() -> Self {
        Self { entries: Vec::new(), index: HashMap::new(), merged: HashSet::new() }
    }

    fn find(&self, key: &str) -> Option<usize> {
        if self.index.is_empty() {
            self.entries.iter().position(|entry| entry.key == key)
        } else {
            self.index.get(key).copied()
        }
    }

    fn push(&mut self, entry: TableEntry<P>) {
        let number = self.entries.len();
        if number >= FEW_KEYS {
            if self.index.is_empty() {
                let keys = self.entries.iter().map(|entry| entry.key.clone());
                self.index = keys.zip(0..).collect();
            }
            self.index.insert(entry.key.clone(), number);
        }
        self.entries.push(entry);
    }

    fn put(&mut self, entry: TableEntry<P>, at: Mark) -> Result<(), DocumentError> {
        let Some(there) = self.find(&entry.key) else {
            self.push(entry);
            return Ok(());
        };
        // A number and its text are two keys for Kubernetes' reader, and the same one in JSON.
        if !self.merged.remove(&there) || resolve(&entry.key) != Resolved::Text {
            return at.refuse(format!("duplicate key `{}`", entry.key));
        }
        if let Some(merged) = self.entries.get_mut(there) {
            *merged = entry;
        }
        Ok(())
    }

    /// Puts in what a merge brings: of an object, or of a list of them, in which the first counts.
    fn merge(&mut self, value: Tree<P>, from_alias: bool, at: Mark) -> Result<(), DocumentError> {
        let tables = match value.value {
            Value::Table(entries) => vec![entries],
            Value::List(elements) if !from_alias => {
                let tables = elements.into_iter().map(|element| match element.value {
                    Value::Table(entries) => Some(entries),
                    _ => None,
                });
                match tables.collect::<Option<Vec<_>>>() {
                    Some(tables) => tables,
                    None => return not_an_object(at),
                }
            }
            _ => return not_an_object(at),
        };
        let before = self.entries.len();
        for entry in tables.into_iter().flatten() {
            match self.find(&entry.key) {
                Some(there) if there < before => {
                    return at.refuse(format!(
                        "`<<` brings the key `{}`, which stands before it already: readers of \
                         YAML take different ones, so write `<<` first",
                        entry.key
                    ));
                }
                Some(_) if resolve(&entry.key) != Resolved::Text => {
                    return at.refuse(format!("duplicate key `{}`", entry.key));
                }
                Some(_) => {}
                None => {
                    self.merged.insert(self.entries.len());
                    self.push(entry);
                }
            }
        }
        Ok(())
    }
}

fn not_an_object<T>(at: Mark) -> Result<T, DocumentError> {
    at.refuse("`<<` merges an object or a list of objects: expected one")
}

fn too_deep<T>(at: Mark) -> Result<T, DocumentError> {
    at.refuse(format!("nested deeper than {} levels", policy_api::MAX_NESTING))
}

/// The depth of a node, and about how many bytes it takes.
fn measure<P>(node: &Tree<P>) -> (usize, usize) {
    let (height, bytes) = match &node.value {
        Value::Null => (0, 0),
        Value::Literal(text) | Value::Text(text) => (0, text.len()),
        Value::List(elements) => elements.iter().map(measure).fold((1, 0), higher),
        Value::Table(entries) => entries
            .iter()
            .map(|entry| {
                let (height, bytes) = measure(&entry.value);
                (height, bytes + 2 * NODE_BYTES + entry.key.len())
            })
            .fold((1, 0), higher),
    };
    (height, bytes + NODE_BYTES)
}

fn higher(all: (usize, usize), inner: (usize, usize)) -> (usize, usize) {
    (all.0.max(inner.0 + 1), all.1 + inner.1)
}
