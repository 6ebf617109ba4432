//! Consumers and ports that are being left: they say that they know, and move to the new major in one call.

use mesh_manifest::{Minutes, PortAddress};
use serde_json::json;

use super::{Contracts, agreed, asks, judged_anew, not_offered, require, require_status};
use crate::{
    audit::AuditEntry,
    contract::{Contract, ContractId, ContractStatus},
    deprecation::Acknowledgement,
    error::{UseCaseError, Violation},
    principal::Caller,
    product::Status,
};

/// Where a contract moves, and what changes with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MoveInput {
    /// None takes the newest major of the port.
    pub port: Option<PortAddress>,
    /// The fields that are used there; none given are those of before.
    pub fields: Option<Vec<String>>,
    /// None keeps what was agreed on.
    pub agreed_freshness: Option<Minutes>,
}

impl Contracts {
    /// Moves an active contract to another major of its port, with the approvals that it has.
    pub async fn move_to(&self, caller: &Caller, id: &ContractId, input: MoveInput) -> Result<Contract, UseCaseError> {
        judged_anew(id, || self.try_move(caller, id, &input)).await
    }

    async fn try_move(&self, caller: &Caller, id: &ContractId, input: &MoveInput) -> Result<Contract, UseCaseError> {
        let now = self.clock.now();
        let before = self.held(caller, id, "moves it", "moved").await?;
        let (product, others) =
            futures::try_join!(self.products.product(&id.product), self.contracts.of_product(&id.product))?;
        let product = product
            .filter(|product| product.status != Status::Retired)
            .ok_or_else(|| UseCaseError::not_found("product", &id.product))?;
        let newest = product.manifest.newest(&before.port.port, None).map(|port| product.manifest.address(port));
        let target = input.port.clone().or(newest).ok_or_else(|| no_successor(&before))?;
        if target.product != before.port.product || target.port != before.port.port {
            let detail = format!("`{target}` is another port than `{}`: a contract moves between majors", before.port);
            return Err(UseCaseError::Invalid(vec![
                Violation::new("contract.other_port", "/port", detail).with_remedy("ask for a contract on that port"),
            ]));
        }
        if target == before.port {
            // Sent again, it is done already; a port that never had another major is another matter.
            let is_there = input.port.is_some()
                || product.manifest.output_ports.iter().filter(|port| port.name == target.port).count() > 1
                || product.gone.iter().any(|gone| gone.port.port == target.port);
            return if is_there { Ok(before) } else { Err(no_successor(&before)) };
        }
        let port = product.manifest.port(&target).ok_or_else(|| UseCaseError::not_found("port", &target))?;
        let twin = others.iter().find(|other| {
            other.id != before.id && other.stands_for(&before.consumer_domain, &target, &before.purpose, now)
        });
        if let Some(twin) = twin {
            return Err(UseCaseError::conflict(
                "contract.exists",
                format!("`{}` already has the contract `{}` on `{target}`", before.consumer_domain, twin.id),
                "use that one, and revoke this",
            ));
        }
        self.not_over(&target, now).await?;
        let mut after = Contract {
            fields: input.fields.clone().unwrap_or_else(|| before.fields.clone()),
            agreed_freshness: input.agreed_freshness.unwrap_or(before.agreed_freshness),
            agreed: agreed(&product.manifest, port),
            acknowledged: None,
            // The other major is another table.
            pinned_snapshot: None,
            revision: before.revision + 1,
            port: target.clone(),
            ..before.clone()
        };
        let missing = not_offered(&product, &target, &after.fields, Some(after.agreed_freshness));
        if !missing.is_empty() {
            return Err(UseCaseError::Conflict {
                code: "contract.cannot_move",
                detail: format!("`{target}` does not offer all that the contract `{id}` is about"),
                remedy: Some("name the fields and the freshness that you take there".to_owned()),
                violations: missing,
            });
        }
        if is_wider(&before, &after) {
            return Err(UseCaseError::conflict(
                "contract.needs_approval",
                format!("the contract `{id}` was approved for less than is asked for on `{target}`"),
                "move with the fields and the freshness that were agreed on, or ask for a contract on the new major",
            ));
        }
        after.required_approvals = self.required_approvals(caller, &product, port, &after).await?;
        let roles: Vec<_> = after.missing_approvals().map(|missing| missing.role.clone()).collect();
        if !roles.is_empty() {
            return Err(UseCaseError::conflict(
                "contract.needs_approval",
                format!(
                    "`{target}` asks for an approval that the contract `{id}` does not have: by {}",
                    roles.join(", ")
                ),
                "ask for a contract on the new major, and keep this one until it is approved",
            ));
        }
        let detail = json!({ "contract": after.id, "from": before.port, "to": after.port });
        let audit = AuditEntry::new(now, &after.port, "contract.moved", caller, detail);
        self.contracts.put_contract(Some(&before), &after, Some(&product), &audit).await?;
        Ok(after)
    }

    /// Notes that the consumer knows of the end of its port that is announced now.
    pub async fn acknowledge(&self, caller: &Caller, id: &ContractId) -> Result<Contract, UseCaseError> {
        judged_anew(id, || self.try_acknowledge(caller, id)).await
    }

    async fn try_acknowledge(&self, caller: &Caller, id: &ContractId) -> Result<Contract, UseCaseError> {
        let now = self.clock.now();
        let before = self.held(caller, id, "acknowledges what becomes of its port", "acknowledged").await?;
        let ports = self.products.ports_at(std::slice::from_ref(&before.port)).await?;
        let deprecation = ports.get(&before.port).and_then(|port| port.deprecation.as_ref()).ok_or_else(|| {
            UseCaseError::conflict(
                "contract.nothing_announced",
                format!("no end of `{}` is announced", before.port),
                "nothing is to be done",
            )
        })?;
        if before.acknowledged.as_ref().is_some_and(|known| known.sunset == deprecation.sunset) {
            return Ok(before);
        }
        let acknowledged = Acknowledgement { at: now, by: caller.principal.clone(), sunset: deprecation.sunset };
        let detail = json!({ "contract": before.id, "sunset": deprecation.sunset });
        let audit = AuditEntry::new(now, &before.port, "contract.acknowledged", caller, detail);
        let after = Contract { acknowledged: Some(acknowledged), revision: before.revision + 1, ..before.clone() };
        self.contracts.put_contract(Some(&before), &after, None, &audit).await?;
        Ok(after)
    }

    /// An active contract of the caller's own domain, for those there who ask for contracts.
    pub(super) async fn held(
        &self,
        caller: &Caller,
        id: &ContractId,
        what: &str,
        verb: &str,
    ) -> Result<Contract, UseCaseError> {
        let contract = self.visible(caller, id).await?;
        let may = caller.domain == contract.consumer_domain && asks(caller);
        let detail = format!("only the domain that holds a contract {what}");
        require(may, "contract.not_a_party", &detail)?;
        require_status(&contract, contract.status_at(self.clock.now()), &[ContractStatus::Active], verb)?;
        Ok(contract)
    }
}

/// Whether more is asked for than was approved: another field, or fresher data.
fn is_wider(before: &Contract, after: &Contract) -> bool {
    let held = |field: &String| {
        before.fields.iter().any(|known| {
            field.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    let more = !before.fields.is_empty() && (after.fields.is_empty() || !after.fields.iter().all(held));
    more || after.agreed_freshness < before.agreed_freshness
}

fn no_successor(contract: &Contract) -> UseCaseError {
    UseCaseError::conflict(
        "contract.no_successor",
        format!("there is no other major of `{}` to move to", contract.port),
        "stay, or ask for a contract on another port",
    )
}
