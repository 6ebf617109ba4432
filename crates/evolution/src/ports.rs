//! Changes of output ports, matched by name and major version.

use std::collections::{BTreeSet, HashMap};

use mesh_manifest::{
    Adoption, ContractObject, Days, Format, Manifest, OutputPort, Partition, PortName, Schema, SchemaSource,
};

use crate::{
    change::{Change, ChangeKind, Changes, place},
    code::Code,
    fields::{self, Lists},
    promises, quality,
};

/// Adds the changes of the ports of two manifests of a product.
pub fn changes(before: &Manifest, after: &Manifest, list: &mut Vec<Change>) {
    let unchanged = list.len();
    let (old, new) = (by_address(before), by_address(after));
    for (index, port) in before.output_ports.iter().enumerate() {
        let Some((position, now)) = new.get(&key(port)) else {
            removed((before, &old), after, port, index, list);
            continue;
        };
        let at = format!("/outputPorts/{index}");
        let mut changes = Changes { list: &mut *list, port: Some(before.address(port)), old: at };
        let retentions = (before.retention, after.retention);
        port_changes(port, now, retentions, &format!("/outputPorts/{position}"), &mut changes);
    }
    for (index, port) in after.output_ports.iter().enumerate().filter(|(_, port)| !old.contains_key(&key(port))) {
        let reason = match before.output_ports.iter().find(|old| old.name == port.name) {
            Some(_) => "a new major of a port stands beside the old one, whose readers notice nothing",
            None => "readers of other ports notice nothing",
        };
        let address = after.address(port);
        let mut changes = Changes { list: &mut *list, port: Some(address.clone()), old: String::new() };
        let change = changes.push(Code::PortAdded, ChangeKind::Minor, format!("/outputPorts/{index}"), reason);
        change.values(None::<&str>, Some(address));
    }
    if list.len() == unchanged && !before.output_ports.iter().map(key).eq(after.output_ports.iter().map(key)) {
        let mut changes = Changes { list, port: None, old: String::new() };
        changes.push(Code::Reordered, ChangeKind::Patch, "/outputPorts", "the order of ports means nothing");
    }
}

type Ports<'a> = HashMap<(&'a PortName, u64), (usize, &'a OutputPort)>;

fn key(port: &OutputPort) -> (&PortName, u64) {
    (&port.name, port.version.major)
}

fn by_address(manifest: &Manifest) -> Ports<'_> {
    manifest.output_ports.iter().enumerate().map(|(index, port)| (key(port), (index, port))).collect()
}

