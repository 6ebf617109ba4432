//! Objects in S3: read and created with the function's own credentials or with vended ones, and pre-signed.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::{
    Client,
    config::{Builder, Credentials as Keys, IdentityCache, ResponseChecksumValidation, SharedCredentialsProvider},
    error::{ProvideErrorMetadata, SdkError},
    presigning::PresigningConfig,
    primitives::ByteStream,
    types::Object,
};
use aws_types::SdkConfig;
use jiff::Timestamp;
use mesh_core::{
    credentials::Credentials,
    error::StoreError,
    object_storage::{BucketProtection, ObjectEntry, ObjectStorage},
};

const SERVICE: &str = "S3";
/// What S3 lists in one page.
const PAGE: usize = 1000;
/// What a signature may live.
const MAX_PRESIGN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Objects in S3.
#[derive(Debug, Clone)]
pub struct S3Storage {
    own: Client,
    sdk: SdkConfig,
    /// The endpoint for signed URLs, where it is not the SDK's.
    client_endpoint: Option<String>,
}

impl S3Storage {
    /// Storage through the endpoint of `sdk`; signed URLs are for `client_endpoint` where it is given (`MESH_S3_ENDPOINT`).
    pub fn new(sdk: &SdkConfig, client_endpoint: Option<String>) -> Self {
        Self { own: Client::from_conf(configuration(sdk).build()), sdk: sdk.clone(), client_endpoint }
    }

    fn client(&self, access: Option<&Credentials>) -> Client {
        match access {
            Some(credentials) => Client::from_conf(self.vended(credentials).build()),
            None => self.own.clone(),
        }
    }

    /// A client of its own for each set of credentials is cheap: connections and certificates are the shared HTTP client's.
    fn vended(&self, credentials: &Credentials) -> Builder {
        let keys = Keys::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            Some(credentials.session_token.clone()),
            Some(credentials.expires_at.into()),
            "vended",
        );
        configuration(&self.sdk)
            .credentials_provider(SharedCredentialsProvider::new(keys))
            // The shared cache would keep an entry for every set of credentials.
            .identity_cache(IdentityCache::no_cache())
    }
}

/// An endpoint that is not AWS's own rarely has a host name for each bucket.
fn configuration(sdk: &SdkConfig) -> Builder {
    Builder::from(sdk).force_path_style(sdk.endpoint_url().is_some())
}

#[async_trait]
impl ObjectStorage for S3Storage {
    async fn get(&self, access: Option<&Credentials>, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let answer = match self.client(access).get_object().bucket(bucket).key(key).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchKey") => return Ok(None),
            Err(error) => return Err(failure(error, bucket)),
        };
        let body = answer.body.collect().await.map_err(|error| StoreError::unavailable(SERVICE, error))?;
        Ok(Some(body.to_vec()))
    }

    async fn create(&self, bucket: &str, key: &str, body: Vec<u8>, content_type: &str) -> Result<(), StoreError> {
        let call = self.own.put_object().bucket(bucket).key(key).content_type(content_type);
        match call.if_none_match("*").body(ByteStream::from(body)).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("PreconditionFailed") => Err(StoreError::Conflict),
            // 409 among them: another conditional write to the key is under way, of which nothing may come.
            Err(error) => Err(failure(error, bucket)),
        }
    }

    async fn list(
        &self,
        access: Option<&Credentials>,
        bucket: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<ObjectEntry>, StoreError> {
        let client = self.client(access);
        let mut entries = Vec::new();
        let mut token = None;
        while entries.len() < limit {
            let page = i32::try_from(PAGE.min(limit - entries.len())).unwrap_or(1);
            let call = client.list_objects_v2().bucket(bucket).prefix(prefix).max_keys(page);
            let answer = call.set_continuation_token(token).send().await.map_err(|error| failure(error, bucket))?;
            entries.extend(answer.contents.unwrap_or_default().into_iter().filter_map(entry));
            token = answer.next_continuation_token;
            if token.is_none() {
                break;
            }
        }
        entries.truncate(limit);
        Ok(entries)
    }

    async fn presign(
        &self,
        access: &Credentials,
        bucket: &str,
        key: &str,
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        let mut configuration =
            self.vended(access).response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &self.client_endpoint {
            configuration = configuration.endpoint_url(endpoint).force_path_style(true);
        }
        let presigning = PresigningConfig::expires_in(lifetime.min(MAX_PRESIGN))
            .map_err(|error| StoreError::unavailable(SERVICE, error))?;
        let call = Client::from_conf(configuration.build()).get_object().bucket(bucket).key(key);
        let signed = call.presigned(presigning).await.map_err(|error| failure(error, bucket))?;
        Ok(signed.uri().to_owned())
    }

    async fn protection(&self, access: Option<&Credentials>, bucket: &str) -> Result<BucketProtection, StoreError> {
        let answer = match self.client(access).get_bucket_encryption().bucket(bucket).send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") => {
                return Ok(BucketProtection { default_key: None });
            }
            Err(error) => return Err(failure(error, bucket)),
        };
        let rules = answer.server_side_encryption_configuration.map(|configuration| configuration.rules);
        let default_key = rules
            .unwrap_or_default()
            .into_iter()
            .filter_map(|rule| rule.apply_server_side_encryption_by_default)
            .find_map(|default| default.kms_master_key_id);
        Ok(BucketProtection { default_key })
    }
}

fn entry(object: Object) -> Option<ObjectEntry> {
    let modified = object.last_modified?.to_millis().ok()?;
    Some(ObjectEntry {
        key: object.key?,
        size: object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        modified: Timestamp::from_millisecond(modified).ok()?,
    })
}

fn failure<E>(error: SdkError<E>, bucket: &str) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let code = error.code().map(ToOwned::to_owned);
    let status = error.raw_response().map(|response| response.status().as_u16());
    let denied = match (code.as_deref(), status) {
        (Some("NoSuchBucket"), _) => format!("bucket `{bucket}` does not exist"),
        (Some("ExpiredToken"), _) => "the credentials expired".to_owned(),
        (Some("AccessDenied" | "InvalidAccessKeyId" | "AllAccessDisabled"), _) | (_, Some(403)) => {
            format!("bucket `{bucket}` may not be used so")
        }
        _ => return StoreError::unavailable(SERVICE, error),
    };
    tracing::warn!(code, message = error.message(), bucket, "S3 denied a request");
    StoreError::denied(SERVICE, denied)
}
