//! A port's fields: that each can be told from the others, and says what it is made of.

use std::collections::{HashMap, HashSet, hash_map};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    field_type::FieldType,
    model::{Element, Enumeration, Expectation, Field, Format, Metric, OutputPort, QualityRule, Schema, ValueRef},
    partition::Partition,
    suggest::nearest,
};

/// The problems of the fields of `port`, which stands at `pointer`.
pub fn check(port: &OutputPort, pointer: &str, found: &mut Vec<Diagnostic>) {
    let pointer = format!("{pointer}/schema");
    check_fields(&port.schema, port.format, &pointer, found);
    warn_of_undescribed(port, &pointer, found);
}

fn check_fields(schema: &Schema, format: Format, pointer: &str, found: &mut Vec<Diagnostic>) {
    let Schema { fields, primary_key, partition_by, quality, source: _ } = schema;
    if fields.is_empty() {
        let message = "the schema has no fields".to_owned();
        let remedy = "list the fields, or give the schema in another language by `source`";
        found.push(Diagnostic::error(Code::SchemaEmpty, pointer, message).remedy(remedy));
    }
    let mut walk = Walk { found, ids: HashMap::new(), format };
    walk.fields(fields, &format!("{pointer}/fields"));
    check_primary_key(fields, primary_key, format, pointer, found);
    check_partitions(fields, partition_by, pointer, found);
    check_quality(quality, &format!("{pointer}/quality"), found);
}

struct Walk<'a, 'f> {
    found: &'f mut Vec<Diagnostic>,
    /// Numbers that stand for ever, and the name of the field that has each.
    ids: HashMap<u32, &'a str>,
    format: Format,
}

