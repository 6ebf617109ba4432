//! Policies, measurements, grants, idempotency keys and the audit log in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use mesh_manifest::PortAddress;

use super::{FakeStore, State};
use crate::{
    audit::{AuditEntry, AuditLog},
    clock::Clock,
    credentials::{Grant, GrantStore},
    error::StoreError,
    idempotency::{IdempotencyStore, Remembered},
    measurement::{Measurement, MeasurementStore, PortState},
    policies::{PolicyBundle, PolicyScope, PolicyStore},
};

#[async_trait]
impl PolicyStore for FakeStore {
    async fn bundles(&self, scopes: &[PolicyScope]) -> Result<Vec<Option<PolicyBundle>>, StoreError> {
        let state = self.enter()?;
        Ok(scopes.iter().map(|scope| state.bundles.get(scope).and_then(|bundles| bundles.last()).cloned()).collect())
    }

    async fn revisions(&self, scopes: &[PolicyScope]) -> Result<Vec<Option<String>>, StoreError> {
        let bundles = self.bundles(scopes).await?;
        Ok(bundles.into_iter().map(|bundle| bundle.map(|bundle| bundle.revision)).collect())
    }

    async fn put_bundle(
        &self,
        before: Option<&str>,
        bundle: &PolicyBundle,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        let bundles = state.bundles.entry(bundle.scope.clone()).or_default();
        if bundles.last().map(|current| current.revision.as_str()) != before {
            return Err(StoreError::Conflict);
        }
        bundles.push(bundle.clone());
        state.audit.push(audit.clone());
        Ok(())
    }
}

#[async_trait]
impl MeasurementStore for FakeStore {
    async fn states(&self, ports: &[PortAddress]) -> Result<BTreeMap<PortAddress, PortState>, StoreError> {
        let state = self.enter()?;
        Ok(ports.iter().filter_map(|port| state.states.get(port).map(|known| (port.clone(), known.clone()))).collect())
    }

    async fn put_state(&self, after: &PortState, keep: bool) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        let port = after.measurement.port.clone();
        let stored = state.states.get(&port).map_or(0, |stored| stored.sequence);
        if stored.checked_add(1) != Some(after.sequence) {
            return Err(StoreError::Conflict);
        }
        if keep {
            state.measurements.insert((port.clone(), after.measurement.measured_at), after.measurement.clone());
        }
        state.states.insert(port, after.clone());
        Ok(())
    }

    async fn measurements(&self, port: &PortAddress, limit: usize) -> Result<Vec<Measurement>, StoreError> {
        let state = self.enter()?;
        Ok(state.measurements.values().rev().filter(|kept| kept.port == *port).take(limit).cloned().collect())
    }
}

#[async_trait]
impl GrantStore for FakeStore {
    async fn grant(&self, key: &str) -> Result<Option<Grant>, StoreError> {
        Ok(self.enter()?.grants.get(key).cloned())
    }

    async fn put_grant(&self, grant: &Grant) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        if state.grants.get(&grant.key).is_some_and(|stored| stored.issued_at > grant.issued_at) {
            return Err(StoreError::Conflict);
        }
        state.grants.insert(grant.key.clone(), grant.clone());
        Ok(())
    }
}

impl FakeStore {
    /// What is remembered under `key` and has not expired.
    pub(super) fn live<'a>(&self, state: &'a State, key: &str) -> Option<&'a Remembered> {
        state.remembered.get(key).filter(|remembered| remembered.expires_at > self.clock.now())
    }
}

#[async_trait]
impl IdempotencyStore for FakeStore {
    async fn remembered(&self, key: &str) -> Result<Option<Remembered>, StoreError> {
        let state = self.enter()?;
        Ok(self.live(&state, key).cloned())
    }

    async fn remember(&self, remembered: &Remembered) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        if self.live(&state, &remembered.key).is_some() {
            return Err(StoreError::Conflict);
        }
        state.remembered.insert(remembered.key.clone(), remembered.clone());
        Ok(())
    }
}

#[async_trait]
impl AuditLog for FakeStore {
    async fn append(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        self.enter()?.audit.push(entry.clone());
        Ok(())
    }

    async fn entries(&self, resource: &str, limit: usize) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.enter()?;
        let mut about: Vec<AuditEntry> =
            state.audit.iter().filter(|entry| entry.resource == resource).cloned().collect();
        about.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        about.truncate(limit);
        Ok(about)
    }
}
