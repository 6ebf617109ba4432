//! A YAML or JSON text as a tree of values that know their place in the text, read under tight bounds: hostile texts end early.

use std::{borrow::Cow, collections::HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput, Tag};
use serde_json::{Number, Value};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, is_control, shown},
    pointer,
    scalar::{self, Scalar},
};

/// The most bytes of text.
pub const MAX_BYTES: usize = 1 << 20;
/// The most levels of lists and mappings.
pub const MAX_DEPTH: usize = 32;
/// The most values, keys not counted.
pub const MAX_VALUES: usize = 50_000;
/// The most duplicate keys that are told of.
const MAX_DUPLICATES: usize = 100;

/// A place in the text: line and column from 1, in characters.
pub type Place = (usize, usize);

/// A value and where it starts.
#[derive(Debug, Clone)]
pub struct Node {
    pub place: Place,
    pub content: Content,
}

/// What a value is.
#[derive(Debug, Clone)]
pub enum Content {
    Null,
    Boolean(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

impl From<Scalar> for Content {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Null => Self::Null,
            Scalar::Boolean(value) => Self::Boolean(value),
            Scalar::Number(text) => Self::Number(text),
            Scalar::Text(text) => Self::Text(text),
        }
    }
}

/// A key, its place, and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Node,
}

/// The number as JSON has it, where it has: not so the infinite ones.
fn number(text: &str) -> Option<Number> {
    if let Ok(number) = serde_json::from_str(text) {
        return Some(number);
    }
    // YAML's own ways to write a number.
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix).ok().map(Number::from);
        }
    }
    let plain = text.strip_prefix('+').unwrap_or(text);
    serde_json::from_str(plain).ok().or_else(|| Number::from_f64(plain.parse().ok()?))
}

impl Node {
    /// A tree that stands in no text: all of its places are 0.
    pub fn of(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Boolean(*value),
            Value::Number(number) => Content::Number(number.to_string()),
            Value::String(text) => Content::Text(text.clone()),
            Value::Array(items) => Content::List(items.iter().map(Self::of).collect()),
            Value::Object(members) => Content::Mapping(
                members
                    .iter()
                    .map(|(key, value)| Entry { key: key.clone(), place: (0, 0), value: Self::of(value) })
                    .collect(),
            ),
        };
        Self { place: (0, 0), content }
    }

    /// The value as JSON; of a key that stands twice, the first.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Boolean(value) => Value::Bool(*value),
            Content::Number(text) => number(text).map_or_else(|| Value::String(text.clone()), Value::Number),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Mapping(entries) => {
                let mut object = serde_json::Map::new();
                for entry in entries {
                    object.entry(entry.key.as_str()).or_insert_with(|| entry.value.to_json());
                }
                Value::Object(object)
            }
        }
    }
}

/// Reads the one document in `text`.
///
/// Duplicate keys are told of beside the tree; any other problem leaves no tree.
pub fn read(text: &str) -> Result<(Node, Vec<Diagnostic>), Diagnostic> {
    if text.len() > MAX_BYTES {
        let message = format!("the manifest has {} bytes, more than the {MAX_BYTES} allowed", text.len());
        let remedy = "describe less: a manifest that people read has a few hundred lines";
        return Err(Diagnostic::error(Code::TooLarge, "", message).at((1, 1)).remedy(remedy));
    }
    let text = join_surrogates(text);
    let mut reader =
        Reader { parser: Parser::new_from_str(&text), values: 0, path: Vec::new(), duplicates: Vec::new() };
    let root = reader.document()?;
    Ok((root, reader.duplicates))
}

struct Reader<'input> {
    parser: Parser<'input, StrInput<'input>>,
    values: usize,
    path: Vec<String>,
    duplicates: Vec<Diagnostic>,
}

fn place(marker: Marker) -> Place {
    (marker.line().max(1), marker.col() + 1)
}