fn removed(
    (before, old): (&Manifest, &Ports<'_>),
    after: &Manifest,
    port: &OutputPort,
    index: usize,
    list: &mut Vec<Change>,
) {
    let address = before.address(port);
    let mut added = after.output_ports.iter().filter(|now| !old.contains_key(&key(now)));
    let same_name = added.clone().find(|now| now.name == port.name);
    let same_schema = added.find(|now| now.format == port.format && now.schema == port.schema);
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

fn port_changes(
    before: &OutputPort,
    after: &OutputPort,
    retentions: (Days, Days),
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let unchanged = changes.list.len();
    let OutputPort {
        name: _, // by which both were matched
        version,
        description,
        format,
        sla,
        endpoint,
        sunset: _, // in `place_changes`
        adopt: _,  // likewise
        contract,
        schema,
    } = before;
    changes.text(format!("{pointer}/description"), description.as_deref(), after.description.as_deref());
    if *format != after.format {
        let reason = "readers of the old format cannot read the new one";
        let change = changes.push(Code::FormatChanged, ChangeKind::Major, format!("{pointer}/format"), reason);
        change.values(Some(format.as_str()), Some(after.format.as_str()));
    }
    let kept = (sla.retention.unwrap_or(retentions.0), after.sla.retention.unwrap_or(retentions.1));
    promises::changes(sla, &after.sla, kept, &format!("{pointer}/sla"), changes);
    if *endpoint != after.endpoint {
        let at = if after.endpoint.is_some() { format!("{pointer}/endpoint") } else { pointer.to_owned() };
        let reason = "readers are told where to go with their next read";
        let change = changes.push(Code::EndpointMoved, ChangeKind::Minor, at, reason);
        change.values(endpoint.as_ref(), after.endpoint.as_ref()).remedy("serve both places until readers have moved");
    }
    place_changes(before, after, pointer, changes);
    if *contract != after.contract {
        let at = place(format!("{pointer}/contract"), after.contract.is_some());
        let reason = "the fields say what readers get";
        let told = |contract: &Option<ContractObject>| contract.as_ref().map(|contract| contract.id.clone());
        let change = changes.push(Code::TextChanged, ChangeKind::Patch, at, reason);
        change.values(told(contract), told(&after.contract));
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

/// What readers could reach before they cannot now, where the data is elsewhere; and until when they can.
fn place_changes(before: &OutputPort, after: &OutputPort, pointer: &str, changes: &mut Changes<'_>) {
    if before.adopt != after.adopt {
        let told = |adoption: &Option<Adoption>| match adoption {
            Some(Adoption { table: Some(table), .. }) => Some(table.clone()),
            Some(Adoption { location, .. }) => location.clone(),
            None => None,
        };
        let at = place(format!("{pointer}/adopt"), after.adopt.is_some());
        let reason = "the data that readers have read is not in the new place";
        let change = changes.push(Code::PlaceChanged, ChangeKind::Major, at, reason);
        change.values(told(&before.adopt), told(&after.adopt));
    }
    if before.sunset != after.sunset {
        let (code, kind, reason) = match (before.sunset, after.sunset) {
            (None, _) => (Code::SunsetAnnounced, ChangeKind::Minor, "readers are told until when they can read"),
            (Some(before), Some(after)) if after < before => {
                (Code::SunsetBroughtForward, ChangeKind::Major, "readers were promised to be able to read for longer")
            }
            _ => (Code::SunsetPutOff, ChangeKind::Minor, "readers can read for longer than they were told"),
        };
        let at = place(format!("{pointer}/sunset"), after.sunset.is_some());
        let change = changes.push(code, kind, at, reason);
        change.values(before.sunset, after.sunset);
        if kind == ChangeKind::Major {
            change.remedy("keep the day that was announced");
        }
    }
}

/// The changes from one version of a port's schema to another, on a port of `format`.
pub fn classify_schemas(before: &Schema, after: &Schema, format: Format) -> Vec<Change> {
    let mut list = Vec::new();
    let mut changes = Changes { list: &mut list, port: None, old: String::new() };
    schema_changes(before, after, (format, format), "/schema", &mut changes);
    list
}

fn schema_changes(
    before: &Schema,
    after: &Schema,
    formats: (Format, Format),
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let Schema { fields, primary_key, partition_by, quality, source } = before;
    let old = format!("{}/schema", changes.old);
    let lists = Lists { old: &format!("{old}/fields"), new: &format!("{pointer}/fields"), path: "", formats };
    fields::changes(fields, &after.fields, lists, changes);
    let listed = |names: &[String]| Some(names.join(", ")).filter(|text| !text.is_empty());
    if *primary_key != after.primary_key {
        let at = place(format!("{pointer}/primaryKey"), !after.primary_key.is_empty());
        let sorted = |names: &[String]| names.iter().cloned().collect::<BTreeSet<_>>();
        let same = sorted(primary_key) == sorted(&after.primary_key);
        let (code, kind, reason) = if same {
            (Code::Reordered, ChangeKind::Patch, "the order of a key's fields means nothing")
        } else {
            let reason = "readers tell rows apart by the key, and data written before keeps to the old one";
            (Code::KeyChanged, ChangeKind::Major, reason)
        };
        let change = changes.push(code, kind, at, reason);
        change.values(listed(primary_key), listed(&after.primary_key));
        if !same {
            change.remedy("keep the key");
        }
    }
    // `bucket(16,a)` and `bucket(16, a)` are the same.
    let partitions = |texts: &[String]| texts.iter().map(|text| text.parse().ok()).collect::<Vec<Option<Partition>>>();
    if *partition_by != after.partition_by {
        let at = place(format!("{pointer}/partitionBy"), !after.partition_by.is_empty());
        let (code, kind, reason) = if partitions(partition_by) == partitions(&after.partition_by) {
            (Code::Reordered, ChangeKind::Patch, "the partitions are the same")
        } else {
            (Code::PartitionChanged, ChangeKind::Major, "readers that go by partitions no longer find their data")
        };
        let change = changes.push(code, kind, at, reason);
        change.values(listed(partition_by), listed(&after.partition_by));
    }
    quality::changes(quality, &after.quality, None, &format!("{pointer}/quality"), changes);
    if *source != after.source {
        let at = place(format!("{pointer}/source"), after.source.is_some());
        let reason = "what the text says was judged by its fields";
        let told = |source: &Option<SchemaSource>| source.as_ref().map(|source| source.language.as_str());
        let change = changes.push(Code::SourceChanged, ChangeKind::Patch, at, reason);
        change.values(told(source), told(&after.source));
    }
}
