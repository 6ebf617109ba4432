//! Planning and registering products: one judgement, asked for by a dry run, by the gate itself and by the plan of a client.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures::future::try_join_all;
use mesh_manifest::{Days, Manifest, PortAddress, ProductId};
use mesh_policy::Action;
use serde_json::json;

use crate::{
    access::no_envelope,
    audit::{AuditEntry, AuditLog},
    clock::Clock,
    contract::ContractStore,
    deprecation::{self, Announced},
    domain::{Domain, DomainStore},
    error::{StoreError, UseCaseError, Violation},
    findings::{Findings, affected_contracts, broken_contract, digest},
    idempotency::{IdempotencyStore, Remembered},
    impact,
    judgement::{Judge, Question},
    place::{self, Place},
    plan::{Plan, RegisterOptions, Registered},
    principal::{Caller, Role},
    product::{Port, Product, ProductStore, Registration, Status},
    schema_registry::{RegisteredSchema, SchemaStore},
};

mod checks;
mod readers;

use checks::{breaking, check_promises, check_schemas, warn_of_final_removal};

/// The largest manifest, in bytes: what one item of the store can hold beside its parsed form.
pub const MAX_MANIFEST_BYTES: usize = 120 * 1024;

/// Plans and registers.
#[derive(Debug, Clone)]
pub struct Registrar {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub schemas: Arc<dyn SchemaStore>,
    pub idempotency: Arc<dyn IdempotencyStore>,
    pub audit: Arc<dyn AuditLog>,
    pub judge: Judge,
    pub clock: Arc<dyn Clock>,
    /// How long before its last day a port is announced to be left, at least.
    pub minimum_notice: Days,
}

impl Registrar {
    /// Works out what registering `text` would do, and for whom. Nothing is written.
    pub async fn plan(&self, caller: &Caller, text: &str) -> Result<Plan, UseCaseError> {
        let mut plan = self.judged(caller, text).await?;
        let broken = impact::broken_ports(&plan.changes);
        (plan.downstream, plan.deprecated) = futures::try_join!(
            impact::downstream(&*self.products, caller, &broken),
            self.deprecated_ports(&plan.leaving, &plan.live)
        )?;
        Ok(plan)
    }

