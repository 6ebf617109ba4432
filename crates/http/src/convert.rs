//! From the use cases' records to what travels over the wire.

use mesh_api::types;
use mesh_core::{
    contract::{Contract, ContractId, ContractStatus},
    deprecation::{DeprecatedPort, Deprecation},
    domain::{Domain, Envelope},
    error::UseCaseError,
    measurement::{Measurement, PortState, VerdictKind},
    plan::Plan,
    policies::PolicyBundle,
    product::{Port, Product, Status},
    schema_registry::RegisteredSchema,
};
use mesh_evolution::Change;

use crate::problem::problem_error;

/// A domain.
pub fn domain(domain: Domain) -> types::Domain {
    types::Domain {
        id: domain.id,
        description: domain.description,
        members: domain
            .members
            .into_iter()
            .map(|member| types::Member {
                principal: member.principal.to_string(),
                roles: member.roles.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        external_id: domain.external_id,
        envelope: domain.envelope.map(envelope),
        revision: domain.revision,
        created_at: domain.created_at,
        updated_at: domain.updated_at,
    }
}

/// A domain's storage.
pub fn envelope(envelope: Envelope) -> types::Envelope {
    let Envelope {
        bucket,
        key_arn,
        glue_database,
        reader_role_arn,
        producer_role_arn,
        observer_role_arn,
        alert_topic_arn,
    } = envelope;
    types::Envelope {
        bucket,
        key_arn,
        glue_database,
        reader_role_arn,
        producer_role_arn,
        observer_role_arn,
        alert_topic_arn,
    }
}

/// A product's status.
pub fn status(status: Status) -> types::Status {
    match status {
        Status::Provisioning => types::Status::Provisioning,
        Status::Active => types::Status::Active,
        Status::Failed => types::Status::Failed,
        Status::Retired => types::Status::Retired,
    }
}

/// A product with its ports, as the manifest lists them; what only its domain may see is left out for others.
pub fn product(product: Product, ports: Vec<Port>, own: bool) -> types::Product {
    types::Product {
        id: product.id.to_string(),
        domain: product.id.domain.to_string(),
        name: product.id.name.to_string(),
        version: product.version.to_string(),
        status: status(product.status),
        status_detail: product.status_detail.filter(|_| own),
        revision: product.revision,
        provisioned_revision: product.provisioned_revision,
        indexed_revision: product.indexed_revision,
        digest: product.digest,
        registered_at: product.registered_at,
        manifest: product.manifest,
        manifest_text: if own { product.manifest_text } else { String::new() },
        ports: ports.into_iter().map(port).collect(),
        warnings: Vec::new(),
    }
}

/// A port.
pub fn port(port: Port) -> types::Port {
    types::Port {
        id: port.address.to_string(),
        name: port.address.port.to_string(),
        version: port.version.to_string(),
        format: port.format.as_str().to_owned(),
        schema_id: port.schema_id,
        sla_freshness_minutes: port.freshness.0,
        access_endpoint: port.endpoint,
        sunset: port.deprecation.as_ref().map(|deprecation| deprecation.sunset),
        successor: port.deprecation.and_then(|deprecation| deprecation.successor).map(|port| port.to_string()),
    }
}

/// One revision of a product, of which `current` is the one that stands.
pub fn revision(product: Product, current: u64) -> types::Revision {
    types::Revision {
        revision: product.revision,
        version: product.version.to_string(),
        status: match product.status {
            Status::Retired => types::RevisionStatus::Retired,
            _ if product.revision < current => types::RevisionStatus::Superseded,
            Status::Provisioning => types::RevisionStatus::Provisioning,
            Status::Active => types::RevisionStatus::Active,
            Status::Failed => types::RevisionStatus::Failed,
        },
        digest: product.digest,
        registered_at: product.registered_at,
        manifest_text: product.manifest_text,
    }
}

/// A plan.
pub fn plan(plan: Plan) -> types::Plan {
    types::Plan {
        product: plan.product.to_string(),
        version: plan.manifest.version.to_string(),
        unchanged: plan.unchanged,
        accepted: plan.violations.is_empty(),
        changes: plan.changes.iter().map(change).collect(),
        violations: plan.violations.into_iter().map(problem_error).collect(),
        warnings: plan.warnings.into_iter().map(problem_error).collect(),
        affected: plan
            .affected
            .into_iter()
            .map(|one| types::AffectedContract {
                contract: one.contract,
                consumer_domain: one.consumer_domain,
                contact: one.contact,
                port: one.port.to_string(),
                fields: one.fields,
                codes: one.codes,
            })
            .collect(),
        downstream: plan
            .downstream
            .into_iter()
            .map(|one| types::Downstream {
                product: one.product.to_string(),
                port: one.port.to_string(),
                through: one.through.map(|product| product.to_string()),
            })
            .collect(),
        deprecated: plan.deprecated.into_iter().map(deprecated_port).collect(),
        findings_digest: plan.findings_digest,
        policy_revision: plan.policy_revision,
    }
}

/// One difference.
pub fn change(change: &Change) -> types::Change {
    types::Change {
        code: change.code.to_string(),
        kind: change.kind.as_str().to_owned(),
        pointer: change.pointer.clone(),
        port: change.port.as_ref().map(ToString::to_string),
        field: change.field.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        reason: change.reason.clone(),
    }
}

fn deprecated_port(one: DeprecatedPort) -> types::DeprecatedPort {
    types::DeprecatedPort {
        port: one.port.to_string(),
        sunset: one.deprecation.sunset,
        successor: one.deprecation.successor.map(|port| port.to_string()),
        readers: one
            .readers
            .into_iter()
            .map(|reader| types::DeprecatedPortReader {
                contract: reader.contract,
                consumer_domain: reader.consumer_domain,
                contact: reader.contact,
                acknowledged: reader.acknowledged,
                last_read: reader.last_read,
            })
            .collect(),
        downstream: one.downstream.into_iter().map(|product| product.to_string()).collect(),
    }
}

/// A registered schema.
pub fn schema(schema: RegisteredSchema) -> types::RegisteredSchema {
    types::RegisteredSchema {
        id: schema.id,
        subject: schema.subject,
        version: schema.version.to_string(),
        digest: schema.digest,
        registered_at: schema.registered_at,
        schema: schema.schema,
    }
}

/// A path's text as a contract's id; what is no id is not found.
pub fn contract_id(text: &str) -> Result<ContractId, UseCaseError> {
    text.parse().map_err(|_| UseCaseError::not_found("contract", text.chars().take(120).collect::<String>()))
}

/// A contract as it stands at `now`, and what is announced of its port.
pub fn contract(contract: Contract, deprecation: Option<&Deprecation>, now: jiff::Timestamp) -> types::Contract {
    types::Contract {
        sunset: deprecation.map(|deprecation| deprecation.sunset),
        successor: deprecation.and_then(|deprecation| deprecation.successor.as_ref()).map(ToString::to_string),
        acknowledged_at: contract.acknowledged.as_ref().map(|known| known.at),
        pinned_snapshot: contract.pinned_snapshot,
        status: contract_status(contract.status_at(now)),
        id: contract.id.to_string(),
        port: contract.port,
        consumer_domain: contract.consumer_domain.to_string(),
        purpose: contract.purpose,
        fields: contract.fields,
        agreed_freshness: contract.agreed_freshness,
        agreed_availability: contract.agreed.availability,
        agreed_completeness: contract.agreed.completeness,
        agreed_latency: contract.agreed.latency,
        agreed_retention: contract.agreed.retention,
        contact: contract.contact,
        requested_by: contract.requested_by.to_string(),
        created_at: contract.created_at,
        expires_at: contract.expires_at,
        required_approvals: contract
            .required_approvals
            .into_iter()
            .map(|required| types::RequiredApproval { role: required.role, reason: required.reason })
            .collect(),
        approvals: contract
            .approvals
            .into_iter()
            .map(|given| types::Approval { role: given.role, by: given.by.to_string(), at: given.at })
            .collect(),
        reason: contract.reason,
    }
}

fn contract_status(status: ContractStatus) -> types::ContractStatus {
    match status {
        ContractStatus::Pending => types::ContractStatus::Pending,
        ContractStatus::Active => types::ContractStatus::Active,
        ContractStatus::Rejected => types::ContractStatus::Rejected,
        ContractStatus::Expired => types::ContractStatus::Expired,
        ContractStatus::Revoked => types::ContractStatus::Revoked,
    }
}

/// A verdict.
pub fn verdict(verdict: VerdictKind) -> types::Verdict {
    match verdict {
        VerdictKind::Kept => types::Verdict::Kept,
        VerdictKind::Broken => types::Verdict::Broken,
        VerdictKind::Unknown => types::Verdict::Unknown,
    }
}

/// A port's promise and how it is kept.
pub fn sla(port: &Port, state: Option<PortState>, measurements: Vec<Measurement>) -> types::SlaStatus {
    types::SlaStatus {
        port: port.address.to_string(),
        sla_freshness_minutes: port.freshness.0,
        verdict: state.as_ref().map(|state| verdict(state.measurement.verdict)),
        since: state.as_ref().and_then(|state| state.settled_since),
        newest_data: state.as_ref().and_then(|state| state.newest),
        compliance: state.as_ref().and_then(compliance),
        measurements: measurements
            .into_iter()
            .map(|measurement| types::Measurement {
                measured_at: measurement.measured_at,
                actual_freshness_minutes: measurement.actual_freshness_minutes,
                sla_freshness_minutes: measurement.sla_freshness_minutes.0,
                verdict: verdict(measurement.verdict),
            })
            .collect(),
    }
}

/// Share of measured time in which the promise was kept, in percent.
fn compliance(state: &PortState) -> Option<f64> {
    (state.measured_minutes > 0).then(|| state.kept_minutes as f64 * 100.0 / state.measured_minutes as f64)
}

/// How fresh a port's data is and is promised to be.
pub fn freshness(
    promised: mesh_manifest::Minutes,
    agreed: Option<mesh_manifest::Minutes>,
    state: Option<&PortState>,
) -> types::Freshness {
    types::Freshness {
        promised_minutes: promised.0,
        agreed_minutes: agreed.map(|agreed| agreed.0),
        verdict: state.map(|state| verdict(state.measurement.verdict)),
        newest_data: state.and_then(|state| state.newest),
    }
}

/// Published policies.
pub fn policies(bundle: PolicyBundle) -> types::PolicyBundle {
    types::PolicyBundle {
        scope: bundle.scope.to_string(),
        revision: bundle.revision,
        published_by: bundle.published_by,
        published_at: bundle.published_at,
        modules: bundle.modules,
    }
}