impl<'a> Walk<'a, '_> {
    fn push(&mut self, code: Code, pointer: impl Into<String>, message: impl Into<String>, remedy: &str) {
        self.found.push(Diagnostic::error(code, pointer, message).remedy(remedy));
    }

    fn fields(&mut self, fields: &'a [Field], pointer: &str) {
        let mut seen = HashMap::new();
        for (index, field) in fields.iter().enumerate() {
            let at = format!("{pointer}/{index}");
            match seen.entry(field.name.to_ascii_lowercase()) {
                hash_map::Entry::Occupied(first) => {
                    let (first, name): &(usize, &str) = first.get();
                    let message = if *name == field.name {
                        format!("the field `{name}` stands twice; first as field {}", first + 1)
                    } else {
                        format!(
                            "the field `{}` differs from field {}, `{name}`, by case only, which catalogues do not tell apart",
                            field.name,
                            first + 1
                        )
                    };
                    let remedy = "rename or remove one of the two";
                    self.push(Code::DuplicateFieldName, format!("{at}/name"), message, remedy);
                }
                hash_map::Entry::Vacant(slot) => {
                    slot.insert((index, field.name.as_str()));
                }
            }
            if let Some(id) = field.id
                && let Some(first) = self.ids.insert(id, &field.name)
            {
                let message = format!("the id {id} is already that of `{first}`");
                let remedy = "give each field of the port a number of its own, which no other ever had";
                self.push(Code::DuplicateFieldId, format!("{at}/id"), message, remedy);
            }
            check_quality(&field.quality, &format!("{at}/quality"), self.found);
            self.value(field.into(), &at);
        }
    }

    fn element(&mut self, element: &'a Element, pointer: &str) {
        self.value(element.into(), pointer);
    }

    fn value(&mut self, value: ValueRef<'a>, pointer: &str) {
        let ValueRef {
            field_type,
            required: _,
            description: _,
            fields,
            items,
            keys,
            values,
            unit: _,
            enumeration,
            pii: _,
            properties: _,
        } = value;
        let parts: [(&str, bool, &[FieldType]); 4] = [
            ("fields", !fields.is_empty(), &[FieldType::Struct]),
            ("items", items.is_some(), &[FieldType::List]),
            ("keys", keys.is_some(), &[FieldType::Map]),
            ("values", values.is_some(), &[FieldType::Map]),
        ];
        for (name, given, types) in parts {
            match (given, types.contains(&field_type)) {
                (true, false) => {
                    let message = format!("a value of type {field_type} has no `{name}`");
                    self.push(Code::NestedShape, format!("{pointer}/{name}"), message, &format!("remove `{name}`"));
                }
                (false, true) => {
                    let message = format!("a value of type {field_type} needs `{name}`");
                    let remedy = match name {
                        "fields" => "list the fields of the struct",
                        "items" => "say what the entries are, such as `items: { type: string }`",
                        "keys" => "say what the keys are, such as `keys: { type: string }`",
                        _ => "say what the values are, such as `values: { type: string }`",
                    };
                    self.push(Code::NestedShape, pointer, message, remedy);
                }
                _ => {}
            }
        }
        if field_type.is_nested() && self.format == Format::Csv {
            let message = format!("CSV has no values of type {field_type}");
            self.push(
                Code::NestedShape,
                format!("{pointer}/type"),
                message,
                "write plain fields, or use another format",
            );
        }
        if let Some(keys) = keys.filter(|keys| keys.field_type.is_nested()) {
            let message = format!("the keys of a map are plain values, not of type {}", keys.field_type);
            self.push(Code::NestedShape, format!("{pointer}/keys/type"), message, "use a plain type for the keys");
        }
        if let Some(enumeration) = enumeration {
            self.enumeration(enumeration, field_type, &format!("{pointer}/enum"));
        }
        self.fields(fields, &format!("{pointer}/fields"));
        for (name, element) in [("items", items), ("keys", keys), ("values", values)] {
            if let Some(element) = element {
                self.element(element, &format!("{pointer}/{name}"));
            }
        }
    }

    fn enumeration(&mut self, enumeration: &Enumeration, field_type: FieldType, pointer: &str) {
        let Enumeration { values, open: _ } = enumeration;
        if !matches!(field_type, FieldType::String | FieldType::Int | FieldType::Long) {
            let message = format!("values of type {field_type} cannot be listed");
            self.push(Code::EnumInvalid, pointer, message, "list values of type string, int or long");
            return;
        }
        let mut seen = HashSet::new();
        for (index, value) in values.iter().enumerate() {
            let at = || format!("{pointer}/values/{index}");
            if !seen.insert(value) {
                let message = format!("the value `{}` stands twice", shown(value));
                self.push(Code::EnumInvalid, at(), message, "remove one of the two");
            }
            let fits = match field_type {
                FieldType::Int => value.parse::<i32>().is_ok(),
                FieldType::Long => value.parse::<i64>().is_ok(),
                _ => true,
            };
            if !fits {
                let message = format!("`{}` is not a value of type {field_type}", shown(value));
                self.push(Code::EnumInvalid, at(), message, "write a whole number in quotes");
            }
        }
    }
}

