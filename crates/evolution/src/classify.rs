//! All changes between two manifests of a product. Types are taken apart without `..`, so that a new field of the manifest needs a rule to compile.

use std::cmp::Ordering;

use mesh_manifest::{Access, Input, Manifest, Mutability, Owner};

use crate::{
    change::{Change, ChangeKind, Changes, place},
    code::Code,
    offer, ports,
};

/// The changes from `before` to `after`, in the order of the manifest.
///
/// Empty exactly if both are equal but for the product's version. Ports are matched by name and major, so that a new major beside an old one is an added port.
pub fn classify(before: &Manifest, after: &Manifest) -> Vec<Change> {
    let mut list = Vec::new();
    let mut changes = Changes { list: &mut list, port: None, old: String::new() };
    let Manifest {
        api_version: _, // there is one
        kind: _,        // there is one
        domain,
        name,
        version: _, // judged by `check_versions`
        description,
        status,
        owner,
        support,
        terms,
        classification,
        retention,
        mutability,
        access,
        tags,
        properties,
        inputs,
        output_ports: _,
        origin,
    } = before;
    if *domain != after.domain || *name != after.name {
        let reason = "a product's identity never changes: this is another product";
        changes
            .push(Code::ProductOther, ChangeKind::Major, "/name", reason)
            .values(Some(before.id()), Some(after.id()));
    }
    changes.text("/description", Some(description), Some(&after.description));
    offer::status(*status, after.status, &mut changes);
    owner_changes(owner, &after.owner, &mut changes);
    offer::support(support, &after.support, &mut changes);
    offer::terms(terms.as_ref(), after.terms.as_ref(), &mut changes);
    let (code, kind, reason) = match classification.cmp(&after.classification) {
        Ordering::Less => {
            (Code::ClassificationRaised, ChangeKind::Major, "stricter rules apply, by which readers may lose access")
        }
        _ => (Code::ClassificationLowered, ChangeKind::Minor, "looser rules apply"),
    };
    if *classification != after.classification {
        let change = changes.push(code, kind, "/classification", reason);
        change.values(Some(classification.as_str()), Some(after.classification.as_str()));
    }
    if after.retention < *retention {
        let reason = "data that readers could go back to disappears earlier";
        let change = changes.push(Code::RetentionShortened, ChangeKind::Minor, "/retention", reason);
        change.values(Some(retention), Some(after.retention));
    } else if after.retention > *retention {
        let change = changes.push(Code::RetentionLengthened, ChangeKind::Minor, "/retention", "data stays for longer");
        change.values(Some(retention), Some(after.retention));
    }
    if *mutability != after.mutability {
        let (code, kind, reason) = match after.mutability {
            Mutability::Mutable => (
                Code::MutabilityLoosened,
                ChangeKind::Major,
                "readers that took only added rows would miss changed ones",
            ),
            Mutability::AppendOnly => (Code::MutabilityTightened, ChangeKind::Minor, "rows no longer change"),
        };
        changes
            .push(code, kind, "/mutability", reason)
            .values(Some(mutability.as_str()), Some(after.mutability.as_str()));
    }
    access_changes(access, &after.access, &mut changes);
    if *tags != after.tags {
        let told = |tags: &[String]| Some(tags.join(", ")).filter(|text| !text.is_empty());
        let pointer = place("/tags", !after.tags.is_empty());
        let change = changes.push(Code::TextChanged, ChangeKind::Patch, pointer, "only people read this text");
        change.values(told(tags), told(&after.tags));
    }
    if *properties != after.properties {
        let reason = "the platform does not read these properties";
        changes.push(Code::TextChanged, ChangeKind::Patch, place("/properties", !after.properties.is_empty()), reason);
    }
    input_changes(inputs, &after.inputs, &mut changes);
    if *origin != after.origin {
        let reason = "documents of other standards are carried through";
        changes.push(Code::TextChanged, ChangeKind::Patch, place("/origin", after.origin.is_some()), reason);
    }
    ports::changes(before, after, changes.list);
    list
}

