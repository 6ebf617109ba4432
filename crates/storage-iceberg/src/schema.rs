//! Schemas: the manifest's as Iceberg's, how one evolves into the next, and which changes a writer may make.

use std::sync::Arc;

use iceberg::spec::{NestedField, NestedFieldRef, PrimitiveType, Schema as TableSchema, TableMetadata, Type};
use mesh_core::table_catalog::CommitError;
use mesh_manifest::{Field, FieldType, Schema};

use crate::{invalid, refused};

/// The schema of a new table: field ids in order, from 1.
pub(crate) fn new(schema: &Schema) -> Result<TableSchema, CommitError> {
    let fields = (1..).zip(&schema.fields).map(|(id, field)| Arc::new(column(id, field)));
    TableSchema::builder().with_fields(fields).build().map_err(invalid)
}

/// The schema with what `wanted` has beyond the table's current one; none where that is nothing.
pub(crate) fn evolved(table: &TableMetadata, wanted: &Schema) -> Result<Option<TableSchema>, CommitError> {
    let current = table.current_schema();
    let mut fields = Vec::with_capacity(wanted.fields.len());
    for old in current.as_struct().fields() {
        let Some(field) = wanted.fields.iter().find(|field| field.name == old.name) else {
            return Err(refused("iceberg.field_removed", format!("column `{}` is not in the schema", old.name)));
        };
        if old.required != field.required {
            return Err(refused(
                "iceberg.required_changed",
                format!("column `{}` changes whether it is required", old.name),
            ));
        }
        let kind = Type::Primitive(primitive(field.field_type));
        if *old.field_type != kind && !is_promotion(&old.field_type, &kind) {
            let detail = format!("column `{}` cannot turn from {} into {kind}", old.name, old.field_type);
            return Err(refused("iceberg.type_changed", detail));
        }
        let mut next = NestedField::clone(old);
        next.field_type = Box::new(kind);
        next.doc.clone_from(&field.description);
        fields.push(Arc::new(next));
    }
    let added = wanted.fields.iter().filter(|field| current.field_by_name(&field.name).is_none());
    for (id, field) in (table.last_column_id() + 1..).zip(added) {
        if field.required {
            let detail = format!("column `{}` is required, but rows without it are there", field.name);
            return Err(refused("iceberg.required_changed", detail));
        }
        fields.push(Arc::new(column(id, field)));
    }
    if fields == current.as_struct().fields() {
        return Ok(None);
    }
    let identifiers = current.identifier_field_ids().collect::<Vec<_>>();
    TableSchema::builder().with_fields(fields).with_identifier_field_ids(identifiers).build().map(Some).map_err(invalid)
}

/// Judges a schema that a writer wants to make current: `registered` is the gate, so a writer may go towards it and nowhere else.
pub(crate) fn judge(table: &TableMetadata, proposed: &TableSchema, registered: &Schema) -> Result<(), CommitError> {
    let current = table.current_schema();
    for old in current.as_struct().fields() {
        match proposed.field_by_id(old.id) {
            Some(new) => judge_kept(old, new, registered)?,
            None => return Err(refused("iceberg.field_removed", format!("column `{}` may not be dropped", old.name))),
        }
    }
    for new in proposed.as_struct().fields() {
        if current.field_by_id(new.id).is_none() {
            judge_added(table, new, registered)?;
        }
    }
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

fn judge_kept(old: &NestedFieldRef, new: &NestedFieldRef, registered: &Schema) -> Result<(), CommitError> {
    let name = &old.name;
    if new.name != *name {
        let detail = format!("column `{name}` may not be renamed to `{}`", shown(&new.name));
        return Err(refused("iceberg.field_renamed", detail));
    }
    if new.required != old.required {
        return Err(refused(
            "iceberg.required_changed",
            format!("column `{name}` may not change whether it is required"),
        ));
    }
    if new.field_type != old.field_type {
        let agreed = find(registered, name).is_some_and(|field| is_type(&new.field_type, field.field_type));
        if !agreed || !is_promotion(&old.field_type, &new.field_type) {
            let detail = format!("column `{name}` may not turn from {} into {}", old.field_type, new.field_type);
            return Err(refused("iceberg.type_changed", detail));
        }
    }
    if new.doc != old.doc || new.initial_default != old.initial_default || new.write_default != old.write_default {
        let detail = format!("the description and defaults of column `{name}` come from the product's manifest");
        return Err(refused("iceberg.field_changed", detail));
    }
    Ok(())
}

fn judge_added(table: &TableMetadata, new: &NestedFieldRef, registered: &Schema) -> Result<(), CommitError> {
    let name = shown(&new.name);
    let Some(field) = find(registered, &new.name) else {
        let detail = format!(
            "column `{name}` is not in the registered schema: register a version of the product that has it first"
        );
        return Err(refused("iceberg.field_not_registered", detail));
    };
    if new.required || field.required {
        return Err(refused("iceberg.required_changed", format!("column `{name}` may only be added as optional")));
    }
    if !is_type(&new.field_type, field.field_type) {
        let detail = format!("column `{name}` is registered as {}, not as {}", field.field_type, new.field_type);
        return Err(refused("iceberg.type_changed", detail));
    }
    if new.initial_default.is_some() || new.write_default.is_some() {
        return Err(refused("iceberg.field_changed", format!("column `{name}` may not have defaults")));
    }
    // An id that was used before would bring another column's old values back under this name.
    if new.id <= table.last_column_id() {
        return Err(CommitError::RequirementFailed(format!("the id {} of column `{name}` is already used", new.id)));
    }
    Ok(())
}

fn find<'a>(schema: &'a Schema, name: &str) -> Option<&'a Field> {
    schema.fields.iter().find(|field| field.name == name)
}

fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(128).collect()
}

fn column(id: i32, field: &Field) -> NestedField {
    let column = NestedField::new(id, &field.name, Type::Primitive(primitive(field.field_type)), field.required);
    match &field.description {
        Some(description) => column.with_doc(description),
        None => column,
    }
}

fn is_type(kind: &Type, field_type: FieldType) -> bool {
    *kind == Type::Primitive(primitive(field_type))
}

fn primitive(field_type: FieldType) -> PrimitiveType {
    match field_type {
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
    }
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
