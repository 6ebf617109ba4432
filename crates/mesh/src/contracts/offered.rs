//! What a product offers now, beside what a contract asks for.

use mesh_evolution::Loosened;
use mesh_manifest::{Manifest, Minutes, OutputPort, PortAddress};

use crate::{
    contract::{Agreed, Contract},
    error::{UseCaseError, Violation},
    product::Product,
};

/// What else than freshness a port promises.
pub(super) fn agreed(manifest: &Manifest, port: &OutputPort) -> Agreed {
    Agreed {
        availability: port.sla.availability,
        completeness: port.sla.completeness,
        latency: port.sla.latency,
        retention: Some(port.sla.retention.unwrap_or(manifest.retention)),
    }
}

/// Refuses a contract on what the product no longer offers: a registration heeds active contracts only, and may have moved on while
/// this one was pending.
pub(super) fn still_offered(contract: &Contract, product: &Product) -> Result<(), UseCaseError> {
    let mut violations = not_offered(product, &contract.port, &contract.fields, Some(contract.agreed_freshness));
    violations.extend(less_promised(contract, product));
    if violations.is_empty() {
        return Ok(());
    }
    Err(UseCaseError::Conflict {
        code: "contract.outdated",
        detail: format!("`{}` no longer offers what the contract `{}` asks for", contract.port, contract.id),
        remedy: Some("reject it, and have the consumer ask for what is offered now".to_owned()),
        violations,
    })
}

/// What is promised less now than when the contract was asked for.
fn less_promised(contract: &Contract, product: &Product) -> Vec<Violation> {
    let Some(port) = product.manifest.port(&contract.port) else { return Vec::new() };
    let Agreed { availability, completeness, latency, retention } = agreed(&product.manifest, port);
    let promises = [
        ("availability", Some(Loosened::Availability(availability))),
        ("completeness", Some(Loosened::Completeness(completeness))),
        ("latency", Some(Loosened::Latency(latency))),
        ("retention", retention.map(Loosened::Retention)),
    ];
    promises
        .into_iter()
        .filter(|(_, promised)| promised.is_some_and(|promised| contract.agreed_on_more_than(promised)))
        .map(|(what, _)| {
            let detail = format!("`{}` promises less {what} than when the contract was asked for", contract.port);
            Violation::new("contract.less_promised", "", detail).with_remedy("have the consumer ask anew")
        })
        .collect()
}

/// What the product, as it is now, does not offer of what is asked for.
pub(super) fn not_offered(
    product: &Product,
    address: &PortAddress,
    fields: &[String],
    agreed: Option<Minutes>,
) -> Vec<Violation> {
    let Some(port) = product.manifest.port(address) else {
        return vec![Violation::new("contract.unknown_port", "/port", format!("there is no port `{address}`"))];
    };
    let mut violations = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if !port.schema.has(field) {
            let shown: String = field.chars().take(80).collect();
            let violation = Violation::new(
                "contract.unknown_field",
                format!("/fields/{index}"),
                format!("`{address}` has no field `{shown}`"),
            );
            violations.push(violation.with_remedy("name fields of the port's schema, or none for all"));
        }
    }
    if let Some(agreed) = agreed
        && agreed < port.sla.freshness
    {
        let violation = Violation::new(
            "contract.freshness",
            "/agreed_freshness",
            format!("`{address}` promises {}; {agreed} is tighter than that", port.sla.freshness),
        );
        violations.push(violation.with_remedy("agree on what is promised, or ask the owner to promise more"));
    }
    violations
}
