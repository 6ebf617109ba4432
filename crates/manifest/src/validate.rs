//! What the structure cannot say: that names are unique, endpoints fit formats, contacts are reachable.

use std::collections::{HashMap, hash_map};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    endpoint::{check_contact, check_endpoint},
    model::{Access, Manifest, OutputPort, Owner},
};

/// The largest major version of a port: addresses hold nine digits.
const MAX_MAJOR: u64 = 999_999_999;

/// The errors and warnings of a manifest whose structure is valid, with pointers and without places.
pub fn validate(manifest: &Manifest) -> Vec<Diagnostic> {
    let Manifest {
        api_version: _,
        kind: _,
        domain: _,
        name: _,
        version: _,
        description: _,
        owner,
        classification: _,
        retention: _,
        mutability: _,
        access,
        tags,
        inputs: _,
        output_ports,
    } = manifest;
    let mut found = Vec::new();
    check_owner(owner, &mut found);
    check_access(access, &mut found);
    check_entries("/tags", "tag", tags, &mut found);
    check_inputs(manifest, &mut found);
    check_ports(output_ports, &mut found);
    found
}

fn check_owner(owner: &Owner, found: &mut Vec<Diagnostic>) {
    if let Err(message) = check_contact(&owner.contact) {
        found.push(
            Diagnostic::error(Code::ContactInvalid, "/owner/contact", message)
                .remedy("write an e-mail address or an https URL where the team is reached"),
        );
    }
}

fn check_access(access: &Access, found: &mut Vec<Diagnostic>) {
    check_entries("/access/purposes", "purpose", &access.purposes, found);
}

fn check_entries(pointer: &str, what: &str, entries: &[String], found: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        if let Some(first) = seen.insert(entry, index) {
            let message = format!("the {what} `{}` stands twice; first as entry {}", shown(entry), first + 1);
            found.push(
                Diagnostic::error(Code::DuplicateEntry, format!("{pointer}/{index}"), message)
                    .remedy("remove one of the two"),
            );
        }
    }
}

fn check_inputs(manifest: &Manifest, found: &mut Vec<Diagnostic>) {
    let id = manifest.id();
    let mut seen = HashMap::new();
    for (index, input) in manifest.inputs.iter().enumerate() {
        let pointer = format!("/inputs/{index}/port");
        if input.port.product == id {
            let message = format!("`{}` is a port of this product, which cannot be its own input", input.port);
            found.push(Diagnostic::error(Code::InputOnItself, pointer.as_str(), message).remedy("remove the input"));
        }
        if let Some(first) = seen.insert(&input.port, index) {
            let message = format!("`{}` is already input {}", input.port, first + 1);
            found.push(Diagnostic::error(Code::DuplicateInput, pointer, message).remedy("list each port once"));
        }
    }
}

fn check_ports(ports: &[OutputPort], found: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for (index, port) in ports.iter().enumerate() {
        let pointer = format!("/outputPorts/{index}");
        let major = port.version.major;
        if major > MAX_MAJOR {
            let message = format!("the major version {major} is above {MAX_MAJOR}");
            found.push(
                Diagnostic::error(Code::InvalidValue, format!("{pointer}/version"), message)
                    .remedy("number majors from 1"),
            );
        }
        match seen.entry((&port.name, major)) {
            hash_map::Entry::Occupied(first) => {
                let message = format!("port {} is already `{}` of major {major}", first.get() + 1, port.name);
                let remedy = "give the port another name, or another major version where it breaks the other";
                found.push(Diagnostic::error(Code::DuplicatePort, format!("{pointer}/name"), message).remedy(remedy));
            }
            hash_map::Entry::Vacant(slot) => {
                slot.insert(index);
            }
        }
        check_port_endpoint(port, &pointer, found);
        check_fields(port, &pointer, found);
    }
}

fn check_port_endpoint(port: &OutputPort, pointer: &str, found: &mut Vec<Diagnostic>) {
    let format = port.format;
    match &port.endpoint {
        None if format.is_endpoint() => {
            let message = format!("a port of format `{}` needs an `endpoint`", format.as_str());
            found.push(
                Diagnostic::error(Code::EndpointMissing, pointer, message)
                    .remedy("add the URL where the data is served"),
            );
        }
        Some(_) if !format.is_endpoint() => {
            let message = format!("a port of format `{}` has no `endpoint`: the platform serves it", format.as_str());
            found.push(
                Diagnostic::error(Code::EndpointUnexpected, format!("{pointer}/endpoint"), message)
                    .remedy("remove `endpoint`"),
            );
        }
        Some(endpoint) => {
            if let Err(message) = check_endpoint(format, endpoint) {
                let remedy = "write the URL of a named host that readers reach, without user or password";
                found.push(
                    Diagnostic::error(Code::EndpointInvalid, format!("{pointer}/endpoint"), message).remedy(remedy),
                );
            }
        }
        None => {}
    }
}

fn check_fields(port: &OutputPort, pointer: &str, found: &mut Vec<Diagnostic>) {
    let fields = &port.schema.fields;
    let mut seen = HashMap::new();
    for (index, field) in fields.iter().enumerate() {
        match seen.entry(field.name.to_ascii_lowercase()) {
            hash_map::Entry::Occupied(first) => {
                let (first, name) = first.get();
                let message = if *name == field.name {
                    format!("the field `{name}` stands twice; first as field {}", first + 1)
                } else {
                    format!(
                        "the field `{}` differs from field {}, `{name}`, by case only, which catalogues do not tell apart",
                        field.name,
                        first + 1
                    )
                };
                let pointer = format!("{pointer}/schema/fields/{index}/name");
                found.push(
                    Diagnostic::error(Code::DuplicateFieldName, pointer, message)
                        .remedy("rename or remove one of the two"),
                );
            }
            hash_map::Entry::Vacant(slot) => {
                slot.insert((index, field.name.as_str()));
            }
        }
    }
    let bare: Vec<&str> = fields
        .iter()
        .filter(|field| field.description.as_deref().is_none_or(|text| text.trim().is_empty()))
        .map(|field| field.name.as_str())
        .collect();
    if !bare.is_empty() {
        let mut names: Vec<String> = bare.iter().take(3).map(|name| format!("`{name}`")).collect();
        if bare.len() > names.len() {
            names.push("…".to_owned());
        }
        let message = format!(
            "{} of {} fields of `{}` have no description: {}",
            bare.len(),
            fields.len(),
            port.name,
            names.join(", ")
        );
        let remedy = "describe each field, so that the marketplace finds it by what it means";
        found.push(
            Diagnostic::warning(Code::FieldsUndescribed, format!("{pointer}/schema/fields"), message).remedy(remedy),
        );
    }
}
