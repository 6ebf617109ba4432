//! JSON Schema, drafts 07 and 2020-12, whose root is the object of a row.
//!
//! Keywords that shape a value are read or refused. Those that only bound it (`pattern`, `minLength` …) are passed over: the text keeps
//! them.

use std::collections::HashMap;

use super::{
    json,
    reading::{At, Known, Problem, Reading},
};
use crate::{
    code::Code,
    diagnostic::shown,
    field_type::FieldType,
    model::{Element, Field},
    pointer,
    tree::{Content, Node},
};

mod plain;
mod write;

pub use write::to_json_schema;

/// The drafts that are read; without `$schema` the text is taken for the newest.
const DRAFTS: [&str; 2] = ["http://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2020-12/schema"];
/// The most references that may lead from one to the next.
const MAX_OPEN: usize = 64;

/// Keywords that shape values in ways that fields have no equivalent for.
const UNSUPPORTED: [(&str, &str); 14] = [
    ("if", "a shape that depends on values"),
    ("then", "a shape that depends on values"),
    ("else", "a shape that depends on values"),
    ("not", "what a value is not"),
    ("patternProperties", "fields whose names are patterns"),
    ("prefixItems", "a tuple"),
    ("additionalItems", "a tuple"),
    ("dependencies", "a shape that depends on other fields"),
    ("dependentSchemas", "a shape that depends on other fields"),
    ("unevaluatedItems", "what other keywords leave open"),
    ("$dynamicRef", "a reference that depends on its reader"),
    ("$recursiveRef", "a reference that depends on its reader"),
    ("extends", "a keyword of an older draft"),
    ("disallow", "a keyword of an older draft"),
];

/// Keywords of which one alone tells what a value is, where the first of them stands.
const SHAPES: [&str; 9] = ["$ref", "anyOf", "oneOf", "allOf", "type", "properties", "items", "enum", "const"];

/// The fields of the object that `text` describes.
pub(super) fn read(text: &str, message: Option<&str>) -> Result<Vec<Field>, Vec<Problem>> {
    let root = json::read(text)?;
    let mut schema = JsonSchema {
        reading: Reading::default(),
        root: &root,
        known: HashMap::new(),
        // A reference to the whole text is one from within it.
        open: vec![String::new()],
    };
    if message.is_some() {
        let remedy = "remove `message`: the root of a JSON Schema is the row";
        schema.reading.refuse(Code::SourceMessage, &root.at(""), "a JSON Schema has no messages", remedy);
    }
    let fields = schema.row();
    schema.reading.finish(fields)
}

struct JsonSchema<'t> {
    reading: Reading,
    root: &'t Node,
    /// What references led to, by pointer; nothing where something is wrong with it.
    known: HashMap<String, Option<Known>>,
    open: Vec<String>,
}

impl<'t> JsonSchema<'t> {
    fn row(&mut self) -> Option<Vec<Field>> {
        let root = self.root;
        if let Some(draft) = root.get("$schema") {
            let known = draft.text().is_some_and(|text| DRAFTS.contains(&text.trim_end_matches('#')));
            if !known {
                let message = "this draft is not read";
                self.unsupported(&draft.at("/$schema"), message, "use draft-07 or 2020-12");
                return None;
            }
        }
        let row = self.schema(root, "", 0)?;
        if row.field_type != FieldType::Struct || !row.required {
            let message = "the root is not an object with `properties`, and a row has fields";
            self.unsupported(&root.at(""), message, "make the root an object");
            return None;
        }
        Some(row.fields)
    }

    fn unsupported(&mut self, at: &At, message: impl Into<String>, remedy: &str) {
        self.reading.refuse(Code::SourceUnsupported, at, message, remedy);
    }

    fn syntax(&mut self, at: &At, message: impl Into<String>) {
        self.reading.refuse(Code::SourceSyntax, at, message, "");
    }

