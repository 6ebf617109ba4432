//! The broker: one decision, then a grant that is cached, and credentials for one port.

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use mesh_manifest::{Classification, OutputPort, PortAddress, PortName, ProductId};
use mesh_policy::{Action, Decision, Severity};
use serde_json::json;

use crate::{
    audit::{AuditEntry, AuditLog},
    clock::Clock,
    contract::{Contract, ContractStore},
    contracts::may_know,
    credentials::{CredentialVendor, Credentials, Grant, GrantStore, Mode, Sealer, VendRequest},
    deprecation::gone_error,
    domain::{DomainStore, Envelope},
    error::{StoreError, UseCaseError, Violation},
    judgement::{Judge, Question},
    measurement::{MeasurementStore, PortState},
    metrics,
    object_storage::{ObjectEntry, ObjectStorage},
    place::Place,
    principal::{Caller, Role},
    product::{Product, ProductStore, Status},
};

/// The most files that one read lists.
pub const MAX_FILES: usize = 1000;

/// How long a grant lives, by what it opens: STS cannot revoke, so the lifetime is the bound.
fn lifetime(classification: Classification) -> Duration {
    match classification {
        Classification::Public | Classification::Internal => Duration::from_secs(3600),
        Classification::Confidential | Classification::Restricted => Duration::from_secs(900),
    }
}

/// Decides about access and issues credentials.
#[derive(Debug, Clone)]
pub struct Broker {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub measurements: Arc<dyn MeasurementStore>,
    pub grants: Arc<dyn GrantStore>,
    pub audit: Arc<dyn AuditLog>,
    pub vendor: Arc<dyn CredentialVendor>,
    pub sealer: Arc<dyn Sealer>,
    pub judge: Judge,
    pub clock: Arc<dyn Clock>,
}

/// What somebody wants to read or write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRequest {
    pub product: ProductId,
    pub port: PortName,
    /// None takes the major of the caller's only live contract, else the newest.
    pub major: Option<u64>,
    /// None takes the contract's.
    pub purpose: Option<String>,
    pub mode: Mode,
}

/// Access that was decided on, before credentials are issued.
#[derive(Debug, Clone)]
pub struct Access {
    pub address: PortAddress,
    pub product: Product,
    pub port: OutputPort,
    pub schema_id: String,
    pub envelope: Envelope,
    pub external_id: String,
    pub contract: Option<Contract>,
    pub mode: Mode,
    /// The audit entry of the decision.
    pub decision_id: String,
    /// What the port's freshness is, if it was measured.
    pub state: Option<PortState>,
    grant_key: String,
    cached: Option<Grant>,
}

impl Access {
    /// The port's location below its bucket, without slashes at either end.
    pub fn prefix(&self) -> String {
        self.place().prefix
    }

    /// Where the port's data lies.
    pub fn place(&self) -> Place {
        Place::of(&self.address, &self.port)
    }

    /// The port's location as a URL.
    pub fn location(&self) -> String {
        format!("s3://{}/{}", self.envelope.bucket, self.prefix())
    }
}

