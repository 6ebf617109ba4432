//! A parsed file: which types it has under which names, and where they stand.

use std::collections::HashMap;

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, source_code_info::Location,
};

use crate::{
    code::Code,
    diagnostic::shown,
    field_type::FieldType,
    languages::reading::{At, Reading},
};

/// The most characters of a full name, so that looking names up ends early.
const MAX_NAME: usize = 1000;
/// Files that come with every compiler, and so need not be in the text.
const KNOWN_FOLDER: &str = "google/protobuf/";

/// A type that comes with every compiler.
pub(super) struct WellKnown {
    name: &'static str,
    pub file: &'static str,
    /// Nothing where fields have no equivalent.
    pub field_type: Option<FieldType>,
}

const fn known(name: &'static str, file: &'static str, field_type: Option<FieldType>) -> WellKnown {
    WellKnown { name, file, field_type }
}

const WRAPPERS: &str = "google/protobuf/wrappers.proto";
const STRUCT: &str = "google/protobuf/struct.proto";
const WELL_KNOWN: [WellKnown; 18] = [
    known("google.protobuf.Timestamp", "google/protobuf/timestamp.proto", Some(FieldType::Timestamptz)),
    known("google.protobuf.BoolValue", WRAPPERS, Some(FieldType::Boolean)),
    known("google.protobuf.BytesValue", WRAPPERS, Some(FieldType::Binary)),
    known("google.protobuf.DoubleValue", WRAPPERS, Some(FieldType::Double)),
    known("google.protobuf.FloatValue", WRAPPERS, Some(FieldType::Float)),
    known("google.protobuf.Int32Value", WRAPPERS, Some(FieldType::Int)),
    known("google.protobuf.Int64Value", WRAPPERS, Some(FieldType::Long)),
    known("google.protobuf.StringValue", WRAPPERS, Some(FieldType::String)),
    known("google.protobuf.UInt32Value", WRAPPERS, Some(FieldType::Long)),
    known("google.protobuf.UInt64Value", WRAPPERS, Some(FieldType::Decimal { precision: 20, scale: 0 })),
    known("google.protobuf.Duration", "google/protobuf/duration.proto", None),
    known("google.protobuf.Any", "google/protobuf/any.proto", None),
    known("google.protobuf.Empty", "google/protobuf/empty.proto", None),
    known("google.protobuf.FieldMask", "google/protobuf/field_mask.proto", None),
    known("google.protobuf.ListValue", STRUCT, None),
    known("google.protobuf.NullValue", STRUCT, None),
    known("google.protobuf.Struct", STRUCT, None),
    known("google.protobuf.Value", STRUCT, None),
];

pub(super) fn well_known(full: &str) -> Option<&'static WellKnown> {
    WELL_KNOWN.iter().find(|known| known.name == full)
}