    /// The value that `node` describes; `depth` is 0 for the row, and that of the value otherwise.
    fn schema(&mut self, node: &'t Node, path: &str, depth: usize) -> Option<Element> {
        let at = node.at(path);
        if self.reading.stopped() {
            return None;
        }
        if node.mapping().is_none() {
            match node.content {
                Content::Boolean(_) => {
                    self.unsupported(&at, "a truth value in place of a schema tells no type", "describe the value");
                }
                _ => self.syntax(&at, format!("{} is not a schema", node.what())),
            }
            return None;
        }
        if !path.is_empty() && (node.get("$id").is_some() || node.get("$schema").is_some()) {
            self.unsupported(&at, "a schema within the schema has an address of its own", "remove `$id` and `$schema`");
            return None;
        }
        let mut fine = true;
        for (key, what) in UNSUPPORTED.into_iter().filter(|(key, _)| node.get(key).is_some()) {
            let at = At { path: format!("{path}/{key}"), place: Some(node.key_place(key)) };
            self.unsupported(&at, format!("`{key}` describes {what}"), "describe the value without it");
            fine = false;
        }
        fine.then_some(())?;
        let element = match SHAPES.into_iter().find(|key| node.get(key).is_some()) {
            Some(key @ ("$ref" | "anyOf" | "oneOf" | "allOf")) => {
                self.alone(node, key, path)?;
                match key {
                    "$ref" => self.reference(node, path, depth)?,
                    key => self.combined(node, key, path, depth)?,
                }
            }
            _ => self.typed(node, path, depth)?,
        };
        Some(self.annotated(element, node, &at))
    }

    /// Refuses what shapes the value beside `key`; what is beside a reference in draft-07 has no meaning.
    fn alone(&mut self, node: &Node, key: &str, path: &str) -> Option<()> {
        let is_07 = self.root.text_of("$schema").is_some_and(|draft| draft.contains("draft-07"));
        let others = SHAPES.iter().chain(&["required", "additionalProperties"]);
        let beside = others.into_iter().find(|other| **other != key && node.get(other).is_some());
        match beside {
            Some(other) if !(is_07 && key == "$ref") => {
                let at = At { path: format!("{path}/{other}"), place: Some(node.key_place(other)) };
                let message = format!("`{other}` beside `{key}` mixes two descriptions of one value");
                self.unsupported(&at, message, "write the value out in one place");
                None
            }
            _ => Some(()),
        }
    }

    fn annotated(&mut self, mut element: Element, node: &Node, at: &At) -> Element {
        let told = node.text_of("description").or_else(|| node.text_of("title"));
        if let Some(text) = told.and_then(|text| self.reading.description(at, text)) {
            element.description = Some(text);
        }
        if let Some(default) = node.get("default") {
            self.reading.property(at, &mut element.properties, "default", default.to_json().to_string());
        }
        element
    }

    fn combined(&mut self, node: &'t Node, key: &str, path: &str, depth: usize) -> Option<Element> {
        let at = At { path: format!("{path}/{key}"), place: Some(node.key_place(key)) };
        let Some(branches) = node.get(key).and_then(Node::list).filter(|branches| !branches.is_empty()) else {
            self.syntax(&at, format!("`{key}` is a list of schemas"));
            return None;
        };
        let is_null = |branch: &&Node| key != "allOf" && branch.text_of("type") == Some("null");
        let mut others = branches.iter().enumerate().filter(|(_, branch)| !is_null(branch));
        let (Some((index, other)), None) = (others.next(), others.next()) else {
            let message = match key {
                "allOf" => "a value is made of several schemas",
                _ => "there is not one alternative beside null, and a field has one type",
            };
            let remedy = match key {
                "allOf" => "write the value out in one place",
                _ => "give each alternative an optional field of its own",
            };
            self.unsupported(&at, message, remedy);
            return None;
        };
        let element = self.schema(other, &format!("{}/{index}", at.path), depth)?;
        Some(Element { required: element.required && branches.len() == 1, ..element })
    }