impl Broker {
    /// Decides whether `caller` may do what it asks. The decision is in the audit log before this returns.
    ///
    /// Costs three rounds of reads: product, contracts, domain and policies at once; then grant and freshness; then the audit entry.
    pub async fn access(&self, caller: &Caller, request: &AccessRequest) -> Result<Access, UseCaseError> {
        let now = self.clock.now();
        let id = &request.product;
        let unknown = || UseCaseError::not_found("port", format!("{id}/{}", request.port));
        let known = async {
            futures::try_join!(
                self.products.product(id),
                self.products.ports(id),
                self.contracts.of_product(id),
                self.domains.domain(&id.domain)
            )
        };
        // Why there are no policies is nothing for those who may not even know of the product.
        let (known, policies) = futures::join!(known, self.judge.in_force(&id.domain));
        let (product, ports, contracts, domain) = known?;
        let product = product.filter(|product| product.status != Status::Retired).ok_or_else(unknown)?;
        if !may_know(caller, &product, &contracts, now) {
            return Err(unknown());
        }
        let mut own: Vec<_> = contracts
            .into_iter()
            .filter(|contract| {
                contract.consumer_domain == caller.domain && contract.port.port == request.port && contract.is_live(now)
            })
            .collect();
        let major = request.major.or_else(|| only(own.iter().map(|contract| contract.port.major)));
        let newest = product.manifest.newest(&request.port, None).map(|port| port.version.major);
        let gone = product.gone.iter().filter(|gone| gone.port.port == request.port);
        let major = major.or(newest).or(gone.map(|gone| gone.port.major).max()).ok_or_else(unknown)?;
        let address = id.port(request.port.clone(), major);
        let port = product.manifest.port(&address).cloned().ok_or_else(|| {
            let gone = product.gone.iter().find(|gone| gone.port == address);
            gone.map_or_else(|| UseCaseError::not_found("port", &address), gone_error)
        })?;
        own.retain(|contract| contract.port == address);
        // A contract is for one purpose; where none was named, the oldest stands for the caller.
        own.sort_by(|a, b| a.id.cmp(&b.id));
        let purposes: Vec<String> = own.iter().map(|contract| contract.purpose.clone()).collect();
        let contract = match &request.purpose {
            Some(purpose) => own.into_iter().find(|contract| contract.purpose == *purpose),
            None => own.into_iter().next(),
        };
        if request.mode == Mode::Write {
            require_producer(caller, &address)?;
        }
        let (domain, envelope) = domain
            .and_then(|domain| domain.envelope.clone().map(|envelope| (domain, envelope)))
            .ok_or_else(|| no_envelope(id))?;
        if product.provisioned_revision == 0 {
            return Err(UseCaseError::conflict(
                "product.not_active",
                format!("`{id}` is {} and cannot be used yet", product.status.as_str()),
                "wait until its status is active",
            ));
        }
        let policies = policies?;
        let purpose = request.purpose.clone().or_else(|| contract.as_ref().map(|contract| contract.purpose.clone()));
        let grant_key = mesh_manifest::canonical::digest(&(
            (caller.principal.as_str(), &caller.domain, caller.membership_revision, &purpose),
            (
                &address,
                product.revision,
                domain.revision,
                contract.as_ref().map(|contract| (contract.id.to_string(), contract.revision)),
            ),
            (policies.revision(), request.mode),
        ));
        let addresses = [address.clone()];
        let (grant, states) = futures::try_join!(self.granted(&grant_key), self.measurements.states(&addresses))?;
        let cached = grant.filter(|grant| is_fresh(grant, now));
        let mut audit = AuditEntry::new(now, &address, action_name(request.mode), caller, json!({}));
        if let Some(grant) = &cached {
            metrics::decided(true);
            audit.detail =
                json!({ "allow": true, "grant": grant.decision_id, "contract": contract.as_ref().map(|c| &c.id) });
        } else {
            let question = Question {
                action: if request.mode == Mode::Write { Action::Write } else { Action::Read },
                caller,
                manifest: &product.manifest,
                port: Some(&port),
                contract: contract.as_ref().map(|contract| (contract, contract.status_at(now).as_str())),
                purpose: purpose.as_deref(),
            };
            let decision = policies.decide(&question.input());
            metrics::decided(decision.allow);
            audit.detail = json!({
                "allow": decision.allow,
                "contract": contract.as_ref().map(|c| &c.id),
                "policy_revision": decision.revision,
                "codes": decision.findings.iter().map(|finding| &finding.code).collect::<Vec<_>>(),
            });
            if !decision.allow {
                self.audit.append(&audit).await?;
                return Err(denied(caller, &address, &decision, if contract.is_none() { &purposes } else { &[] }));
            }
        }
        self.audit.append(&audit).await?;
        let decision_id = cached.as_ref().map_or_else(|| audit.id.clone(), |grant| grant.decision_id.clone());
        Ok(Access {
            state: states.get(&address).cloned(),
            schema_id: ports
                .into_iter()
                .find(|known| known.address == address)
                .map(|known| known.schema_id)
                .unwrap_or_default(),
            address,
            port,
            envelope,
            external_id: domain.external_id,
            contract,
            mode: request.mode,
            decision_id,
            grant_key,
            cached,
            product,
        })
    }

