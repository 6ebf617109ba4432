//! What the structure cannot say: that names are unique, endpoints fit formats, contacts are reachable.

use std::collections::{HashMap, hash_map};

use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    endpoint::{check_contact, check_endpoint},
    model::{
        Access, Adoption, ContractObject, Format, Manifest, Mutability, Origin, OutputPort, Owner, Support, Terms,
    },
};

mod promise;
mod schema;

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
        status: _,
        owner,
        support,
        terms,
        classification: _,
        retention: _,
        mutability,
        access,
        tags,
        properties: _,
        inputs: _,
        output_ports,
        origin,
    } = manifest;
    let mut found = Vec::new();
    check_owner(owner, &mut found);
    check_support(support, terms.as_ref(), &mut found);
    check_access(access, &mut found);
    check_entries("/tags", "tag", tags, &mut found);
    check_inputs(manifest, &mut found);
    check_ports(output_ports, *mutability, origin.as_ref(), &mut found);
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

fn check_support(support: &[Support], terms: Option<&Terms>, found: &mut Vec<Diagnostic>) {
    for (index, Support { channel: _, url, description: _ }) in support.iter().enumerate() {
        if let Err(message) = check_contact(url) {
            found.push(
                Diagnostic::error(Code::ContactInvalid, format!("/support/{index}/url"), message)
                    .remedy("write an e-mail address or an https URL where readers get help"),
            );
        }
    }
    if let Some(url) = terms.and_then(|terms| terms.url.as_deref())
        && (!url.starts_with("https://") || check_contact(url).is_err())
    {
        let message = format!("`{}` is not an https URL", shown(url));
        found.push(
            Diagnostic::error(Code::ContactInvalid, "/terms/url", message)
                .remedy("write the https URL where the terms are written"),
        );
    }
}

fn check_ports(ports: &[OutputPort], mutability: Mutability, origin: Option<&Origin>, found: &mut Vec<Diagnostic>) {
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
        if mutability == Mutability::Mutable && port.format.is_file() {
            let message = format!(
                "the product is mutable, and files of format `{}` keep no versioned snapshots",
                port.format.as_str()
            );
            let remedy = "use the format `iceberg`, or publish the product as `append-only`";
            found.push(
                Diagnostic::error(Code::MutabilityInconsistent, format!("{pointer}/format"), message).remedy(remedy),
            );
        }
        promise::check(port, &pointer, found);
        schema::check(port, &pointer, found);
        check_adoption(port, &pointer, found);
        check_contract(port, &pointer, origin, found);
    }
}

fn check_adoption(port: &OutputPort, pointer: &str, found: &mut Vec<Diagnostic>) {
    let Some(Adoption { table, location }) = &port.adopt else { return };
    let (code, pointer) = (Code::AdoptionInvalid, format!("{pointer}/adopt"));
    let iceberg = port.format == Format::Iceberg;
    let problem = match (table, location) {
        _ if port.format.is_endpoint() => {
            Some(format!("a port of format `{}` has nothing to take over: its owner serves it", port.format.as_str()))
        }
        (Some(table), _) if !is_table(table) => {
            Some(format!("`{}` is not a table: write `database.table`", shown(table)))
        }
        (_, Some(location)) if !is_location(location) => Some(format!(
            "`{}` is not a folder of a bucket: write `s3://bucket/folder/`, with letters, digits, hyphens and underscores",
            shown(location)
        )),
        (Some(_), _) if !iceberg => {
            Some(format!("a port of format `{}` takes over a `location`, and no `table`", port.format.as_str()))
        }
        (None, Some(_)) if iceberg => {
            Some("a port of format `iceberg` needs the `table` that it takes over".to_owned())
        }
        (_, None) => Some("what is taken over needs its `location`".to_owned()),
        (_, Some(_)) => None,
    };
    if let Some(message) = problem {
        found
            .push(Diagnostic::error(code, pointer, message).remedy("name what is there, in the domain's own envelope"));
    }
}

/// Names as Glue has them, without what could lead elsewhere.
fn is_table(text: &str) -> bool {
    let named = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b))
    };
    text.split_once('.').is_some_and(|(database, table)| named(database) && named(table))
}

/// A folder below a bucket: no empty, relative or encoded steps.
fn is_location(text: &str) -> bool {
    let Some((bucket, prefix)) = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else { return false };
    // What a policy can name without being read as a pattern.
    let plain = |step: &str| step.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let Some(steps) = prefix.strip_suffix('/') else { return false };
    bucket.len() >= 3
        && bucket.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b))
        && steps.split('/').all(|step| !step.is_empty() && plain(step))
}

fn check_contract(port: &OutputPort, pointer: &str, origin: Option<&Origin>, found: &mut Vec<Diagnostic>) {
    let Some(ContractObject { id, object: _ }) = &port.contract else { return };
    if !origin.is_some_and(|origin| origin.contracts.contains_key(id)) {
        let message = format!("the contract `{}` is not among those of `origin`", shown(id));
        found.push(
            Diagnostic::error(Code::ContractUnknown, format!("{pointer}/contract/id"), message)
                .remedy("add the contract's document to `origin.contracts`, or remove `contract`"),
        );
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
