//! From this crate's types to the messages.

use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use crate::path::Step;
use crate::schema::{Attribute, Kind, Nesting};
use crate::{Diagnostics, Path};

impl From<&Path> for AttributePath {
    fn from(path: &Path) -> Self {
        let selector = |step: &Step| match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(i64::try_from(*index).unwrap_or(i64::MAX)),
        };
        Self { steps: path.steps().iter().map(|step| PathStep { selector: Some(selector(step)) }).collect() }
    }
}

impl From<crate::Diagnostic> for Diagnostic {
    fn from(diagnostic: crate::Diagnostic) -> Self {
        let severity = match diagnostic.severity {
            crate::Severity::Error => Severity::Error,
            crate::Severity::Warning => Severity::Warning,
        };
        Self {
            severity: severity.into(),
            attribute: (!diagnostic.path.is_root()).then(|| (&diagnostic.path).into()),
            summary: diagnostic.summary,
            detail: diagnostic.detail,
        }
    }
}

impl From<Diagnostics> for Vec<Diagnostic> {
    fn from(diagnostics: Diagnostics) -> Self {
        diagnostics.into_iter().map(Into::into).collect()
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
            nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
        }
    }
}

impl From<&crate::Schema> for Schema {
    fn from(schema: &crate::Schema) -> Self {
        let block = block(&schema.fields, &schema.description, schema.deprecated, schema.version);
        Self { version: schema.version, block: Some(block) }
    }
}

fn block(fields: &[Attribute], description: &str, deprecated: bool, version: i64) -> Block {
    let nested = fields.iter().filter_map(|field| match &field.kind {
        Kind::Block(nesting, inner) => Some(NestedBlock {
            type_name: field.name.clone(),
            block: Some(block(inner, &field.description, field.deprecated, 0)),
            nesting: mode(*nesting),
            min_items: 0,
            max_items: 0,
        }),
        Kind::Plain(_) | Kind::Nested(..) => None,
    });
    Block {
        version,
        attributes: attributes(fields),
        block_types: nested.collect(),
        description: description.to_owned(),
        description_kind: StringKind::Markdown.into(),
        deprecated,
    }
}

fn attributes(fields: &[Attribute]) -> Vec<SchemaAttribute> {
    let attribute = |field: &Attribute| {
        let (ty, nested_type) = match &field.kind {
            Kind::Plain(ty) => (ty.to_json().to_string().into_bytes(), None),
            Kind::Nested(nesting, inner) => {
                (Vec::new(), Some(NestedObject { attributes: attributes(inner), nesting: mode(*nesting) }))
            }
            Kind::Block(..) => return None,
        };
        Some(SchemaAttribute {
            name: field.name.clone(),
            ty,
            description: field.description.clone(),
            required: field.required,
            optional: field.optional,
            computed: field.computed,
            sensitive: field.sensitive,
            description_kind: StringKind::Markdown.into(),
            deprecated: field.deprecated,
            nested_type,
            write_only: field.write_only,
        })
    };
    fields.iter().filter_map(attribute).collect()
}

fn mode(nesting: Nesting) -> i32 {
    match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Type;
    use prost::Message;

    #[test]
    fn a_path_is_encoded_by_the_protocols_numbers() {
        let path = Path::new("a").key("k").index(3);
        let bytes = AttributePath::from(&path).encode_to_vec();
        assert_eq!(bytes, b"\x0a\x03\x0a\x01a\x0a\x03\x12\x01k\x0a\x02\x18\x03");
    }

    #[test]
    fn an_attribute_has_either_a_type_or_a_nested_type() {
        let inner = [Attribute::string("x").required()];
        let schema = crate::Schema::new(
            "",
            [
                Attribute::new("plain", Type::map(Type::Bool)).optional(),
                Attribute::nested("nested", Nesting::Set, inner.clone()).optional(),
                Attribute::block("block", Nesting::List, inner),
            ],
        );
        let block = Schema::from(&schema).block.unwrap();
        assert_eq!(block.attributes[0].ty, br#"["map","bool"]"#);
        assert!(block.attributes[0].nested_type.is_none());
        assert!(block.attributes[1].ty.is_empty());
        assert_eq!(block.attributes[1].nested_type.as_ref().unwrap().nesting, 3);
        assert_eq!(block.block_types[0].type_name, "block");
        assert_eq!(block.attributes.len(), 2);
    }
}