/// What a name stands for.
#[derive(Clone, Copy)]
pub(super) enum Declared<'t> {
    Message(&'t DescriptorProto),
    Enum(&'t EnumDescriptorProto),
}

pub(super) struct File<'t> {
    proto: &'t FileDescriptorProto,
    /// Types by full name, with the steps that lead to them.
    types: HashMap<String, (Vec<i32>, Declared<'t>)>,
    locations: HashMap<&'t [i32], &'t Location>,
    lines: Vec<&'t str>,
}

impl<'t> File<'t> {
    /// The file's types; nothing where they cannot be told apart.
    pub fn new(text: &'t str, proto: &'t FileDescriptorProto, reading: &mut Reading) -> Option<Self> {
        let locations = proto.source_code_info.iter().flat_map(|info| &info.location);
        let locations = locations.map(|location| (location.path.as_slice(), location)).collect();
        let mut file = Self { proto, types: HashMap::new(), locations, lines: text.split('\n').collect() };
        let mut fine = true;
        for (index, import) in proto.dependency.iter().enumerate() {
            let is_known = import.starts_with(KNOWN_FOLDER);
            if !is_known {
                let at = file.at("import", &[3, i32::try_from(index).ok()?]);
                let message = format!("`{}` is outside of this text, and nothing is opened or fetched", shown(import));
                let remedy = "write the types that are used into this text";
                reading.refuse(Code::SourceReference, &at, message, remedy);
                fine = false;
            }
        }
        fine &= file.extensions(&proto.extension, reading);
        let mut waiting: Vec<(String, Vec<i32>, Declared<'t>)> = Vec::new();
        let step = |index: usize| i32::try_from(index).unwrap_or(i32::MAX);
        let full = |scope: &str, name: &str| match scope {
            "" => name.to_owned(),
            scope => format!("{scope}.{name}"),
        };
        for (index, message) in proto.message_type.iter().enumerate() {
            let name = full(proto.package(), message.name());
            waiting.push((name, vec![4, step(index)], Declared::Message(message)));
        }
        for (index, found) in proto.enum_type.iter().enumerate() {
            let name = full(proto.package(), found.name());
            waiting.push((name, vec![5, step(index)], Declared::Enum(found)));
        }
        while let Some((name, steps, declared)) = waiting.pop() {
            let at = file.at(&name, &steps);
            if name.len() > MAX_NAME {
                let message = format!("the name has more than {MAX_NAME} characters");
                reading.refuse(Code::SourceTooLarge, &at, message, "choose a shorter one");
                return None;
            }
            if let Declared::Message(message) = declared {
                let within = |kind: i32, index: usize| [steps.as_slice(), &[kind, step(index)]].concat();
                for (index, nested) in message.nested_type.iter().enumerate() {
                    waiting.push((full(&name, nested.name()), within(3, index), Declared::Message(nested)));
                }
                for (index, nested) in message.enum_type.iter().enumerate() {
                    waiting.push((full(&name, nested.name()), within(4, index), Declared::Enum(nested)));
                }
            }
            if file.types.insert(name, (steps, declared)).is_some() {
                reading.refuse(Code::SourceSyntax, &at, "the name is defined twice", "rename or remove one of the two");
                fine = false;
            }
        }
        fine.then_some(file)
    }

    /// Options of one's own are extensions too, and have no say in what a row is.
    fn extensions(&self, found: &[FieldDescriptorProto], reading: &mut Reading) -> bool {
        let is_option = |extension: &FieldDescriptorProto| {
            let name = extension.extendee().trim_start_matches('.');
            name.starts_with("google.protobuf.") && name.ends_with("Options")
        };
        let Some(index) = found.iter().position(|extension| !is_option(extension)) else { return true };
        let at = self.at("extend", &[7, i32::try_from(index).unwrap_or(i32::MAX)]);
        reading.refuse(Code::SourceUnsupported, &at, "a message is extended", "add the fields to the message");
        false
    }

    pub fn is_proto3(&self) -> bool {
        self.proto.syntax() == "proto3"
    }

    pub fn imports(&self, file: &str) -> bool {
        self.proto.dependency.iter().any(|import| import == file)
    }

    /// The names of the outermost messages, without the package.
    pub fn messages(&self) -> Vec<String> {
        self.proto.message_type.iter().map(|message| message.name().to_owned()).collect()
    }

    /// The full name of the message called `name`, with or without the package.
    pub fn message(&self, name: &str) -> Option<String> {
        let name = name.trim_start_matches('.');
        let within = format!("{}.{name}", self.proto.package());
        let is_message = |name: &String| matches!(self.types.get(name), Some((_, Declared::Message(_))));
        [name.to_owned(), within].into_iter().find(is_message)
    }

    pub fn declared(&self, full: &str) -> Option<(Vec<i32>, Declared<'t>)> {
        self.types.get(full).cloned()
    }

    /// The full name of what `name` means within the message `scope`: from the inside outwards, as the language has it.
    pub fn resolve(&self, name: &str, scope: &str) -> Option<String> {
        if name.len() > 2 * MAX_NAME {
            return None;
        }
        let is_there = |full: &String| self.types.contains_key(full) || well_known(full).is_some();
        if let Some(full) = name.strip_prefix('.') {
            return Some(full.to_owned()).filter(is_there);
        }
        let mut scope = scope;
        loop {
            let full = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
            if is_there(&full) {
                return Some(full);
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    /// Where the steps lead, called `path`; the package is left out.
    pub fn at(&self, path: &str, steps: &[i32]) -> At {
        let package = self.proto.package();
        let short = path.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')).filter(|_| !package.is_empty());
        let place = self.locations.get(steps).and_then(|location| {
            let line = usize::try_from(*location.span.first()?).ok()?;
            // The parser counts bytes.
            let before = self.lines.get(line)?.get(..usize::try_from(*location.span.get(1)?).ok()?)?;
            Some((line + 1, before.chars().count() + 1))
        });
        At { path: short.unwrap_or(path).to_owned(), place }
    }

    /// The comment before or behind what the steps lead to.
    pub fn comment(&self, steps: &[i32]) -> Option<String> {
        let location = self.locations.get(steps)?;
        let text = location.leading_comments.as_deref().or(location.trailing_comments.as_deref())?;
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(lines.join("\n"))
    }
}
