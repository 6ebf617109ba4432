//! A mesh in memory behind the API's paths: enough of its rules that every way of the provider can be walked.

#![allow(clippy::result_large_err, reason = "a problem is what most of these functions are about")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use mesh_api::types::{
    AffectedContract, Contract, ContractInput, ContractStatus, Domain, DomainInput, Envelope, Plan, Port, Product,
    Status,
};
use mesh_api::{Problem, ProblemError};
use mesh_manifest::{Manifest, PiiProtection, Visibility};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::{self, Request, Response};

/// The only token that is accepted.
pub const TOKEN: &str = "the-token";
/// The only client that gets it.
pub const CLIENT: (&str, &str) = ("machine", "its-secret");

#[derive(Default)]
pub struct Mesh {
    pub domains: BTreeMap<String, Domain>,
    pub products: BTreeMap<String, Product>,
    pub contracts: BTreeMap<String, Contract>,
    /// What products become once they have been asked for: `active` unless a test says otherwise.
    pub outcome: Option<Status>,
    /// Raised by a test to let the findings differ from those of a plan.
    pub policy_revision: u32,
    /// Every request: method, path and acting domain.
    pub requests: Vec<String>,
}

type Answer = Result<(u16, String), Problem>;

pub struct Api {
    url: String,
    mesh: Arc<Mutex<Mesh>>,
}

impl Api {
    pub fn start() -> Self {
        let mesh = Arc::new(Mutex::new(Mesh::default()));
        let served = mesh.clone();
        let url = http::serve(move |request| respond(&mut served.lock().unwrap(), &request));
        Self { url, mesh }
    }

    pub fn url(&self) -> String {
        self.url.clone()
    }

    pub fn mesh(&self) -> MutexGuard<'_, Mesh> {
        self.mesh.lock().unwrap()
    }

    pub fn add_domain(&self, name: &str) {
        let envelope = Envelope {
            bucket: format!("mesh-{name}"),
            key_arn: "arn:key".into(),
            glue_database: name.into(),
            reader_role_arn: "arn:reader".into(),
            producer_role_arn: "arn:producer".into(),
            observer_role_arn: "arn:observer".into(),
            alert_topic_arn: "arn:alerts".into(),
        };
        let input = DomainInput { id: name.parse().unwrap(), description: "A domain.".into(), members: vec![] };
        let domain = Domain { envelope: Some(envelope), ..new_domain(input) };
        self.mesh().domains.insert(name.to_owned(), domain);
    }
}

fn respond(mesh: &mut Mesh, request: &Request) -> Response {
    let acting = request.headers.get("mesh-domain").map_or("-", String::as_str);
    mesh.requests.push(format!("{} /{} {acting}", request.method, request.path.join("/")));
    match route(mesh, request, acting) {
        Ok((status, body)) => Response { status, content_type: "application/json", body },
        Err(problem) => {
            Response { status: problem.status, content_type: "application/problem+json", body: json(&problem) }
        }
    }
}

fn route(mesh: &mut Mesh, request: &Request, acting: &str) -> Answer {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    if path == ["oauth2", "token"] {
        let basic = request.headers.get("authorization").map(String::as_str);
        // `machine:its-secret`
        let known =
            basic == Some("Basic bWFjaGluZTppdHMtc2VjcmV0") && request.body.contains("grant_type=client_credentials");
        return if known {
            Ok((200, format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#)))
        } else {
            Ok((401, "{}".into()))
        };
    }
    if request.headers.get("authorization").map(String::as_str) != Some(&format!("Bearer {TOKEN}")) {
        return Err(Problem::new(401, "token.invalid", "Not signed in", "the token is not valid"));
    }
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["domains"]) => {
            platform_only(acting)?;
            let input: DomainInput = parse(&request.body);
            let name = input.id.to_string();
            if mesh.domains.contains_key(&name) {
                return Err(Problem::new(
                    409,
                    "domain.exists",
                    "Conflict",
                    format!("the domain `{name}` exists already"),
                ));
            }
            check_description(&input)?;
            answer(201, mesh.domains.entry(name).or_insert(new_domain(input)))
        }
        ("GET", ["domains", name]) => answer(200, mesh.domain(name)?),
        ("PUT", ["domains", name]) => {
            let input: DomainInput = parse(&request.body);
            check_description(&input)?;
            let domain = mesh.domain(name)?;
            (domain.description, domain.members) = (input.description, input.members);
            answer(200, domain)
        }
        ("DELETE", ["domains", name]) => {
            platform_only(acting)?;
            mesh.domains.remove(*name);
            Ok((204, String::new()))
        }
        ("PUT", ["domains", name, "envelope"]) => {
            platform_only(acting)?;
            let envelope: Envelope = parse(&request.body);
            answer(200, mesh.domain(name)?.envelope.insert(envelope))
        }
        ("GET", ["domains", name, "envelope"]) => match &mesh.domain(name)?.envelope {
            Some(envelope) => answer(200, envelope),
            None => Err(not_found("envelope")),
        },
        ("DELETE", ["domains", name, "envelope"]) => {
            mesh.domain(name)?.envelope = None;
            Ok((204, String::new()))
        }
        ("POST", ["products"]) if request.query == "dry_run=true" => answer(200, &mesh.judge(&request.body, acting)?.0),
        ("POST", ["products"]) => mesh.register(&request.body, acting, request.headers.get("mesh-findings-digest")),
        ("GET", ["products", id]) => {
            let outcome = mesh.outcome.unwrap_or(Status::Active);
            let product = mesh.products.get_mut(*id).ok_or_else(|| not_found("product"))?;
            let now = product.clone();
            if product.status == Status::Provisioning {
                product.status = outcome;
                product.status_detail =
                    (outcome == Status::Failed).then(|| "the observer role cannot be assumed".into());
            }
            answer(200, &now)
        }
        ("DELETE", ["products", id]) => {
            let product = mesh.products.get_mut(*id).ok_or_else(|| not_found("product"))?;
            product.status = Status::Retired;
            answer(200, product)
        }
        ("POST", ["contracts"]) => {
            let input: ContractInput = parse(&request.body);
            answer(201, &mesh.request(input, acting))
        }
        ("GET", ["contracts", id]) => answer(200, mesh.contracts.get(*id).ok_or_else(|| not_found("contract"))?),
        ("POST", ["contracts", id, "revoke"]) => {
            let contract = mesh.contracts.get_mut(*id).ok_or_else(|| not_found("contract"))?;
            contract.status = ContractStatus::Revoked;
            answer(200, contract)
        }
        _ => Err(not_found("route")),
    }
}

