//! Changes of one value: of a field, of the entries of a list, of the keys and values of a map.

use mesh_manifest::{Element, Enumeration, FieldType, Format, Pii, PiiProtection, ValueRef};

use super::{Lists, Places};
use crate::{
    change::{ChangeKind, Changes, place},
    code::Code,
};

/// Adds the changes of the value called `name`, and of all that it is made of.
pub fn changes(
    before: ValueRef<'_>,
    after: ValueRef<'_>,
    name: &str,
    at: Places<'_>,
    formats: (Format, Format),
    changes: &mut Changes<'_>,
) {
    let ValueRef { field_type, required, description, fields, items, keys, values, unit, enumeration, pii, properties } =
        before;
    let pointer = at.new;
    if field_type != after.field_type {
        let (mut code, mut kind, mut reason) = type_change(field_type, after.field_type, formats);
        if kind != ChangeKind::Major && name.ends_with(".{key}") {
            (code, kind, reason) =
                (Code::FieldTypeChanged, ChangeKind::Major, "readers find values by keys of the old type");
        }
        let change = changes.push(code, kind, format!("{pointer}/type"), reason);
        change.of_field(name).values(Some(before.type_text()), Some(after.type_text()));
        if kind == ChangeKind::Major {
            change.remedy("keep the type and add a field of the new type beside it");
        }
    }
    if required != after.required {
        let (code, reason, remedy) = if after.required {
            (Code::FieldMadeRequired, "data written before may have no value for the field", "keep the field optional")
        } else {
            (
                Code::FieldMadeOptional,
                "readers that count on a value in every row break on empty ones",
                "keep the field required",
            )
        };
        // Where `required` is left out, the field itself is the place.
        let change =
            changes.push(code, ChangeKind::Major, place(format!("{pointer}/required"), after.required), reason);
        change.of_field(name).values(Some(required), Some(after.required)).remedy(remedy);
    }
    enumeration_changes(name, enumeration, after.enumeration, pointer, changes);
    unit_changes(name, unit, after.unit, pointer, changes);
    pii_changes(name, pii, after.pii, pointer, changes);
    if description != after.description {
        let pointer = place(format!("{pointer}/description"), after.description.is_some());
        let change = changes.push(Code::TextChanged, ChangeKind::Patch, pointer, "only people read this text");
        change.of_field(name).values(description, after.description);
    }
    if properties != after.properties {
        let pointer = place(format!("{pointer}/properties"), !after.properties.is_empty());
        let reason = "the platform does not read these properties";
        changes.push(Code::TextChanged, ChangeKind::Patch, pointer, reason).of_field(name);
    }
    // A value of another type is made of other things: its type was told of as a whole.
    if field_type == after.field_type {
        if fields != after.fields {
            let path = format!("{name}.");
            let (old, new) = (format!("{}/fields", at.old), format!("{}/fields", at.new));
            super::changes(fields, after.fields, Lists { old: &old, new: &new, path: &path, formats }, changes);
        }
        for (key, token, before, after) in [
            ("items", "[]", items, after.items),
            ("keys", "{key}", keys, after.keys),
            ("values", "{value}", values, after.values),
        ] {
            element_changes((key, token), before, after, name, at, formats, changes);
        }
    }
}

fn element_changes(
    (key, token): (&str, &str),
    before: Option<&Element>,
    after: Option<&Element>,
    name: &str,
    at: Places<'_>,
    formats: (Format, Format),
    into: &mut Changes<'_>,
) {
    // Both have it, as their type asks for.
    if let (Some(before), Some(after)) = (before, after)
        && before != after
    {
        let (old, new) = (format!("{}/{key}", at.old), format!("{}/{key}", at.new));
        let name = format!("{name}.{token}");
        changes(before.into(), after.into(), &name, Places { old: &old, new: &new }, formats, into);
    }
}

fn unit_changes(name: &str, before: Option<&str>, after: Option<&str>, pointer: &str, changes: &mut Changes<'_>) {
    let (code, kind, reason) = match (before, after) {
        _ if before == after => return,
        (Some(_), Some(_)) => (Code::UnitChanged, ChangeKind::Major, "the same number means something else"),
        // Else a unit could be forgotten and told anew as another one, and no step would break.
        (Some(_), None) => {
            (Code::UnitChanged, ChangeKind::Major, "nothing tells readers any longer what the numbers mean")
        }
        _ => (Code::UnitTold, ChangeKind::Minor, "values are what they were, and readers are told more of them"),
    };
    let change = changes.push(code, kind, place(format!("{pointer}/unit"), after.is_some()), reason);
    change.of_field(name).values(before, after);
    if kind == ChangeKind::Major {
        change.remedy("keep the unit; values in another one are a field beside it");
    }
}