impl<'input> Reader<'input> {
    fn problem(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.path.concat(), message).at(place(span.start))
    }

    fn too_deep(&self) -> Diagnostic {
        let message = format!("lists and mappings are nested more than {MAX_DEPTH} levels deep");
        Diagnostic::error(Code::TooDeep, self.path.concat(), message).remedy("write a flatter document")
    }

    fn next(&mut self) -> Result<(Event<'input>, Span), Diagnostic> {
        let event =
            self.parser.next_event().unwrap_or_else(|| Err(ScanError::new_str(Marker::new(0, 1, 0), "unexpected end")));
        event.map_err(|error| {
            let place = place(*error.marker());
            // The scanner's own limit, which it meets ahead of what has become a tree.
            if error.info().contains("recursion limit") {
                return self.too_deep().at(place);
            }
            Diagnostic::error(
                Code::Syntax,
                self.path.concat(),
                format!("neither YAML nor JSON: {}", shown(error.info())),
            )
            .at(place)
            .remedy("check indentation, quotes and brackets at and before this place; indent by spaces, not tabs")
        })
    }

    fn document(&mut self) -> Result<Node, Diagnostic> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd | Event::DocumentEnd, span) => {
                    return Err(self
                        .problem(Code::Empty, span, "the manifest is empty")
                        .remedy("start from the example in the reference"));
                }
                (event, span) => {
                    let root = self.node(event, span, 0)?;
                    self.end()?;
                    return Ok(root);
                }
            }
        }
    }

    /// What follows the first document must be nothing.
    fn end(&mut self) -> Result<(), Diagnostic> {
        loop {
            match self.next()? {
                (Event::DocumentEnd | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, span) => {
                    return Err(self
                        .problem(Code::SeveralDocuments, span, "a second document starts here")
                        .remedy("write one manifest per file; remove `---`"));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'input>, span: Span, depth: usize) -> Result<Node, Diagnostic> {
        self.values += 1;
        if self.values > MAX_VALUES {
            let message = format!("the manifest holds more than {MAX_VALUES} values");
            return Err(self.problem(Code::TooManyValues, span, message).remedy("split the product into several"));
        }
        if depth > MAX_DEPTH {
            return Err(self.too_deep().at(place(span.start)));
        }
        let content = match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.unanchored(anchor, span)?;
                self.scalar(text, style, tag.as_deref(), span)?
            }
            Event::SequenceStart(anchor, tag) => {
                self.unanchored(anchor, span)?;
                self.core_tag(tag.as_deref(), "seq", span)?;
                self.list(depth)?
            }
            Event::MappingStart(anchor, tag) => {
                self.unanchored(anchor, span)?;
                self.core_tag(tag.as_deref(), "map", span)?;
                self.mapping(depth)?
            }
            Event::Alias(_) => return Err(self.alias(span)),
            // The parser balances its events; any other here would be its fault.
            _ => return Err(self.problem(Code::Syntax, span, "neither YAML nor JSON: a value is missing")),
        };
        Ok(Node { place: place(span.start), content })
    }

    fn alias(&self, span: Span) -> Diagnostic {
        self.problem(Code::Alias, span, "anchors, aliases and merge keys are not accepted")
            .remedy("write the value out in each place")
    }

    fn unanchored(&self, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        if anchor == 0 { Ok(()) } else { Err(self.alias(span)) }
    }

    fn core_tag(&self, tag: Option<&Tag>, kind: &str, span: Span) -> Result<(), Diagnostic> {
        match tag {
            None => Ok(()),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == kind => Ok(()),
            Some(tag) => Err(self.tag(tag, span)),
        }
    }

    fn tag(&self, tag: &Tag, span: Span) -> Diagnostic {
        self.problem(Code::Tag, span, format!("the tag `{}` does not fit here", shown(&tag.to_string())))
            .remedy("remove the tag")
    }

    fn scalar(
        &self,
        text: Cow<'input, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Content, Diagnostic> {
        let content = match tag {
            None if style == ScalarStyle::Plain => scalar::resolve(text).into(),
            None => Content::Text(text.into_owned()),
            Some(tag) if !tag.is_yaml_core_schema() => return Err(self.tag(tag, span)),
            Some(tag) if tag.suffix == "str" => Content::Text(text.into_owned()),
            Some(tag) => {
                let content: Content = scalar::resolve(text).into();
                let fits = match (&content, tag.suffix.as_str()) {
                    (Content::Null, "null") | (Content::Boolean(_), "bool") | (Content::Number(_), "float") => true,
                    (Content::Number(number), "int") => !number.contains(['.', 'e', 'E']),
                    _ => false,
                };
                if !fits {
                    return Err(self.tag(tag, span));
                }
                content
            }
        };
        if let Content::Text(text) = &content {
            self.harmless(text, span)?;
        }
        Ok(content)
    }

    fn harmless(&self, text: &str, span: Span) -> Result<(), Diagnostic> {
        match text.chars().find(|c| is_control(*c)) {
            None => Ok(()),
            Some(c) => Err(self
                .problem(
                    Code::ControlCharacter,
                    span,
                    format!("the text holds the control character U+{:04X}", u32::from(c)),
                )
                .remedy("remove the character")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Content, Diagnostic> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Content::List(items));
            }
            self.path.push(format!("/{}", items.len()));
            items.push(self.node(event, span, depth + 1)?);
            self.path.pop();
        }
    }

    fn mapping(&mut self, depth: usize) -> Result<Content, Diagnostic> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (event, key_span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Content::Mapping(entries));
            }
            let key = self.key(event, key_span)?;
            self.path.push(pointer::token(&key));
            if !seen.insert(key.clone()) && self.duplicates.len() < MAX_DUPLICATES {
                let first = entries.iter().find(|entry| entry.key == key).map_or(0, |entry| entry.place.0);
                let message = format!("the key `{}` stands twice; first in line {first}", shown(&key));
                self.duplicates
                    .push(self.problem(Code::DuplicateKey, key_span, message).remedy("remove one of the two"));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            self.path.pop();
            entries.push(Entry { key, place: place(key_span.start), value });
        }
    }

    fn key(&self, event: Event<'input>, span: Span) -> Result<String, Diagnostic> {
        let not_text = || self.problem(Code::KeyNotText, span, "a key must be a text").remedy("put the key in quotes");
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.unanchored(anchor, span)?;
                if style == ScalarStyle::Plain && text == "<<" {
                    return Err(self.alias(span));
                }
                match self.scalar(text, style, tag.as_deref(), span)? {
                    Content::Text(text) => Ok(text),
                    _ => Err(not_text()),
                }
            }
            Event::Alias(_) => Err(self.alias(span)),
            _ => Err(not_text()),
        }
    }
}