    /// All that registering `text` is decided by, without what is only shown.
    async fn judged(&self, caller: &Caller, text: &str) -> Result<Plan, UseCaseError> {
        if text.len() > MAX_MANIFEST_BYTES {
            let detail = format!("the manifest has {} bytes, more than {MAX_MANIFEST_BYTES}", text.len());
            let remedy = "describe less: a manifest that people read has a few hundred lines";
            return Err(UseCaseError::Invalid(vec![
                Violation::new("manifest.too_large", "", detail).with_remedy(remedy),
            ]));
        }
        let parsed = mesh_manifest::parse(text)
            .map_err(|diagnostics| UseCaseError::Invalid(diagnostics.into_iter().map(Violation::from).collect()))?;
        let manifest = parsed.manifest;
        let id = manifest.id();
        if !caller.has(&id.domain, &[Role::Owner, Role::Producer]) {
            return Err(UseCaseError::forbidden(
                "product.not_a_producer",
                format!(
                    "only owners and producers of `{}` register its products; you act for `{}`",
                    id.domain, caller.domain
                ),
                format!("ask an owner of `{}` for the role producer, or name that domain in Mesh-Domain", id.domain),
            ));
        }
        let (domain, before, ports_before, contracts, policies, inputs, registered) = futures::try_join!(
            self.domains.domain(&id.domain),
            self.products.product(&id),
            self.products.ports(&id),
            self.contracts.of_product(&id),
            self.judge.in_force(&id.domain),
            self.inputs(&manifest),
            self.registered_schemas(&manifest),
        )?;
        let domain = domain.ok_or_else(|| UseCaseError::not_found("domain", &id.domain))?;
        if domain.envelope.is_none() {
            return Err(no_envelope(&id));
        }
        let now = self.clock.now();
        let live: Vec<_> = contracts.into_iter().filter(|contract| contract.is_live(now)).collect();
        let active_before = before.as_ref().filter(|product| product.status != Status::Retired);
        let unchanged = active_before.is_some_and(|product| product.digest == manifest.digest());

        let mut findings = Findings::new(Some(parsed.spans));
        findings.warn_all(parsed.warnings);
        let gone = before.as_ref().map(|before| before.gone.as_slice()).unwrap_or_default();
        let known = Announced { ports: &ports_before, gone, is_unchanged: unchanged };
        let leaving = deprecation::leaving(&manifest, &known, self.minimum_notice, now, &mut findings);
        let mut changes = Vec::new();
        let mut affected = Vec::new();
        if let Some(before) = &before
            && !unchanged
        {
            changes = mesh_evolution::classify(&before.manifest, &manifest);
            findings.refuse_all(mesh_evolution::check_versions(&before.manifest, &manifest, &changes).into_iter().map(
                |violation| {
                    Violation::new(violation.code, violation.pointer, violation.message).with_remedy(violation.remedy)
                },
            ));
            affected = affected_contracts(&breaking(&changes, &leaving), &live);
            for broken in &affected {
                findings.refuse(broken_contract(broken, &changes));
            }
            warn_of_final_removal(&leaving, &live, &mut findings);
            let mut removed = addresses(&before.manifest);
            removed.retain(|address| manifest.port(address).is_none() && !leaving.over.contains(address));
            self.check_removed_ports(removed, &mut findings).await?;
        }
        let upstream = self.check_inputs(caller, &manifest, inputs, now, &mut findings).await?;
        check_promises(&manifest, active_before.map(|before| &before.manifest), &upstream, &mut findings);
        let upstream = newly_used(&manifest, active_before, upstream);
        place::check(&manifest, bucket_of(&domain), &mut findings);
        let (schemas, new_schemas) = check_schemas(&manifest, registered, &ports_before, now, &mut findings);
        let question = Question {
            action: Action::Publish,
            caller,
            manifest: &manifest,
            port: None,
            contract: None,
            purpose: None,
        };
        let decision = policies.decide(&question.input());
        for finding in &decision.findings {
            let violation = Violation::new(&finding.code, &finding.path, &finding.message).with_remedy(&finding.remedy);
            match finding.severity {
                mesh_policy::Severity::Deny => findings.refuse(violation),
                mesh_policy::Severity::Warn => findings.warn(violation),
            }
        }
        if !decision.allow && !findings.refused() {
            let detail = "policy does not allow this product to be published".to_owned();
            findings.refuse(Violation::new("policy.denied", "", detail).with_remedy(decision.remedy.join("; ")));
        }
        let (violations, warnings) = findings.finish();
        let findings_digest = digest(&violations, &warnings, &affected);
        Ok(Plan {
            product: id,
            unchanged,
            changes,
            violations,
            warnings,
            affected,
            downstream: Vec::new(),
            deprecated: Vec::new(),
            findings_digest,
            policy_revision: decision.revision,
            manifest,
            domain,
            before,
            ports_before,
            leaving,
            live,
            schemas,
            new_schemas,
            upstream,
        })
    }

    /// Registers `text`, if nothing refuses it, in one transaction. Equal content registered again is a no-op with the same answer.
    pub async fn register(
        &self,
        caller: &Caller,
        text: &str,
        options: RegisterOptions,
    ) -> Result<Registered, UseCaseError> {
        if let Some((key, body)) = &options.idempotency
            && let Some(remembered) = self.idempotency.remembered(key).await?
        {
            return self.repeat(&remembered, body).await;
        }
        match self.register_once(caller, text, &options).await {
            // The same key sent twice at once is no race with somebody else, and what the first of them changed stands against no
            // plan: the second gets the answer of the first.
            Err(error @ (UseCaseError::Conflict { .. } | UseCaseError::Refused { .. })) => match &options.idempotency {
                Some((key, body)) => match self.idempotency.remembered(key).await? {
                    Some(remembered) => self.repeat(&remembered, body).await,
                    None => Err(error),
                },
                None => Err(error),
            },
            answer => answer,
        }
    }