impl Mesh {
    fn domain(&mut self, name: &str) -> Result<&mut Domain, Problem> {
        self.domains.get_mut(name).ok_or_else(|| not_found("domain"))
    }

    /// No open PII across domains; no field removed that a live contract uses; findings depend on the policies.
    fn judge(&self, text: &str, acting: &str) -> Result<(Plan, Manifest), Problem> {
        let parsed = mesh_manifest::parse(text)
            .map_err(|_| Problem::new(400, "manifest.invalid", "Invalid", "the manifest is not valid"))?;
        let manifest = parsed.manifest;
        let domain = self.domains.get(acting).filter(|_| acting == manifest.domain.as_str());
        let domain = domain.ok_or_else(|| {
            Problem::new(403, "product.not_a_producer", "Forbidden", format!("you do not belong to `{acting}`"))
        })?;
        if domain.envelope.is_none() {
            return Err(Problem::new(
                409,
                "domain.no_envelope",
                "Conflict",
                format!("the domain `{acting}` has no storage yet"),
            ));
        }
        let id = manifest.id().to_string();
        let before = self.products.get(&id);
        let (mut violations, mut affected) = (Vec::new(), Vec::new());
        for (p, port) in manifest.output_ports.iter().enumerate() {
            for (f, field) in port.schema.fields.iter().enumerate() {
                let open = field.pii.as_ref().is_some_and(|pii| pii.protection == PiiProtection::None);
                if open && manifest.access.visibility == Visibility::Company {
                    let pointer = format!("/outputPorts/{p}/schema/fields/{f}/pii");
                    let (line, column) = parsed.spans.locate(&pointer);
                    violations.push(ProblemError {
                        code: "global.pii_unencrypted".into(),
                        detail: format!(
                            "`{}` holds personal data in the open and is offered across domains",
                            field.name
                        ),
                        pointer,
                        line: Some(line),
                        column: Some(column),
                        remedy: Some("encrypt it, or offer the product within the domain only".into()),
                    });
                }
            }
            let address = manifest.address(port);
            let kept = |field: &String| port.schema.fields.iter().any(|kept| kept.name == *field);
            for contract in self.contracts.values().filter(|c| c.port == address && c.status == ContractStatus::Active)
            {
                let fields: Vec<_> = contract.fields.iter().filter(|field| !kept(field)).cloned().collect();
                if !fields.is_empty() {
                    violations.push(error(
                        "evolution.breaks_contract",
                        &format!("this breaks `{}`", contract.consumer_domain),
                    ));
                    affected.push(AffectedContract {
                        contract: contract.id.clone(),
                        consumer_domain: contract.consumer_domain.clone(),
                        contact: contract.contact.clone(),
                        port: address.to_string(),
                        fields,
                        codes: vec!["evolution.field_removed".into()],
                    });
                }
            }
        }
        let warnings = match self.policy_revision {
            0 => vec![],
            _ => vec![error("global.new_rule", "tags are wanted")],
        };
        let plan = Plan {
            product: id,
            version: manifest.version.to_string(),
            unchanged: before
                .is_some_and(|before| before.digest == manifest.digest() && before.status != Status::Retired),
            accepted: violations.is_empty(),
            changes: vec![],
            downstream: Vec::new(),
            deprecated: Vec::new(),
            findings_digest: format!("{}-{}-{}", violations.len(), warnings.len(), affected.len()),
            policy_revision: self.policy_revision.to_string(),
            violations,
            warnings,
            affected,
        };
        Ok((plan, manifest))
    }

