//! The table catalogue on AWS Glue: one entry for each port's Iceberg table, whose pointer moves by compare and swap.

mod entry;

use async_trait::async_trait;
use aws_sdk_glue::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::Table,
};
use aws_types::SdkConfig;
use mesh_core::{
    error::StoreError,
    table_catalog::{CatalogTable, TableCatalog},
};
use mesh_manifest::Schema;

const SERVICE: &str = "Glue";
/// What Glue lists in one page at most.
const PAGE: i32 = 100;

/// The catalogue in the account's Glue.
#[derive(Debug, Clone)]
pub struct GlueCatalog {
    client: Client,
}

impl GlueCatalog {
    /// A catalogue used with the function's own credentials.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::new(sdk) }
    }

    async fn entry(&self, database: &str, name: &str) -> Result<Option<Table>, StoreError> {
        match self.client.get_table().database_name(database).name(name).send().await {
            Ok(answer) => Ok(answer.table),
            Err(error) if error.code() == Some("EntityNotFoundException") => Ok(None),
            Err(error) => Err(failure(error, database)),
        }
    }

    /// Whether a swap to `metadata_location` took effect, although its answer says otherwise or never came: a repeated attempt finds the
    /// pointer moved by the one before. A writer that is told of a failure would write its rows again.
    async fn took_effect(&self, table: &CatalogTable, metadata_location: &str) -> Result<bool, StoreError> {
        let Some(now) = self.entry(&table.database, &table.name).await? else { return Ok(false) };
        Ok(entry::points_at(&now, metadata_location) || entry::pointed_at(&now, metadata_location))
    }
}

#[async_trait]
impl TableCatalog for GlueCatalog {
    async fn table(&self, database: &str, name: &str) -> Result<Option<CatalogTable>, StoreError> {
        Ok(self.entry(database, name).await?.and_then(|table| entry::read(database, table)))
    }

    async fn tables(&self, database: &str) -> Result<Vec<CatalogTable>, StoreError> {
        let mut tables = Vec::new();
        let mut token = None;
        loop {
            let call = self.client.get_tables().database_name(database).max_results(PAGE).set_next_token(token);
            let answer = call.send().await.map_err(|error| failure(error, database))?;
            let page = answer.table_list.unwrap_or_default();
            tables.extend(page.into_iter().filter_map(|table| entry::read(database, table)));
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(tables);
            }
        }
    }

    async fn create_table(&self, table: &CatalogTable, schema: &Schema) -> Result<(), StoreError> {
        let input = entry::create(table, schema).map_err(|error| StoreError::unavailable(SERVICE, error))?;
        match self.client.create_table().database_name(&table.database).table_input(input).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("AlreadyExistsException") => Err(StoreError::Conflict),
            Err(error) => Err(failure(error, &table.database)),
        }
    }

    async fn swap(
        &self,
        before: &CatalogTable,
        metadata_location: &str,
        schema: Option<&Schema>,
    ) -> Result<(), StoreError> {
        // An update replaces the whole entry: what others keep in it is carried over from what is stored now.
        let now = self.entry(&before.database, &before.name).await?.ok_or(StoreError::Conflict)?;
        if !entry::points_at(&now, &before.metadata_location) {
            return Err(StoreError::Conflict);
        }
        let version = now.version_id.clone();
        let input = entry::moved(now, &before.metadata_location, metadata_location, schema)
            .map_err(|error| StoreError::unavailable(SERVICE, error))?;
        let call = self.client.update_table().database_name(&before.database).table_input(input);
        let Err(error) = call.skip_archive(true).set_version_id(version).send().await else { return Ok(()) };
        let moved = is_conflict(&error);
        let failure = failure(error, &before.database);
        match self.took_effect(before, metadata_location).await {
            Ok(true) => Ok(()),
            Ok(false) if moved => Err(StoreError::Conflict),
            Ok(false) => Err(failure),
            Err(unknown) => Err(unknown),
        }
    }
}

fn is_conflict<E: ProvideErrorMetadata>(error: &E) -> bool {
    matches!(
        error.code(),
        Some("ConcurrentModificationException" | "VersionMismatchException" | "EntityNotFoundException")
    )
}

fn failure<E>(error: SdkError<E>, database: &str) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let denied = match error.code() {
        Some("EntityNotFoundException") => format!("database `{database}` or its table does not exist"),
        Some("AccessDeniedException") => format!("database `{database}` may not be used so"),
        Some("InvalidInputException") => format!("an entry of database `{database}` is malformed"),
        _ => return StoreError::unavailable(SERVICE, error),
    };
    tracing::warn!(code = error.code(), message = error.message(), database, "Glue denied a request");
    StoreError::denied(SERVICE, denied)
}
