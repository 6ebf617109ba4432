//! Avro schemas (specification 1.12), whose root is the record of a row.
//!
//! A logical type without equivalent is read as the type beneath it, as the specification has readers do, and kept as the property
//! `logicalType`. Defaults and aliases are kept as properties: they tell readers what to do with old data, not what a row is.

use std::collections::{BTreeMap, HashMap};

mod write;

pub use write::to_avro;

use super::{
    json,
    reading::{At, Named, Problem, Reading},
};
use crate::{
    code::Code,
    diagnostic::shown,
    field_type::FieldType,
    model::{Element, Enumeration, Field},
    tree::{Content, Node},
};

/// The fields of the record that `text` describes.
pub(super) fn read(text: &str, message: Option<&str>) -> Result<Vec<Field>, Vec<Problem>> {
    let root = json::read(text)?;
    let mut avro = Avro { reading: Reading::default(), types: HashMap::new() };
    if message.is_some() {
        let remedy = "remove `message`: the root of an Avro schema is the row";
        avro.reading.refuse(Code::SourceMessage, &root.at(""), "an Avro schema has no messages", remedy);
    }
    let fields = avro.row(&root);
    avro.reading.finish(fields)
}

struct Avro {
    reading: Reading,
    types: HashMap<String, Named>,
}

impl Avro {
    fn row(&mut self, root: &Node) -> Option<Vec<Field>> {
        let is_record = root.text_of("type").is_some_and(|kind| matches!(kind, "record" | "error"));
        if !is_record {
            let message = "the root is not a record, and a row has fields";
            self.unsupported(&root.at(""), message, "make the root a record");
            return None;
        }
        self.schema(root, "", "", 0).map(|row| row.fields)
    }

    fn unsupported(&mut self, at: &At, message: impl Into<String>, remedy: &str) {
        self.reading.refuse(Code::SourceUnsupported, at, message, remedy);
    }

    fn syntax(&mut self, at: &At, message: impl Into<String>) {
        self.reading.refuse(Code::SourceSyntax, at, message, "");
    }

    /// The value that `node` describes; `depth` is 0 for the row, and that of the value otherwise.
    fn schema(&mut self, node: &Node, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        match &node.content {
            Content::Text(name) => self.plain(node, name, None, path, namespace, depth),
            Content::List(branches) => self.union(node, branches, path, namespace, depth),
            Content::Mapping(_) => self.described(node, path, namespace, depth),
            _ => {
                self.syntax(&node.at(path), format!("{} is not a schema", node.what()));
                None
            }
        }
    }

    fn union(&mut self, node: &Node, branches: &[Node], path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let is_null = |branch: &&Node| branch.text().or_else(|| branch.text_of("type")) == Some("null");
        let mut others = branches.iter().filter(|branch| !is_null(branch));
        let (Some(other), None) = (others.next(), others.next()) else {
            let message = match branches.iter().any(|branch| !is_null(&branch)) {
                true => "the union has several types beside null, and a field has one",
                false => "a value that is always null tells nothing",
            };
            self.unsupported(&node.at(path), message, "give each alternative an optional field of its own");
            return None;
        };
        if other.list().is_some() {
            self.syntax(&other.at(path), "a union stands directly in a union");
            return None;
        }
        let element = self.schema(other, path, namespace, depth)?;
        Some(Element { required: branches.len() == 1 && element.required, ..element })
    }

    fn described(&mut self, node: &Node, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let Some(kind) = node.get("type") else {
            self.syntax(&node.at(path), "the schema has no `type`");
            return None;
        };
        let Some(kind) = kind.text() else { return self.schema(kind, path, namespace, depth) };
        let element = match kind {
            "record" | "error" | "enum" | "fixed" => return self.definition(node, kind, path, namespace, depth),
            "array" => self.array(node, path, namespace, depth)?,
            "map" => {
                let keys = Element::of(FieldType::String);
                let values = self.element(node, "values", path, namespace, depth)?;
                // A key counts as an element does.
                self.reading.part(&node.at(path), depth + 1).then_some(())?;
                Element { keys: Some(Box::new(keys)), values: Some(Box::new(values)), ..Element::of(FieldType::Map) }
            }
            name => self.plain(node, name, Some(node), path, namespace, depth)?,
        };
        Some(element)
    }

    fn array(&mut self, node: &Node, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let items = self.element(node, "items", path, namespace, depth)?;
        if node.text_of("logicalType") == Some("map") {
            // How Iceberg writes maps whose keys are no texts.
            if let [keys, values] = items.fields.as_slice()
                && (keys.name.as_str(), values.name.as_str()) == ("key", "value")
                && !keys.field_type.is_nested()
            {
                let part = |field: &Field| Some(Box::new(Element::from(field.clone())));
                return Some(Element { keys: part(keys), values: part(values), ..Element::of(FieldType::Map) });
            }
            let message = "an array of logical type `map` has entries of `key` and `value`, with a plain key";
            self.unsupported(&node.at(path), message, "describe the entries so, or remove the logical type");
            return None;
        }
        Some(Element { items: Some(Box::new(items)), ..Element::of(FieldType::List) })
    }

