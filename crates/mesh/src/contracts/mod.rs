//! Consumption contracts: asked for by consumers, approved, rejected or revoked by the product's domain.

use std::{collections::BTreeSet, future::Future, sync::Arc};

use jiff::Timestamp;
use mesh_manifest::{DomainName, Lifecycle, Minutes, OutputPort, PortAddress, ProductId, Visibility};
use mesh_policy::Action;
use serde_json::json;

use crate::{
    audit::AuditEntry,
    clock::Clock,
    contract::{Approval, Contract, ContractId, ContractStatus, ContractStore, RequiredApproval},
    domain::DomainStore,
    error::{StoreError, UseCaseError, Violation},
    judgement::{Judge, Question},
    page::Page,
    principal::{Caller, Role},
    product::{Product, ProductStore, Status},
};

mod moving;
mod offered;
mod pinning;

pub use moving::MoveInput;
use offered::{agreed, not_offered, still_offered};

/// The role whose approval every contract across domains needs, whatever policies add.
const OWNER: &str = "owner";

/// How often a contract is judged anew because it, or its product, changed meanwhile.
const ATTEMPTS: usize = 3;

/// Manages contracts.
#[derive(Debug, Clone)]
pub struct Contracts {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub judge: Judge,
    pub clock: Arc<dyn Clock>,
}

/// What a consumer asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ContractInput {
    pub port: PortAddress,
    pub purpose: String,
    /// The fields it uses; empty means all.
    pub fields: Vec<String>,
    /// None agrees on what the port promises.
    pub agreed_freshness: Option<Minutes>,
    pub contact: String,
    pub expires_at: Option<Timestamp>,
}

/// What the product's domain answers, or the consumer takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Approve,
    Reject,
    Revoke,
}

impl Contracts {
    /// Asks for a contract on behalf of the caller's domain. Asking again for the same port and purpose while one is pending or active
    /// answers with that one.
    pub async fn request(&self, caller: &Caller, input: ContractInput) -> Result<Contract, UseCaseError> {
        require_consumer(caller)?;
        judged_anew(&input.port, || self.try_request(caller, input.clone())).await
    }

    /// Requests on what is stored now; a conflict if that moved before the contract was written.
    async fn try_request(&self, caller: &Caller, input: ContractInput) -> Result<Contract, UseCaseError> {
        let now = self.clock.now();
        let id = &input.port.product;
        let (product, contracts) = futures::try_join!(self.products.product(id), self.contracts.of_product(id))?;
        let product = product.filter(|product| product.status != Status::Retired);
        let product = product
            .filter(|product| may_know(caller, product, &contracts, now))
            .ok_or_else(|| UseCaseError::not_found("port", &input.port))?;
        let port = product.manifest.port(&input.port).ok_or_else(|| UseCaseError::not_found("port", &input.port))?;
        if caller.domain == product.id.domain {
            return Err(UseCaseError::invalid(
                "contract.own_product",
                "/port",
                "a domain needs no contract for its own products",
            ));
        }
        if product.manifest.status == Lifecycle::Deprecated {
            return Err(UseCaseError::conflict(
                "contract.product_deprecated",
                format!("`{id}` is deprecated: those who read it leave, and nobody joins them"),
                "look for what stands in its place in the marketplace, or ask its owner",
            ));
        }
        self.not_over(&input.port, now).await?;
        check(&input, &product, now)?;
        let agreed_freshness = input.agreed_freshness.unwrap_or(port.sla.freshness);
        let same = |contract: &&Contract| contract.stands_for(&caller.domain, &input.port, &input.purpose, now);
        if let Some(existing) = contracts.iter().find(same) {
            if existing.fields == input.fields
                && existing.agreed_freshness == agreed_freshness
                && existing.expires_at == input.expires_at
            {
                return Ok(existing.clone());
            }
            return Err(UseCaseError::conflict(
                "contract.exists",
                format!(
                    "`{}` already has the contract `{}` on `{}` for `{}`",
                    caller.domain, existing.id, input.port, input.purpose
                ),
                "revoke it first, or use it as it is",
            ));
        }
        let mut contract = Contract {
            id: ContractId::generate(id.clone()),
            port: input.port.clone(),
            consumer_domain: caller.domain.clone(),
            purpose: input.purpose,
            fields: input.fields,
            agreed_freshness,
            agreed: agreed(&product.manifest, port),
            contact: input.contact,
            status: ContractStatus::Pending,
            requested_by: caller.principal.clone(),
            created_at: now,
            expires_at: input.expires_at,
            required_approvals: Vec::new(),
            approvals: Vec::new(),
            reason: None,
            acknowledged: None,
            pinned_snapshot: None,
            revision: 1,
        };
        contract.required_approvals = self.required_approvals(caller, &product, port, &contract).await?;
        let audit = AuditEntry::new(
            now,
            &contract.port,
            "contract.requested",
            caller,
            json!({ "contract": contract.id, "purpose": contract.purpose }),
        );
        // Judged by the product and the contracts on it: of two that ask for the same at once, the second finds the first's.
        self.contracts.put_contract(None, &contract, Some(&product), &audit).await?;
        Ok(contract)
    }

