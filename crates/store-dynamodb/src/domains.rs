//! Domains, memberships and bindings: `domains`.

use std::collections::BTreeSet;

use async_trait::async_trait;
use mesh_core::{
    audit::AuditEntry,
    domain::{Domain, DomainStore, Envelope, Member},
    error::StoreError,
    page::Page,
    principal::{Membership, Principal, Role},
};
use mesh_manifest::DomainName;
use serde::{Deserialize, Serialize};

use crate::{
    audit, cursor,
    expression::Expression,
    layout::{Item, Kind, Layout, column, key, number, text},
    query::Query,
    store::DynamoStore,
    tables::{BY_KIND, DOMAINS},
    transaction::Transaction,
};

const DOMAIN: Layout = Layout {
    what: "domain",
    columns: &[column("id", "pk", Kind::After("domain#")), column("revision", "revision", Kind::Number)],
};

const MEMBERSHIP: Layout = Layout {
    what: "membership",
    columns: &[
        column("domain", "sk", Kind::After("domain#")),
        column("roles", "roles", Kind::Json),
        column("revision", "revision", Kind::Number),
    ],
};

/// The range key of a domain's item, and its `kind`.
const DOMAIN_ITEM: &str = "domain";

/// The list of all domains, as cursors name it.
const LIST: &str = "domains";

fn domain_key(id: &DomainName) -> Item {
    key([("pk", format!("domain#{id}")), ("sk", DOMAIN_ITEM.to_owned())])
}

fn membership_key(principal: &Principal, domain: &DomainName) -> Item {
    key([("pk", format!("principal#{principal}")), ("sk", format!("domain#{domain}"))])
}

fn binding_key(binding: &str) -> Item {
    key([("pk", format!("binding#{binding}")), ("sk", "binding".to_owned())])
}

/// A membership as it is stored under its principal.
#[derive(Debug, Serialize, Deserialize)]
struct StoredMembership {
    domain: DomainName,
    roles: BTreeSet<Role>,
    /// The domain's revision that wrote it.
    revision: u64,
}

impl DynamoStore {
    /// The ids of the domains after `after`, `limit` at most.
    pub(crate) async fn domain_ids(
        &self,
        after: Option<&DomainName>,
        limit: usize,
    ) -> Result<Vec<DomainName>, StoreError> {
        let items = self.collect(&domains(), after.map(start_after), limit).await?;
        items.iter().map(|item| DOMAIN.record::<Domain>(item).map(|domain| domain.id)).collect()
    }
}

fn domains() -> Query {
    Query::index(DOMAINS, BY_KIND, DOMAIN_ITEM)
}

fn start_after(id: &DomainName) -> Item {
    let mut start = domain_key(id);
    start.insert("kind".to_owned(), text(DOMAIN_ITEM));
    start
}

#[async_trait]
impl DomainStore for DynamoStore {
    async fn domain(&self, id: &DomainName) -> Result<Option<Domain>, StoreError> {
        self.get(DOMAINS, domain_key(id)).await?.map(|item| DOMAIN.record(&item)).transpose()
    }

    async fn domains(&self, cursor: Option<&str>, limit: usize) -> Result<Page<Domain>, StoreError> {
        let start = cursor.map(|cursor| {
            let [id] = cursor::decode(LIST, cursor)?;
            id.parse().map(|id| start_after(&id)).map_err(|_| StoreError::InvalidCursor)
        });
        let page = self.page(&domains(), start.transpose()?, limit).await?;
        let items = page.items.iter().map(|item| DOMAIN.record(item)).collect::<Result<Vec<Domain>, _>>()?;
        let cursor = items.last().filter(|_| page.more).map(|last| cursor::encode(LIST, &[last.id.as_str()]));
        Ok(Page { items, cursor })
    }

    async fn memberships(&self, principal: &Principal) -> Result<Vec<Membership>, StoreError> {
        let items = self.all(&Query::table(DOMAINS, format!("principal#{principal}"))).await?;
        let membership = |item| {
            let StoredMembership { domain, roles, revision } = MEMBERSHIP.record(item)?;
            Ok(Membership { domain, roles, revision })
        };
        items.iter().map(membership).collect()
    }

    async fn put_domain(&self, before: Option<&Domain>, after: &Domain, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut item = DOMAIN.item(after)?;
        item.insert("sk".to_owned(), text(DOMAIN_ITEM));
        item.insert("kind".to_owned(), text(DOMAIN_ITEM));

        let mut transaction = Transaction::new(self);
        transaction.put_when(DOMAINS, item, unchanged(before));
        write_members(&mut transaction, before, Some(after))?;
        write_bindings(&mut transaction, before, Some(after));
        transaction.put(crate::tables::AUDIT_LOG, audit::item(entry)?);
        transaction.commit().await
    }

    async fn delete_domain(&self, before: &Domain, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut transaction = Transaction::new(self);
        transaction.delete_when(DOMAINS, domain_key(&before.id), unchanged(Some(before)));
        write_members(&mut transaction, Some(before), None)?;
        write_bindings(&mut transaction, Some(before), None);
        transaction.put(crate::tables::AUDIT_LOG, audit::item(entry)?);
        transaction.commit().await
    }
}

/// Only if the stored domain is the one that was read.
fn unchanged(before: Option<&Domain>) -> Expression {
    match before {
        None => Expression::absent("pk"),
        Some(before) => Expression::when("#revision = :revision")
            .name("#revision", "revision")
            .value(":revision", number(before.revision)),
    }
}

/// Writes the memberships that differ between two states of a domain.
fn write_members(
    transaction: &mut Transaction<'_>,
    before: Option<&Domain>,
    after: Option<&Domain>,
) -> Result<(), StoreError> {
    let members =
        |domain: Option<&'_ Domain>| -> Vec<Member> { domain.map(|domain| domain.members.clone()).unwrap_or_default() };
    let (old, new) = (members(before), members(after));
    if let Some(before) = before {
        for member in old.iter().filter(|old| !new.iter().any(|new| new.principal == old.principal)) {
            transaction.delete(DOMAINS, membership_key(&member.principal, &before.id));
        }
    }
    if let Some(after) = after {
        for member in new.iter().filter(|new| !old.contains(new)) {
            let stored =
                StoredMembership { domain: after.id.clone(), roles: member.roles.clone(), revision: after.revision };
            let mut item = MEMBERSHIP.item(&stored)?;
            item.extend(membership_key(&member.principal, &after.id));
            transaction.put(DOMAINS, item);
        }
    }
    Ok(())
}

/// Takes and releases the bindings that differ between two states of a domain; one that another domain holds is a conflict.
fn write_bindings(transaction: &mut Transaction<'_>, before: Option<&Domain>, after: Option<&Domain>) {
    let bindings = |domain: Option<&Domain>| -> BTreeSet<String> {
        domain.and_then(|domain| domain.envelope.as_ref()).map(Envelope::bindings).into_iter().flatten().collect()
    };
    let (old, new) = (bindings(before), bindings(after));
    let Some(domain) = after.or(before) else {
        return;
    };
    let own = || {
        Expression::when("attribute_not_exists(#holder) OR #holder = :domain")
            .name("#holder", "domain_id")
            .value(":domain", text(&domain.id))
    };
    for binding in old.difference(&new) {
        transaction.delete_when(DOMAINS, binding_key(binding), own());
    }
    for binding in new.difference(&old) {
        let mut item = binding_key(binding);
        item.insert("domain_id".to_owned(), text(&domain.id));
        transaction.put_when(DOMAINS, item, own());
    }
}
