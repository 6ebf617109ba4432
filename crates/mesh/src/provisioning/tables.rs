//! The table of an Iceberg port: made, or taken over, and grown to the registered schema.

use mesh_manifest::{OutputPort, PortAddress};
use serde::Serialize;

use super::{Obstacle, Provisioner};
use crate::{
    domain::Envelope,
    error::StoreError,
    metadata_file::{key_of, metadata_number, numbered_key},
    place::Place,
    table_catalog::CatalogTable,
};

/// Metadata files looked through for the newest, when a table's entry was lost.
const MAX_METADATA: usize = 100_000;
/// A table as a port wants it.
struct Wanted<'a> {
    name: String,
    port: &'a OutputPort,
    envelope: &'a Envelope,
    /// Where it lies, in keys of the domain's bucket, without slashes at either end.
    prefix: String,
    /// The same as a URL.
    location: String,
}

impl Provisioner {
    /// The table exists and has the registered schema.
    pub(super) async fn table(
        &self,
        address: &PortAddress,
        port: &OutputPort,
        envelope: &Envelope,
        table: Option<CatalogTable>,
    ) -> Result<(), Obstacle> {
        let Place { prefix, .. } = Place::of(address, port);
        let location = format!("s3://{}/{prefix}", envelope.bucket);
        let wanted = Wanted { name: address.table(), port, envelope, prefix, location };
        let Wanted { name, location, .. } = &wanted;
        let table = match table {
            Some(table) => table,
            None => {
                if self.enter_table(&wanted).await? {
                    return Ok(());
                }
                // What was found, or made by another delivery, may be older than what is registered now.
                let entered = self.catalog.table(&envelope.glue_database, name).await?;
                entered.ok_or_else(|| {
                    StoreError::unavailable("the table catalogue", format!("`{name}` is not shown yet"))
                })?
            }
        };
        if table.location.trim_end_matches('/') != location {
            return Err(Obstacle::Status(format!(
                "the table `{name}` lies at `{}`, not at `{location}`",
                table.location
            )));
        }
        let (number, metadata) = self.metadata(name, &table, envelope).await?;
        if let Some(evolved) = self.format.evolve(&metadata, &port.schema, self.clock.now())? {
            let base = (&table.metadata_location, &port.schema);
            let metadata_location = self.write_metadata(&wanted, next_number(number), &base, evolved).await?;
            self.catalog.swap(&table, &metadata_location, Some(&port.schema)).await?;
        }
        Ok(())
    }

    /// The metadata that an entry points at, and its number; `name` is what the table is called towards people.
    async fn metadata(
        &self,
        name: &str,
        table: &CatalogTable,
        envelope: &Envelope,
    ) -> Result<(Option<u64>, Vec<u8>), Obstacle> {
        let place = &table.metadata_location;
        let key = key_of(place, &envelope.bucket)
            .ok_or_else(|| Obstacle::Status(format!("the table `{name}` points outside its bucket: `{place}`")))?;
        let metadata = self.storage.get(None, &envelope.bucket, key).await?;
        let metadata = metadata
            .ok_or_else(|| Obstacle::Status(format!("the metadata of the table `{name}` is gone: `{place}`")))?;
        Ok((metadata_number(key), metadata))
    }

