//! What all languages have in common: problems with their place, names that fields can have, and bounds on what a text may grow to.

use std::{
    collections::{BTreeMap, HashMap, hash_map},
    fmt,
};

use crate::{
    code::Code,
    diagnostic::{is_control, shown},
    model::{Element, Field, ValueRef},
    tree::Place,
};

/// The most fields and elements that a text may describe, at all depths: references make a short text describe many.
const MAX_PARTS: usize = 2000;
/// The most values that enumerations may list together.
const MAX_LISTED: usize = 10_000;
/// The most bytes of names, descriptions, values and properties together.
const MAX_BYTES: usize = 400_000;
/// The most levels below a row, so that the fields can also be written into a manifest.
const MAX_DEPTH: usize = 13;
/// The most problems of one text that are told of.
const MAX_PROBLEMS: usize = 50;
/// The most characters of a field's name.
const MAX_NAME: usize = 128;
/// The most characters of a description; the original text keeps what is longer.
const MAX_DESCRIPTION: usize = 4000;
/// The most values of one enumeration.
const MAX_VALUES: usize = 1000;
/// The most characters of a value of an enumeration.
const MAX_VALUE: usize = 200;

/// A place in a schema of another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub path: String,
    pub place: Option<Place>,
}

/// What is wrong with a schema of another language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub code: Code,
    /// Where in the schema, in the words of its language; empty for the whole text.
    pub path: String,
    /// Line and column in the text, in characters from 1, where they are known.
    pub place: Option<(usize, usize)>,
    pub message: String,
    pub remedy: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, message) = (shown(&self.path), &self.message);
        match (path.is_empty(), self.place) {
            (false, Some((line, column))) => {
                write!(f, "`{path}` (line {line}, column {column} of the text): {message}")
            }
            (false, None) => write!(f, "`{path}`: {message}"),
            (true, Some((line, column))) => write!(f, "line {line}, column {column} of the text: {message}"),
            (true, None) => f.write_str(message),
        }
    }
}

/// How much a value is made of.
#[derive(Debug, Clone, Copy, Default)]
struct Weight {
    parts: usize,
    listed: usize,
    bytes: usize,
    depth: usize,
}

/// A named type that was read before, to be used again.
#[derive(Debug, Clone)]
pub(super) struct Known {
    element: Element,
    weight: Weight,
}

impl Known {
    pub fn new(element: Element) -> Self {
        Self { weight: weight((&element).into()), element }
    }
}

/// A type with a name, which others refer to by it.
#[derive(Debug)]
pub(super) enum Named {
    /// It is being read: who refers to it now is part of it.
    Open,
    Known(Box<Known>),
    /// What is wrong with it was told where it is defined.
    Refused,
}

impl Named {
    /// A type that was read.
    pub fn new(element: Option<Element>) -> Self {
        element.map_or(Self::Refused, |element| Self::Known(Box::new(Known::new(element))))
    }
}

/// A text being read: what was found wrong, and how much was made of it.
#[derive(Debug, Default)]
pub(super) struct Reading {
    problems: Vec<Problem>,
    made: Weight,
    stopped: bool,
}

impl Reading {
    /// Whether so much is wrong, or so much was made, that reading on leads nowhere.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// Notes a problem.
    pub fn refuse(&mut self, code: Code, at: &At, message: impl Into<String>, remedy: &str) {
        if self.problems.len() < MAX_PROBLEMS {
            let At { path, place } = at.clone();
            let remedy = (!remedy.is_empty()).then(|| remedy.to_owned());
            self.problems.push(Problem { code, path, place, message: message.into(), remedy });
        } else {
            self.stopped = true;
        }
    }

    /// The fields, unless something was wrong.
    pub fn finish(self, fields: Option<Vec<Field>>) -> Result<Vec<Field>, Vec<Problem>> {
        match fields {
            Some(fields) if self.problems.is_empty() => Ok(fields),
            _ => Err(self.problems),
        }
    }

    /// Counts one more field or element; false where it is one too many or too deep.
    pub fn part(&mut self, at: &At, depth: usize) -> bool {
        self.add(at, depth, Weight { parts: 1, ..Weight::default() })
    }

    /// A copy of a type that was read before, for a value at `depth`.
    pub fn again(&mut self, at: &At, depth: usize, known: &Known) -> Option<Element> {
        // The value itself was counted by who refers to it.
        let weight = Weight { parts: known.weight.parts.saturating_sub(1), ..known.weight };
        self.add(at, depth, weight).then(|| known.element.clone())
    }

    fn add(&mut self, at: &At, depth: usize, weight: Weight) -> bool {
        if self.stopped {
            return false;
        }
        if depth + weight.depth > MAX_DEPTH {
            let message = format!("fields are nested more than {} levels deep", MAX_DEPTH - 1);
            self.refuse(Code::SourceTooLarge, at, message, "describe flatter data");
            return false;
        }
        self.made.parts += weight.parts;
        self.made.listed += weight.listed;
        self.made.bytes += weight.bytes;
        let bounds = [
            (self.made.parts > MAX_PARTS, format!("more than {MAX_PARTS} fields, with all that lies within them")),
            (self.made.listed > MAX_LISTED, format!("enumerations of more than {MAX_LISTED} values together")),
            (self.made.bytes > MAX_BYTES, format!("fields whose texts have more than {MAX_BYTES} bytes together")),
        ];
        if let Some((_, message)) = bounds.into_iter().find(|(exceeded, _)| *exceeded) {
            let message = format!("the schema describes {message}");
            self.refuse(Code::SourceTooLarge, at, message, "split the port into several");
            self.stopped = true;
            return false;
        }
        true
    }

