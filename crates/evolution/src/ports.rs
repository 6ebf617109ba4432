//! Changes of output ports, matched by name and major version.

use mesh_manifest::{Format, Manifest, OutputPort, Percent, PortAddress, Schema, Sla};

use crate::{
    change::{Change, ChangeKind, Changes},
    code::Code,
    fields,
};

/// Adds the changes of the ports of two manifests of a product.
pub fn changes(before: &Manifest, after: &Manifest, list: &mut Vec<Change>) {
    let unchanged = list.len();
    let addresses: Vec<PortAddress> = after.output_ports.iter().map(|port| after.address(port)).collect();
    for (index, port) in before.output_ports.iter().enumerate() {
        let address = before.address(port);
        match addresses.iter().position(|now| now.port == address.port && now.major == address.major) {
            None => removed(before, after, port, index, list),
            Some(position) => {
                if let Some(now) = after.output_ports.get(position) {
                    let mut changes =
                        Changes { list: &mut *list, port: Some(address), old: format!("/outputPorts/{index}") };
                    port_changes(port, now, &format!("/outputPorts/{position}"), &mut changes);
                }
            }
        }
    }
    for (index, (port, address)) in after.output_ports.iter().zip(&addresses).enumerate() {
        let beside = before.output_ports.iter().find(|old| old.name == port.name);
        if !before.output_ports.iter().any(|old| old.name == port.name && old.version.major == port.version.major) {
            let reason = match beside {
                Some(_) => "a new major of a port stands beside the old one, whose readers notice nothing",
                None => "readers of other ports notice nothing",
            };
            let mut changes = Changes { list: &mut *list, port: Some(address.clone()), old: String::new() };
            let change = changes.push(Code::PortAdded, ChangeKind::Minor, format!("/outputPorts/{index}"), reason);
            change.values(None::<&str>, Some(address));
        }
    }
    let order = |manifest: &Manifest| {
        manifest.output_ports.iter().map(|port| (port.name.clone(), port.version.major)).collect::<Vec<_>>()
    };
    if list.len() == unchanged && order(before) != order(after) {
        let mut changes = Changes { list, port: None, old: String::new() };
        changes.push(Code::Reordered, ChangeKind::Patch, "/outputPorts", "the order of ports means nothing");
    }
}

fn removed(before: &Manifest, after: &Manifest, port: &OutputPort, index: usize, list: &mut Vec<Change>) {
    let address = before.address(port);
    let is_new = |now: &&OutputPort| {
        !before.output_ports.iter().any(|old| old.name == now.name && old.version.major == now.version.major)
    };
    let same_name = after.output_ports.iter().filter(is_new).find(|now| now.name == port.name);
    let same_schema =
        after.output_ports.iter().filter(is_new).find(|now| now.schema == port.schema && now.format == port.format);
    let remedy = match (same_name, same_schema) {
        (Some(now), _) => {
            format!("keep `{address}` listed beside `{}` until its readers have moved", after.address(now))
        }
        (None, Some(now)) => {
            format!(
                "`{}` looks like this port under another name: a port's name is its address, so keep `{address}` listed",
                after.address(now)
            )
        }
        (None, None) => format!("keep `{address}` listed until its readers have moved"),
    };
    let mut changes = Changes { list, port: Some(address.clone()), old: String::new() };
    let change =
        changes.push(Code::PortRemoved, ChangeKind::Major, "/outputPorts", "those who read the port can no longer");
    change.values(Some(address), None::<&str>).remedy(remedy).removed_pointer = Some(format!("/outputPorts/{index}"));
}

fn port_changes(before: &OutputPort, after: &OutputPort, pointer: &str, changes: &mut Changes<'_>) {
    let unchanged = changes.list.len();
    let OutputPort { name: _, version, description, format, sla, endpoint, schema } = before;
    changes.text(format!("{pointer}/description"), description.as_deref(), after.description.as_deref());
    if *format != after.format {
        let reason = "readers of the old format cannot read the new one";
        let change = changes.push(Code::FormatChanged, ChangeKind::Major, format!("{pointer}/format"), reason);
        change.values(Some(format.as_str()), Some(after.format.as_str()));
    }
    sla_changes(sla, &after.sla, &format!("{pointer}/sla"), changes);
    if *endpoint != after.endpoint {
        let at = if after.endpoint.is_some() { format!("{pointer}/endpoint") } else { pointer.to_owned() };
        let reason = "readers are told where to go with their next read";
        let change = changes.push(Code::EndpointMoved, ChangeKind::Minor, at, reason);
        change.values(endpoint.as_ref(), after.endpoint.as_ref()).remedy("serve both places until readers have moved");
    }
    schema_changes(schema, &after.schema, (*format, after.format), &format!("{pointer}/schema"), changes);
    if changes.list.len() == unchanged && *version != after.version {
        let change = changes.push(
            Code::PortVersionMoved,
            ChangeKind::Patch,
            format!("{pointer}/version"),
            "nothing else of the port changed",
        );
        change.values(Some(version), Some(&after.version));
    }
}

fn sla_changes(before: &Sla, after: &Sla, pointer: &str, changes: &mut Changes<'_>) {
    let Sla { freshness, availability } = before;
    if after.freshness > *freshness {
        let reason = "contracts that agreed on fresher data are broken";
        let change = changes.push(Code::FreshnessLoosened, ChangeKind::Major, format!("{pointer}/freshness"), reason);
        change
            .values(Some(freshness), Some(after.freshness))
            .remedy("agree on it with the consumers who rely on the tighter promise");
        change.loosened_freshness = Some(after.freshness);
    } else if after.freshness < *freshness {
        let change = changes.push(
            Code::FreshnessTightened,
            ChangeKind::Minor,
            format!("{pointer}/freshness"),
            "fresher data is promised",
        );
        change.values(Some(freshness), Some(after.freshness));
    }
    if *availability != after.availability {
        // No promise is the loosest one.
        let share = |availability: Option<Percent>| availability.map_or(0, |Percent(thousandths)| thousandths);
        let (code, reason) = if share(after.availability) < share(*availability) {
            (Code::AvailabilityLoosened, "the port is promised to be readable for less of the time")
        } else {
            (Code::AvailabilityTightened, "the port is promised to be readable for more of the time")
        };
        let at = if after.availability.is_some() { format!("{pointer}/availability") } else { pointer.to_owned() };
        changes.push(code, ChangeKind::Minor, at, reason).values(*availability, after.availability);
    }
}

fn schema_changes(
    before: &Schema,
    after: &Schema,
    formats: (Format, Format),
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let Schema { fields } = before;
    fields::changes(fields, &after.fields, formats, &format!("{pointer}/fields"), changes);
}
