//! Vends credentials by assuming a domain's role under a session policy.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sts::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::assume_role::AssumeRoleError,
    types::Tag,
};
use aws_types::SdkConfig;
use jiff::Timestamp;
use mesh_core::{
    credentials::{CredentialVendor, Credentials, Mode, VendRequest},
    error::StoreError,
};

use crate::session_policy::session_policy;

const SERVICE: &str = "STS";
/// The least that STS issues.
const MIN_LIFETIME: Duration = Duration::from_secs(900);
/// A role assumed from a role's session lives an hour at most, whatever the role allows.
const MAX_LIFETIME: Duration = Duration::from_secs(3600);

/// Issues credentials by `sts:AssumeRole`; keeps nothing.
#[derive(Debug, Clone)]
pub struct StsVendor {
    client: Client,
}

impl StsVendor {
    /// A vendor that assumes roles with the function's own credentials.
    pub fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::new(sdk) }
    }
}

#[async_trait]
impl CredentialVendor for StsVendor {
    async fn vend(&self, request: &VendRequest) -> Result<Credentials, StoreError> {
        let policy = session_policy(request)?;
        if !is_session_name(&request.session_name) {
            let name = request.session_name.chars().take(80).collect::<String>();
            return Err(StoreError::corrupt("session name", format!("`{}` is not one", name.escape_debug())));
        }
        let lifetime = request.lifetime.clamp(MIN_LIFETIME, MAX_LIFETIME).as_secs();
        let mut call = self
            .client
            .assume_role()
            .role_arn(&request.role_arn)
            .external_id(&request.external_id)
            .role_session_name(&request.session_name)
            .policy(policy)
            .duration_seconds(i32::try_from(lifetime).unwrap_or(900))
            .tags(tag("mesh:mode", mode(request.mode))?);
        if !request.prefix.is_empty() {
            call = call.tags(tag("mesh:port", &request.prefix)?);
        }
        let answer = call.send().await.map_err(failure)?;
        let credentials =
            answer.credentials.ok_or_else(|| StoreError::unavailable(SERVICE, "an answer without credentials"))?;
        let expires_at = credentials.expiration.to_millis().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        Ok(Credentials {
            access_key_id: credentials.access_key_id,
            secret_access_key: credentials.secret_access_key,
            session_token: credentials.session_token,
            expires_at: expires_at
                .ok_or_else(|| StoreError::unavailable(SERVICE, "an answer without a valid expiry"))?,
        })
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => "read",
        Mode::Write => "write",
        Mode::Observe => "observe",
    }
}

/// A session tag: it shows in the cloud's audit trail and can be matched by key and bucket policies.
fn tag(key: &str, value: &str) -> Result<Tag, StoreError> {
    Tag::builder().key(key).value(value).build().map_err(|error| StoreError::unavailable(SERVICE, error))
}

/// What a trail can be searched for: 2 to 64 of letters, digits, `-`, `.`, `_` and `@`.
fn is_session_name(text: &str) -> bool {
    (2..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._@".contains(&b))
}

fn failure(error: SdkError<AssumeRoleError>) -> StoreError {
    let denied = match error.code() {
        Some("AccessDenied" | "AccessDeniedException") => "the role may not be assumed",
        Some("PackedPolicyTooLarge") => "the session policy is too large",
        Some("MalformedPolicyDocument") => "the session policy is malformed",
        Some("ValidationError") => "the role, session name or lifetime is malformed",
        Some("RegionDisabledException") => "the service is disabled in this region",
        _ => return StoreError::unavailable(SERVICE, error),
    };
    tracing::warn!(code = error.code(), message = error.message(), "assuming a role was denied");
    StoreError::denied(SERVICE, denied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_are_plain() {
        assert!(is_session_name("operations.flights-01jd@insights"));
        for bad in ["", "a", "a/b", "a b", "a:b", "é1", &"x".repeat(65)] {
            assert!(!is_session_name(bad), "{bad}");
        }
    }
}