/// What to write in place of the name of a field that is not there.
fn known(name: &str, fields: &[Field]) -> String {
    match nearest(name, fields.iter().map(|field| field.name.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name a field of the port".to_owned(),
    }
}

fn check_primary_key(fields: &[Field], key: &[String], format: Format, pointer: &str, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for (index, name) in key.iter().enumerate() {
        let field = fields.iter().find(|field| field.name == *name);
        let (message, remedy) = match field {
            _ if !seen.insert(name) => (format!("`{}` stands twice", shown(name)), "remove one of the two".to_owned()),
            None => (format!("the port has no field `{}`", shown(name)), known(name, fields)),
            Some(field) if field.field_type.is_nested() => {
                (format!("`{name}` is of type {}, which tells no row", field.field_type), "use plain fields".to_owned())
            }
            // Iceberg takes none of them for an identifier: two that are written alike may differ.
            Some(field)
                if format == Format::Iceberg && matches!(field.field_type, FieldType::Float | FieldType::Double) =>
            {
                (
                    format!("`{name}` is of type {}, by which Iceberg tells no row", field.field_type),
                    "use a field of another type, such as a decimal".to_owned(),
                )
            }
            Some(field) if !field.required => {
                (format!("`{name}` may be empty, and then tells no row"), format!("make `{name}` required"))
            }
            Some(_) => continue,
        };
        found
            .push(Diagnostic::error(Code::KeyInvalid, format!("{pointer}/primaryKey/{index}"), message).remedy(remedy));
    }
}

fn check_partitions(fields: &[Field], partitions: &[String], pointer: &str, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for (index, text) in partitions.iter().enumerate() {
        // Its form was checked with the structure.
        let Ok(partition) = text.parse::<Partition>() else { continue };
        let field = fields.iter().find(|field| field.name == partition.field);
        let (message, remedy) = match field {
            _ if !seen.insert(partition.to_string()) => {
                (format!("`{}` stands twice", shown(text)), "remove one of the two".to_owned())
            }
            None => (format!("the port has no field `{}`", shown(&partition.field)), known(&partition.field, fields)),
            Some(field) if !partition.transform.takes(field.field_type) => (
                format!("values of type {} cannot be partitioned by `{}`", field.field_type, shown(text)),
                "partition by a date or timestamp in years, months or days, or by the values of plain fields"
                    .to_owned(),
            ),
            Some(_) => continue,
        };
        let at = format!("{pointer}/partitionBy/{index}");
        found.push(Diagnostic::error(Code::PartitionInvalid, at, message).remedy(remedy));
    }
}

fn check_quality(rules: &[QualityRule], pointer: &str, found: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for (index, rule) in rules.iter().enumerate() {
        let QualityRule { name, description: _, dimension: _, metric, query, unit, expect, severity: _, properties: _ } =
            rule;
        let at = format!("{pointer}/{index}");
        let mut push = |message: String, remedy: &str| {
            found.push(Diagnostic::error(Code::QualityInvalid, at.as_str(), message).remedy(remedy));
        };
        if !seen.insert(name) {
            push(format!("the rule `{}` stands twice", shown(name)), "give each rule a name of its own");
        }
        match (metric, query) {
            (Some(_), Some(_)) => {
                push("a rule has a `metric` or a `query`, not both".to_owned(), "remove one of the two")
            }
            (None, None) => push("the rule counts nothing".to_owned(), "give a `metric` or a `query`"),
            (Some(Metric::RowCount), None) if unit.is_some_and(|unit| unit == crate::model::MetricUnit::Percent) => {
                push("the number of rows is no share of them".to_owned(), "remove `unit`");
            }
            _ => {}
        }
        if *expect == Expectation::default() {
            push("the rule expects nothing".to_owned(), "say what the number must be, such as `expect: { mustBe: 0 }`");
        }
    }
}

fn warn_of_undescribed(port: &OutputPort, pointer: &str, found: &mut Vec<Diagnostic>) {
    let fields = &port.schema.fields;
    let bare: Vec<&str> = fields
        .iter()
        .filter(|field| field.description.as_deref().is_none_or(|text| text.trim().is_empty()))
        .map(|field| field.name.as_str())
        .collect();
    if bare.is_empty() {
        return;
    }
    let mut names: Vec<String> = bare.iter().take(3).map(|name| format!("`{name}`")).collect();
    if bare.len() > names.len() {
        names.push("…".to_owned());
    }
    let message = format!(
        "{} of {} fields of `{}` have no description: {}",
        bare.len(),
        fields.len(),
        port.name,
        names.join(", ")
    );
    let remedy = "describe each field, so that the marketplace finds it by what it means";
    found.push(Diagnostic::warning(Code::FieldsUndescribed, format!("{pointer}/fields"), message).remedy(remedy));
}
