//! A table's entry in Glue: what an Iceberg table looks like there, for Athena and every other engine that reads Glue.

use std::collections::HashMap;

use aws_sdk_glue::{
    error::BuildError,
    types::{Column, StorageDescriptor, Table, TableInput},
};
use mesh_core::table_catalog::CatalogTable;
use mesh_manifest::{Element, Field, FieldType, Schema, ValueRef};

/// Parameters by which engines know an Iceberg table and find its metadata; their names are Iceberg's.
const TABLE_TYPE: &str = "table_type";
const ICEBERG: &str = "ICEBERG";
const METADATA_LOCATION: &str = "metadata_location";
const PREVIOUS_METADATA_LOCATION: &str = "previous_metadata_location";
/// What Glue takes as a column's comment, in characters.
const MAX_COMMENT: usize = 255;

/// The entry as the mesh knows it; none where it is no Iceberg table.
pub(crate) fn read(database: &str, table: Table) -> Option<CatalogTable> {
    let parameter = |name: &str| table.parameters.as_ref().and_then(|parameters| parameters.get(name));
    parameter(TABLE_TYPE).filter(|kind| kind.eq_ignore_ascii_case(ICEBERG))?;
    Some(CatalogTable {
        database: database.to_owned(),
        metadata_location: parameter(METADATA_LOCATION)?.clone(),
        location: table.storage_descriptor.and_then(|storage| storage.location)?,
        version_id: table.version_id,
        name: table.name,
    })
}

/// Whether the entry's current metadata is at `location`.
pub(crate) fn points_at(table: &Table, location: &str) -> bool {
    has(table, METADATA_LOCATION, location)
}

/// Whether the metadata before the current one was at `location`.
pub(crate) fn pointed_at(table: &Table, location: &str) -> bool {
    has(table, PREVIOUS_METADATA_LOCATION, location)
}

fn has(table: &Table, parameter: &str, value: &str) -> bool {
    table.parameters.as_ref().and_then(|parameters| parameters.get(parameter)).is_some_and(|found| found == value)
}

/// The entry of a new table.
pub(crate) fn create(table: &CatalogTable, schema: &Schema) -> Result<TableInput, BuildError> {
    let storage = StorageDescriptor::builder().location(&table.location).set_columns(Some(columns(schema)?)).build();
    TableInput::builder()
        .name(&table.name)
        .owner("mesh")
        .table_type("EXTERNAL_TABLE")
        .storage_descriptor(storage)
        .parameters(TABLE_TYPE, ICEBERG)
        .parameters(METADATA_LOCATION, &table.metadata_location)
        .build()
}

/// The entry after its pointer moved, and with the columns of `schema` where it is given.
pub(crate) fn moved(table: Table, from: &str, to: &str, schema: Option<&Schema>) -> Result<TableInput, BuildError> {
    let mut parameters: HashMap<String, String> = table.parameters.unwrap_or_default();
    parameters.insert(PREVIOUS_METADATA_LOCATION.to_owned(), from.to_owned());
    parameters.insert(METADATA_LOCATION.to_owned(), to.to_owned());
    let mut storage = table.storage_descriptor.unwrap_or_else(|| StorageDescriptor::builder().build());
    if let Some(schema) = schema {
        storage.columns = Some(columns(schema)?);
    }
    TableInput::builder()
        .name(table.name)
        .set_description(table.description)
        .set_owner(table.owner)
        .retention(table.retention)
        .storage_descriptor(storage)
        .set_partition_keys(table.partition_keys)
        .set_table_type(table.table_type)
        .set_parameters(Some(parameters))
        .build()
}

fn columns(schema: &Schema) -> Result<Vec<Column>, BuildError> {
    schema.fields.iter().map(column).collect()
}

fn column(field: &Field) -> Result<Column, BuildError> {
    let comment = field.description.as_ref().map(|text| text.chars().filter(|c| !c.is_control()).take(MAX_COMMENT));
    Column::builder()
        .name(&field.name)
        .r#type(column_type(field.into()))
        .set_comment(comment.map(Iterator::collect))
        .parameters("iceberg.field.optional", (!field.required).to_string())
        .build()
}

/// The type under Hive's name, which Athena shows.
fn column_type(value: ValueRef<'_>) -> String {
    let part = |part: Option<&Element>| part.map_or_else(|| "string".to_owned(), |part| column_type(part.into()));
    match value.field_type {
        FieldType::Struct => {
            let fields: Vec<_> =
                value.fields.iter().map(|field| format!("{}:{}", field.name, column_type(field.into()))).collect();
            format!("struct<{}>", fields.join(","))
        }
        FieldType::List => format!("array<{}>", part(value.items)),
        FieldType::Map => format!("map<{},{}>", part(value.keys), part(value.values)),
        FieldType::Long => "bigint".to_owned(),
        FieldType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        FieldType::Timestamp | FieldType::Timestamptz => "timestamp".to_owned(),
        same => same.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &[(&str, &str)]) -> Schema {
        let field = |(name, kind): &(&str, &str)| serde_json::json!({ "name": name, "type": kind, "description": "d" });
        serde_json::from_value(serde_json::json!({ "fields": fields.iter().map(field).collect::<Vec<_>>() })).unwrap()
    }

    fn stored(input: TableInput) -> Table {
        Table::builder()
            .name(input.name)
            .set_parameters(input.parameters)
            .set_storage_descriptor(input.storage_descriptor)
            .set_table_type(input.table_type)
            .version_id("3")
            .build()
            .unwrap()
    }

    fn catalog_table() -> CatalogTable {
        CatalogTable {
            database: "mesh_operations".to_owned(),
            name: "flights__daily__v1".to_owned(),
            location: "s3://b/flights/daily/v1".to_owned(),
            metadata_location: "s3://b/flights/daily/v1/metadata/0.json".to_owned(),
            version_id: Some("3".to_owned()),
        }
    }

    #[test]
    fn an_entry_reads_as_it_was_created() {
        let table = catalog_table();
        let input = create(&table, &schema(&[("id", "long")])).unwrap();
        assert_eq!(read(&table.database, stored(input)), Some(table));
    }

    #[test]
    fn other_tables_are_not_ours() {
        let hive = Table::builder().name("t").parameters("classification", "parquet").build().unwrap();
        assert_eq!(read("d", hive), None);
    }

    #[test]
    fn athena_sees_hive_types() {
        let schema =
            schema(&[("a", "long"), ("b", "timestamptz"), ("c", "decimal(10,2)"), ("d", "string"), ("e", "int")]);
        let types: Vec<_> = columns(&schema).unwrap().into_iter().map(|column| column.r#type.unwrap()).collect();
        assert_eq!(types, ["bigint", "timestamp", "decimal(10,2)", "string", "int"]);
    }

    #[test]
    fn a_move_keeps_what_others_wrote() {
        let table = catalog_table();
        let mut entry = stored(create(&table, &schema(&[("id", "long")])).unwrap());
        entry.parameters.as_mut().unwrap().insert("classification".to_owned(), "internal".to_owned());
        let input = moved(entry, &table.metadata_location, "s3://b/1.json", None).unwrap();
        let after = stored(input);
        assert!(points_at(&after, "s3://b/1.json"));
        assert!(pointed_at(&after, &table.metadata_location));
        assert!(has(&after, "classification", "internal"));
        assert_eq!(after.storage_descriptor.unwrap().columns.unwrap().len(), 1);
    }
}
