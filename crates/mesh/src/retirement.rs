//! Retiring products: refused while others depend on them.

use mesh_manifest::ProductId;
use serde_json::json;

use crate::{
    audit::AuditEntry,
    contracts::may_know,
    deprecation,
    error::{StoreError, UseCaseError, Violation},
    findings::Findings,
    principal::{Caller, Role},
    product::{Product, Registration, Status},
    registration::{Registrar, raced},
};

impl Registrar {
    /// Withdraws a product; its name stays with the domain. Refused while others depend on it.
    pub async fn retire(&self, caller: &Caller, id: &ProductId) -> Result<Product, UseCaseError> {
        let now = self.clock.now();
        let (before, ports, contracts) =
            futures::try_join!(self.products.product(id), self.products.ports(id), self.contracts.of_product(id))?;
        let before = before
            .filter(|product| may_know(caller, product, &contracts, now))
            .ok_or_else(|| UseCaseError::not_found("product", id))?;
        if !caller.has(&id.domain, &[Role::Owner, Role::Producer]) {
            return Err(UseCaseError::forbidden(
                "product.not_a_producer",
                format!("only owners and producers of `{}` retire its products", id.domain),
                format!("ask an owner of `{}`", id.domain),
            ));
        }
        if before.status == Status::Retired {
            return Ok(before);
        }
        let mut findings = Findings::new(None);
        for contract in contracts.iter().filter(|contract| contract.is_live(now)) {
            let detail = format!(
                "`{}` reads `{}` under the contract `{}`",
                contract.consumer_domain, contract.port, contract.id
            );
            findings.refuse(
                Violation::new("product.live_contract", "", detail)
                    .with_remedy(format!("agree with {} on an end and revoke it", contract.contact)),
            );
        }
        for port in &before.manifest.output_ports {
            for downstream in self.products.downstream(&before.manifest.address(port)).await? {
                let detail = format!("`{downstream}` is made from `{}`", before.manifest.address(port));
                findings.refuse(
                    Violation::new("product.downstream", "", detail).with_remedy("have it drop the input first"),
                );
            }
        }
        let (violations, _) = findings.finish();
        if !violations.is_empty() {
            return Err(UseCaseError::Refused {
                code: "product.in_use",
                detail: format!("`{id}` is still in use"),
                violations,
            });
        }
        let product = Product {
            status: Status::Retired,
            status_detail: None,
            revision: before.revision + 1,
            registered_at: now,
            gone: deprecation::retired(&before, &ports, now),
            notices: Vec::new(),
            ..before.clone()
        };
        let registration = Registration {
            audit: AuditEntry::new(now, id, "product.retired", caller, json!({ "revision": product.revision })),
            ports: Vec::new(),
            removed_ports: before.manifest.output_ports.iter().map(|port| before.manifest.address(port)).collect(),
            schemas: Vec::new(),
            inputs: Vec::new(),
            removed_inputs: before.manifest.inputs.iter().map(|input| input.port.clone()).collect(),
            upstream: Vec::new(),
            remember: None,
            before: Some(before),
            product,
        };
        match self.products.register(&registration).await {
            Ok(()) => Ok(registration.product),
            Err(StoreError::Conflict) => Err(raced(id)),
            Err(error) => Err(error.into()),
        }
    }
}
