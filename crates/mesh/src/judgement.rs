//! Policy decisions: the input is built here, once, for planning, registering, contracting, reading and writing alike.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use mesh_manifest::{DomainName, Manifest, OutputPort};
use mesh_policy::{Action, Decision, Finding, Level, PolicyInput, PolicySet, PolicySource, Program, Severity};

use crate::{
    contract::Contract,
    error::StoreError,
    policies::{PolicyBundle, PolicyScope, PolicyStore},
    principal::Caller,
};

/// Compiled programs kept at most, one per domain: 50 KB each, for 100 domains and some to spare.
const MAX_PROGRAMS: usize = 128;

/// Decides by the published policies. Programs are compiled when a revision is first seen and kept by domain.
#[derive(Debug, Clone)]
pub struct Judge {
    policies: Arc<dyn PolicyStore>,
    programs: Arc<Mutex<HashMap<DomainName, CachedProgram>>>,
}

#[derive(Debug, Clone)]
struct CachedProgram {
    revisions: [Option<String>; 3],
    in_force: Arc<InForce>,
}

/// The policies in force for one domain's products.
#[derive(Debug)]
pub enum InForce {
    Program(Box<Program>),
    /// There is nothing to decide by, for this reason: every question is denied with it.
    Nothing(Box<Finding>),
}

impl InForce {
    /// What decisions are kept by: another revision is another decision.
    pub fn revision(&self) -> &str {
        match self {
            Self::Program(program) => program.revision(),
            Self::Nothing(_) => "none",
        }
    }

    /// Decides one question.
    pub fn decide(&self, input: &PolicyInput) -> Decision {
        match self {
            Self::Program(program) => program.decide(input),
            Self::Nothing(finding) => Decision {
                allow: false,
                findings: vec![(**finding).clone()],
                offers: Vec::new(),
                required_approvals: Vec::new(),
                obligations: Vec::new(),
                missing: Vec::new(),
                remedy: vec![finding.remedy.clone()],
                revision: self.revision().to_owned(),
            },
        }
    }

    fn nothing(code: &str, message: String, remedy: &str) -> Self {
        Self::Nothing(Box::new(Finding {
            level: Level::Global,
            rule: "engine".to_owned(),
            code: code.to_owned(),
            message,
            path: String::new(),
            remedy: remedy.to_owned(),
            severity: Severity::Deny,
        }))
    }

    fn compiled(
        domain: &DomainName,
        global: PolicyBundle,
        own: Option<PolicyBundle>,
        products: Option<PolicyBundle>,
    ) -> Self {
        let global = PolicySource::global(global.modules);
        let own = own.map(|bundle| PolicySource::domain(domain.as_str(), bundle.modules));
        let products = products.map(|bundle| PolicySource::product(bundle.modules));
        match PolicySet::compile(&global, own.as_ref(), products.as_ref()) {
            Ok(program) => Self::Program(Box::new(program)),
            Err(errors) => {
                let errors = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                tracing::error!(errors, "the published policies do not compile: everything is denied");
                let message = format!("the published policies do not compile: {errors}");
                Self::nothing("policy.not_compiling", message, "a steward must publish policies that compile together")
            }
        }
    }
}

impl Judge {
    /// Decides by what `policies` holds.
    pub fn new(policies: Arc<dyn PolicyStore>) -> Self {
        Self { policies, programs: Arc::default() }
    }

    /// A judge over another store that shares what this one has compiled: programs are told apart by the revisions of their policies.
    pub fn over(&self, policies: Arc<dyn PolicyStore>) -> Self {
        Self { policies, programs: self.programs.clone() }
    }

    /// The policies in force for products of `domain`: one consistent read for each question, compiled only when a revision moved. No
    /// decision is made by policies that were replaced before it was asked for, whoever compiled them when.
    pub async fn in_force(&self, domain: &DomainName) -> Result<Arc<InForce>, StoreError> {
        let scopes = [PolicyScope::Global, PolicyScope::Domain(domain.clone()), PolicyScope::Products];
        let revisions = self.policies.revisions(&scopes).await?;
        if let Some(cached) = self.programs.lock().unwrap_or_else(PoisonError::into_inner).get(domain)
            && cached.revisions.as_slice() == revisions
        {
            return Ok(cached.in_force.clone());
        }
        // Published meanwhile, they may be newer than the revisions; the program is kept under their own.
        let bundles = self.policies.bundles(&scopes).await?;
        let [global, own, products] = <[Option<PolicyBundle>; 3]>::try_from(bundles)
            .map_err(|bundles| StoreError::corrupt("policies", format!("{} bundles for 3 scopes", bundles.len())))?;
        let Some(global) = global else {
            tracing::error!("no global policies are published: everything is denied");
            return Ok(Arc::new(InForce::nothing(
                "policy.none_published",
                "no global policies are published, and nothing is allowed without them".to_owned(),
                "a platform steward must publish them first",
            )));
        };
        let revision = |bundle: &Option<PolicyBundle>| bundle.as_ref().map(|bundle| bundle.revision.clone());
        let revisions = [Some(global.revision.clone()), revision(&own), revision(&products)];
        let in_force = Arc::new(InForce::compiled(domain, global, own, products));
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        if programs.len() >= MAX_PROGRAMS && !programs.contains_key(domain) {
            programs.clear();
        }
        programs.insert(domain.clone(), CachedProgram { revisions, in_force: in_force.clone() });
        Ok(in_force)
    }