    fn reference(&mut self, node: &'t Node, path: &str, depth: usize) -> Option<Element> {
        let at = At { path: format!("{path}/$ref"), place: Some(node.key_place("$ref")) };
        let Some(text) = node.text_of("$ref") else {
            self.syntax(&at, "a reference is a text");
            return None;
        };
        let own = self.root.text_of("$id").unwrap_or_default().trim_end_matches('#');
        let Some(fragment) = text.strip_prefix(own).unwrap_or(text).strip_prefix('#') else {
            let message = format!("`{}` is outside of this text, and nothing is opened or fetched", shown(text));
            let remedy = "put the definition below `$defs`, and refer to it by `#/$defs/…`";
            self.reading.refuse(Code::SourceReference, &at, message, remedy);
            return None;
        };
        let fragment = decoded(fragment);
        match self.known.get(&fragment) {
            Some(Some(known)) => return self.reading.again(&at, depth, known),
            Some(None) => return None,
            None => {}
        }
        if self.open.contains(&fragment) {
            let message = format!("`{}` contains itself", shown(text));
            self.reading.refuse(Code::SourceRecursive, &at, message, "nest as many levels as the data has");
            return None;
        }
        if self.open.len() > MAX_OPEN {
            let message = format!("more than {MAX_OPEN} references lead from one to the next");
            self.reading.refuse(Code::SourceTooLarge, &at, message, "refer to definitions directly");
            return None;
        }
        let Some(target) = find(self.root, &fragment) else {
            let message = format!("`{}` leads to nothing", shown(text));
            let remedy = "refer to a definition by its pointer, such as `#/$defs/address`";
            self.reading.refuse(Code::SourceReference, &at, message, remedy);
            return None;
        };
        self.open.push(fragment.clone());
        let element = self.schema(target, &fragment, depth);
        self.open.pop();
        self.known.insert(fragment, element.clone().map(Known::new));
        element
    }

    /// A value whose `type` is given, or follows from the other keywords.
    fn typed(&mut self, node: &'t Node, path: &str, depth: usize) -> Option<Element> {
        let at = node.at(path);
        let (kind, nullable) = self.kind(node, &at)?;
        let element = match kind {
            "object" => self.object(node, path, depth),
            "array" => self.array(node, path, depth),
            _ => self.plain(node, kind, &at),
        }?;
        Some(Element { required: element.required && !nullable, ..element })
    }

    /// The type other than null, and whether there is null beside it.
    fn kind(&mut self, node: &'t Node, at: &At) -> Option<(&'t str, bool)> {
        let remedy = "give each alternative an optional field of its own";
        let Some(given) = node.get("type") else {
            let inferred = [("properties", "object"), ("items", "array"), ("enum", ""), ("const", "")];
            let kind = inferred.into_iter().find(|(key, _)| node.get(key).is_some());
            if kind.is_none() {
                self.unsupported(at, "the schema tells no type", "add `type`");
            }
            return kind.map(|(_, kind)| (kind, false));
        };
        let kinds: Option<Vec<&str>> = match &given.content {
            Content::Text(kind) => Some(vec![kind]),
            Content::List(kinds) => kinds.iter().map(Node::text).collect(),
            _ => None,
        };
        let Some(kinds) = kinds else {
            self.syntax(at, "`type` is a text or a list of texts");
            return None;
        };
        let others: Vec<&str> = kinds.iter().copied().filter(|kind| *kind != "null").collect();
        match others.as_slice() {
            [kind] => Some((kind, kinds.len() > 1)),
            [] => {
                self.unsupported(at, "a value that is always null tells nothing", "remove the field");
                None
            }
            _ => {
                self.unsupported(at, "there are several types beside null, and a field has one", remedy);
                None
            }
        }
    }

