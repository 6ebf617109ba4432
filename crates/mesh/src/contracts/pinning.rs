//! Consumers who read one snapshot of a table, whatever its producer writes since.

use serde_json::json;

use super::{Contracts, judged_anew, require_status};
use crate::{
    audit::AuditEntry,
    contract::{Contract, ContractId, ContractStatus},
    error::UseCaseError,
    principal::Caller,
};

impl Contracts {
    /// A contract that the caller may pin: an active one of its own domain.
    pub async fn pinnable(&self, caller: &Caller, id: &ContractId) -> Result<Contract, UseCaseError> {
        let contract = self.held(caller, id, "pins it").await?;
        require_status(&contract, contract.status_at(self.clock.now()), &[ContractStatus::Active], "pinned")?;
        Ok(contract)
    }

    /// Pins the contract to a snapshot of its table, which the caller of this has found there; none lets it follow the table again.
    pub async fn pin(&self, caller: &Caller, id: &ContractId, snapshot: Option<i64>) -> Result<Contract, UseCaseError> {
        judged_anew(id, || self.try_pin(caller, id, snapshot)).await
    }

    async fn try_pin(&self, caller: &Caller, id: &ContractId, snapshot: Option<i64>) -> Result<Contract, UseCaseError> {
        let before = self.pinnable(caller, id).await?;
        if before.pinned_snapshot == snapshot {
            return Ok(before);
        }
        let detail = json!({ "contract": before.id, "snapshot": snapshot });
        let audit = AuditEntry::new(self.clock.now(), &before.port, "contract.pinned", caller, detail);
        let after = Contract { pinned_snapshot: snapshot, revision: before.revision + 1, ..before.clone() };
        self.contracts.put_contract(Some(&before), &after, None, &audit).await?;
        Ok(after)
    }
}
