//! Object storage in memory that holds vended credentials to what they reach.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Failures, FakeClock, credentials::Reach};
use crate::{
    clock::Clock,
    credentials::Credentials,
    error::StoreError,
    object_storage::{BucketProtection, ObjectEntry, ObjectStorage},
};

const SERVICE: &str = "fake object storage";

#[derive(Debug, Clone, Default)]
struct State {
    objects: BTreeMap<(String, String), (Vec<u8>, Timestamp)>,
    protections: BTreeMap<String, BucketProtection>,
    creations: usize,
}

/// Buckets in memory; a bucket exists as soon as something is said of it. Objects carry the clock's time.
#[derive(Debug, Clone, Default)]
pub struct FakeObjectStorage {
    clock: FakeClock,
    state: Arc<Mutex<State>>,
    failures: Failures,
}

impl FakeObjectStorage {
    /// Empty storage whose objects are modified at the time of `clock`.
    pub fn new(clock: FakeClock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Writes or replaces an object, as somebody outside the platform would.
    pub fn put(&self, bucket: &str, key: &str, body: impl Into<Vec<u8>>) {
        let now = self.clock.now();
        self.lock().objects.insert((bucket.to_owned(), key.to_owned()), (body.into(), now));
    }

    /// Says what protects a bucket.
    pub fn protect(&self, bucket: &str, protection: BucketProtection) {
        self.lock().protections.insert(bucket.to_owned(), protection);
    }

    /// How often the platform tried to create an object: each try is charged, also that of one that is there.
    pub fn creations(&self) -> usize {
        self.lock().creations
    }

    /// A copy of what is stored now, which goes its own way.
    pub fn saved(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.lock().clone())), ..self.clone() }
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

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(
        &self,
        access: Option<&Credentials>,
        bucket: &str,
        path: &str,
    ) -> Result<MutexGuard<'_, State>, StoreError> {
        self.failures.check(SERVICE)?;
        if let Some(credentials) = access {
            let within = Reach::of(credentials).is_some_and(|reach| reach.covers(bucket, path));
            if !within || credentials.expires_at <= self.clock.now() {
                return Err(StoreError::denied(SERVICE, format!("these credentials do not reach `{bucket}/{path}`")));
            }
        }
        Ok(self.lock())
    }
}

#[async_trait]
impl ObjectStorage for FakeObjectStorage {
    async fn get(&self, access: Option<&Credentials>, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.enter(access, bucket, key)?;
        Ok(state.objects.get(&(bucket.to_owned(), key.to_owned())).map(|(body, _)| body.clone()))
    }

    async fn create(&self, bucket: &str, key: &str, body: Vec<u8>, _content_type: &str) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut state = self.enter(None, bucket, key)?;
        state.creations += 1;
        let id = (bucket.to_owned(), key.to_owned());
        if state.objects.contains_key(&id) {
            return Err(StoreError::Conflict);
        }
        state.objects.insert(id, (body, now));
        Ok(())
    }

    async fn list(
        &self,
        access: Option<&Credentials>,
        bucket: &str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<ObjectEntry>, StoreError> {
        let state = self.enter(access, bucket, prefix)?;
        let from = (bucket.to_owned(), prefix.to_owned());
        let below = state.objects.range(from..).take_while(|((b, key), _)| b == bucket && key.starts_with(prefix));
        let entry = |((_, key), (body, modified)): (&(String, String), &(Vec<u8>, Timestamp))| ObjectEntry {
            key: key.clone(),
            size: body.len() as u64,
            modified: *modified,
        };
        Ok(below.map(entry).take(limit).collect())
    }

    async fn presign(
        &self,
        access: &Credentials,
        bucket: &str,
        key: &str,
        lifetime: Duration,
    ) -> Result<String, StoreError> {
        // A real presigner does not ask the service either: whether the URL works shows when it is used.
        self.failures.check(SERVICE)?;
        Ok(format!(
            "https://{bucket}.s3.test/{key}?X-Amz-Expires={}&X-Amz-Credential={}",
            lifetime.as_secs(),
            access.access_key_id
        ))
    }

    async fn protection(&self, access: Option<&Credentials>, bucket: &str) -> Result<BucketProtection, StoreError> {
        let state = self.enter(access, bucket, "")?;
        Ok(state.protections.get(bucket).cloned().unwrap_or(BucketProtection { default_key: None }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        credentials::{CredentialVendor, Mode, VendRequest},
        fakes::FakeCredentialVendor,
    };

    #[tokio::test]
    async fn vended_credentials_reach_their_prefix_and_no_neighbour() {
        let clock = FakeClock::default();
        let storage = FakeObjectStorage::new(clock.clone());
        storage.put("b", "flights/daily/v1/data/a", "1");
        storage.put("b", "flights/daily/v10/data/a", "2");
        let request = VendRequest {
            mode: Mode::Read,
            role_arn: "arn:aws:iam::000000000000:role/r".into(),
            external_id: "x".into(),
            session_name: "s".into(),
            bucket: "b".into(),
            prefix: "flights/daily/v1".into(),
            key_arn: "k".into(),
            lifetime: Duration::from_secs(900),
        };
        let credentials = FakeCredentialVendor::new(clock.clone()).vend(&request).await.unwrap();
        let access = Some(&credentials);
        assert_eq!(storage.get(access, "b", "flights/daily/v1/data/a").await.unwrap(), Some(b"1".to_vec()));
        assert_eq!(storage.list(access, "b", "flights/daily/v1/", 10).await.unwrap().len(), 1);
        assert!(storage.get(access, "b", "flights/daily/v10/data/a").await.is_err());
        assert!(storage.get(access, "c", "flights/daily/v1/data/a").await.is_err());
        clock.advance(Duration::from_secs(900));
        assert!(storage.get(access, "b", "flights/daily/v1/data/a").await.is_err());
    }
}