    /// A description as fields have it.
    pub fn description(&mut self, at: &At, text: &str) -> Option<String> {
        let text: String = text.chars().filter(|c| !is_control(*c)).collect();
        let text = text.trim();
        let cut = match text.char_indices().nth(MAX_DESCRIPTION - 1) {
            Some((end, last)) if end + last.len_utf8() < text.len() => format!("{}…", text.get(..end)?),
            _ => text.to_owned(),
        };
        (!cut.is_empty() && self.add(at, 0, Weight { bytes: cut.len(), ..Weight::default() })).then_some(cut)
    }

    /// A further property of a field, carried through unread.
    pub fn property(&mut self, at: &At, properties: &mut BTreeMap<String, String>, key: &str, value: String) {
        let value: String = value.chars().filter(|c| !is_control(*c)).collect();
        if self.add(at, 0, Weight { bytes: key.len() + value.len(), ..Weight::default() }) {
            properties.insert(key.to_owned(), value);
        }
    }

    /// Whether an enumeration can list these values.
    pub fn enumeration(&mut self, at: &At, values: &[String]) -> bool {
        let unfit = |value: &&String| value.trim().is_empty() || value.chars().count() > MAX_VALUE;
        let wrong = match values.iter().find(unfit) {
            Some(value) => {
                Some(format!("the value `{}` is blank, or has more than {MAX_VALUE} characters", shown(value)))
            }
            None if !(1..=MAX_VALUES).contains(&values.len()) => {
                Some(format!("the enumeration lists {} values, not 1 to {MAX_VALUES}", values.len()))
            }
            None => None,
        };
        if let Some(message) = wrong {
            self.refuse(Code::SourceUnsupported, at, message, "write the values as plain texts");
            return false;
        }
        let mut seen = HashMap::new();
        if let Some(twice) = values.iter().find(|value| seen.insert(value.as_str(), ()).is_some()) {
            let message = format!("the value `{}` stands twice", shown(twice));
            self.refuse(Code::SourceSyntax, at, message, "remove one of the two");
            return false;
        }
        let bytes = values.iter().map(String::len).sum();
        self.add(at, 0, Weight { listed: values.len(), bytes, ..Weight::default() })
    }

    /// Whether a field can have this name.
    pub fn name(&mut self, at: &At, name: &str) -> bool {
        let mut bytes = name.bytes();
        let fits = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && name.len() <= MAX_NAME;
        if fits {
            return self.add(at, 0, Weight { bytes: name.len(), ..Weight::default() });
        }
        let message = format!(
            "`{}` cannot be a field's name: use up to {MAX_NAME} ASCII letters, digits and underscores, not starting with a digit",
            shown(name)
        );
        self.refuse(Code::SourceName, at, message, "rename the field");
        false
    }

    /// Notes which of the fields of one record are named alike.
    pub fn distinct<'a>(&mut self, fields: impl IntoIterator<Item = (&'a str, At)>) {
        let mut seen: HashMap<String, &str> = HashMap::new();
        for (name, at) in fields {
            match seen.entry(name.to_ascii_lowercase()) {
                hash_map::Entry::Occupied(first) => {
                    let message = match *first.get() == name {
                        true => format!("the field `{}` stands twice", shown(name)),
                        false => {
                            let (name, first) = (shown(name), shown(first.get()));
                            format!("`{name}` differs from `{first}` by case only, which catalogues do not tell apart")
                        }
                    };
                    self.refuse(Code::SourceName, &at, message, "rename or remove one of the two");
                }
                hash_map::Entry::Vacant(slot) => {
                    slot.insert(name);
                }
            }
        }
    }
}

fn weight(value: ValueRef<'_>) -> Weight {
    let ValueRef {
        field_type: _,
        required: _,
        description,
        fields,
        items,
        keys,
        values,
        unit: _,
        enumeration,
        pii: _,
        properties,
    } = value;
    let listed = enumeration.map_or(&[][..], |it| it.values.as_slice());
    let mut sum = Weight {
        parts: 1,
        listed: listed.len(),
        bytes: description.map_or(0, str::len)
            + listed.iter().map(String::len).sum::<usize>()
            + properties.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>(),
        depth: 0,
    };
    let within = fields
        .iter()
        .map(|field| (field.name.len(), ValueRef::from(field)))
        .chain([items, keys, values].into_iter().flatten().map(|element| (0, element.into())));
    for (name, part) in within {
        let part = weight(part);
        sum.parts += part.parts;
        sum.listed += part.listed;
        sum.bytes += part.bytes + name;
        sum.depth = sum.depth.max(part.depth + 1);
    }
    sum
}