    fn register(&mut self, text: &str, acting: &str, digest: Option<&String>) -> Answer {
        let (plan, manifest) = self.judge(text, acting)?;
        if digest.is_some_and(|digest| *digest != plan.findings_digest) {
            let mut problem = Problem::new(
                409,
                "registration.findings_changed",
                "Conflict",
                "what stands against or beside this manifest is not what the plan showed",
            );
            problem.errors = plan.violations.into_iter().chain(plan.warnings).collect();
            return Err(problem);
        }
        if !plan.accepted {
            let mut problem = Problem::new(422, "registration.refused", "Refused", "the manifest cannot be registered");
            problem.errors = plan.violations;
            return Err(problem);
        }
        if plan.unchanged {
            return answer(202, &self.products[&plan.product]);
        }
        let port = |port: &mesh_manifest::OutputPort| Port {
            id: manifest.address(port).to_string(),
            name: port.name.to_string(),
            version: port.version.to_string(),
            format: port.format.as_str().into(),
            schema_id: mesh_manifest::canonical::digest(&port.schema),
            sla_freshness_minutes: port.sla.freshness.0,
            access_endpoint: format!("s3://mesh-{acting}/{}", manifest.address(port).prefix()),
            sunset: port.sunset,
            successor: None,
        };
        let product = Product {
            id: plan.product.clone(),
            domain: manifest.domain.to_string(),
            name: manifest.name.to_string(),
            version: plan.version,
            status: Status::Provisioning,
            status_detail: None,
            revision: self.products.get(&plan.product).map_or(0, |before| before.revision) + 1,
            provisioned_revision: 0,
            indexed_revision: 0,
            digest: manifest.digest(),
            registered_at: jiff::Timestamp::UNIX_EPOCH,
            ports: manifest.output_ports.iter().map(port).collect(),
            manifest_text: text.to_owned(),
            warnings: vec![],
            manifest,
        };
        self.products.insert(plan.product, product.clone());
        answer(202, &product)
    }

    fn request(&mut self, input: ContractInput, acting: &str) -> Contract {
        let id = format!("{}.{}", input.port.product, self.contracts.len() + 1);
        let contract = Contract {
            id: id.clone(),
            port: input.port,
            consumer_domain: acting.to_owned(),
            purpose: input.purpose,
            fields: input.fields,
            agreed_freshness: input.agreed_freshness.unwrap_or(mesh_manifest::Minutes(60)),
            sunset: None,
            successor: None,
            acknowledged_at: None,
            pinned_snapshot: None,
            agreed_availability: None,
            agreed_completeness: None,
            agreed_latency: None,
            agreed_retention: None,
            contact: input.contact,
            status: ContractStatus::Pending,
            requested_by: "issuer|machine".into(),
            created_at: jiff::Timestamp::UNIX_EPOCH,
            expires_at: input.expires_at,
            required_approvals: vec![],
            approvals: vec![],
            reason: None,
        };
        self.contracts.insert(id, contract.clone());
        contract
    }
}

fn new_domain(input: DomainInput) -> Domain {
    Domain {
        external_id: format!("mesh-{}", input.id),
        id: input.id,
        description: input.description,
        members: input.members,
        envelope: None,
        revision: 1,
        created_at: jiff::Timestamp::UNIX_EPOCH,
        updated_at: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn check_description(input: &DomainInput) -> Result<(), Problem> {
    if !input.description.trim().is_empty() {
        return Ok(());
    }
    let mut problem = Problem::new(400, "request.invalid", "Invalid", "the request is not valid");
    problem.errors = vec![ProblemError {
        pointer: "/description".into(),
        ..error("domain.description", "the description must have 1 to 2000 characters")
    }];
    Err(problem)
}

fn platform_only(acting: &str) -> Result<(), Problem> {
    if acting == "platform" {
        Ok(())
    } else {
        Err(Problem::new(403, "domain.platform_only", "Forbidden", "only owners of the platform domain may do that"))
    }
}

fn error(code: &str, detail: &str) -> ProblemError {
    ProblemError {
        code: code.into(),
        pointer: String::new(),
        detail: detail.into(),
        line: None,
        column: None,
        remedy: None,
    }
}

fn not_found(what: &str) -> Problem {
    Problem::new(404, "not_found", "Not found", format!("this {what} does not exist"))
}

fn answer(status: u16, body: &impl Serialize) -> Answer {
    Ok((status, json(body)))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

fn parse<T: DeserializeOwned>(body: &str) -> T {
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}