    fn element(&mut self, node: &Node, key: &str, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let Some(part) = node.get(key) else {
            self.syntax(&node.at(path), format!("`{key}` is missing"));
            return None;
        };
        let path = format!("{path}.{}", if key == "items" { "[]" } else { "{value}" });
        self.reading.part(&part.at(path.as_str()), depth + 1).then_some(())?;
        self.schema(part, &path, namespace, depth + 1)
    }

    /// A primitive type, or a reference to a named one.
    fn plain(
        &mut self,
        node: &Node,
        name: &str,
        attributes: Option<&Node>,
        path: &str,
        namespace: &str,
        depth: usize,
    ) -> Option<Element> {
        let field_type = match name {
            "boolean" => FieldType::Boolean,
            "int" => FieldType::Int,
            "long" => FieldType::Long,
            "float" => FieldType::Float,
            "double" => FieldType::Double,
            "bytes" => FieldType::Binary,
            "string" => FieldType::String,
            "null" => {
                self.unsupported(&node.at(path), "a value that is always null tells nothing", "remove the field");
                return None;
            }
            _ => return self.reference(node, name, path, namespace, depth),
        };
        match attributes {
            Some(attributes) => self.logical(Element::of(field_type), name, attributes, path),
            None => Some(Element::of(field_type)),
        }
    }

    fn reference(&mut self, node: &Node, name: &str, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let at = node.at(path);
        let full = full_name(name, namespace);
        match self.types.get(&full) {
            Some(Named::Known(known)) => self.reading.again(&at, depth, known),
            Some(Named::Refused) => None,
            Some(Named::Open) => {
                let message = format!("the type `{}` contains itself", shown(&full));
                self.reading.refuse(Code::SourceRecursive, &at, message, "nest as many levels as the data has");
                None
            }
            None => {
                let message = format!("no type `{}` is defined before this", shown(&full));
                let remedy = "define the type in this text: nothing else is read";
                self.reading.refuse(Code::SourceReference, &at, message, remedy);
                None
            }
        }
    }

    /// A type of this type that also means something.
    fn logical(&mut self, element: Element, name: &str, node: &Node, path: &str) -> Option<Element> {
        let Some(logical) = node.text_of("logicalType") else { return Some(element) };
        let zoned = node.get("adjust-to-utc").is_none_or(|it| !matches!(it.content, Content::Boolean(false)));
        let field_type = match (name, logical) {
            ("bytes" | "fixed", "decimal") => {
                let whole = |key| node.get(key).and_then(Node::whole).and_then(|it| u8::try_from(it).ok());
                let scale = if node.get("scale").is_none() { Some(0) } else { whole("scale") };
                match (whole("precision"), scale) {
                    (Some(precision @ 1..=38), Some(scale)) if scale <= precision => {
                        FieldType::Decimal { precision, scale }
                    }
                    _ => {
                        let message = "a decimal has a precision of 1 to 38, and a scale up to that";
                        self.unsupported(&node.at(path), message, "choose another precision or scale");
                        return None;
                    }
                }
            }
            ("int", "date") => FieldType::Date,
            ("long", "timestamp-millis" | "timestamp-micros") if zoned => FieldType::Timestamptz,
            ("long", "timestamp-millis" | "timestamp-micros" | "local-timestamp-millis" | "local-timestamp-micros") => {
                FieldType::Timestamp
            }
            _ => {
                let mut element = element;
                let at = node.at(path);
                self.reading.property(&at, &mut element.properties, "logicalType", logical.to_owned());
                return Some(element);
            }
        };
        Some(Element { field_type, properties: BTreeMap::new(), ..element })
    }

    /// A record, enumeration or fixed, which has a name that others refer to.
    fn definition(&mut self, node: &Node, kind: &str, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let at = node.at(path);
        let Some(name) = node.text_of("name").filter(|name| is_name(name)) else {
            self.syntax(&at, format!("the {kind} has no name of letters, digits and underscores"));
            return None;
        };
        let full = full_name(name, node.text_of("namespace").unwrap_or(namespace));
        let inner = full.rsplit_once('.').map_or("", |(namespace, _)| namespace).to_owned();
        if self.types.insert(full.clone(), Named::Open).is_some() {
            self.syntax(&at, format!("the type `{}` is defined twice", shown(&full)));
            self.types.insert(full, Named::Refused);
            return None;
        }
        let path = if path.is_empty() { name } else { path };
        let element = match kind {
            "enum" => self.enumeration(node, path),
            "fixed" => self.fixed(node, path),
            _ => self.record(node, path, &inner, depth),
        };
        let element = element.map(|element| Element {
            description: node.text_of("doc").and_then(|doc| self.reading.description(&at, doc)),
            ..element
        });
        self.types.insert(full, Named::new(element.clone().map(without_ids)));
        element
    }