fn owner_changes(before: &Owner, after: &Owner, changes: &mut Changes<'_>) {
    let Owner { team, contact } = before;
    changes.text("/owner/team", Some(team), Some(&after.team));
    changes.text("/owner/contact", Some(contact), Some(&after.contact));
}

fn access_changes(before: &Access, after: &Access, changes: &mut Changes<'_>) {
    let Access { visibility, purposes } = before;
    if *visibility != after.visibility {
        let (code, kind, reason) = match visibility.cmp(&after.visibility) {
            Ordering::Greater => {
                (Code::VisibilityNarrowed, ChangeKind::Major, "some who know of the product no longer find it")
            }
            _ => (Code::VisibilityWidened, ChangeKind::Minor, "more find the product"),
        };
        let change = changes.push(code, kind, "/access/visibility", reason);
        change.values(Some(visibility.as_str()), Some(after.visibility.as_str()));
    }
    purpose_changes(purposes, &after.purposes, changes);
}

/// No purposes mean any purpose.
fn purpose_changes(before: &[String], after: &[String], changes: &mut Changes<'_>) {
    const POINTER: &str = "/access/purposes";
    const REMOVED: &str = "those who use the data for another purpose than those listed lose the offer";
    const ADDED: &str = "the data is offered for more";
    let listed = |purposes: &[String]| if purposes.is_empty() { "any".to_owned() } else { purposes.join(", ") };
    match (before.is_empty(), after.is_empty()) {
        (true, true) => {}
        (true, false) => {
            let change = changes.push(Code::PurposeRemoved, ChangeKind::Major, POINTER, REMOVED);
            change.values(Some(listed(before)), Some(listed(after)));
        }
        (false, true) => {
            let change = changes.push(Code::PurposeAdded, ChangeKind::Minor, place(POINTER, false), ADDED);
            change.values(Some(listed(before)), Some(listed(after)));
        }
        (false, false) => {
            let unchanged = changes.list.len();
            for (index, purpose) in before.iter().enumerate().filter(|(_, purpose)| !after.contains(purpose)) {
                let change = changes.push(Code::PurposeRemoved, ChangeKind::Major, POINTER, REMOVED);
                change.values(Some(purpose), None::<&str>).removed_pointer = Some(format!("{POINTER}/{index}"));
            }
            for (index, purpose) in after.iter().enumerate().filter(|(_, purpose)| !before.contains(purpose)) {
                let change = changes.push(Code::PurposeAdded, ChangeKind::Minor, format!("{POINTER}/{index}"), ADDED);
                change.values(None::<&str>, Some(purpose));
            }
            if changes.list.len() == unchanged && before != after {
                changes.push(Code::Reordered, ChangeKind::Patch, POINTER, "the order of purposes means nothing");
            }
        }
    }
}

fn input_changes(before: &[Input], after: &[Input], changes: &mut Changes<'_>) {
    let unchanged = changes.list.len();
    for (index, Input { port, purpose }) in before.iter().enumerate() {
        match after.iter().enumerate().find(|(_, input)| input.port == *port) {
            Some((_, now)) if now.purpose == *purpose => {}
            Some((index, now)) => {
                let pointer = format!("/inputs/{index}/purpose");
                let change = changes.push(
                    Code::InputChanged,
                    ChangeKind::Patch,
                    pointer,
                    "readers of this product do not notice",
                );
                change.values(Some(purpose), Some(&now.purpose));
            }
            None => {
                let pointer = place("/inputs", !after.is_empty());
                let change =
                    changes.push(Code::InputRemoved, ChangeKind::Minor, pointer, "the product is made from less");
                change.values(Some(port), None::<&str>).removed_pointer = Some(format!("/inputs/{index}"));
            }
        }
    }
    for (index, Input { port, purpose: _ }) in after.iter().enumerate() {
        if !before.iter().any(|input| input.port == *port) {
            let change = changes.push(
                Code::InputAdded,
                ChangeKind::Minor,
                format!("/inputs/{index}"),
                "the product is made from more",
            );
            change.values(None::<&str>, Some(port));
        }
    }
    if changes.list.len() == unchanged && before != after {
        changes.push(Code::Reordered, ChangeKind::Patch, "/inputs", "the order of inputs means nothing");
    }
}
