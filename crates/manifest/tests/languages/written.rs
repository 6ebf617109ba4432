//! Fields written as Avro and as JSON Schema are read back as the same fields, as far as the language has words for them.

use mesh_manifest::{
    Element, Enumeration, Field, FieldType, Schema, SchemaLanguage,
    languages::{self, to_avro, to_json_schema},
};
use proptest::prelude::*;

use crate::arbitrary;

/// What both languages can tell of a value.
struct Told {
    avro: bool,
}

impl Told {
    fn fields(&self, fields: Vec<Field>) -> Vec<Field> {
        fields.into_iter().map(|field| self.field(field)).collect()
    }

    fn field(&self, field: Field) -> Field {
        let (name, id, description) = (field.name.clone(), field.id, tidy(field.description.clone()));
        let Field { fields, items, keys, values, .. } = &field;
        assert!(fields.is_empty() || items.is_none() && keys.is_none() && values.is_none());
        let field = self.element(field.into()).named(name);
        Field { id: id.filter(|_| self.avro), description, ..field }
    }

    fn element(&self, element: Element) -> Element {
        let Element { field_type, required, description, fields, items, keys, values, enumeration, .. } = element;
        let part = |part: Option<Box<Element>>| part.map(|part| Box::new(self.element(*part)));
        let is_symbols = field_type == FieldType::String || !self.avro;
        let enumeration = enumeration.filter(|it| !it.open && is_symbols);
        let has_doc = !self.avro || field_type == FieldType::Struct || enumeration.is_some();
        Element {
            required,
            description: tidy(description).filter(|_| has_doc),
            fields: self.fields(fields),
            items: part(items),
            keys: keys.map(|keys| Box::new(Element::of(if self.avro { keys.field_type } else { FieldType::String }))),
            values: part(values),
            enumeration: match field_type {
                FieldType::String => enumeration,
                _ => enumeration.filter(|_| !self.avro),
            },
            ..Element::of(field_type)
        }
    }
}

fn tidy(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Values that Avro can list.
fn with_symbols(mut fields: Vec<Field>) -> Vec<Field> {
    fn rename(enumeration: &mut Option<Enumeration>, field_type: FieldType) {
        if let Some(enumeration) = enumeration.as_mut().filter(|_| field_type == FieldType::String) {
            enumeration.values.iter_mut().for_each(|value| value.insert(0, 'V'));
        }
    }
    fn element(part: &mut Option<Box<Element>>) {
        if let Some(part) = part {
            rename(&mut part.enumeration, part.field_type);
            all(&mut part.fields);
            [&mut part.items, &mut part.values].into_iter().for_each(element);
        }
    }
    fn all(fields: &mut [Field]) {
        for field in fields {
            rename(&mut field.enumeration, field.field_type);
            all(&mut field.fields);
            [&mut field.items, &mut field.values].into_iter().for_each(element);
        }
    }
    all(&mut fields);
    fields
}

fn any_fields() -> impl Strategy<Value = Vec<Field>> {
    arbitrary::manifest().prop_map(|manifest| with_symbols(manifest.output_ports[0].schema.fields.clone()))
}

fn read(language: SchemaLanguage, text: &str) -> Result<Vec<Field>, TestCaseError> {
    languages::read(&super::source(language, text))
        .map_err(|problems| TestCaseError::fail(format!("{text}\n{problems:#?}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn avro_is_read_back(fields in any_fields()) {
        let text = to_avro(&Schema { fields: fields.clone(), ..Schema::default() }).to_string();
        prop_assert_eq!(read(SchemaLanguage::Avro, &text)?, Told { avro: true }.fields(fields));
    }

    #[test]
    fn json_schema_is_read_back(fields in any_fields()) {
        let text = to_json_schema(&Schema { fields: fields.clone(), ..Schema::default() }).to_string();
        prop_assert_eq!(read(SchemaLanguage::JsonSchema, &text)?, Told { avro: false }.fields(fields));
    }
}

#[test]
fn what_avro_was_read_from_is_written_again() {
    let text = r#"{"type":"record","name":"Row","fields":[
        {"name":"e","type":{"type":"enum","name":"Row_e","symbols":["A","B"],"default":"A"}},
        {"name":"f","type":{"type":"fixed","name":"Row_f","size":12,"logicalType":"duration"}},
        {"name":"t","type":["null",{"type":"int","logicalType":"time-millis"}],"default":null,"aliases":["u","v"]},
        {"name":"n","field-id":4,"type":["int","null"],"doc":"N.","default":3},
        {"name":"m","type":{"type":"array","logicalType":"map","items":{"type":"record","name":"Row_m_entry","fields":[
            {"name":"key","type":"int"},{"name":"value","type":["null","string"]}]}}}
    ]}"#;
    let fields = languages::read(&super::source(SchemaLanguage::Avro, text)).unwrap();
    let written = to_avro(&Schema { fields, ..Schema::default() });
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(text).unwrap());
}

#[test]
fn names_of_types_are_told_apart() {
    let text = r#"{"type":"record","name":"Row","fields":[
        {"name":"a_b","type":{"type":"record","name":"X","fields":[{"name":"x","type":"int"}]}},
        {"name":"a","type":{"type":"record","name":"Y","fields":[{"name":"b","type":"X"}]}}
    ]}"#;
    let fields = languages::read(&super::source(SchemaLanguage::Avro, text)).unwrap();
    let written = to_avro(&Schema { fields: fields.clone(), ..Schema::default() });
    assert_eq!(written.pointer("/fields/1/type/fields/0/type/name").unwrap(), "Row_a_b_2");
    assert_eq!(languages::read(&super::source(SchemaLanguage::Avro, &written.to_string())).unwrap(), fields);
}

#[test]
fn defaults_of_other_languages_are_left_out_where_avro_cannot_have_them() {
    let text = r#"{"required":["a","b"],"properties":{
        "a":{"type":"string","format":"date","default":"2020-01-01"},
        "b":{"enum":["x","y"],"default":"z"},
        "c":{"type":"boolean","default":false},
        "d":{"type":"integer","default":"none"}
    }}"#;
    let fields = languages::read(&super::source(SchemaLanguage::JsonSchema, text)).unwrap();
    let written = to_avro(&Schema { fields, ..Schema::default() });
    let defaults: Vec<_> = (0..4).map(|index| written["fields"][index].get("default").cloned()).collect();
    assert_eq!(defaults, [None, None, Some(false.into()), Some(serde_json::Value::Null)]);
}
