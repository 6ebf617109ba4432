//! Any valid fields.

use mesh_manifest::{
    Amount, Dimension, Element, Enumeration, Expectation, Field, FieldType, Format, Metric, MetricUnit, Pii,
    PiiProtection, QualityRule, RuleSeverity, Schema,
};
use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
    sample::{select, subsequence},
};

use super::text;

/// Names that every level takes from.
const NAMES: &[&str] = &["a", "b", "c", "tail_number", "_x", "Y9"];

fn plain_type() -> impl Strategy<Value = FieldType> {
    let names: Vec<_> = FieldType::NAMES.iter().filter(|name| !matches!(**name, "struct" | "list" | "map")).collect();
    let plain = select(names).prop_map(|name| name.parse().unwrap());
    let decimal = (1u8..=38)
        .prop_flat_map(|precision| (0..=precision).prop_map(move |scale| FieldType::Decimal { precision, scale }));
    prop_oneof![4 => plain, 1 => decimal]
}

fn pii() -> impl Strategy<Value = Pii> {
    let protection =
        select(vec![PiiProtection::None, PiiProtection::Masked, PiiProtection::Tokenized, PiiProtection::Encrypted]);
    ("[a-z][a-z0-9_-]{0,10}", protection).prop_map(|(category, protection)| Pii { category, protection })
}

fn enumeration() -> impl Strategy<Value = Enumeration> {
    (subsequence(vec!["1", "2", "30"], 1..=3), any::<bool>())
        .prop_map(|(values, open)| Enumeration { values: values.into_iter().map(str::to_owned).collect(), open })
}

fn quality() -> impl Strategy<Value = Vec<QualityRule>> {
    let expect = (0i64..5, any::<bool>()).prop_map(|(number, most)| {
        let amount = Some(Amount::from(serde_json::Number::from(number)));
        match most {
            true => Expectation { must_be_less_or_equal_to: amount, ..Expectation::default() },
            false => Expectation { must_be: amount, ..Expectation::default() },
        }
    });
    let what = prop_oneof![
        Just((Some(Metric::NullValues), None)),
        Just((Some(Metric::DuplicateValues), None)),
        Just((None, Some("SELECT 0".to_owned()))),
    ];
    let dimension = option::of(select(vec![Dimension::Accuracy, Dimension::Uniqueness]));
    let unit = option::of(select(vec![MetricUnit::Rows, MetricUnit::Percent]));
    let severity = select(vec![RuleSeverity::Warning, RuleSeverity::Error]);
    let rule = (what, dimension, unit, expect, severity, option::of(text())).prop_map(
        |((metric, query), dimension, unit, expect, severity, description)| QualityRule {
            name: "rule".to_owned(),
            description,
            dimension,
            metric,
            query,
            unit,
            expect,
            severity,
            properties: Default::default(),
        },
    );
    prop_oneof![4 => Just(Vec::new()), 1 => vec(rule, 1)]
}

/// A value that is made of nothing else.
fn plain() -> impl Strategy<Value = Element> {
    (
        plain_type(),
        any::<bool>(),
        option::of(text()),
        option::weighted(0.2, pii()),
        option::weighted(0.2, "[a-z]{1,5}"),
        option::weighted(0.3, enumeration()),
        btree_map(text(), text(), 0..2),
    )
        .prop_map(|(field_type, required, description, pii, unit, enumeration, properties)| Element {
            field_type,
            required,
            description,
            fields: Vec::new(),
            items: None,
            keys: None,
            values: None,
            unit,
            enumeration: enumeration
                .filter(|_| matches!(field_type, FieldType::String | FieldType::Int | FieldType::Long)),
            pii,
            properties,
        })
}

fn element() -> impl Strategy<Value = Element> {
    plain().prop_recursive(2, 6, 3, |inner| {
        let nested = |field_type| move |base: Element| Element { field_type, enumeration: None, ..base };
        let list = (plain().prop_map(nested(FieldType::List)), inner.clone())
            .prop_map(|(base, items)| Element { items: Some(Box::new(items)), ..base });
        let map =
            (plain().prop_map(nested(FieldType::Map)), plain(), inner.clone()).prop_map(|(base, keys, values)| {
                Element { keys: Some(Box::new(keys)), values: Some(Box::new(values)), ..base }
            });
        let structure = (plain().prop_map(nested(FieldType::Struct)), subsequence(NAMES, 1..=2), vec(inner, 2))
            .prop_map(|(base, names, values)| {
                let fields =
                    names.into_iter().zip(values).map(|(name, value)| field(name, value, Vec::new())).collect();
                Element { fields, ..base }
            });
        prop_oneof![list, map, structure]
    })
}

fn field(name: &str, element: Element, quality: Vec<QualityRule>) -> Field {
    Field { quality, ..element.named(name) }
}

/// Any valid fields of a port of `format`.
pub fn schema(format: Format) -> impl Strategy<Value = Schema> {
    let element = match format {
        Format::Csv => plain().boxed(),
        _ => element().boxed(),
    };
    let one = (element, quality());
    (subsequence(NAMES, 1..=6).prop_shuffle(), vec(one, 6), any::<bool>(), any::<bool>(), any::<bool>(), quality())
        .prop_map(|(names, values, with_ids, with_key, with_partition, quality)| {
            let mut fields: Vec<Field> =
                names.into_iter().zip(values).map(|(name, (value, quality))| field(name, value, quality)).collect();
            if with_ids {
                for field in &mut fields {
                    // The same field has the same id in every manifest.
                    field.id =
                        NAMES.iter().position(|name| *name == field.name).and_then(|at| u32::try_from(at + 1).ok());
                }
            }
            let plain = |field: &&Field| !field.field_type.is_nested();
            let exact = |field: &&Field| !matches!(field.field_type, FieldType::Float | FieldType::Double);
            let key =
                fields.iter().filter(plain).filter(exact).find(|field| field.required).map(|field| field.name.clone());
            let partition = fields.iter().find(plain).map(|field| field.name.clone());
            Schema {
                fields,
                primary_key: key.filter(|_| with_key).into_iter().collect(),
                partition_by: partition.filter(|_| with_partition).into_iter().collect(),
                quality,
                source: None,
            }
        })
}
