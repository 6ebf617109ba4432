//! What stands against a manifest beside the changes themselves: promises that cannot be kept, and versions that are taken.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mesh_evolution::{Change, ChangeKind};
use mesh_manifest::{Manifest, Minutes, OutputPort, PortAddress};
use semver::Version;

use crate::{
    contract::Contract,
    deprecation::Leaving,
    error::Violation,
    findings::Findings,
    product::{Port, Product},
    schema_registry::RegisteredSchema,
};

/// The changes without the removal of ports whose last day is over.
pub(super) fn breaking(changes: &[Change], leaving: &Leaving) -> Vec<Change> {
    let is_over = |change: &&Change| {
        change.code == mesh_evolution::Code::PortRemoved.as_str()
            && change.port.as_ref().is_some_and(|port| leaving.over.contains(port))
    };
    changes.iter().filter(|change| !is_over(change)).cloned().collect()
}

/// Whoever still holds a contract on a port that is removed after its last day gets a final notice.
pub(super) fn warn_of_final_removal(leaving: &Leaving, live: &[Contract], findings: &mut Findings) {
    for port in &leaving.over {
        for contract in live.iter().filter(|contract| contract.port == *port) {
            let detail = format!(
                "`{}` still holds the contract `{}` on `{port}`, whose last day is over: it gets a final notice, and its reads are answered by 410",
                contract.consumer_domain, contract.id
            );
            findings.warn(
                Violation::new("deprecation.final_notice", "/outputPorts", detail)
                    .with_remedy(format!("tell {} where to go", contract.contact)),
            );
        }
    }
}

/// What is made from others can be no fresher than the slowest of them and the time that it takes.
///
/// Where neither the inputs nor the promise changed, an upstream product loosened its own: that is told, and refuses nothing.
pub(super) fn check_promises(
    manifest: &Manifest,
    before: Option<&Manifest>,
    upstream: &[Product],
    findings: &mut Findings,
) {
    let inputs = manifest.inputs.iter().filter_map(|input| {
        let product = upstream.iter().find(|product| product.id == input.port.product)?;
        Some((&input.port, product.manifest.port(&input.port)?.sla.freshness))
    });
    let Some((input, slowest)) = inputs.max_by_key(|(_, freshness)| *freshness) else { return };
    for (index, port) in manifest.output_ports.iter().enumerate() {
        let processing = port.sla.processing.map_or(0, |minutes| minutes.0);
        let least = Minutes(slowest.0.saturating_add(processing));
        if port.sla.freshness < least {
            let detail = format!(
                "`{}` promises {}, and is made from `{input}`, which promises {slowest}{}",
                manifest.address(port),
                port.sla.freshness,
                port.sla.processing.map(|time| format!(", in {time}")).unwrap_or_default()
            );
            let violation = Violation::new("promise.too_tight", format!("/outputPorts/{index}/sla/freshness"), detail)
                .with_remedy(format!("promise {least} or more, or take fresher inputs"));
            let stood = before.is_some_and(|before| {
                let known = before.port(&manifest.address(port));
                before.inputs == manifest.inputs && known.is_some_and(|known| known.sla == port.sla)
            });
            if stood {
                findings.warn(violation);
            } else {
                findings.refuse(violation);
            }
        }
    }
}

/// Content of a registered version never changes. Answers with the schema of every port, and those that are new.
pub(super) fn check_schemas(
    manifest: &Manifest,
    registered: Vec<Vec<RegisteredSchema>>,
    ports_before: &[Port],
    now: Timestamp,
    findings: &mut Findings,
) -> (BTreeMap<PortAddress, RegisteredSchema>, Vec<RegisteredSchema>) {
    let (mut all, mut new) = (BTreeMap::new(), Vec::new());
    for (index, (port, versions)) in manifest.output_ports.iter().zip(registered).enumerate() {
        let address = manifest.address(port);
        let schema = RegisteredSchema::new(address.subject(), port.version.clone(), port.schema.clone(), now);
        let current = ports_before.iter().find(|before| before.address == address).map(|before| &before.version);
        check_earlier(port, index, &versions, current, findings);
        match versions.into_iter().find(|known| known.version == port.version) {
            Some(known) if known.digest == schema.digest => {
                all.insert(address, known);
            }
            Some(_) => {
                let pointer = format!("/outputPorts/{index}/version");
                let detail =
                    format!("version {} of `{}` is registered with another schema", port.version, address.subject());
                findings.refuse(
                    Violation::new("schema.version_taken", pointer, detail).with_remedy("give the port a new version"),
                );
            }
            None => {
                new.push(schema.clone());
                all.insert(address, schema);
            }
        }
    }
    (all, new)
}

/// A major of a port is one promise: readers of any of its versions read all of its data. What is registered now was compared already, with
/// all else that a product is.
fn check_earlier(
    port: &OutputPort,
    index: usize,
    versions: &[RegisteredSchema],
    current: Option<&Version>,
    findings: &mut Findings,
) {
    let earlier = versions.iter().filter(|known| {
        known.version.major == port.version.major && known.version != port.version && Some(&known.version) != current
    });
    for known in earlier {
        let changes = mesh_evolution::classify_schemas(&known.schema, &port.schema, port.format);
        if let Some(change) = changes.iter().find(|change| change.kind == ChangeKind::Major) {
            let what = change.field.as_ref().map(|field| format!(" of `{field}`")).unwrap_or_default();
            let rule = change.code.strip_prefix("evolution.").unwrap_or(&change.code).replace('_', " ");
            let detail = format!(
                "`{}` {} breaks readers of its version {}: {rule}{what}: {}",
                known.subject, port.version, known.version, change.reason
            );
            findings.refuse(
                Violation::new("schema.breaks_version", format!("/outputPorts/{index}/schema"), detail)
                    .with_remedy("publish it as a new major of the port beside the old one"),
            );
        }
    }
}
