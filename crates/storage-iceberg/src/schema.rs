//! Schemas: the manifest's as Iceberg's, how one evolves into the next, and which changes a writer may make.

use std::sync::Arc;

use iceberg::spec::{
    ListType, MapType, NestedField, NestedFieldRef, PrimitiveType, Schema as TableSchema, StructType, TableMetadata,
    Transform as TableTransform, Type, UnboundPartitionSpec,
};
use mesh_core::table_catalog::CommitError;
use mesh_manifest::{Field, FieldType, Partition, Schema, Transform, ValueRef};

use crate::{invalid, refused};

/// What Iceberg calls the parts of lists and maps.
const ELEMENT: &str = "element";
const KEY: &str = "key";
const VALUE: &str = "value";

/// The schema of a new table: field ids in order, from 1.
pub(crate) fn new(schema: &Schema) -> Result<TableSchema, CommitError> {
    let mut ids = Ids(0);
    // A port's own fields come first, as they did before there were nested ones.
    let own: Vec<_> = schema.fields.iter().map(|_| ids.next()).collect();
    let fields: Vec<NestedFieldRef> = own
        .into_iter()
        .zip(&schema.fields)
        .map(|(id, field)| column(id, &field.name, field.into(), &mut ids))
        .collect();
    let by_name = |name: &String| fields.iter().find(|field| field.name == *name).map(|field| field.id);
    let identifiers: Vec<i32> = schema.primary_key.iter().filter_map(by_name).collect();
    TableSchema::builder().with_fields(fields).with_identifier_field_ids(identifiers).build().map_err(invalid)
}

/// How a new table is partitioned; nothing where its data is not.
pub(crate) fn partitions(schema: &Schema, table: &TableSchema) -> Result<Option<UnboundPartitionSpec>, CommitError> {
    if schema.partition_by.is_empty() {
        return Ok(None);
    }
    let mut spec = UnboundPartitionSpec::builder();
    for text in &schema.partition_by {
        let partition: Partition = text.parse().map_err(invalid)?;
        let Some(source) = table.field_by_name(&partition.field) else {
            return Err(invalid(format!("there is no field `{}` to partition by", partition.field)));
        };
        let (suffix, transform) = match partition.transform {
            Transform::Identity => ("", TableTransform::Identity),
            Transform::Year => ("_year", TableTransform::Year),
            Transform::Month => ("_month", TableTransform::Month),
            Transform::Day => ("_day", TableTransform::Day),
            Transform::Hour => ("_hour", TableTransform::Hour),
            Transform::Bucket(buckets) => ("_bucket", TableTransform::Bucket(buckets)),
            Transform::Truncate(width) => ("_trunc", TableTransform::Truncate(width)),
        };
        spec =
            spec.add_partition_field(source.id, format!("{}{suffix}", partition.field), transform).map_err(invalid)?;
    }
    Ok(Some(spec.build()))
}

/// The schema with what `wanted` has beyond the table's current one; none where that is nothing.
pub(crate) fn evolved(table: &TableMetadata, wanted: &Schema) -> Result<Option<TableSchema>, CommitError> {
    let current = table.current_schema();
    let mut ids = Ids(table.last_column_id());
    let fields = evolved_fields(current.as_struct().fields(), &wanted.fields, "", &mut ids)?;
    if fields == current.as_struct().fields() {
        return Ok(None);
    }
    let identifiers = current.identifier_field_ids().collect::<Vec<_>>();
    TableSchema::builder().with_fields(fields).with_identifier_field_ids(identifiers).build().map(Some).map_err(invalid)
}

fn evolved_fields(
    current: &[NestedFieldRef],
    wanted: &[Field],
    path: &str,
    ids: &mut Ids,
) -> Result<Vec<NestedFieldRef>, CommitError> {
    let mut fields = Vec::with_capacity(wanted.len());
    for old in current {
        let name = format!("{path}{}", old.name);
        let Some(field) = wanted.iter().find(|field| field.name == old.name) else {
            return Err(refused("iceberg.field_removed", format!("column `{name}` is not in the schema")));
        };
        fields.push(evolved_field(old, field.into(), &name, ids)?);
    }
    for field in wanted.iter().filter(|field| !current.iter().any(|old| old.name == field.name)) {
        if field.required {
            let detail = format!("column `{path}{}` is required, but rows without it are there", field.name);
            return Err(refused("iceberg.required_changed", detail));
        }
        let id = ids.next();
        fields.push(column(id, &field.name, field.into(), ids));
    }
    Ok(fields)
}

