//! Domains, memberships and bindings in memory.

use std::{collections::BTreeSet, ops::Bound};

use async_trait::async_trait;
use mesh_manifest::DomainName;

use super::{FakeStore, State, check_transaction, first_of, page_size, place};
use crate::{
    audit::AuditEntry,
    domain::{Domain, DomainStore, Envelope, Member},
    error::StoreError,
    page::Page,
    principal::{Membership, Principal},
};

#[async_trait]
impl DomainStore for FakeStore {
    async fn domain(&self, id: &DomainName) -> Result<Option<Domain>, StoreError> {
        Ok(self.enter()?.domains.get(id).cloned())
    }

    async fn domains(&self, cursor: Option<&str>, limit: usize) -> Result<Page<Domain>, StoreError> {
        const LIST: &str = "domains";
        let state = self.enter()?;
        let start = match cursor.map(|cursor| place::<DomainName>(LIST, cursor)).transpose()? {
            Some(place) => Bound::Excluded(place),
            None => Bound::Unbounded,
        };
        let listed = state.domains.range((start, Bound::Unbounded)).take(page_size(limit) + 1);
        Ok(first_of(LIST, listed.map(|(id, domain)| (id.clone(), domain.clone())).collect(), limit))
    }

    async fn memberships(&self, principal: &Principal) -> Result<Vec<Membership>, StoreError> {
        let state = self.enter()?;
        let own = state.memberships.iter().filter(|((member, _), _)| member == principal);
        Ok(own.map(|(_, membership)| membership.clone()).collect())
    }

    async fn put_domain(&self, before: Option<&Domain>, after: &Domain, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        state.write_domain(before, Some(after))?;
        state.audit.push(audit.clone());
        Ok(())
    }

    async fn delete_domain(&self, before: &Domain, audit: &AuditEntry) -> Result<(), StoreError> {
        let mut state = self.enter()?;
        state.write_domain(Some(before), None)?;
        state.audit.push(audit.clone());
        Ok(())
    }
}

fn bindings(domain: Option<&Domain>) -> BTreeSet<String> {
    domain.and_then(|domain| domain.envelope.as_ref()).map(Envelope::bindings).into_iter().flatten().collect()
}

impl State {
    /// Replaces the domain `before` by `after`: only memberships and bindings that differ are written.
    fn write_domain(&mut self, before: Option<&Domain>, after: Option<&Domain>) -> Result<(), StoreError> {
        let Some(id) = after.or(before).map(|domain| domain.id.clone()) else {
            return Ok(());
        };
        let members = |domain: Option<&Domain>| domain.map(|domain| domain.members.clone()).unwrap_or_default();
        let (old, new): (Vec<Member>, Vec<Member>) = (members(before), members(after));
        let gone: Vec<&Member> = old.iter().filter(|o| !new.iter().any(|n| n.principal == o.principal)).collect();
        let changed: Vec<&Member> = new.iter().filter(|n| !old.contains(n)).collect();
        let (unbound, bound) = (bindings(before), bindings(after));
        let released: Vec<&String> = unbound.difference(&bound).collect();
        let taken: Vec<&String> = bound.difference(&unbound).collect();
        check_transaction(2 + gone.len() + changed.len() + released.len() + taken.len())?;

        if self.domains.get(&id).map(|stored| stored.revision) != before.map(|before| before.revision) {
            return Err(StoreError::Conflict);
        }
        if taken.iter().any(|binding| self.bindings.get(*binding).is_some_and(|holder| *holder != id)) {
            return Err(StoreError::Conflict);
        }

        for member in gone {
            self.memberships.remove(&(member.principal.clone(), id.clone()));
        }
        for binding in released {
            self.bindings.remove(binding);
        }
        match after {
            None => {
                self.domains.remove(&id);
            }
            Some(after) => {
                for member in changed {
                    let membership =
                        Membership { domain: id.clone(), roles: member.roles.clone(), revision: after.revision };
                    self.memberships.insert((member.principal.clone(), id.clone()), membership);
                }
                for binding in taken {
                    self.bindings.insert(binding.clone(), id.clone());
                }
                self.domains.insert(id, after.clone());
            }
        }
        Ok(())
    }
}
