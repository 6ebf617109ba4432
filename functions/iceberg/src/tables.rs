//! One table: load it, get credentials for it, commit to it.

use axum::{extract::State, http::StatusCode};
use mesh_api::types::{
    IcebergClientConfig, IcebergCommitted, IcebergCredentials, IcebergStorageCredentials, IcebergTable,
};
use mesh_core::{
    access::{Access, AccessRequest},
    contract::Contract,
    credentials::{Credentials, Mode},
    error::{StoreError, UseCaseError},
    metadata_file::{key_of, metadata_key, metadata_number},
    principal::{Caller, Role},
    table_catalog::{CatalogTable, Commit},
};
use mesh_http::{Authenticated, Json, Path};
use mesh_manifest::{DomainName, Format, Mutability, PortAddress};
use serde_json::{Map, Value};

use crate::{Service, failure::IcebergFailure};

/// How often a commit is tried again when another writer was faster and its requirements still hold.
const COMMIT_ATTEMPTS: usize = 5;

pub(crate) async fn load(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((namespace, table)): Path<(String, String)>,
) -> Result<Json<IcebergTable>, IcebergFailure> {
    let access = decided(&service, &caller, &namespace, &table, None).await?;
    let pin = access.contract.as_ref().and_then(|contract| Some((contract, contract.pinned_snapshot?)));
    let found = async {
        let entry = entry(&service, &access).await?;
        let (metadata, _) = metadata(&service, &access, &entry).await?;
        // What is pinned is no committed file: one that a client opened by its name would be the newest.
        Ok::<_, IcebergFailure>(match pin {
            Some((contract, snapshot)) => (as_of(&service, contract, &metadata, snapshot)?, None),
            None => (metadata, Some(entry.metadata_location)),
        })
    };
    let ((metadata, metadata_location), credentials) = match pin {
        None => futures::try_join!(found, issued(&service, &access))?,
        // Nothing is issued for a snapshot that is not there.
        Some(_) => (found.await?, issued(&service, &access).await?),
    };
    let config = client_config(&service, &credentials);
    Ok(Json(IcebergTable {
        metadata_location,
        metadata: read(&metadata)?,
        config: config.clone(),
        storage_credentials: vec![IcebergStorageCredentials { prefix: access.location(), config }],
    }))
}