    /// Decides one question.
    pub async fn decide(&self, question: &Question<'_>) -> Result<Decision, StoreError> {
        let in_force = self.in_force(&question.manifest.domain).await?;
        Ok(in_force.decide(&question.input()))
    }
}

/// A question to policy: may `caller` do `action` on this product, or on one port of it?
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub action: Action,
    pub caller: &'a Caller,
    pub manifest: &'a Manifest,
    /// None for publishing.
    pub port: Option<&'a OutputPort>,
    /// The contract in play and the status it has now.
    pub contract: Option<(&'a Contract, &'a str)>,
    pub purpose: Option<&'a str>,
}

impl Question<'_> {
    /// The document that rules see.
    pub fn input(&self) -> PolicyInput {
        let manifest = self.manifest;
        let port = self.port.map(port_input);
        PolicyInput {
            action: self.action,
            principal: mesh_policy::Principal {
                id: self.caller.principal.to_string(),
                domain: self.caller.domain.to_string(),
                roles: self.caller.roles.iter().map(ToString::to_string).collect(),
            },
            product: mesh_policy::Product {
                id: manifest.id().to_string(),
                domain: manifest.domain.to_string(),
                name: manifest.name.to_string(),
                version: manifest.version.to_string(),
                owner: mesh_policy::Owner {
                    team: manifest.owner.team.clone(),
                    contact: manifest.owner.contact.clone(),
                },
                classification: manifest.classification.as_str().to_owned(),
                retention_days: u32::try_from(longest_retention(manifest)).unwrap_or(u32::MAX),
                mutability: manifest.mutability.as_str().to_owned(),
                access: mesh_policy::Access {
                    visibility: manifest.access.visibility.as_str().to_owned(),
                    purposes: manifest.access.purposes.clone(),
                },
            },
            ports: match &port {
                Some(port) => vec![port.clone()],
                None => manifest.output_ports.iter().map(port_input).collect(),
            },
            port,
            contract: self.contract.map(|(contract, status)| mesh_policy::Contract {
                id: contract.id.to_string(),
                consumer_domain: contract.consumer_domain.to_string(),
                status: status.to_owned(),
                purpose: contract.purpose.clone(),
                approvals: contract
                    .approvals
                    .iter()
                    .map(|approval| mesh_policy::Approval { role: approval.role.clone(), by: approval.by.to_string() })
                    .collect(),
            }),
            purpose: self.purpose.map(str::to_owned),
            same_domain: self.caller.domain == manifest.domain,
        }
    }
}

/// How long any of the product's data is kept: what a port promises may be longer than what the product does.
fn longest_retention(manifest: &Manifest) -> u64 {
    let ports = manifest.output_ports.iter().filter_map(|port| port.sla.retention);
    ports.map(|days| days.0).fold(manifest.retention.0, u64::max)
}

fn port_input(port: &OutputPort) -> mesh_policy::Port {
    mesh_policy::Port {
        name: port.name.to_string(),
        major: u32::try_from(port.version.major).unwrap_or(u32::MAX),
        format: port.format.as_str().to_owned(),
        sla: mesh_policy::Sla { freshness_minutes: port.sla.freshness.0 },
        fields: port
            .schema
            // At any depth: what lies within a struct or a list is judged as what stands beside it.
            .flat()
            .into_iter()
            .map(|field| mesh_policy::Field {
                kind: field.value.field_type.to_string(),
                required: field.value.required,
                name: field.path,
                pii: field.value.pii.map(|pii| mesh_policy::Pii {
                    category: pii.category.clone(),
                    protection: pii.protection.as_str().to_owned(),
                }),
            })
            .collect(),
    }
}
