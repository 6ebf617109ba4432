//! Consumers who read one snapshot of a table, whatever its producer writes since.

use mesh_manifest::PortAddress;
use serde_json::json;

use super::{Contracts, judged_anew};
use crate::{
    audit::AuditEntry,
    contract::{Contract, ContractId},
    error::{StoreError, UseCaseError},
    principal::Caller,
};

impl Contracts {
    /// A contract that the caller may pin: an active one of its own domain.
    pub async fn pinnable(&self, caller: &Caller, id: &ContractId) -> Result<Contract, UseCaseError> {
        self.held(caller, id, "pins it", "pinned").await
    }

    /// Pins the contract to a snapshot that the table of `port` was found to have.
    pub async fn pin(
        &self,
        caller: &Caller,
        id: &ContractId,
        port: &PortAddress,
        snapshot: i64,
    ) -> Result<Contract, UseCaseError> {
        judged_anew(id, || async {
            let before = self.pinnable(caller, id).await?;
            if before.port != *port {
                // It moved since: the snapshot is one of another table.
                return Err(StoreError::Conflict.into());
            }
            self.set_pin(caller, &before, Some(snapshot), "contract.pinned").await
        })
        .await
    }

    /// Lets the contract follow its table again.
    pub async fn unpin(&self, caller: &Caller, id: &ContractId) -> Result<Contract, UseCaseError> {
        judged_anew(id, || async {
            let before = self.held(caller, id, "takes its pin away", "unpinned").await?;
            self.set_pin(caller, &before, None, "contract.unpinned").await
        })
        .await
    }

    async fn set_pin(
        &self,
        caller: &Caller,
        before: &Contract,
        snapshot: Option<i64>,
        action: &str,
    ) -> Result<Contract, UseCaseError> {
        if before.pinned_snapshot == snapshot {
            return Ok(before.clone());
        }
        let detail = json!({ "contract": before.id, "snapshot": snapshot.or(before.pinned_snapshot) });
        let audit = AuditEntry::new(self.clock.now(), &before.port, action, caller, detail);
        let after = Contract { pinned_snapshot: snapshot, revision: before.revision + 1, ..before.clone() };
        self.contracts.put_contract(Some(before), &after, None, &audit).await?;
        Ok(after)
    }
}
