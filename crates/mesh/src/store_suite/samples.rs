//! Records to store: small, valid and made from a few names.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use mesh_manifest::{DomainName, Format, Manifest, Minutes, PortAddress, ProductId, Schema};
use semver::Version;
use serde_json::json;

use crate::{
    audit::AuditEntry,
    contract::{Agreed, Contract, ContractId, ContractStatus, RequiredApproval},
    domain::{Domain, Envelope, Member},
    idempotency::Remembered,
    measurement::{Measurement, PortState, VerdictKind},
    policies::{PolicyBundle, PolicyScope},
    principal::{Caller, Principal, Role},
    product::{Port, Product, Registration, Status},
    schema_registry::RegisteredSchema,
};

/// Noon UTC on the first of June 2026 and `seconds` more.
pub fn at(seconds: i64) -> Timestamp {
    let noon = Timestamp::constant(1_780_315_200, 0);
    noon + SignedDuration::from_secs(seconds)
}

/// The domain called `name`.
pub fn domain_name(name: &str) -> DomainName {
    name.parse().unwrap()
}

/// The principal called `name`.
pub fn principal(name: &str) -> Principal {
    Principal::new("https://idp.example.org", name)
}

/// A member with the role of an owner.
pub fn owner(name: &str) -> Member {
    Member { principal: principal(name), roles: BTreeSet::from([Role::Owner]) }
}

