//! A credential vendor whose credentials say what they reach, and a sealer that is bound to its context.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use super::{Failures, FakeClock};
use crate::{
    clock::Clock,
    credentials::{CredentialVendor, Credentials, Mode, Sealer, VendRequest},
    error::StoreError,
};

/// Vends credentials that name their mode, bucket and prefix in the session token, so that other fakes can hold them to it.
#[derive(Debug, Clone, Default)]
pub struct FakeCredentialVendor {
    clock: FakeClock,
    requests: Arc<Mutex<Vec<VendRequest>>>,
    count: Arc<AtomicU64>,
    failures: Failures,
}

impl FakeCredentialVendor {
    /// A vendor whose credentials expire by `clock`.
    pub fn new(clock: FakeClock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<VendRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the next `calls` calls fail.
    pub fn fail_next(&self, calls: usize) {
        self.failures.fail_next(calls);
    }
}

/// What fake credentials reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach<'a> {
    bucket: &'a str,
    prefix: &'a str,
}

impl<'a> Reach<'a> {
    /// What `credentials` of the fake vendor reach; none for any others.
    pub(super) fn of(credentials: &'a Credentials) -> Option<Self> {
        let mut parts = credentials.session_token.splitn(3, '|');
        let (_mode, bucket, prefix) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self { bucket, prefix })
    }

    /// Whether an object or listing below `path` of `bucket` is within reach.
    pub(super) fn covers(self, bucket: &str, path: &str) -> bool {
        let below = path
            .strip_prefix(self.prefix)
            .is_some_and(|rest| self.prefix.is_empty() || rest.is_empty() || rest.starts_with('/'));
        self.bucket == bucket && below
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => "read",
        Mode::Write => "write",
        Mode::Observe => "observe",
    }
}

#[async_trait]
impl CredentialVendor for FakeCredentialVendor {
    async fn vend(&self, request: &VendRequest) -> Result<Credentials, StoreError> {
        self.failures.check("fake credential vendor")?;
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let lifetime = SignedDuration::try_from(request.lifetime).unwrap_or(SignedDuration::MAX);
        Ok(Credentials {
            access_key_id: format!("FAKE{number:016}"),
            secret_access_key: format!("secret-{number}"),
            session_token: format!("{}|{}|{}", mode(request.mode), request.bucket, request.prefix),
            expires_at: self.clock.now().saturating_add(lifetime).unwrap_or(jiff::Timestamp::MAX),
        })
    }
}

/// Seals without secrecy, but opens only with the context that was sealed with.
#[derive(Debug, Clone, Default)]
pub struct FakeSealer {
    failures: Failures,
}

impl FakeSealer {
    /// Makes the next `calls` calls fail.
    pub fn fail_next(&self, calls: usize) {
        self.failures.fail_next(calls);
    }
}

/// Hides the plain text from a casual search for it in what was sealed.
const MASK: u8 = 0x5a;

#[async_trait]
impl Sealer for FakeSealer {
    async fn seal(&self, plain: &[u8], context: &str) -> Result<Vec<u8>, StoreError> {
        self.failures.check("fake sealer")?;
        let mut sealed = Sha256::digest(context).to_vec();
        sealed.extend(plain.iter().map(|byte| byte ^ MASK));
        Ok(sealed)
    }

    async fn open(&self, sealed: &[u8], context: &str) -> Result<Vec<u8>, StoreError> {
        self.failures.check("fake sealer")?;
        let masked = sealed
            .strip_prefix(Sha256::digest(context).as_slice())
            .ok_or_else(|| StoreError::corrupt("sealed value", "it was sealed for another context"))?;
        Ok(masked.iter().map(|byte| byte ^ MASK).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_sealed_opens_in_its_context_only() {
        let sealer = FakeSealer::default();
        let sealed = sealer.seal(b"secret", "grant-1").await.unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        assert_eq!(sealer.open(&sealed, "grant-1").await.unwrap(), b"secret");
        assert!(matches!(sealer.open(&sealed, "grant-2").await, Err(StoreError::Corrupt { .. })));
    }
}