pub(crate) async fn exists(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((namespace, table)): Path<(String, String)>,
) -> Result<StatusCode, IcebergFailure> {
    let access = decided(&service, &caller, &namespace, &table, None).await?;
    entry(&service, &access).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn credentials(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((namespace, table)): Path<(String, String)>,
) -> Result<Json<IcebergCredentials>, IcebergFailure> {
    let access = decided(&service, &caller, &namespace, &table, None).await?;
    let credentials = issued(&service, &access).await?;
    let config = client_config(&service, &credentials);
    let storage_credentials = vec![IcebergStorageCredentials { prefix: access.location(), config }];
    Ok(Json(IcebergCredentials { storage_credentials }))
}

/// Judges a commit by the registered schema, writes the new metadata, then moves the catalogue's pointer if nobody was faster.
pub(crate) async fn commit(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Path((namespace, table)): Path<(String, String)>,
    Json(request): Json<Value>,
) -> Result<Json<IcebergCommitted>, IcebergFailure> {
    let access = decided(&service, &caller, &namespace, &table, Some(Mode::Write)).await?;
    let append_only = access.product.manifest.mutability == Mutability::AppendOnly;
    let schema = &access.port.schema;
    for _ in 0..COMMIT_ATTEMPTS {
        let before = entry(&service, &access).await?;
        let (current, number) = metadata(&service, &access, &before).await?;
        let next = service.format.commit(&Commit {
            metadata: &current,
            metadata_location: &before.metadata_location,
            request: &request,
            schema,
            append_only,
            now: service.broker.clock.now(),
        })?;
        let committed = read(&next)?;
        let key = metadata_key(&access.prefix(), number + 1);
        let bucket = &access.envelope.bucket;
        match service.storage.create(bucket, &key, next.clone(), "application/json").await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                // Nobody else has this key: an attempt whose answer was lost wrote it. Looked at all the same: a pointer to nothing
                // would take the table from everybody.
                if service.storage.get(None, bucket, &key).await?.as_ref() != Some(&next) {
                    return Err(StoreError::Conflict.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
        let location = format!("s3://{bucket}/{key}");
        match service.catalog.swap(&before, &location, Some(schema)).await {
            Ok(()) => {
                tracing::info!(port = %access.address, location, "committed");
                return Ok(Json(IcebergCommitted { metadata_location: location, metadata: committed }));
            }
            // Another writer was faster: what this one requires is judged again on what is there now.
            Err(StoreError::Conflict) => {}
            Err(error @ StoreError::Unavailable { .. }) => return Err(IcebergFailure::commit_state_unknown(&error)),
            Err(error) => return Err(error.into()),
        }
    }
    let detail = format!("other writers were faster {COMMIT_ATTEMPTS} times");
    Err(UseCaseError::conflict("iceberg.contended", detail, "refresh the table and commit again").into())
}

/// Decides about the table. Without a mode, members who may write get to write, others to read.
async fn decided(
    service: &Service,
    caller: &Caller,
    namespace: &str,
    table: &str,
    mode: Option<Mode>,
) -> Result<Access, IcebergFailure> {
    let unknown = || IcebergFailure::no_such_table(namespace, table);
    let domain: DomainName = namespace.parse().map_err(|_| unknown())?;
    let address = PortAddress::from_table(&domain, table).ok_or_else(unknown)?;
    let writes = caller.has(&domain, &[Role::Owner, Role::Producer]);
    let request = AccessRequest {
        product: address.product,
        port: address.port,
        major: Some(address.major),
        purpose: None,
        mode: mode.unwrap_or(if writes { Mode::Write } else { Mode::Read }),
    };
    let access = match service.broker.access(caller, &request).await {
        Err(UseCaseError::NotFound { .. }) => return Err(unknown()),
        other => other?,
    };
    if access.port.format != Format::Iceberg {
        return Err(unknown());
    }
    Ok(access)
}

pub(crate) async fn entry(service: &Service, access: &Access) -> Result<CatalogTable, IcebergFailure> {
    let name = access.address.table();
    let entry = service.catalog.table(&access.envelope.glue_database, &name).await?;
    entry.ok_or_else(|| IcebergFailure::no_such_table(access.address.product.domain.as_str(), &name))
}

async fn issued(service: &Service, access: &Access) -> Result<Credentials, IcebergFailure> {
    Ok(service.broker.credentials(access).await?)
}

/// The table's metadata and its number, read from inside the port's location only.
pub(crate) async fn metadata(
    service: &Service,
    access: &Access,
    entry: &CatalogTable,
) -> Result<(Vec<u8>, u64), IcebergFailure> {
    let bucket = &access.envelope.bucket;
    let inside = format!("{}/", access.prefix());
    let key = key_of(&entry.metadata_location, bucket).filter(|key| key.starts_with(&inside)).ok_or_else(|| {
        StoreError::corrupt("table entry", format!("`{}` is outside the port's location", entry.metadata_location))
    })?;
    let bytes = service.storage.get(None, bucket, key).await?;
    let bytes = bytes.ok_or_else(|| StoreError::corrupt("table", format!("its metadata `{key}` is gone")))?;
    Ok((bytes, metadata_number(key).unwrap_or(0)))
}

/// The table's metadata as of the snapshot that `contract` is, or is to be, pinned to.
pub(crate) fn as_of(
    service: &Service,
    contract: &Contract,
    metadata: &[u8],
    snapshot: i64,
) -> Result<Vec<u8>, UseCaseError> {
    let pinned =
        service.format.pinned(metadata, snapshot).map_err(|error| StoreError::corrupt("table metadata", error))?;
    pinned.ok_or_else(|| {
        UseCaseError::conflict(
            "contract.no_snapshot",
            format!("`{}` has no snapshot {snapshot}", contract.port),
            match contract.pinned_snapshot {
                Some(_) => {
                    format!("name one that the table lists, or take the pin of the contract `{}` away", contract.id)
                }
                None => "name one that the table lists; one without data has none".to_owned(),
            },
        )
    })
}

fn read(metadata: &[u8]) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_slice(metadata).map_err(|error| StoreError::corrupt("table metadata", error))
}

/// What Iceberg clients of every language need to reach the table's files.
fn client_config(service: &Service, credentials: &Credentials) -> IcebergClientConfig {
    let expires_at = credentials.expires_at.as_millisecond().to_string();
    let mut config = vec![
        ("s3.access-key-id", &*credentials.access_key_id),
        ("s3.secret-access-key", &*credentials.secret_access_key),
        ("s3.session-token", &*credentials.session_token),
        ("s3.session-token-expires-at-ms", &*expires_at),
        ("s3.region", &*service.region),
        ("client.region", &*service.region),
    ];
    if let Some(endpoint) = &service.s3_endpoint {
        config.extend([("s3.endpoint", &**endpoint), ("s3.path-style-access", "true")]);
    }
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    IcebergClientConfig(config.into_iter().map(owned).collect())
}