    /// The approvals that policy asks for, the owner's first; a refusal where it denies the contract whoever approves.
    async fn required_approvals(
        &self,
        caller: &Caller,
        product: &Product,
        port: &OutputPort,
        contract: &Contract,
    ) -> Result<Vec<RequiredApproval>, UseCaseError> {
        let question = Question {
            action: Action::Contract,
            caller,
            manifest: &product.manifest,
            port: Some(port),
            contract: Some((contract, ContractStatus::Pending.as_str())),
            purpose: Some(&contract.purpose),
        };
        let decision = self.judge.decide(&question).await?;
        let denials: Vec<_> = decision
            .denials()
            .filter(|finding| finding.code != APPROVAL_MISSING)
            .map(|finding| Violation::new(&finding.code, &finding.path, &finding.message).with_remedy(&finding.remedy))
            .collect();
        if !decision.allow && !decision.awaits_approval() {
            return Err(UseCaseError::Forbidden {
                code: "contract.denied_by_policy",
                detail: format!("policy does not allow `{}` a contract on `{}`", caller.domain, contract.port),
                remedy: decision.remedy.first().cloned(),
                violations: denials,
            });
        }
        let mut required = vec![RequiredApproval {
            role: OWNER.to_owned(),
            reason: format!("an owner of `{}` agrees to the use", product.id.domain),
        }];
        for asked in &decision.required_approvals {
            if !required.iter().any(|known| known.role == asked.role) {
                required.push(RequiredApproval { role: asked.role.clone(), reason: asked.reason.clone() });
            }
        }
        Ok(required)
    }