fn evolved_field(
    old: &NestedFieldRef,
    wanted: ValueRef<'_>,
    name: &str,
    ids: &mut Ids,
) -> Result<NestedFieldRef, CommitError> {
    if !is_key(name) && old.required != wanted.required {
        return Err(refused("iceberg.required_changed", format!("column `{name}` changes whether it is required")));
    }
    let changed = |to: String| {
        refused("iceberg.type_changed", format!("column `{name}` cannot turn from {} into {to}", old.field_type))
    };
    let kind = match (old.field_type.as_ref(), wanted.field_type) {
        (Type::Struct(old), FieldType::Struct) => {
            Type::Struct(StructType::new(evolved_fields(old.fields(), wanted.fields, &format!("{name}."), ids)?))
        }
        (Type::List(list), FieldType::List) => {
            let items = wanted.items.ok_or_else(|| changed(wanted.type_text()))?;
            let element = evolved_field(&list.element_field, items.into(), &format!("{name}.{ELEMENT}"), ids)?;
            Type::List(ListType { element_field: element })
        }
        (Type::Map(map), FieldType::Map) => {
            let (keys, values) = wanted.keys.zip(wanted.values).ok_or_else(|| changed(wanted.type_text()))?;
            // What a map finds its values by stays as it is.
            if !is_type(&map.key_field.field_type, keys.into()) {
                return Err(changed(wanted.type_text()));
            }
            let value = evolved_field(&map.value_field, values.into(), &format!("{name}.{VALUE}"), ids)?;
            Type::Map(MapType { key_field: map.key_field.clone(), value_field: value })
        }
        (Type::Primitive(_), plain) => match primitive(plain).map(Type::Primitive) {
            Some(kind) if *old.field_type == kind || is_promotion(&old.field_type, &kind) => kind,
            Some(kind) => return Err(changed(kind.to_string())),
            None => return Err(changed(wanted.type_text())),
        },
        _ => return Err(changed(wanted.type_text())),
    };
    let mut next = NestedField::clone(old);
    next.field_type = Box::new(kind);
    next.doc = wanted.description.map(str::to_owned);
    Ok(Arc::new(next))
}

/// Judges a schema that a writer wants to make current: `registered` is the gate, so a writer may go towards it and nowhere else.
pub(crate) fn judge(table: &TableMetadata, proposed: &TableSchema, registered: &Schema) -> Result<(), CommitError> {
    let current = table.current_schema();
    let judge = Judge { table };
    judge.list(current.as_struct().fields(), proposed.as_struct().fields(), "", &|name| {
        registered.fields.iter().find(|field| field.name == name).map(ValueRef::from)
    })?;
    let identifiers = |schema: &TableSchema| {
        let mut ids = schema.identifier_field_ids().collect::<Vec<_>>();
        ids.sort_unstable();
        ids
    };
    if identifiers(current) != identifiers(proposed) {
        return Err(refused("iceberg.identifier_changed", "the fields that identify a row may not change"));
    }
    Ok(())
}

struct Judge<'a> {
    table: &'a TableMetadata,
}