    /// Makes the catalogue's entry; true if the table is new and has the registered schema.
    async fn enter_table(&self, wanted: &Wanted<'_>) -> Result<bool, Obstacle> {
        let Wanted { name, port, envelope, location, .. } = wanted;
        let adopted = port.adopt.as_ref().and_then(|adoption| adoption.table.as_deref());
        let first = match adopted {
            Some(table) => Some(self.adopt_table(table, wanted).await?),
            None => None,
        };
        let newest = self.newest_metadata(wanted).await?.map(|key| format!("s3://{}/{key}", envelope.bucket));
        let (metadata_location, new) = match (first, newest) {
            // Where the port's own entry was lost, the table has gone on since it was taken over.
            (Some(first), Some(newest)) if metadata_number(&newest) > metadata_number(&first) => (newest, false),
            (Some(first), _) => (first, false),
            // The entry was lost, or was never made; the table was: point at it.
            (None, Some(newest)) => (newest, false),
            (None, None) => {
                let metadata = self.format.create(location, &port.schema, self.clock.now())?;
                (self.write_metadata(wanted, 0, &(location, &port.schema), metadata).await?, true)
            }
        };
        let table = CatalogTable {
            database: envelope.glue_database.clone(),
            name: name.clone(),
            location: location.clone(),
            metadata_location,
            version_id: None,
        };
        match self.catalog.create_table(&table, &port.schema).await {
            Ok(()) => Ok(new),
            // Another delivery came first.
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// The metadata of the table that a port takes over: as it is, but for where writers put what they add. No data is touched.
    async fn adopt_table(&self, table: &str, wanted: &Wanted<'_>) -> Result<String, Obstacle> {
        let Wanted { port, envelope, location, .. } = wanted;
        let (database, name) = table.split_once('.').unwrap_or(("", table));
        if database != envelope.glue_database {
            return Err(Obstacle::Status(format!(
                "the table `{table}` is not in the domain's catalogue database, `{}`",
                envelope.glue_database
            )));
        }
        let found = self.catalog.table(database, name).await?;
        let found =
            found.ok_or_else(|| Obstacle::Status(format!("there is no Iceberg table `{table}` to take over")))?;
        if found.location.trim_end_matches('/') != location {
            return Err(Obstacle::Status(format!(
                "the table `{table}` lies at `{}`, and the manifest names `{location}`",
                found.location
            )));
        }
        if !found.metadata_location.starts_with(&format!("{location}/")) {
            let place = &found.metadata_location;
            return Err(Obstacle::Status(format!(
                "the metadata of the table `{table}` is not below its location: `{place}`"
            )));
        }
        let (number, metadata) = self.metadata(table, &found, envelope).await?;
        match self.format.adopt(&metadata, location, &port.schema, self.clock.now())? {
            None => Ok(found.metadata_location),
            Some(next) => {
                let base = (&found.metadata_location, "adopted");
                Ok(self.write_metadata(wanted, next_number(number), &base, next).await?)
            }
        }
    }

    async fn newest_metadata(
        &self,
        Wanted { name: table, prefix, envelope, .. }: &Wanted<'_>,
    ) -> Result<Option<String>, Obstacle> {
        let prefix = format!("{prefix}/metadata/");
        let entries = self.storage.list(None, &envelope.bucket, &prefix, MAX_METADATA).await?;
        if entries.len() >= MAX_METADATA {
            // Not all were seen, so the newest may not be among them: an older one would take rows away from readers.
            return Err(Obstacle::Status(format!(
                "the entry of the table `{table}` is gone, and `{prefix}` holds too many files to tell which one was its newest: somebody has to make the entry"
            )));
        }
        let numbered = entries
            .into_iter()
            .filter_map(|entry| metadata_number(&entry.key).map(|number| (number, entry.modified, entry.key)));
        Ok(numbered.max().map(|(_, _, key)| key))
    }

    /// Writes metadata that follows from `base`, under a name that follows from it too: whoever was killed before it was pointed at, or
    /// does the same at the same time, leaves no second file.
    async fn write_metadata(
        &self,
        Wanted { prefix, envelope, .. }: &Wanted<'_>,
        number: u64,
        base: &impl Serialize,
        metadata: Vec<u8>,
    ) -> Result<String, StoreError> {
        let digest = mesh_manifest::canonical::digest(base);
        let key = numbered_key(prefix, number, digest.get(..26).unwrap_or(&digest));
        match self.storage.create(&envelope.bucket, &key, metadata, "application/json").await {
            Ok(()) | Err(StoreError::Conflict) => Ok(format!("s3://{}/{key}", envelope.bucket)),
            Err(error) => Err(error),
        }
    }
}

/// The number of the metadata file after one; from 0 where that had none.
fn next_number(number: Option<u64>) -> u64 {
    number.map_or(0, |number| number + 1)
}