    /// Credentials for access that was decided on: from the cached grant for half its life, else new ones. A cache that fails is
    /// told in the log and gone without.
    ///
    /// Two invocations at once may both ask for new ones; the first to store them wins and both are valid.
    pub async fn credentials(&self, access: &Access) -> Result<Credentials, UseCaseError> {
        let mut caches = true;
        if let Some(grant) = &access.cached {
            match self.opened(grant).await {
                Ok(credentials) => return Ok(credentials),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a cached grant cannot be opened");
                    // What can never be opened is replaced; a key that fails now fails for the new grant, too.
                    caches = matches!(error, StoreError::Corrupt { .. });
                }
            }
        }
        let envelope = &access.envelope;
        let role_arn = if access.mode == Mode::Write { &envelope.producer_role_arn } else { &envelope.reader_role_arn };
        let request = VendRequest {
            mode: access.mode,
            role_arn: role_arn.clone(),
            external_id: access.external_id.clone(),
            session_name: session_name(&access.address),
            bucket: envelope.bucket.clone(),
            prefix: access.prefix(),
            key_arn: envelope.key_arn.clone(),
            lifetime: lifetime(access.product.manifest.classification),
        };
        let credentials = self.vendor.vend(&request).await?;
        if caches && let Err(error) = self.keep(access, &credentials).await {
            tracing::error!(error = &error as &dyn std::error::Error, "a grant cannot be cached");
        }
        Ok(credentials)
    }

    async fn opened(&self, grant: &Grant) -> Result<Credentials, StoreError> {
        let plain = self.sealer.open(&grant.sealed, &grant.key).await?;
        serde_json::from_slice(&plain).map_err(|error| StoreError::corrupt("grant", error))
    }

    async fn keep(&self, access: &Access, credentials: &Credentials) -> Result<(), StoreError> {
        let plain = serde_json::to_vec(credentials).map_err(|error| StoreError::corrupt("credentials", error))?;
        let grant = Grant {
            key: access.grant_key.clone(),
            decision_id: access.decision_id.clone(),
            issued_at: self.clock.now(),
            expires_at: credentials.expires_at,
            sealed: self.sealer.seal(&plain, &access.grant_key).await?,
        };
        match self.grants.put_grant(&grant).await {
            Ok(()) | Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The grant that is cached under `key`; one that cannot be read is none.
    async fn granted(&self, key: &str) -> Result<Option<Grant>, StoreError> {
        match self.grants.grant(key).await {
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a cached grant cannot be read; it is decided anew"
                );
                Ok(None)
            }
            other => other,
        }
    }

    /// The files of a file port with a pre-signed URL each, signed with the same credentials and gone with them.
    pub async fn files(
        &self,
        access: &Access,
        credentials: &Credentials,
        storage: &dyn ObjectStorage,
    ) -> Result<Vec<(ObjectEntry, String)>, UseCaseError> {
        let bucket = &access.envelope.bucket;
        let prefix = access.place().data;
        let entries = storage.list(Some(credentials), bucket, &prefix, MAX_FILES).await?;
        let left = credentials.expires_at.duration_since(self.clock.now());
        let lifetime = Duration::try_from(left).unwrap_or(Duration::ZERO);
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            let url = storage.presign(credentials, bucket, &entry.key, lifetime).await?;
            files.push((entry, url));
        }
        Ok(files)
    }
}

/// The value if all are the same and there is one.
fn only(mut values: impl Iterator<Item = u64>) -> Option<u64> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// Whether less than half of the grant's life has passed. A grant from a clock that was ahead of ours has no life that could be halved.
fn is_fresh(grant: &Grant, now: Timestamp) -> bool {
    let life: SignedDuration = grant.expires_at.duration_since(grant.issued_at);
    now < grant.expires_at && now.duration_since(grant.issued_at) < life / 2
}

fn action_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Read => "access.read",
        Mode::Write => "access.write",
        Mode::Observe => "access.observe",
    }
}

fn session_name(address: &PortAddress) -> String {
    let name: String =
        format!("{}.{}.{}-v{}", address.product.domain, address.product.name, address.port, address.major);
    name.chars().take(64).collect()
}

fn require_producer(caller: &Caller, address: &PortAddress) -> Result<(), UseCaseError> {
    if caller.has(&address.product.domain, &[Role::Owner, Role::Producer]) {
        return Ok(());
    }
    Err(UseCaseError::forbidden(
        "access.not_a_producer",
        format!("only owners and producers of `{}` write to `{address}`", address.product.domain),
        format!("ask an owner of `{}` for the role producer", address.product.domain),
    ))
}

pub(crate) fn no_envelope(id: &ProductId) -> UseCaseError {
    UseCaseError::conflict(
        "domain.no_envelope",
        format!("the domain `{}` has no storage yet", id.domain),
        "ask the platform team to apply the domain module for it",
    )
}

/// A denial with every rule that spoke and the smallest change that would allow it. `others` are the purposes of the live contracts that the
/// caller has on the port, where it asked for another one.
fn denied(caller: &Caller, address: &PortAddress, decision: &Decision, others: &[String]) -> UseCaseError {
    let violations = decision
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Deny)
        .map(|finding| Violation::new(&finding.code, &finding.path, &finding.message).with_remedy(&finding.remedy))
        .collect();
    let mut remedies = decision.remedy.clone();
    if !others.is_empty() {
        remedies
            .insert(0, format!("your contract on the port is for `{}`: ask for that purpose", others.join("` or `")));
    }
    UseCaseError::Forbidden {
        code: "access.denied",
        detail: format!("`{}` may not use `{address}`", caller.domain),
        remedy: (!remedies.is_empty()).then(|| remedies.join("; ")),
        violations,
    }
}
