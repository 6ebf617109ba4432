//! A table's schema as a manifest writes it: what a draft of a product begins with.

use iceberg::spec::{NestedField, PrimitiveType, TableMetadata, Transform as TableTransform, Type};
use mesh_core::table_catalog::CommitError;
use mesh_manifest::{Element, Field, FieldType, Partition, Schema, Transform};

use crate::invalid;

/// The table's current schema, key and partitions.
pub(crate) fn schema(table: &TableMetadata) -> Result<Schema, CommitError> {
    let current = table.current_schema();
    let mut fields = Vec::new();
    for column in current.as_struct().fields() {
        fields.push(field(column, &column.name)?);
    }
    let names = current.identifier_field_ids().filter_map(|id| current.name_by_field_id(id));
    let mut primary_key: Vec<String> = names.filter(|name| !name.contains('.')).map(str::to_owned).collect();
    primary_key.sort_by_key(|name| fields.iter().position(|field| field.name == *name));
    let mut partition_by = Vec::new();
    for part in table.default_partition_spec().fields() {
        let transform = match part.transform {
            TableTransform::Identity => Transform::Identity,
            TableTransform::Year => Transform::Year,
            TableTransform::Month => Transform::Month,
            TableTransform::Day => Transform::Day,
            TableTransform::Hour => Transform::Hour,
            TableTransform::Bucket(buckets) => Transform::Bucket(buckets),
            TableTransform::Truncate(width) => Transform::Truncate(width),
            // A partition field that was dropped leaves this behind.
            TableTransform::Void => continue,
            TableTransform::Unknown => {
                return Err(invalid(format!("the partition `{}` has an unknown transform", part.name)));
            }
        };
        let source = current.name_by_field_id(part.source_id);
        let field = source.ok_or_else(|| invalid(format!("the partition `{}` is of no column", part.name)))?;
        if field.contains('.') {
            return Err(invalid(format!("the table is partitioned by `{field}`, which lies within another column")));
        }
        partition_by.push(Partition { field: field.to_owned(), transform }.to_string());
    }
    Ok(Schema { fields, primary_key, partition_by, quality: Vec::new(), source: None })
}

fn field(column: &NestedField, path: &str) -> Result<Field, CommitError> {
    let starts = column.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || !column.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(invalid(format!("the column `{path}` has a name that a manifest cannot have")));
    }
    Ok(Field { id: u32::try_from(column.id).ok(), ..element(column, path)?.named(&column.name) })
}

fn element(column: &NestedField, path: &str) -> Result<Element, CommitError> {
    let mut described = Element {
        required: column.required,
        description: column.doc.clone().filter(|text| !text.trim().is_empty()),
        ..Element::of(FieldType::String)
    };
    let part = |column: &NestedField, name: &str| element(column, &format!("{path}.{name}")).map(Box::new).map(Some);
    described.field_type = match column.field_type.as_ref() {
        Type::Struct(kind) => {
            for column in kind.fields() {
                described.fields.push(field(column, &format!("{path}.{}", column.name))?);
            }
            FieldType::Struct
        }
        Type::List(kind) => {
            described.items = part(&kind.element_field, "element")?;
            FieldType::List
        }
        Type::Map(kind) => {
            described.keys = part(&kind.key_field, "key")?;
            described.values = part(&kind.value_field, "value")?;
            FieldType::Map
        }
        Type::Primitive(kind) => plain(kind).ok_or_else(|| {
            invalid(format!("the column `{path}` is of type {kind}, for which manifests have no equivalent"))
        })?,
    };
    Ok(described)
}

fn plain(kind: &PrimitiveType) -> Option<FieldType> {
    Some(match kind {
        PrimitiveType::Boolean => FieldType::Boolean,
        PrimitiveType::Int => FieldType::Int,
        PrimitiveType::Long => FieldType::Long,
        PrimitiveType::Float => FieldType::Float,
        PrimitiveType::Double => FieldType::Double,
        PrimitiveType::Decimal { precision, scale } => {
            FieldType::Decimal { precision: u8::try_from(*precision).ok()?, scale: u8::try_from(*scale).ok()? }
        }
        PrimitiveType::Date => FieldType::Date,
        PrimitiveType::Timestamp => FieldType::Timestamp,
        PrimitiveType::Timestamptz => FieldType::Timestamptz,
        PrimitiveType::String => FieldType::String,
        PrimitiveType::Binary => FieldType::Binary,
        _ => return None,
    })
}