/// A new domain without envelope, owned by `owners`.
pub fn domain(name: &str, owners: &[&str]) -> Domain {
    Domain {
        id: domain_name(name),
        description: format!("The {name} team."),
        members: owners.iter().map(|name| owner(name)).collect(),
        external_id: format!("external-{name}"),
        envelope: None,
        revision: 1,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// An envelope whose resources have names of their own for each `name`.
pub fn envelope(name: &str) -> Envelope {
    let role = |role: &str| format!("arn:aws:iam::000000000000:role/mesh-{name}-{role}");
    Envelope {
        bucket: format!("mesh-{name}-000000000000"),
        key_arn: format!("arn:aws:kms:eu-central-1:000000000000:key/{name}"),
        glue_database: format!("mesh_{}", name.replace('-', "_")),
        reader_role_arn: role("reader"),
        producer_role_arn: role("producer"),
        observer_role_arn: role("observer"),
        alert_topic_arn: format!("arn:aws:sns:eu-central-1:000000000000:mesh-{name}-alerts"),
    }
}

/// A manifest of `product` with Iceberg ports of major 1 by the names of `ports`.
pub fn manifest(product: &str, ports: &[&str]) -> Manifest {
    let id: ProductId = product.parse().unwrap();
    let port = |name: &&str| {
        json!({
            "name": name, "version": "1.0.0", "format": "iceberg", "sla": { "freshness": "60m" },
            "schema": { "fields": [{ "name": "tail_number", "type": "string", "required": true }] },
        })
    };
    let manifest = json!({
        "apiVersion": "mesh/v1", "kind": "DataProduct", "domain": id.domain, "name": id.name, "version": "1.0.0",
        "description": "Every departure from the New York airports.",
        "owner": { "team": "Flight Operations", "contact": "flight-ops@example.org" },
        "classification": "internal", "retention": "730d", "mutability": "append-only",
        "access": { "visibility": "company", "purposes": ["analytics"] },
        "outputPorts": ports.iter().map(port).collect::<Vec<_>>(),
    });
    serde_json::from_value(manifest).unwrap()
}

/// The first registered state of `product`, with one port `daily`.
pub fn product(product: &str) -> Product {
    let manifest = manifest(product, &["daily"]);
    Product {
        id: manifest.id(),
        version: manifest.version.clone(),
        status: Status::Provisioning,
        status_detail: Some("waiting for the envelope".to_owned()),
        manifest_text: format!("# {product}\nkind: DataProduct\n"),
        digest: manifest.digest(),
        manifest,
        revision: 1,
        registered_at: at(0),
        registered_by: principal("alice").to_string(),
        provisioned_revision: 0,
        indexed_revision: 0,
        contracts_revision: 0,
        gone: Vec::new(),
        notices: Vec::new(),
    }
}

/// A port of major 1 at `address`, written by `revision` of its product.
pub fn port(address: &str, revision: u64) -> Port {
    let address: PortAddress = address.parse().unwrap();
    Port {
        version: Version::new(address.major, 0, 0),
        revision,
        schema_id: schema(&address.subject(), "1.0.0").id,
        format: Format::Iceberg,
        freshness: Minutes(60),
        endpoint: format!("s3://mesh-bucket/{}", address.prefix()),
        since: at(0),
        deprecation: None,
        address,
    }
}

/// Version `version` of `subject`'s schema.
pub fn schema(subject: &str, version: &str) -> RegisteredSchema {
    let schema: Schema = serde_json::from_value(json!({ "fields": [
        { "name": "tail_number", "type": "string", "required": true, "pii": { "category": "registration", "protection": "masked" } },
    ] }))
    .unwrap();
    RegisteredSchema::new(subject.to_owned(), version.parse().unwrap(), schema, at(0))
}

/// What `alice` of the domain `operations` did to `resource` at `time`.
pub fn audit(resource: &str, action: &str, time: Timestamp) -> AuditEntry {
    let caller = Caller {
        principal: principal("alice"),
        domain: domain_name("operations"),
        roles: BTreeSet::from([Role::Owner]),
        membership_revision: 1,
    };
    AuditEntry::new(time, resource, action, &caller, json!({ "why": "test" }))
}

/// The first registration of `product` with one port `daily` and its schema.
pub fn first_registration(id: &str) -> Registration {
    let product = product(id);
    Registration {
        before: None,
        ports: vec![port(&format!("{id}/daily@1"), 1)],
        removed_ports: Vec::new(),
        schemas: vec![schema(&format!("{id}/daily"), "1.0.0")],
        inputs: Vec::new(),
        removed_inputs: Vec::new(),
        upstream: Vec::new(),
        audit: audit(id, "product.registered", at(0)),
        remember: None,
        product,
    }
}

/// A registration that follows `before`, which has the same content.
pub fn next_registration(before: &Product) -> Registration {
    let revision = before.revision + 1;
    Registration {
        product: Product {
            revision,
            status: Status::Provisioning,
            status_detail: None,
            registered_at: at(60),
            ..before.clone()
        },
        before: Some(before.clone()),
        ports: vec![port(&format!("{}/daily@1", before.id), revision)],
        removed_ports: Vec::new(),
        schemas: Vec::new(),
        inputs: Vec::new(),
        removed_inputs: Vec::new(),
        upstream: Vec::new(),
        audit: audit(&before.id.to_string(), "product.registered", at(60)),
        remember: None,
    }
}

/// A pending contract of `consumer` on major 1 of `port`, made `seconds` after noon.
pub fn contract(port: &str, consumer: &str, seconds: i64) -> Contract {
    let port: PortAddress = port.parse().unwrap();
    Contract {
        id: ContractId::generate(port.product.clone()),
        port,
        consumer_domain: domain_name(consumer),
        purpose: "analytics".to_owned(),
        fields: vec!["tail_number".to_owned()],
        agreed_freshness: Minutes(120),
        agreed: Agreed::default(),
        contact: "insights@example.org".to_owned(),
        status: ContractStatus::Pending,
        requested_by: principal("bob"),
        created_at: at(seconds),
        expires_at: Some(at(seconds + 3600)),
        required_approvals: vec![RequiredApproval { role: "owner".to_owned(), reason: "it is theirs".to_owned() }],
        approvals: Vec::new(),
        reason: None,
        acknowledged: None,
        pinned_snapshot: None,
        revision: 1,
    }
}

/// A bundle of `scope` that was published `seconds` after noon.
pub fn bundle(scope: PolicyScope, revision: &str, seconds: i64) -> PolicyBundle {
    let rego = format!("package mesh.global.sample\n\n# {revision}\nallow := true\n");
    PolicyBundle {
        scope,
        modules: [("sample/rule.rego".to_owned(), rego)].into(),
        revision: revision.to_owned(),
        published_by: principal("alice").to_string(),
        published_at: at(seconds),
    }
}

/// The state of `port` after `sequence` writes, measured `seconds` after noon.
pub fn port_state(port: &str, sequence: u64, seconds: i64) -> PortState {
    let measurement = Measurement {
        port: port.parse().unwrap(),
        measured_at: at(seconds),
        actual_freshness_minutes: Some(30),
        sla_freshness_minutes: Minutes(60),
        verdict: VerdictKind::Kept,
    };
    PortState {
        measurement,
        settled: Some(VerdictKind::Kept),
        settled_since: Some(at(0)),
        newest: Some(at(seconds - 1800)),
        metadata_location: Some("s3://mesh-bucket/flights/daily/v1/metadata/1.json".to_owned()),
        measured_minutes: 10,
        kept_minutes: 10,
        counted_until: Some(at(seconds)),
        unsent: Vec::new(),
        unalerted: Vec::new(),
        sequence,
    }
}

/// An answer remembered under `key` until `expires_at`.
pub fn remembered(key: &str, expires_at: Timestamp) -> Remembered {
    Remembered {
        key: key.to_owned(),
        body_digest: "digest".to_owned(),
        answer: "operations.flights@1".to_owned(),
        expires_at,
    }
}