    /// Refuses a port whose last day is over: it may be gone any moment, without another notice.
    async fn not_over(&self, port: &PortAddress, now: Timestamp) -> Result<(), UseCaseError> {
        let ports = self.products.ports_at(std::slice::from_ref(port)).await?;
        match ports.get(port).and_then(|port| port.deprecation.as_ref()) {
            Some(deprecation) if deprecation.is_over(now) => {
                let successor = deprecation.successor.as_ref();
                Err(UseCaseError::conflict(
                    "contract.port_over",
                    format!("`{port}` could be read until {}, and may be removed any moment", deprecation.sunset),
                    successor.map_or_else(
                        || "look for another product in the marketplace".to_owned(),
                        |successor| format!("ask for a contract on `{successor}`"),
                    ),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Approves, rejects or revokes. Approving gives every missing approval that the caller's roles can give; the contract is active
    /// once none is missing. Nobody approves what they asked for themselves, nor what a domain asked for that they belong to: whoever
    /// sits on both sides would be asking themselves, by a colleague or by a machine client of their own.
    pub async fn decide(
        &self,
        caller: &Caller,
        id: &ContractId,
        verb: Verb,
        reason: Option<String>,
    ) -> Result<Contract, UseCaseError> {
        judged_anew(id, || self.try_decide(caller, id, verb, reason.clone())).await
    }

    /// Decides on what is stored now; a conflict if that moved before the decision was written.
    async fn try_decide(
        &self,
        caller: &Caller,
        id: &ContractId,
        verb: Verb,
        reason: Option<String>,
    ) -> Result<Contract, UseCaseError> {
        let now = self.clock.now();
        let before = self.visible(caller, id).await?;
        let status = before.status_at(now);
        let producer = caller.domain == before.port.product.domain;
        let consumer = caller.domain == before.consumer_domain;
        let mut after = Contract { revision: before.revision + 1, ..before.clone() };
        let mut judged = None;
        match verb {
            Verb::Approve => {
                require(producer, "contract.not_the_producer", "only the product's domain approves contracts on it")?;
                if status == ContractStatus::Active {
                    return Ok(before);
                }
                require_status(&before, status, &[ContractStatus::Pending], "approved")?;
                if caller.principal == before.requested_by || self.is_consumer(caller, &before).await? {
                    return Err(UseCaseError::forbidden(
                        "contract.own_request",
                        format!(
                            "nobody approves a contract that they asked for themselves, or that is for a domain of theirs: you belong to `{}`",
                            before.consumer_domain
                        ),
                        format!(
                            "have a member of `{}` approve it who does not belong to `{}`",
                            before.port.product.domain, before.consumer_domain
                        ),
                    ));
                }
                let given: Vec<_> = before
                    .missing_approvals()
                    .filter(|missing| caller.roles.iter().any(|role| role.as_str() == missing.role))
                    .map(|missing| Approval { role: missing.role.clone(), by: caller.principal.clone(), at: now })
                    .collect();
                if given.is_empty() {
                    let missing: Vec<_> = before.missing_approvals().map(|missing| missing.role.as_str()).collect();
                    return Err(UseCaseError::forbidden(
                        "contract.role_missing",
                        format!("none of your roles can give what is missing: approval by {}", missing.join(", ")),
                        format!(
                            "ask a member of `{}` with the role {}",
                            before.port.product.domain,
                            missing.join(" or ")
                        ),
                    ));
                }
                let product = self.products.product(&id.product).await?;
                let product = product.filter(|product| product.status != Status::Retired).ok_or_else(|| {
                    UseCaseError::conflict(
                        "contract.product_retired",
                        format!("`{}` is retired: a contract on it can only be rejected or revoked", id.product),
                        "register the product again, or reject the contract",
                    )
                })?;
                after.approvals.extend(given);
                if after.missing_approvals().next().is_none() {
                    self.not_over(&after.port, now).await?;
                    still_offered(&after, &product)?;
                    judged = Some(product);
                    after.status = ContractStatus::Active;
                }
            }
            Verb::Reject => {
                let may = producer && caller.roles.iter().any(|role| matches!(role, Role::Owner | Role::Steward));
                require(
                    may,
                    "contract.not_the_producer",
                    "only owners and stewards of the product's domain reject contracts on it",
                )?;
                if status == ContractStatus::Rejected {
                    return Ok(before);
                }
                require_status(&before, status, &[ContractStatus::Pending], "rejected")?;
                after.status = ContractStatus::Rejected;
            }
            Verb::Revoke => {
                let manages = caller.roles.iter().any(|role| matches!(role, Role::Owner | Role::Steward));
                // Whoever may ask for a contract may give it back.
                let may = (producer && manages) || (consumer && (manages || asks(caller)));
                require(
                    may,
                    "contract.not_a_party",
                    "only the two domains of a contract revoke it: owners and stewards of either, producers and consumers of the one that holds it",
                )?;
                if status == ContractStatus::Revoked {
                    return Ok(before);
                }
                require_status(&before, status, &[ContractStatus::Pending, ContractStatus::Active], "revoked")?;
                after.status = ContractStatus::Revoked;
            }
        }
        after.reason = reason.or(after.reason);
        let action = match verb {
            Verb::Approve => "contract.approved",
            Verb::Reject => "contract.rejected",
            Verb::Revoke => "contract.revoked",
        };
        let detail = json!({ "contract": after.id, "status": after.status, "reason": after.reason });
        let audit = AuditEntry::new(now, &after.port, action, caller, detail);
        self.contracts.put_contract(Some(&before), &after, judged.as_ref(), &audit).await?;
        Ok(after)
    }

    /// Whether the caller is a member of the domain that holds the contract, whichever domain it acts for now.
    async fn is_consumer(&self, caller: &Caller, contract: &Contract) -> Result<bool, StoreError> {
        let memberships = self.domains.memberships(&caller.principal).await?;
        Ok(memberships.iter().any(|membership| membership.domain == contract.consumer_domain))
    }

    /// A contract, for its two domains and those who oversee the platform; it does not exist for others.
    pub async fn visible(&self, caller: &Caller, id: &ContractId) -> Result<Contract, UseCaseError> {
        let contract = self.contracts.contract(id).await?;
        contract.filter(|contract| sees(caller, contract)).ok_or_else(|| UseCaseError::not_found("contract", id))
    }

    /// The contracts on a product, for those of its own domain who answer for it: all; for others: their domain's.
    pub async fn of_product(&self, caller: &Caller, product: &ProductId) -> Result<Vec<Contract>, UseCaseError> {
        let mut contracts = self.contracts.of_product(product).await?;
        contracts.retain(|contract| sees(caller, contract));
        Ok(contracts)
    }

    /// The contracts that a domain holds, for itself and those who oversee the platform.
    pub async fn of_consumer(
        &self,
        caller: &Caller,
        domain: &DomainName,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Contract>, UseCaseError> {
        if !caller.oversees() && caller.domain != *domain {
            return Err(UseCaseError::forbidden(
                "contract.not_a_party",
                format!("only members of `{domain}` see which contracts it holds"),
                "name your own domain, or ask for the contracts on one of your products",
            ));
        }
        Ok(self.contracts.of_consumer(domain, cursor, limit).await?)
    }
}

/// What policy says where approvals are missing: no reason against asking for them.
const APPROVAL_MISSING: &str = "policy.approval_missing";

/// Whether the caller may know that the product exists: hidden ones only for their domain and contract holders.
pub(crate) fn may_know(caller: &Caller, product: &Product, contracts: &[Contract], now: Timestamp) -> bool {
    caller.oversees()
        || caller.domain == product.id.domain
        || product.manifest.access.visibility == Visibility::Company
        || contracts.iter().any(|contract| contract.consumer_domain == caller.domain && contract.is_live(now))
}

/// Whether the caller may know of the contract, with the consumer's purpose and contact: every member of the domain that holds it; in the
/// product's domain those who answer for the product or approve its use, not those who only read.
fn sees(caller: &Caller, contract: &Contract) -> bool {
    let answers = caller.roles.iter().any(|role| *role != Role::Consumer);
    caller.oversees()
        || caller.domain == contract.consumer_domain
        || caller.domain == contract.port.product.domain && answers
}

/// Whether the caller's roles ask for contracts.
fn asks(caller: &Caller) -> bool {
    caller.roles.iter().any(|role| matches!(role, Role::Owner | Role::Consumer | Role::Producer))
}

fn require_consumer(caller: &Caller) -> Result<(), UseCaseError> {
    require(asks(caller), "contract.role_missing", "only owners, producers and consumers ask for contracts")
}

fn require(holds: bool, code: &'static str, detail: &str) -> Result<(), UseCaseError> {
    if holds {
        Ok(())
    } else {
        Err(UseCaseError::Forbidden { code, detail: detail.to_owned(), remedy: None, violations: Vec::new() })
    }
}

fn require_status(
    contract: &Contract,
    status: ContractStatus,
    allowed: &[ContractStatus],
    verb: &str,
) -> Result<(), UseCaseError> {
    if allowed.contains(&status) {
        return Ok(());
    }
    Err(UseCaseError::conflict(
        "contract.wrong_status",
        format!("the contract `{}` is {} and cannot be {verb}", contract.id, status.as_str()),
        "ask for a new contract",
    ))
}

/// Tries on what is stored now, again and again where that moved before the answer was written.
async fn judged_anew<F: Future<Output = Result<Contract, UseCaseError>>>(
    subject: &impl std::fmt::Display,
    attempt: impl Fn() -> F,
) -> Result<Contract, UseCaseError> {
    for _ in 0..ATTEMPTS {
        match attempt().await {
            Err(UseCaseError::Store(StoreError::Conflict)) => {}
            answer => return answer,
        }
    }
    Err(UseCaseError::conflict(
        "contract.changed_meanwhile",
        format!("`{subject}`, or what it depends on, keeps changing; nothing was written"),
        "read it again and retry",
    ))
}

fn check(input: &ContractInput, product: &Product, now: Timestamp) -> Result<(), UseCaseError> {
    let mut violations = Vec::new();
    if input.purpose.trim().is_empty()
        || input.purpose.chars().count() > 60
        || input.purpose.chars().any(char::is_control)
    {
        violations.push(Violation::new(
            "contract.purpose",
            "/purpose",
            "the purpose must have 1 to 60 printable characters",
        ));
    }
    if input.contact.trim().is_empty()
        || input.contact.chars().count() > 320
        || input.contact.chars().any(char::is_control)
    {
        violations.push(Violation::new(
            "contract.contact",
            "/contact",
            "the contact must have 1 to 320 printable characters",
        ));
    }
    let mut seen = BTreeSet::new();
    for (index, field) in input.fields.iter().enumerate() {
        if !seen.insert(field) {
            let shown: String = field.chars().take(80).collect();
            violations.push(
                Violation::new(
                    "contract.duplicate_field",
                    format!("/fields/{index}"),
                    format!("the field `{shown}` stands twice"),
                )
                .with_remedy("list each field once, or none for all"),
            );
        }
    }
    violations.extend(not_offered(product, &input.port, &input.fields, input.agreed_freshness));
    if input.expires_at.is_some_and(|end| end <= now) {
        violations.push(Violation::new("contract.expiry", "/expires_at", "the contract would end before it begins"));
    }
    if violations.is_empty() { Ok(()) } else { Err(UseCaseError::Invalid(violations)) }
}
