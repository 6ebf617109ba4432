//! A small model of who reads an Iceberg table: the rows that it gives, and a program that knows one version of its schema.
//!
//! A table gives what its schema of now says: rows that were written under an older one are read by name, numbers are promoted as the
//! format does, and what is not there is empty. A program knows one version of the schema. It fails on a field that is not there, on a
//! type that the one it knows is not promoted to, on nothing where it counts on a value, and on a value beside those that it knows are all.

use mesh_evolution::{ChangeKind, classify};
use mesh_manifest::{Enumeration, Field, FieldType, Format, Manifest, ValueRef};
use serde_json::{Map, Value, json};

/// Numbers that rows are made from.
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 33) % sides
    }
}

pub fn row(fields: &[Field], dice: &mut Dice) -> Value {
    let values = fields.iter().map(|field| (field.name.clone(), written(field.into(), dice)));
    Value::Object(values.collect::<Map<_, _>>())
}

fn written(value: ValueRef<'_>, dice: &mut Dice) -> Value {
    if !value.required && dice.roll(3) == 0 {
        return Value::Null;
    }
    if let Some(Enumeration { values, open }) = value.enumeration
        && !(*open && dice.roll(3) == 0)
    {
        let text = &values[usize::try_from(dice.roll(values.len() as u64)).unwrap()];
        return if value.field_type == FieldType::String { json!(text) } else { json!(text.parse::<i64>().unwrap()) };
    }
    match value.field_type {
        FieldType::Boolean => json!(dice.roll(2) == 0),
        FieldType::Int => json!([0, 7, i32::MAX, i32::MIN][usize::try_from(dice.roll(4)).unwrap()]),
        FieldType::Long => json!([0, 7, i64::MAX, i64::MIN][usize::try_from(dice.roll(4)).unwrap()]),
        // Microseconds.
        FieldType::Timestamp | FieldType::Timestamptz => {
            json!([0, 7, -1, 1_795_371_145_000_000i64][usize::try_from(dice.roll(4)).unwrap()])
        }
        FieldType::Float => json!([0.5f32, f32::MAX][usize::try_from(dice.roll(2)).unwrap()]),
        FieldType::Double => json!([0.5, f64::MAX][usize::try_from(dice.roll(2)).unwrap()]),
        // The digits, without their point.
        FieldType::Decimal { precision, .. } => json!("9".repeat(usize::from(precision))),
        FieldType::Date => json!(dice.roll(20_000)),
        FieldType::String | FieldType::Binary => json!(["x", "30", ""][usize::try_from(dice.roll(3)).unwrap()]),
        FieldType::Struct => row(value.fields, dice),
        FieldType::List => {
            Value::Array((0..dice.roll(3)).map(|_| written(value.items.unwrap().into(), dice)).collect())
        }
        FieldType::Map => {
            let (keys, values) = (value.keys.unwrap(), value.values.unwrap());
            // A map finds nothing by nothing.
            let key = ValueRef { required: true, ..keys.into() };
            let entry = |dice: &mut Dice| json!([written(key, dice), written(values.into(), dice)]);
            Value::Array((0..dice.roll(3)).map(|_| entry(dice)).collect())
        }
    }
}

/// Iceberg's promotions, written down anew.
fn promotes(from: FieldType, to: FieldType) -> bool {
    use FieldType::{Decimal, Double, Float, Int, Long};
    from == to
        || match (from, to) {
            (Int, Long) | (Float, Double) => true,
            (Decimal { precision, scale }, Decimal { precision: wider, scale: same }) => {
                wider >= precision && scale == same
            }
            _ => false,
        }
}

/// What the table of schema `now` gives of a row that was written under `then`.
pub fn table(then: &[Field], now: &[Field], row: &Value) -> Result<Value, String> {
    let mut given = Map::new();
    for field in now {
        let value = match then.iter().find(|old| old.name == field.name) {
            Some(old) => promoted(old.into(), field.into(), &row[&field.name], &field.name)?,
            None => Value::Null,
        };
        given.insert(field.name.clone(), value);
    }
    Ok(Value::Object(given))
}

fn promoted(then: ValueRef<'_>, now: ValueRef<'_>, value: &Value, at: &str) -> Result<Value, String> {
    if !promotes(then.field_type, now.field_type) {
        return Err(format!("`{at}` of type {} is not read as {}", then.field_type, now.field_type));
    }
    match (now.field_type, value) {
        (_, Value::Null) => Ok(Value::Null),
        (FieldType::Struct, value) => table(then.fields, now.fields, value),
        (FieldType::List, Value::Array(items)) => {
            let (then, now) = (then.items.unwrap(), now.items.unwrap());
            items.iter().map(|item| promoted(then.into(), now.into(), item, at)).collect()
        }
        (FieldType::Map, Value::Array(entries)) => entries
            .iter()
            .map(|entry| {
                let key = promoted(then.keys.unwrap().into(), now.keys.unwrap().into(), &entry[0], at)?;
                Ok(json!([key, promoted(then.values.unwrap().into(), now.values.unwrap().into(), &entry[1], at)?]))
            })
            .collect(),
        (_, value) => Ok(value.clone()),
    }
}

/// Fails where a program that knows `known` fails on a row that the table gives under `now`.
pub fn program(known: &[Field], now: &[Field], row: &Value) -> Result<(), String> {
    known.iter().try_for_each(|field| match now.iter().find(|given| given.name == field.name) {
        Some(given) => used(field.into(), given.into(), &row[&field.name], &field.name),
        None => Err(format!("`{}` is not there", field.name)),
    })
}

fn used(known: ValueRef<'_>, now: ValueRef<'_>, value: &Value, at: &str) -> Result<(), String> {
    // Programs take wider numbers than they knew, as the format's readers do; keys they look up as they knew them.
    if !promotes(known.field_type, now.field_type) || at.ends_with("{key}") && known.field_type != now.field_type {
        return Err(format!("`{at}` is of type {}, and was known as {}", now.field_type, known.field_type));
    }
    if value.is_null() {
        return if known.required { Err(format!("`{at}` is empty")) } else { Ok(()) };
    }
    if let Some(Enumeration { values, open: false }) = known.enumeration {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if !values.contains(&text) {
            return Err(format!("`{at}` is {text}"));
        }
    }
    match (known.field_type, value) {
        (FieldType::Struct, value) => program(known.fields, now.fields, value),
        (FieldType::List, Value::Array(items)) => {
            let (known, now) = (known.items.unwrap(), now.items.unwrap());
            items.iter().try_for_each(|item| used(known.into(), now.into(), item, at))
        }
        (FieldType::Map, Value::Array(entries)) => entries.iter().try_for_each(|entry| {
            let key = format!("{at}.{{key}}");
            used(known.keys.unwrap().into(), now.keys.unwrap().into(), &entry[0], &key)?;
            used(known.values.unwrap().into(), now.values.unwrap().into(), &entry[1], at)
        }),
        _ => Ok(()),
    }
}

pub fn fields(manifest: &Manifest) -> &[Field] {
    &manifest.output_ports[0].schema.fields
}

/// The manifest with its first port alone, an Iceberg table.
pub fn one_table(mut manifest: Manifest) -> Manifest {
    manifest.output_ports.truncate(1);
    manifest.output_ports[0].format = Format::Iceberg;
    manifest.output_ports[0].endpoint = None;
    manifest
}

pub fn is_major(before: &Manifest, after: &Manifest) -> bool {
    classify(before, after).iter().any(|change| change.kind == ChangeKind::Major)
}