    fn fixed(&mut self, node: &Node, path: &str) -> Option<Element> {
        let Some(size) = node.get("size").and_then(Node::whole) else {
            self.syntax(&node.at(path), "a fixed has a `size` in bytes");
            return None;
        };
        let mut element = Element::of(FieldType::Binary);
        self.reading.property(&node.at(path), &mut element.properties, "size", size.to_string());
        self.logical(element, "fixed", node, path)
    }

    fn enumeration(&mut self, node: &Node, path: &str) -> Option<Element> {
        let at = node.at(path);
        let symbols: Option<Vec<String>> = node
            .get("symbols")
            .and_then(Node::list)
            .and_then(|symbols| symbols.iter().map(|symbol| symbol.text().map(str::to_owned)).collect());
        let Some(values) = symbols else {
            self.syntax(&at, "an enum has `symbols`, a list of texts");
            return None;
        };
        let open = match node.get("default") {
            // A reader that meets a symbol that it does not know takes the default: there may be further ones.
            Some(default) if default.text().is_some_and(|text| values.iter().any(|value| value == text)) => true,
            Some(default) => {
                self.syntax(&default.at(path), "the default of an enum is one of its symbols");
                return None;
            }
            None => false,
        };
        self.reading.enumeration(&at, &values).then_some(())?;
        let mut element = Element { enumeration: Some(Enumeration { values, open }), ..Element::of(FieldType::String) };
        if let Some(default) = node.text_of("default") {
            self.reading.property(&at, &mut element.properties, "enumDefault", default.to_owned());
        }
        Some(element)
    }

    fn record(&mut self, node: &Node, path: &str, namespace: &str, depth: usize) -> Option<Element> {
        let Some(fields) = node.get("fields").and_then(Node::list) else {
            self.syntax(&node.at(path), "a record has `fields`, a list of objects");
            return None;
        };
        if fields.is_empty() {
            self.unsupported(&node.at(path), "the record has no fields", "describe at least one field");
            return None;
        }
        let mut read = Vec::with_capacity(fields.len());
        let mut names = Vec::with_capacity(fields.len());
        for field in fields {
            let Some(name) = field.text_of("name") else {
                self.syntax(&field.at(path), "a field has a `name`");
                continue;
            };
            let path = format!("{path}.{name}");
            let at = field.at(&path);
            names.push((name, at.clone()));
            if self.reading.name(&at, name) && self.reading.part(&at, depth + 1) {
                read.extend(self.field(field, name, &path, namespace, depth + 1));
            }
            if self.reading.stopped() {
                return None;
            }
        }
        self.reading.distinct(names);
        (read.len() == fields.len()).then(|| Element { fields: read, ..Element::of(FieldType::Struct) })
    }

    fn field(&mut self, node: &Node, name: &str, path: &str, namespace: &str, depth: usize) -> Option<Field> {
        let at = node.at(path);
        let Some(schema) = node.get("type") else {
            self.syntax(&at, "the field has no `type`");
            return None;
        };
        let mut field = self.schema(schema, path, namespace, depth)?.named(name);
        if let Some(doc) = node.text_of("doc").and_then(|doc| self.reading.description(&at, doc)) {
            field.description = Some(doc);
        }
        // That an optional field may be missing is said by its type.
        if let Some(default) = node.get("default").filter(|it| !matches!(it.content, Content::Null)) {
            self.reading.property(&at, &mut field.properties, "default", default.to_json().to_string());
        }
        if let Some(aliases) = node.get("aliases").and_then(Node::list) {
            let aliases: Vec<_> = aliases.iter().filter_map(Node::text).collect();
            if !aliases.is_empty() {
                self.reading.property(&at, &mut field.properties, "aliases", aliases.join(","));
            }
        }
        field.id = node.get("field-id").and_then(Node::whole).filter(|id| *id > 0);
        Some(field)
    }
}

/// A name with its namespace; one with dots has it already.
fn full_name(name: &str, namespace: &str) -> String {
    if name.contains('.') || namespace.is_empty() {
        name.trim_start_matches('.').to_owned()
    } else {
        format!("{namespace}.{name}")
    }
}

/// Names as Avro has them, with dots between.
fn is_name(name: &str) -> bool {
    name.len() <= 1000
        && name.split('.').all(|part| {
            part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
}

/// A type is used again for other fields, which cannot have the same ids.
fn without_ids(mut element: Element) -> Element {
    clear_ids(&mut element.fields, [&mut element.items, &mut element.keys, &mut element.values]);
    element
}

fn clear_ids(fields: &mut [Field], parts: [&mut Option<Box<Element>>; 3]) {
    for field in fields {
        field.id = None;
        clear_ids(&mut field.fields, [&mut field.items, &mut field.keys, &mut field.values]);
    }
    for part in parts.into_iter().flatten() {
        clear_ids(&mut part.fields, [&mut part.items, &mut part.keys, &mut part.values]);
    }
}
