//! Seals small secrets by KMS: no key ever lies in a function's memory.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_kms::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
};
use aws_types::SdkConfig;
use mesh_core::{credentials::Sealer, error::StoreError};

const SERVICE: &str = "KMS";
/// What KMS encrypts in one call. Credentials take one call, unless their session token is unusually long.
const MAX_PLAIN: usize = 4096;
/// The sealed form: this byte, then each part as its length (two bytes, big-endian) and KMS's ciphertext.
const FORM: u8 = 1;

/// Encrypts and decrypts under one KMS key; the context is authenticated with every part.
#[derive(Debug, Clone)]
pub struct KmsSealer {
    client: Client,
    key: String,
}

impl KmsSealer {
    /// A sealer under the key with ARN `key`.
    pub fn new(sdk: &SdkConfig, key: impl Into<String>) -> Self {
        Self { client: Client::new(sdk), key: key.into() }
    }
}

#[async_trait]
impl Sealer for KmsSealer {
    async fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, StoreError> {
        let parts: Vec<&[u8]> = if plain.is_empty() {
            return Err(StoreError::corrupt("secret", "there is nothing to seal"));
        } else {
            plain.chunks(MAX_PLAIN).collect()
        };
        let mut sealed = vec![FORM];
        for (index, part) in parts.iter().enumerate() {
            let call = self.client.encrypt().key_id(&self.key).plaintext(Blob::new(*part));
            let answer = call
                .set_encryption_context(Some(encryption_context(context, index, parts.len())))
                .send()
                .await
                .map_err(failure)?;
            let blob = answer
                .ciphertext_blob
                .ok_or_else(|| StoreError::unavailable(SERVICE, "an answer without a ciphertext"))?;
            let blob = blob.into_inner();
            let length = u16::try_from(blob.len()).map_err(|error| StoreError::unavailable(SERVICE, error))?;
            sealed.extend_from_slice(&length.to_be_bytes());
            sealed.extend_from_slice(&blob);
        }
        Ok(sealed)
    }

    async fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, StoreError> {
        let parts = split(sealed).ok_or_else(|| StoreError::corrupt("sealed secret", "its form is unknown"))?;
        let mut plain = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let call = self.client.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(*part));
            let answer = call
                .set_encryption_context(Some(encryption_context(context, index, parts.len())))
                .send()
                .await
                .map_err(failure)?;
            let blob =
                answer.plaintext.ok_or_else(|| StoreError::unavailable(SERVICE, "an answer without a plaintext"))?;
            plain.extend_from_slice(blob.as_ref());
        }
        Ok(plain)
    }
}

/// The position is authenticated too, so that parts cannot be cut off or swapped.
fn encryption_context(context: &str, index: usize, of: usize) -> HashMap<String, String> {
    HashMap::from([
        ("mesh:context".to_owned(), context.to_owned()),
        ("mesh:part".to_owned(), format!("{}/{of}", index + 1)),
    ])
}

fn split(sealed: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = sealed.strip_prefix(&[FORM])?;
    let mut parts = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (part, after) = after.split_at_checked(u16::from_be_bytes(*length).into())?;
        parts.push(part);
        rest = after;
    }
    (rest.is_empty() && !parts.is_empty()).then_some(parts)
}

fn failure<E>(error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let denied = match error.code() {
        Some("InvalidCiphertextException") => {
            return StoreError::corrupt("sealed secret", "it was sealed for something else, or changed");
        }
        Some("IncorrectKeyException") => {
            return StoreError::corrupt("sealed secret", "it was sealed under another key");
        }
        Some("AccessDeniedException") => "the key may not be used",
        Some("NotFoundException") => "the key does not exist",
        Some("DisabledException" | "KMSInvalidStateException") => "the key is disabled or about to be deleted",
        _ => return StoreError::unavailable(SERVICE, error),
    };
    tracing::warn!(code = error.code(), message = error.message(), "use of a key was denied");
    StoreError::denied(SERVICE, denied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_forms_are_split() {
        assert_eq!(split(&[1, 0, 2, 7, 8, 0, 1, 9]), Some(vec![&[7, 8][..], &[9][..]]));
        for bad in [&[][..], &[1], &[2, 0, 1, 7], &[1, 0, 2, 7], &[1, 0], &[1, 0, 1, 7, 0]] {
            assert_eq!(split(bad), None, "{bad:?}");
        }
    }
}
