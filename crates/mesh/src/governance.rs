//! Governance: publishing policies and answering policy questions.

use std::{collections::BTreeMap, sync::Arc};

use mesh_manifest::{PortAddress, ProductId};
use mesh_policy::{Action, Decision, PolicySet, PolicySource};
use serde_json::json;

use crate::{
    audit::{AuditEntry, AuditLog},
    clock::Clock,
    contract::ContractStore,
    contracts::may_know,
    error::{StoreError, UseCaseError, Violation},
    judgement::{Judge, Question},
    metrics,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::{Caller, Role},
    product::{ProductStore, Status},
};

/// The most that the modules of one bundle may hold together, in bytes: it is one item in the store.
pub const MAX_BUNDLE_BYTES: usize = 256 * 1024;

/// Publishes policies and answers questions.
#[derive(Debug, Clone)]
pub struct Governance {
    pub policies: Arc<dyn PolicyStore>,
    pub products: Arc<dyn ProductStore>,
    pub contracts: Arc<dyn ContractStore>,
    pub audit: Arc<dyn AuditLog>,
    pub judge: Judge,
    pub clock: Arc<dyn Clock>,
}

/// A policy question about oneself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRequest {
    /// `read` or `write`.
    pub action: Action,
    pub port: PortAddress,
    pub purpose: Option<String>,
}

impl Governance {
    /// Whether `caller` may do that under the policies in force. A denial is an answer, not an error.
    pub async fn check(&self, caller: &Caller, request: &CheckRequest) -> Result<Decision, UseCaseError> {
        let now = self.clock.now();
        let id: &ProductId = &request.port.product;
        let unknown = || UseCaseError::not_found("port", &request.port);
        let (product, contracts, policies) =
            futures::join!(self.products.product(id), self.contracts.of_product(id), self.judge.in_force(&id.domain));
        let (product, contracts) = (product?, contracts?);
        let product = product.filter(|product| product.status != Status::Retired).ok_or_else(unknown)?;
        if !may_know(caller, &product, &contracts, now) {
            return Err(unknown());
        }
        let port = product.manifest.port(&request.port).ok_or_else(unknown)?;
        let contract = contracts.iter().find(|contract| {
            contract.consumer_domain == caller.domain
                && contract.port == request.port
                && contract.is_live(now)
                && request.purpose.as_ref().is_none_or(|purpose| contract.purpose == *purpose)
        });
        let purpose = request.purpose.as_deref().or(contract.map(|contract| contract.purpose.as_str()));
        let question = Question {
            action: request.action,
            caller,
            manifest: &product.manifest,
            port: Some(port),
            contract: contract.map(|contract| (contract, contract.status_at(now).as_str())),
            purpose,
        };
        let decision = policies?.decide(&question.input());
        metrics::decided(decision.allow);
        let detail =
            json!({ "allow": decision.allow, "action": request.action.as_str(), "policy_revision": decision.revision });
        self.audit.append(&AuditEntry::new(now, &request.port, "policy.checked", caller, detail)).await?;
        Ok(decision)
    }

    /// Publishes the policies of a scope: the platform's owners and stewards for `global` and `products`, a domain's for its own.
    /// They are compiled together with what they will be evaluated with; equal content is a no-op.
    pub async fn publish(
        &self,
        caller: &Caller,
        scope: PolicyScope,
        modules: BTreeMap<String, String>,
    ) -> Result<PolicyBundle, UseCaseError> {
        let own = match &scope {
            PolicyScope::Domain(domain) => caller.domain == *domain,
            PolicyScope::Global | PolicyScope::Products => caller.is_platform(),
        };
        if !own || !caller.roles.iter().any(|role| matches!(role, Role::Owner | Role::Steward)) {
            return Err(UseCaseError::forbidden(
                "policy.not_a_steward",
                format!("only owners and stewards of its own domain publish the policies of `{scope}`"),
                "propose the change to a steward",
            ));
        }
        let bytes: usize = modules.iter().map(|(path, text)| path.len() + text.len()).sum();
        if bytes > MAX_BUNDLE_BYTES {
            let detail = format!("the modules have {bytes} bytes together, more than {MAX_BUNDLE_BYTES}");
            return Err(UseCaseError::invalid("policy.too_large", "/modules", detail));
        }
        let mut scopes = vec![PolicyScope::Global, PolicyScope::Products];
        if let PolicyScope::Domain(_) = scope {
            scopes.push(scope.clone());
        }
        let mut stored = self.policies.bundles(&scopes).await?.into_iter();
        let (global, products) = (stored.next().flatten(), stored.next().flatten());
        let current = match &scope {
            PolicyScope::Global => global.clone(),
            PolicyScope::Products => products.clone(),
            PolicyScope::Domain(_) => stored.next().flatten(),
        };
        let now = self.clock.now();
        let digest = mesh_manifest::canonical::digest(&modules);
        let bundle = PolicyBundle {
            revision: digest.chars().take(16).collect(),
            published_by: caller.principal.to_string(),
            published_at: now,
            modules,
            scope: scope.clone(),
        };
        self.compile(&bundle, global, products)?;
        if let Some(current) = current.as_ref().filter(|current| current.revision == bundle.revision) {
            return Ok(current.clone());
        }
        let before = current.as_ref().map(|current| current.revision.as_str());
        let resource = format!("policy:{scope}");
        let audit = AuditEntry::new(
            now,
            resource,
            "policy.published",
            caller,
            json!({ "revision": bundle.revision, "before": before }),
        );
        match self.policies.put_bundle(before, &bundle, &audit).await {
            Ok(()) => Ok(bundle),
            Err(StoreError::Conflict) => Err(UseCaseError::conflict(
                "policy.changed_meanwhile",
                "somebody else published policies meanwhile",
                "read them again and retry",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// The current policies of a scope, for everybody on the mesh: rules that bind one may be read.
    pub async fn published(&self, scope: PolicyScope) -> Result<PolicyBundle, UseCaseError> {
        let mut bundles = self.policies.bundles(std::slice::from_ref(&scope)).await?;
        bundles.pop().flatten().ok_or_else(|| UseCaseError::not_found("policy", scope))
    }

    fn compile(
        &self,
        bundle: &PolicyBundle,
        global: Option<PolicyBundle>,
        products: Option<PolicyBundle>,
    ) -> Result<(), UseCaseError> {
        let source = |bundle: Option<PolicyBundle>| bundle.map(|bundle| bundle.modules).unwrap_or_default();
        let modules = bundle.modules.clone();
        let result = match &bundle.scope {
            PolicyScope::Global => PolicySet::compile(&PolicySource::global(modules), None, None),
            PolicyScope::Products => {
                PolicySet::compile(&PolicySource::global(source(global)), None, Some(&PolicySource::product(modules)))
            }
            PolicyScope::Domain(domain) => PolicySet::compile(
                &PolicySource::global(source(global)),
                Some(&PolicySource::domain(domain.as_str(), modules)),
                products.map(|bundle| PolicySource::product(bundle.modules)).as_ref(),
            ),
        };
        let Err(errors) = result else { return Ok(()) };
        let violations = errors.into_iter().map(|error| Violation {
            code: "policy.invalid".to_owned(),
            pointer: format!("/modules/{}", error.file.replace('~', "~0").replace('/', "~1")),
            detail: error.message,
            remedy: Some(error.remedy),
            position: Some((error.line as usize, error.column as usize)),
        });
        Err(UseCaseError::Invalid(violations.collect()))
    }
}
