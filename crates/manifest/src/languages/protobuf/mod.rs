//! Protocol Buffers, syntaxes proto2 and proto3, as one file in which a message describes a row.

use std::collections::HashMap;

use prost_types::{
    DescriptorProto, FieldDescriptorProto,
    field_descriptor_proto::{Label, Type},
};

use self::file::{Declared, File, WellKnown};
use super::reading::{At, Named, Problem, Reading};
use crate::{
    code::Code,
    diagnostic::{shown, shown_up_to},
    field_type::FieldType,
    model::{Element, Enumeration, Field},
    suggest::nearest,
};

mod file;

/// The most characters of what the parser says, which can quote the text at any length.
const MAX_MESSAGE: usize = 300;

/// The fields of the message that `text` describes, or of that called `message` where there are several.
pub(super) fn read(text: &str, message: Option<&str>) -> Result<Vec<Field>, Vec<Problem>> {
    let parsed = protox_parse::parse("schema", text).map_err(|error| {
        vec![Problem {
            code: Code::SourceSyntax,
            path: String::new(),
            place: error.span().map(|span| place(text, span.start)),
            message: shown_up_to(&error.to_string(), MAX_MESSAGE),
            remedy: None,
        }]
    })?;
    let mut reading = Reading::default();
    let Some(file) = File::new(text, &parsed, &mut reading) else { return reading.finish(None) };
    let mut protobuf = Protobuf { reading, file, types: HashMap::new() };
    let fields = protobuf.row(message);
    protobuf.reading.finish(fields)
}

fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

struct Protobuf<'t> {
    reading: Reading,
    file: File<'t>,
    types: HashMap<String, Named>,
}

impl<'t> Protobuf<'t> {
    fn row(&mut self, message: Option<&str>) -> Option<Vec<Field>> {
        let name = self.chosen(message)?;
        let Some((_, Declared::Message(proto))) = self.file.declared(&name) else { return None };
        let row = self.message(&name, 0)?;
        // Numbers stand for fields of one message: nested ones count for themselves.
        let fields = row.fields.into_iter().zip(&proto.field);
        Some(
            fields
                .map(|(field, proto)| Field { id: proto.number.and_then(|it| it.try_into().ok()), ..field })
                .collect(),
        )
    }

    /// The full name of the message that describes a row.
    fn chosen(&mut self, message: Option<&str>) -> Option<String> {
        let at = At { path: String::new(), place: None };
        let messages = self.file.messages();
        let listed = messages.iter().take(10).map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(", ");
        let (message, remedy) = match (message, messages.as_slice()) {
            (Some(message), _) => match self.file.message(message) {
                Some(full) => return Some(full),
                None => {
                    let remedy = match nearest(message, messages.iter().map(String::as_str)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("name one of {listed}"),
                    };
                    (format!("there is no message `{}`", shown(message)), remedy)
                }
            },
            (None, [one]) => return self.file.message(one),
            (None, []) => ("there is no message".to_owned(), "describe a row by a message".to_owned()),
            (None, several) => (
                format!("there are {} messages: {listed}", several.len()),
                "name the one that describes a row by `message`".to_owned(),
            ),
        };
        self.reading.refuse(Code::SourceMessage, &at, message, &remedy);
        None
    }

    fn unsupported(&mut self, at: &At, message: impl Into<String>, remedy: &str) {
        self.reading.refuse(Code::SourceUnsupported, at, message, remedy);
    }

    /// The message `full` for a value at `depth`, which is 0 for the row.
    fn message(&mut self, full: &str, depth: usize) -> Option<Element> {
        let (steps, Declared::Message(proto)) = self.file.declared(full)? else { return None };
        let at = self.file.at(full, &steps);
        self.types.insert(full.to_owned(), Named::Open);
        let element = self.fields(proto, full, &steps, depth).map(|fields| Element {
            description: self.file.comment(&steps).and_then(|text| self.reading.description(&at, &text)),
            ..Element { fields, ..Element::of(FieldType::Struct) }
        });
        self.types.insert(full.to_owned(), Named::new(element.clone()));
        element
    }

    fn fields(&mut self, proto: &'t DescriptorProto, full: &str, steps: &[i32], depth: usize) -> Option<Vec<Field>> {
        let at = self.file.at(full, steps);
        if !proto.extension_range.is_empty() || !proto.extension.is_empty() {
            self.unsupported(&at, "the message is open for extensions, which nothing here describes", "remove them");
            return None;
        }
        if proto.field.is_empty() {
            self.unsupported(&at, "the message has no fields", "describe at least one field");
            return None;
        }
        let mut read = Vec::with_capacity(proto.field.len());
        let mut names = Vec::with_capacity(proto.field.len());
        for (index, field) in proto.field.iter().enumerate() {
            let steps: Vec<i32> = steps.iter().copied().chain([2, i32::try_from(index).ok()?]).collect();
            let name = field.name();
            let at = self.file.at(&format!("{full}.{name}"), &steps);
            names.push((name, at.clone()));
            if self.reading.name(&at, name) && self.reading.part(&at, depth + 1) {
                read.extend(self.field(field, full, &at, &steps, depth + 1));
            }
            if self.reading.stopped() {
                return None;
            }
        }
        self.reading.distinct(names);
        (read.len() == proto.field.len()).then_some(read)
    }

