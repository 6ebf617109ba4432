//! A table catalogue in memory whose pointers move by compare and swap.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use mesh_manifest::Schema;

use super::Failures;
use crate::{
    error::StoreError,
    table_catalog::{CatalogTable, TableCatalog},
};

type Tables = BTreeMap<(String, String), (CatalogTable, Schema)>;

/// Tables in memory, by database and name.
#[derive(Debug, Clone, Default)]
pub struct FakeTableCatalog {
    tables: Arc<Mutex<Tables>>,
    failures: Failures,
}

impl FakeTableCatalog {
    /// The schema that the catalogue shows of a table.
    pub fn schema(&self, database: &str, name: &str) -> Option<Schema> {
        self.lock().get(&(database.to_owned(), name.to_owned())).map(|(_, schema)| schema.clone())
    }

    /// A copy of what is stored now, which goes its own way.
    pub fn saved(&self) -> Self {
        Self { tables: Arc::new(Mutex::new(self.lock().clone())), ..self.clone() }
    }

    /// Goes back to what was saved.
    pub fn restore(&self, saved: &Self) {
        let before = saved.lock().clone();
        *self.lock() = before;
    }

    /// Makes the next `calls` calls fail.
    pub fn fail_next(&self, calls: usize) {
        self.failures.fail_next(calls);
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        self.failures.check("fake table catalogue")?;
        Ok(self.lock())
    }
}

#[async_trait]
impl TableCatalog for FakeTableCatalog {
    async fn table(&self, database: &str, name: &str) -> Result<Option<CatalogTable>, StoreError> {
        Ok(self.enter()?.get(&(database.to_owned(), name.to_owned())).map(|(table, _)| table.clone()))
    }

    async fn tables(&self, database: &str) -> Result<Vec<CatalogTable>, StoreError> {
        Ok(self
            .enter()?
            .range((database.to_owned(), String::new())..)
            .take_while(|((of, _), _)| of == database)
            .map(|(_, (table, _))| table.clone())
            .collect())
    }

    async fn create_table(&self, table: &CatalogTable, schema: &Schema) -> Result<(), StoreError> {
        let mut tables = self.enter()?;
        let key = (table.database.clone(), table.name.clone());
        if tables.contains_key(&key) {
            return Err(StoreError::Conflict);
        }
        tables.insert(key, (CatalogTable { version_id: Some("1".to_owned()), ..table.clone() }, schema.clone()));
        Ok(())
    }

    async fn swap(
        &self,
        before: &CatalogTable,
        metadata_location: &str,
        schema: Option<&Schema>,
    ) -> Result<(), StoreError> {
        let mut tables = self.enter()?;
        let (stored, stored_schema) =
            tables.get_mut(&(before.database.clone(), before.name.clone())).ok_or(StoreError::Conflict)?;
        if stored.version_id != before.version_id || stored.metadata_location != before.metadata_location {
            return Err(StoreError::Conflict);
        }
        let version = stored.version_id.as_deref().and_then(|version| version.parse::<u64>().ok()).unwrap_or(0) + 1;
        stored.version_id = Some(version.to_string());
        stored.metadata_location = metadata_location.to_owned();
        if let Some(schema) = schema {
            *stored_schema = schema.clone();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_two_swaps_from_the_same_state_one_wins() {
        let catalog = FakeTableCatalog::default();
        let table = CatalogTable {
            database: "mesh_operations".into(),
            name: "flights__daily__v1".into(),
            location: "s3://b/flights/daily/v1".into(),
            metadata_location: "s3://b/flights/daily/v1/metadata/0.json".into(),
            version_id: None,
        };
        catalog.create_table(&table, &Schema::default()).await.unwrap();
        assert!(matches!(catalog.create_table(&table, &Schema::default()).await, Err(StoreError::Conflict)));
        let read = catalog.table(&table.database, &table.name).await.unwrap().unwrap();
        catalog.swap(&read, "s3://b/1.json", None).await.unwrap();
        assert!(matches!(catalog.swap(&read, "s3://b/2.json", None).await, Err(StoreError::Conflict)));
        assert_eq!(catalog.tables(&table.database).await.unwrap()[0].metadata_location, "s3://b/1.json");
    }
}