/// JSON writes a character beyond U+FFFF as two escapes (`\ud83d\ude00`), which YAML does not know: in JSON, such pairs become one escape of YAML.
fn join_surrogates(text: &str) -> Cow<'_, str> {
    let is_json =
        text.trim_ascii_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if !is_json || !(text.contains("\\ud") || text.contains("\\uD")) {
        return Cow::Borrowed(text);
    }
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    // In JSON, backslashes stand in strings only, each with the character that it escapes.
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        joined.push_str(before);
        let unit =
            |at: usize| escape.get(at..at + 6)?.strip_prefix("\\u").and_then(|hex| u16::from_str_radix(hex, 16).ok());
        let pair = unit(0).zip(unit(6)).and_then(|(high, low)| char::decode_utf16([high, low]).next()?.ok());
        let length = match pair {
            Some(c) if u32::from(c) > 0xFFFF => {
                joined.push_str(&format!("\\U{:08X}", u32::from(c)));
                12
            }
            _ => {
                joined.push_str(escape.get(..2).unwrap_or(escape));
                2
            }
        };
        rest = escape.get(length..).unwrap_or_default();
    }
    joined.push_str(rest);
    Cow::Owned(joined)
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_of_yaml_are_numbers_of_json() {
        for (text, json) in [
            ("12", "12"),
            ("+12", "12"),
            ("0xFF", "255"),
            ("0o17", "15"),
            (".5", "0.5"),
            ("1.", "1.0"),
            ("1e3", "1000.0"),
        ] {
            assert_eq!(number(text).map(|number| number.to_string()).as_deref(), Some(json), "{text}");
        }
        assert_eq!(number(".inf"), None);
    }
}