    fn field(
        &mut self,
        proto: &'t FieldDescriptorProto,
        scope: &str,
        at: &At,
        steps: &[i32],
        depth: usize,
    ) -> Option<Field> {
        let repeated = proto.label == Some(Label::Repeated.into());
        let mut element = match self.map_entry(proto, scope) {
            Some((full, entry)) if repeated => self.map(entry, &full, at, depth)?,
            _ if repeated => {
                self.reading.part(at, depth + 1).then_some(())?;
                let items = self.value(proto, scope, at, depth + 1)?;
                // Entries of a list are there each time.
                let items = Element { required: true, ..items };
                Element { items: Some(Box::new(items)), ..Element::of(FieldType::List) }
            }
            _ => {
                let element = self.value(proto, scope, at, depth)?;
                let alone = proto.oneof_index.is_none() && !proto.proto3_optional();
                let required = match self.file.is_proto3() {
                    // Without presence there is always a value, zero or empty where none was set.
                    true => alone && element.required && element.field_type != FieldType::Struct,
                    false => proto.label == Some(Label::Required.into()),
                };
                Element { required, ..element }
            }
        };
        if let Some(comment) = self.file.comment(steps).and_then(|text| self.reading.description(at, &text)) {
            element.description = Some(comment);
        }
        if let Some(default) = &proto.default_value {
            self.reading.property(at, &mut element.properties, "default", default.clone());
        }
        Some(element.named(proto.name()))
    }

    /// The message that the parser made of a field of type map.
    fn map_entry(&self, proto: &FieldDescriptorProto, scope: &str) -> Option<(String, &'t DescriptorProto)> {
        let full = self.file.resolve(proto.type_name.as_deref()?, scope)?;
        match self.file.declared(&full)? {
            (_, Declared::Message(entry)) if entry.options.as_ref().is_some_and(|it| it.map_entry()) => {
                Some((full, entry))
            }
            _ => None,
        }
    }

    fn map(&mut self, entry: &'t DescriptorProto, full: &str, at: &At, depth: usize) -> Option<Element> {
        let mut part = |proto: &'t FieldDescriptorProto| {
            self.reading.part(at, depth + 1).then_some(())?;
            let element = self.value(proto, full, at, depth + 1)?;
            Some(Some(Box::new(Element { required: true, ..element })))
        };
        let [keys, values] = entry.field.as_slice() else { return None };
        Some(Element { keys: part(keys)?, values: part(values)?, ..Element::of(FieldType::Map) })
    }

    /// The field's value, apart from how often it is there.
    fn value(&mut self, proto: &'t FieldDescriptorProto, scope: &str, at: &At, depth: usize) -> Option<Element> {
        let field_type = match proto.r#type.and_then(|kind| Type::try_from(kind).ok()) {
            Some(Type::Double) => FieldType::Double,
            Some(Type::Float) => FieldType::Float,
            Some(Type::Int32 | Type::Sint32 | Type::Sfixed32) => FieldType::Int,
            Some(Type::Int64 | Type::Sint64 | Type::Sfixed64 | Type::Uint32 | Type::Fixed32) => FieldType::Long,
            // The smallest type that holds every value.
            Some(Type::Uint64 | Type::Fixed64) => FieldType::Decimal { precision: 20, scale: 0 },
            Some(Type::Bool) => FieldType::Boolean,
            Some(Type::String) => FieldType::String,
            Some(Type::Bytes) => FieldType::Binary,
            Some(Type::Group) => {
                self.unsupported(at, "the field is a group", "use a message");
                return None;
            }
            None | Some(Type::Message | Type::Enum) => return self.reference(proto, scope, at, depth),
        };
        Some(Element::of(field_type))
    }

    fn reference(&mut self, proto: &'t FieldDescriptorProto, scope: &str, at: &At, depth: usize) -> Option<Element> {
        let name = proto.type_name();
        let Some(full) = self.file.resolve(name, scope) else {
            let message = format!("no type `{}` is defined in this text", shown(name));
            let remedy = "define the type in this text: nothing else is read";
            self.reading.refuse(Code::SourceReference, at, message, remedy);
            return None;
        };
        match self.types.get(&full) {
            Some(Named::Known(known)) => return self.reading.again(at, depth, known),
            Some(Named::Refused) => return None,
            Some(Named::Open) => {
                let message = format!("the message `{}` contains itself", shown(&full));
                self.reading.refuse(Code::SourceRecursive, at, message, "nest as many levels as the data has");
                return None;
            }
            None => {}
        }
        match self.file.declared(&full) {
            Some((_, Declared::Message(_))) => self.message(&full, depth),
            Some((steps, Declared::Enum(proto))) => {
                let values: Vec<String> = proto.value.iter().map(|value| value.name().to_owned()).collect();
                let at = self.file.at(&full, &steps);
                let description = self.file.comment(&steps).and_then(|text| self.reading.description(&at, &text));
                // Readers of proto3 keep numbers that they have no name for.
                let open = self.file.is_proto3();
                let element = self.reading.enumeration(&at, &values).then(|| Element {
                    description,
                    enumeration: Some(Enumeration { values, open }),
                    ..Element::of(FieldType::String)
                });
                self.types.insert(full, Named::new(element.clone()));
                element
            }
            None => self.well_known(&full, at),
        }
    }

    fn well_known(&mut self, full: &str, at: &At) -> Option<Element> {
        let WellKnown { file, field_type, .. } = file::well_known(full)?;
        if !self.file.imports(file) {
            let message = format!("`{full}` is not imported");
            self.reading.refuse(Code::SourceReference, at, message, &format!("add `import \"{file}\";`"));
            return None;
        }
        let Some(field_type) = field_type else {
            let message = format!("values of `{full}` have no equivalent");
            self.unsupported(at, message, "write a message of its own, or a string");
            return None;
        };
        // A message of its own, so that it may be missing.
        Some(Element { required: false, ..Element::of(*field_type) })
    }
}