    async fn register_once(
        &self,
        caller: &Caller,
        text: &str,
        options: &RegisterOptions,
    ) -> Result<Registered, UseCaseError> {
        let plan = self.judged(caller, text).await?;
        if let Some(seen) = &options.findings_digest
            && *seen != plan.findings_digest
        {
            let mut violations = plan.violations.clone();
            violations.extend(plan.warnings.clone());
            return Err(UseCaseError::Conflict {
                code: "registration.findings_changed",
                detail: "what stands against or beside this manifest is not what the plan showed".to_owned(),
                remedy: Some("plan again and look at the findings".to_owned()),
                violations,
            });
        }
        if !plan.violations.is_empty() {
            return Err(UseCaseError::Refused {
                code: "registration.refused",
                detail: format!("`{}` cannot be registered: {}", plan.product, count(plan.violations.len())),
                violations: plan.violations,
            });
        }
        if let (true, Some(product)) = (plan.unchanged, plan.before.clone()) {
            // A key stands for its first body even where there was nothing to write for it.
            if let Some(remember) = self.remember(options, &product.id, product.revision) {
                match self.idempotency.remember(&remember).await {
                    Ok(()) => {}
                    Err(StoreError::Conflict) => return Err(raced(&product.id)),
                    Err(error) => return Err(error.into()),
                }
            }
            return Ok(Registered { product, ports: plan.ports_before, written: false, warnings: plan.warnings });
        }
        let registration = self.registration(caller, text, &plan, options);
        match self.products.register(&registration).await {
            Ok(()) => Ok(Registered {
                product: registration.product,
                ports: registration.ports,
                written: true,
                warnings: plan.warnings,
            }),
            Err(StoreError::Conflict) => Err(raced(&plan.product)),
            Err(error) => Err(error.into()),
        }
    }

    fn registration(&self, caller: &Caller, text: &str, plan: &Plan, options: &RegisterOptions) -> Registration {
        let now = self.clock.now();
        let (manifest, before) = (&plan.manifest, plan.before.as_ref());
        let revision = before.map_or(0, |before| before.revision) + 1;
        let bucket = bucket_of(&plan.domain);
        let ports: Vec<_> = manifest
            .output_ports
            .iter()
            .map(|port| {
                let address = manifest.address(port);
                Port {
                    version: port.version.clone(),
                    revision,
                    schema_id: plan.schemas.get(&address).map(|schema| schema.id.clone()).unwrap_or_default(),
                    format: port.format,
                    freshness: port.sla.freshness,
                    endpoint: port
                        .endpoint
                        .clone()
                        .unwrap_or_else(|| format!("s3://{bucket}/{}", Place::of(&address, port).prefix)),
                    since: plan
                        .ports_before
                        .iter()
                        .find(|before| before.address == address)
                        .map_or(now, |before| before.since),
                    deprecation: plan.leaving.deprecated.get(&address).cloned(),
                    address,
                }
            })
            .collect();
        let gone = deprecation::gone(manifest, before, &plan.ports_before, now);
        let notices = deprecation::notices(&plan.leaving, &plan.ports_before, &gone, before, revision);
        let inputs: Vec<_> = manifest.inputs.iter().map(|input| input.port.clone()).collect();
        let removed_ports = before.map(|before| addresses(&before.manifest)).unwrap_or_default();
        let removed_inputs: Vec<_> = before
            .map(|before| before.manifest.inputs.iter().map(|input| input.port.clone()).collect())
            .unwrap_or_default();
        let product = Product {
            id: plan.product.clone(),
            version: manifest.version.clone(),
            status: Status::Provisioning,
            status_detail: None,
            manifest_text: text.to_owned(),
            digest: manifest.digest(),
            manifest: manifest.clone(),
            revision,
            registered_at: now,
            registered_by: caller.principal.to_string(),
            provisioned_revision: before.map_or(0, |before| before.provisioned_revision),
            indexed_revision: before.map_or(0, |before| before.indexed_revision),
            contracts_revision: before.map_or(0, |before| before.contracts_revision),
            gone,
            notices,
        };
        let detail = json!({ "revision": revision, "version": manifest.version, "digest": product.digest, "policy_revision": plan.policy_revision });
        Registration {
            audit: AuditEntry::new(now, &plan.product, "product.registered", caller, detail),
            removed_ports: removed_ports
                .into_iter()
                .filter(|address| !ports.iter().any(|port| port.address == *address))
                .collect(),
            removed_inputs: removed_inputs.into_iter().filter(|input| !inputs.contains(input)).collect(),
            schemas: plan.new_schemas.clone(),
            remember: self.remember(options, &plan.product, revision),
            before: plan.before.clone(),
            upstream: plan.upstream.clone(),
            inputs,
            ports,
            product,
        }
    }