impl Judge<'_> {
    /// The columns of one level, of which `find` tells what is registered.
    fn list<'r>(
        &self,
        current: &[NestedFieldRef],
        proposed: &[NestedFieldRef],
        path: &str,
        find: &dyn Fn(&str) -> Option<ValueRef<'r>>,
    ) -> Result<(), CommitError> {
        for old in current {
            let name = format!("{path}{}", old.name);
            match proposed.iter().find(|new| new.id == old.id) {
                Some(new) => self.kept(old, new, &name, find(&old.name))?,
                None => {
                    return Err(refused("iceberg.field_removed", format!("column `{name}` may not be dropped")));
                }
            }
        }
        for new in proposed.iter().filter(|new| !current.iter().any(|old| old.id == new.id)) {
            self.added(new, &format!("{path}{}", shown(&new.name)), find(&new.name))?;
        }
        Ok(())
    }

    fn kept(
        &self,
        old: &NestedFieldRef,
        new: &NestedFieldRef,
        name: &str,
        registered: Option<ValueRef<'_>>,
    ) -> Result<(), CommitError> {
        if new.name != old.name {
            let detail = format!("column `{name}` may not be renamed to `{}`", shown(&new.name));
            return Err(refused("iceberg.field_renamed", detail));
        }
        if new.required != old.required {
            return Err(refused(
                "iceberg.required_changed",
                format!("column `{name}` may not change whether it is required"),
            ));
        }
        if new.doc != old.doc || new.initial_default != old.initial_default || new.write_default != old.write_default {
            let detail = format!("the description and defaults of column `{name}` come from the product's manifest");
            return Err(refused("iceberg.field_changed", detail));
        }
        let changed = || {
            let detail = format!("column `{name}` may not turn from {} into {}", old.field_type, new.field_type);
            refused("iceberg.type_changed", detail)
        };
        let path = format!("{name}.");
        let part = |part: &str| match (part, registered) {
            (ELEMENT, Some(value)) => value.items.map(ValueRef::from),
            (KEY, Some(value)) => value.keys.map(ValueRef::from),
            (VALUE, Some(value)) => value.values.map(ValueRef::from),
            _ => None,
        };
        match (old.field_type.as_ref(), new.field_type.as_ref()) {
            (same, other) if same == other => Ok(()),
            (Type::Struct(old), Type::Struct(new)) => self.list(old.fields(), new.fields(), &path, &|name| {
                registered?.fields.iter().find(|field| field.name == name).map(ValueRef::from)
            }),
            (Type::List(old), Type::List(new)) => {
                let (old, new) = ([old.element_field.clone()], [new.element_field.clone()]);
                self.list(&old, &new, &path, &part)
            }
            (Type::Map(old), Type::Map(new)) => {
                if old.key_field != new.key_field {
                    return Err(changed());
                }
                let (old, new) = ([old.value_field.clone()], [new.value_field.clone()]);
                self.list(&old, &new, &path, &part)
            }
            (from, to) => {
                let agreed = registered.is_some_and(|registered| is_type(to, registered));
                if agreed && is_promotion(from, to) { Ok(()) } else { Err(changed()) }
            }
        }
    }

    fn added(&self, new: &NestedFieldRef, name: &str, registered: Option<ValueRef<'_>>) -> Result<(), CommitError> {
        let Some(field) = registered else {
            let detail = format!(
                "column `{name}` is not in the registered schema: register a version of the product that has it first"
            );
            return Err(refused("iceberg.field_not_registered", detail));
        };
        if new.required || field.required {
            return Err(refused("iceberg.required_changed", format!("column `{name}` may only be added as optional")));
        }
        if !is_type(&new.field_type, field) {
            let detail = format!("column `{name}` is registered as {}, not as {}", field.type_text(), new.field_type);
            return Err(refused("iceberg.type_changed", detail));
        }
        if has_default(new) {
            return Err(refused("iceberg.field_changed", format!("column `{name}` may not have defaults")));
        }
        // An id that was used before would bring another column's old values back under this name.
        let used = ids_of(new).into_iter().find(|id| *id <= self.table.last_column_id());
        if let Some(id) = used {
            return Err(CommitError::RequirementFailed(format!("the id {id} of column `{name}` is already used")));
        }
        Ok(())
    }
}

/// What a column is made of.
fn parts(kind: &Type) -> Vec<NestedFieldRef> {
    match kind {
        Type::Struct(kind) => kind.fields().to_vec(),
        Type::List(kind) => vec![kind.element_field.clone()],
        Type::Map(kind) => vec![kind.key_field.clone(), kind.value_field.clone()],
        Type::Primitive(_) => Vec::new(),
    }
}

fn has_default(field: &NestedFieldRef) -> bool {
    field.initial_default.is_some() || field.write_default.is_some() || parts(&field.field_type).iter().any(has_default)
}

fn ids_of(field: &NestedFieldRef) -> Vec<i32> {
    let mut ids = vec![field.id];
    parts(&field.field_type).iter().for_each(|part| ids.extend(ids_of(part)));
    ids
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(128).collect()
}

fn is_key(name: &str) -> bool {
    name.ends_with(&format!(".{KEY}"))
}

/// Numbers that no column had.
struct Ids(i32);

impl Ids {
    fn next(&mut self) -> i32 {
        self.0 += 1;
        self.0
    }
}