fn enumeration_changes(
    name: &str,
    before: Option<&Enumeration>,
    after: Option<&Enumeration>,
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    if before == after {
        return;
    }
    let told = |enumeration: Option<&Enumeration>| {
        enumeration.map(|Enumeration { values, open }| {
            let values = values.join(", ");
            if *open { format!("{values}, …") } else { values }
        })
    };
    let is_closed = |enumeration: Option<&Enumeration>| enumeration.is_some_and(|enumeration| !enumeration.open);
    let values = |enumeration: Option<&Enumeration>| {
        enumeration.map(|enumeration| enumeration.values.iter().cloned().collect::<std::collections::BTreeSet<_>>())
    };
    let (old, new) = (values(before), values(after));
    let gained = match (&old, &new) {
        (Some(old), Some(new)) => new.difference(old).next().is_some(),
        _ => false,
    };
    let lost = match (&old, &new) {
        (Some(old), Some(new)) => old.difference(new).next().is_some(),
        _ => false,
    };
    let (code, kind, reason) = match (is_closed(before), is_closed(after)) {
        (true, false) => (Code::EnumOpened, ChangeKind::Major, "readers that know all values break on others"),
        (false, true) => (
            Code::EnumClosed,
            ChangeKind::Major,
            "data written before may hold other values, on which readers that know only these break",
        ),
        (true, true) if gained => {
            (Code::EnumValueAdded, ChangeKind::Major, "readers that know all values break on the new one")
        }
        (true, true) if lost => (
            Code::EnumValueRemoved,
            ChangeKind::Major,
            "data written before holds the value, on which readers that know only the others break",
        ),
        _ if gained => (Code::EnumValueAdded, ChangeKind::Minor, "readers reckon with further values"),
        _ if lost => (Code::EnumValueRemoved, ChangeKind::Minor, "readers reckon with further values"),
        _ if old == new => (Code::Reordered, ChangeKind::Patch, "the order of values means nothing"),
        _ => (Code::EnumTold, ChangeKind::Minor, "readers are told of values, and reckon with further ones"),
    };
    let change = changes.push(code, kind, place(format!("{pointer}/enum"), after.is_some()), reason);
    change.of_field(name).values(told(before), told(after));
}

fn type_change(before: FieldType, after: FieldType, formats: (Format, Format)) -> (Code, ChangeKind, &'static str) {
    if widens(before, after) {
        if formats == (Format::Iceberg, Format::Iceberg) {
            return (
                Code::FieldWidened,
                ChangeKind::Minor,
                "Iceberg reads values of the old type as values of the new one",
            );
        }
        return (
            Code::FieldWidened,
            ChangeKind::Major,
            "readers of the narrower type cannot hold the new values, and the format does not convert them",
        );
    }
    if widens(after, before) {
        return (Code::FieldNarrowed, ChangeKind::Major, "values written before do not fit the new type");
    }
    (Code::FieldTypeChanged, ChangeKind::Major, "readers of the old type cannot read the new one")
}

/// Iceberg's promotions of format version 2 (specification, "Schema Evolution").
fn widens(before: FieldType, after: FieldType) -> bool {
    match (before, after) {
        (FieldType::Int, FieldType::Long) | (FieldType::Float, FieldType::Double) => true,
        (FieldType::Decimal { precision, scale }, FieldType::Decimal { precision: wider, scale: same }) => {
            scale == same && wider > precision
        }
        _ => false,
    }
}

fn pii_changes(field: &str, before: Option<&Pii>, after: Option<&Pii>, pointer: &str, changes: &mut Changes<'_>) {
    let described = |pii: &Pii| {
        let Pii { category, protection } = pii;
        format!("{category}, protection {}", protection.as_str())
    };
    let protection = |pii: Option<&Pii>| pii.map_or(PiiProtection::None, |pii| pii.protection);
    if before == after {
        return;
    }
    let (code, kind, reason) = if before.is_some() && (after.is_none() || protection(after) < protection(before)) {
        (
            Code::PiiProtectionLowered,
            ChangeKind::Major,
            "persons whose data this is were promised more, and values take another form",
        )
    } else if before.is_some() && protection(after) > protection(before) {
        (
            Code::PiiProtectionRaised,
            ChangeKind::Minor,
            "values take another form, which the persons whose data this is gain from",
        )
    } else {
        (Code::PiiDeclared, ChangeKind::Minor, "rules on personal information apply")
    };
    let at = if after.is_some() { format!("{pointer}/pii") } else { pointer.to_owned() };
    let change = changes.push(code, kind, at, reason);
    change.of_field(field).values(before.map(described), after.map(described));
}