    fn object(&mut self, node: &'t Node, path: &str, depth: usize) -> Option<Element> {
        let at = node.at(path);
        let further = node.get("additionalProperties").filter(|it| !matches!(it.content, Content::Boolean(_)));
        let properties = node.get("properties").and_then(Node::mapping).filter(|entries| !entries.is_empty());
        match (properties, further) {
            (Some(_), Some(further)) => {
                let message = "the object has named fields, and further ones under any name";
                let remedy = "put the further ones into a field of their own";
                self.unsupported(&further.at(format!("{path}/additionalProperties")), message, remedy);
                None
            }
            (None, Some(further)) => {
                let path = format!("{path}/additionalProperties");
                let at = further.at(path.as_str());
                // The key counts as an element does.
                let fits = self.reading.part(&at, depth + 1) && self.reading.part(&at, depth + 1);
                let values = fits.then(|| self.schema(further, &path, depth + 1))??;
                let keys = Element::of(FieldType::String);
                Some(Element {
                    keys: Some(Box::new(keys)),
                    values: Some(Box::new(values)),
                    ..Element::of(FieldType::Map)
                })
            }
            (None, None) => {
                let remedy = "list the `properties`, or describe the values of a map by `additionalProperties`";
                self.unsupported(&at, "the object has no fields", remedy);
                None
            }
            (Some(_), None) => {
                let fields = self.properties(node, path, depth)?;
                Some(Element { fields, ..Element::of(FieldType::Struct) })
            }
        }
    }

    fn properties(&mut self, node: &'t Node, path: &str, depth: usize) -> Option<Vec<Field>> {
        let entries = node.get("properties").and_then(Node::mapping).unwrap_or_default();
        let required = self.required(node, path)?;
        let mut read = Vec::with_capacity(entries.len());
        let mut names = Vec::with_capacity(entries.len());
        for entry in entries {
            let name = entry.key.as_str();
            let path = format!("{path}/properties{}", pointer::token(name));
            let at = At { path: path.clone(), place: Some(entry.place) };
            names.push((name, at.clone()));
            if self.reading.name(&at, name)
                && self.reading.part(&at, depth + 1)
                && let Some(element) = self.schema(&entry.value, &path, depth + 1)
            {
                let required = element.required && required.contains(name);
                read.push(Element { required, ..element }.named(name));
            }
            if self.reading.stopped() {
                return None;
            }
        }
        self.reading.distinct(names);
        (read.len() == entries.len()).then_some(read)
    }

    /// The names of the fields that have to be there.
    fn required(&mut self, node: &'t Node, path: &str) -> Option<std::collections::HashSet<&'t str>> {
        let Some(required) = node.get("required") else { return Some(Default::default()) };
        let at = required.at(format!("{path}/required"));
        let Some(names) = required.list().and_then(|names| names.iter().map(Node::text).collect::<Option<Vec<_>>>())
        else {
            self.syntax(&at, "`required` is a list of names");
            return None;
        };
        let known: std::collections::HashSet<&str> = node
            .get("properties")
            .and_then(Node::mapping)
            .unwrap_or_default()
            .iter()
            .map(|it| it.key.as_str())
            .collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(*name)) {
            let message = format!("`{}` is required and not described", shown(unknown));
            self.unsupported(&at, message, "describe it in `properties`");
            return None;
        }
        Some(names.into_iter().collect())
    }

    fn array(&mut self, node: &'t Node, path: &str, depth: usize) -> Option<Element> {
        let Some(items) = node.get("items") else {
            self.unsupported(&node.at(path), "the array does not tell what its entries are", "add `items`");
            return None;
        };
        let path = format!("{path}/items");
        let at = items.at(path.as_str());
        if items.list().is_some() {
            self.unsupported(&at, "the array is a tuple", "make it an object with a field for each entry");
            return None;
        }
        self.reading.part(&at, depth + 1).then_some(())?;
        let items = self.schema(items, &path, depth + 1)?;
        Some(Element { items: Some(Box::new(items)), ..Element::of(FieldType::List) })
    }
}

/// The value that a pointer leads to.
fn find<'t>(root: &'t Node, fragment: &str) -> Option<&'t Node> {
    if !fragment.is_empty() && !fragment.starts_with('/') {
        return None;
    }
    pointer::tokens(fragment).try_fold(root, |node, token| match &node.content {
        Content::List(items) => items.get(token.parse::<usize>().ok()?),
        _ => node.get(&token),
    })
}

/// A fragment of a URL without its percent signs.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match (first, code) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