fn column(id: i32, name: &str, value: ValueRef<'_>, ids: &mut Ids) -> NestedFieldRef {
    let column = NestedField::new(id, name, kind(value, ids), value.required);
    Arc::new(match value.description {
        Some(description) => column.with_doc(description),
        None => column,
    })
}

/// The type with new numbers for all that it is made of.
fn kind(value: ValueRef<'_>, ids: &mut Ids) -> Type {
    let part = |name: &str, part: Option<ValueRef<'_>>, ids: &mut Ids| {
        let id = ids.next();
        part.map(|part| {
            // Iceberg's maps have a value for each key, and no empty keys.
            let part = ValueRef { required: part.required || name == KEY, ..part };
            column(id, name, part, ids)
        })
    };
    match value.field_type {
        FieldType::Struct => Type::Struct(StructType::new(
            value
                .fields
                .iter()
                .map(|field| {
                    let id = ids.next();
                    column(id, &field.name, field.into(), ids)
                })
                .collect(),
        )),
        FieldType::List => match part(ELEMENT, value.items.map(ValueRef::from), ids) {
            Some(element_field) => Type::List(ListType { element_field }),
            // A manifest without it is refused.
            None => Type::Primitive(PrimitiveType::String),
        },
        FieldType::Map => {
            let key = part(KEY, value.keys.map(ValueRef::from), ids);
            match key.zip(part(VALUE, value.values.map(ValueRef::from), ids)) {
                Some((key_field, value_field)) => Type::Map(MapType { key_field, value_field }),
                None => Type::Primitive(PrimitiveType::String),
            }
        }
        plain => Type::Primitive(primitive(plain).unwrap_or(PrimitiveType::String)),
    }
}

/// Whether a column's type is what is registered, whatever its numbers are.
fn is_type(found: &Type, registered: ValueRef<'_>) -> bool {
    let same = |found: &NestedFieldRef, registered: Option<ValueRef<'_>>, key: bool| {
        registered.is_some_and(|registered| {
            (key || found.required == registered.required) && is_type(&found.field_type, registered)
        })
    };
    match (found, registered.field_type) {
        (Type::Struct(found), FieldType::Struct) => {
            found.fields().len() == registered.fields.len()
                && found
                    .fields()
                    .iter()
                    .zip(registered.fields)
                    .all(|(found, field)| found.name == field.name && same(found, Some(field.into()), false))
        }
        (Type::List(found), FieldType::List) => same(&found.element_field, registered.items.map(ValueRef::from), false),
        (Type::Map(found), FieldType::Map) => {
            same(&found.key_field, registered.keys.map(ValueRef::from), true)
                && same(&found.value_field, registered.values.map(ValueRef::from), false)
        }
        (Type::Primitive(found), plain) => primitive(plain).as_ref() == Some(found),
        _ => false,
    }
}

/// The type of a plain value; none of a nested one.
fn primitive(field_type: FieldType) -> Option<PrimitiveType> {
    Some(match field_type {
        FieldType::Boolean => PrimitiveType::Boolean,
        FieldType::Int => PrimitiveType::Int,
        FieldType::Long => PrimitiveType::Long,
        FieldType::Float => PrimitiveType::Float,
        FieldType::Double => PrimitiveType::Double,
        FieldType::Decimal { precision, scale } => {
            PrimitiveType::Decimal { precision: precision.into(), scale: scale.into() }
        }
        FieldType::Date => PrimitiveType::Date,
        FieldType::Timestamp => PrimitiveType::Timestamp,
        FieldType::Timestamptz => PrimitiveType::Timestamptz,
        FieldType::String => PrimitiveType::String,
        FieldType::Binary => PrimitiveType::Binary,
        FieldType::Struct | FieldType::List | FieldType::Map => return None,
    })
}

/// Iceberg's promotions: files that were written before stay readable.
fn is_promotion(from: &Type, to: &Type) -> bool {
    use PrimitiveType::{Decimal, Double, Float, Int, Long};
    match (from, to) {
        (Type::Primitive(Int), Type::Primitive(Long)) | (Type::Primitive(Float), Type::Primitive(Double)) => true,
        (
            Type::Primitive(Decimal { precision: old, scale: old_scale }),
            Type::Primitive(Decimal { precision: new, scale: new_scale }),
        ) => new > old && new_scale == old_scale,
        _ => false,
    }
}
