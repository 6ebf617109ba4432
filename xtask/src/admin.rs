//! The first member of the reserved domain `platform`, which nobody can be made a member of over the API before.

use anyhow::{Result, anyhow};
use jiff::Timestamp;
use mesh_core::audit::{AuditEntry, new_id};
use mesh_core::domain::{Domain, DomainStore, Member};
use mesh_core::error::StoreError;
use mesh_core::principal::{PLATFORM, Principal, Role};
use mesh_store_dynamodb::DynamoStore;
use serde_json::json;
use std::collections::BTreeSet;

use crate::platform::Platform;

/// Who the audit log says did it: whoever held the AWS credentials.
const BY: &str = "xtask admin grant";

/// Make `principal` (`issuer|subject`) an owner of the domain `platform`. False if it is one already.
pub async fn grant(platform: &Platform, principal: &str) -> Result<bool> {
    let principal: Principal = principal.parse().map_err(|error: String| anyhow!(error))?;
    let client = aws_sdk_dynamodb::Client::new(&platform.sdk().await);
    let store = DynamoStore::new(client, format!("{}-", platform.known.name));
    // Two at once: the second sees what the first wrote.
    loop {
        match grant_once(&store, &principal).await {
            Err(StoreError::Conflict) => {}
            done => return Ok(done?),
        }
    }
}

async fn grant_once(store: &dyn DomainStore, principal: &Principal) -> Result<bool, StoreError> {
    let id = PLATFORM.parse().map_err(|error| StoreError::corrupt("domain", error))?;
    let before = store.domain(&id).await?;
    let now = Timestamp::now();
    let mut after = match &before {
        Some(before) => Domain { revision: before.revision + 1, updated_at: now, ..before.clone() },
        None => Domain {
            id,
            description: "The platform itself: its members create domains and bind their storage.".to_owned(),
            members: Vec::new(),
            external_id: format!("mesh-{}", new_id()),
            envelope: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        },
    };
    match after.members.iter_mut().find(|member| member.principal == *principal) {
        Some(member) => {
            if !member.roles.insert(Role::Owner) {
                return Ok(false);
            }
        }
        None => {
            after.members.push(Member { principal: principal.clone(), roles: BTreeSet::from([Role::Owner]) });
        }
    }
    let entry = AuditEntry {
        resource: PLATFORM.to_owned(),
        at: now,
        id: new_id(),
        action: "domain.member_granted".to_owned(),
        by: BY.to_owned(),
        domain: PLATFORM.to_owned(),
        detail: json!({ "principal": principal.to_string(), "role": "owner" }),
    };
    store.put_domain(before.as_ref(), &after, &entry).await?;
    Ok(true)
}