    async fn repeat(&self, remembered: &Remembered, body: &str) -> Result<Registered, UseCaseError> {
        if remembered.body_digest != body {
            return Err(UseCaseError::Invalid(vec![
                Violation::new(
                    "idempotency.other_body",
                    "/headers/Idempotency-Key",
                    "this idempotency key was used for another request",
                )
                .with_remedy("use a new key for a new request"),
            ]));
        }
        let unreadable = |detail: String| StoreError::corrupt("idempotency record", detail);
        let (id, revision) = remembered
            .answer
            .rsplit_once('@')
            .ok_or_else(|| unreadable(format!("`{}` names no revision", remembered.answer)))?;
        let id: ProductId = id.parse().map_err(|error| unreadable(format!("{error}")))?;
        let revision: u64 = revision.parse().map_err(|error| unreadable(format!("{error}")))?;
        let (product, mut ports) = futures::try_join!(self.products.product(&id), self.products.ports(&id))?;
        let mut product = product.ok_or_else(|| UseCaseError::not_found("product", &id))?;
        if product.revision != revision {
            product = self.revision(&id, revision).await?;
            ports.retain(|port| product.manifest.port(&port.address).is_some());
        }
        Ok(Registered { product, ports, written: false, warnings: Vec::new() })
    }

    /// A product as that revision of it was registered.
    async fn revision(&self, id: &ProductId, revision: u64) -> Result<Product, UseCaseError> {
        let mut cursor = None;
        loop {
            let page = self.products.history(id, cursor.as_deref(), 20).await?;
            if let Some(product) = page.items.into_iter().find(|product| product.revision == revision) {
                return Ok(product);
            }
            cursor = page.cursor;
            if cursor.is_none() {
                return Err(UseCaseError::not_found("product", format!("{id}@{revision}")));
            }
        }
    }

    fn remember(&self, options: &RegisterOptions, id: &ProductId, revision: u64) -> Option<Remembered> {
        options.idempotency.as_ref().map(|(key, body_digest)| Remembered {
            key: key.clone(),
            body_digest: body_digest.clone(),
            answer: format!("{id}@{revision}"),
            expires_at: self.clock.now() + jiff::SignedDuration::from_hours(24),
        })
    }

    async fn check_removed_ports(&self, removed: Vec<PortAddress>, findings: &mut Findings) -> Result<(), StoreError> {
        let users = removed.into_iter().map(|address| async move {
            let downstream = self.products.downstream(&address).await?;
            Ok::<_, StoreError>((address, downstream))
        });
        for (address, downstream) in try_join_all(users).await? {
            for downstream in downstream {
                let detail = format!("`{downstream}` is made from `{address}`, which the manifest no longer lists");
                findings.refuse(
                    Violation::new("evolution.port_removed_downstream", "/outputPorts", detail)
                        .with_remedy("keep the port until that product has moved on, or until its sunset is over"),
                );
            }
        }
        Ok(())
    }

    /// The registered versions of each output port's schema.
    async fn registered_schemas(&self, manifest: &Manifest) -> Result<Vec<Vec<RegisteredSchema>>, StoreError> {
        let subjects = manifest.output_ports.iter().map(|port| {
            let subject = manifest.address(port).subject();
            async move { self.schemas.versions(&subject).await }
        });
        try_join_all(subjects).await
    }
}

/// Those of `upstream`, each once, of which the product uses a port that it did not use `before`.
fn newly_used(manifest: &Manifest, before: Option<&Product>, upstream: Vec<Product>) -> Vec<Product> {
    let used = |port: &PortAddress| {
        before.is_some_and(|before| before.manifest.inputs.iter().any(|input| input.port == *port))
    };
    let new: BTreeSet<_> =
        manifest.inputs.iter().map(|input| &input.port).filter(|port| !used(port)).map(|port| &port.product).collect();
    let upstream: BTreeMap<_, _> = upstream.into_iter().map(|product| (product.id.clone(), product)).collect();
    upstream.into_values().filter(|product| new.contains(&product.id)).collect()
}

fn bucket_of(domain: &Domain) -> &str {
    domain.envelope.as_ref().map(|envelope| envelope.bucket.as_str()).unwrap_or_default()
}

fn addresses(manifest: &Manifest) -> Vec<PortAddress> {
    manifest.output_ports.iter().map(|port| manifest.address(port)).collect()
}

pub(crate) fn raced(id: &ProductId) -> UseCaseError {
    UseCaseError::conflict(
        "registration.raced",
        format!(
            "`{id}`, a contract on it or a product that it is made from was changed meanwhile; nothing was written"
        ),
        "plan again and retry",
    )
}

fn count(violations: usize) -> String {
    if violations == 1 {
        "one thing stands against it".to_owned()
    } else {
        format!("{violations} things stand against it")
    }
}
