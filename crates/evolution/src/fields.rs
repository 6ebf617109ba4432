//! Changes of a port's fields, judged for existing readers of new data and for new readers of old data.

use std::collections::HashMap;

use mesh_manifest::{Field, FieldType, Format, Pii, PiiProtection};

use crate::{
    change::{ChangeKind, Changes},
    code::Code,
};

/// Adds the changes from `before` to `after`, whose list stands at `pointer`.
pub fn changes(before: &[Field], after: &[Field], formats: (Format, Format), pointer: &str, changes: &mut Changes<'_>) {
    let unchanged = changes.list.len();
    let positions: HashMap<&str, usize> =
        after.iter().enumerate().map(|(index, field)| (field.name.as_str(), index)).collect();
    let known: HashMap<&str, usize> =
        before.iter().enumerate().map(|(index, field)| (field.name.as_str(), index)).collect();
    let is_new = |field: &&Field| !known.contains_key(field.name.as_str());
    for (index, field) in before.iter().enumerate() {
        match positions.get(field.name.as_str()).and_then(|position| Some((position, after.get(*position)?))) {
            Some((position, now)) => field_changes(field, now, formats, &format!("{pointer}/{position}"), changes),
            None => removed(field, index, after.iter().filter(is_new), pointer, changes),
        }
    }
    for (index, field) in after.iter().enumerate().filter(|(_, field)| is_new(field)) {
        let (code, kind, reason) = if field.required {
            (Code::RequiredFieldAdded, ChangeKind::Major, "data written before has no values for the field")
        } else {
            (
                Code::FieldAdded,
                ChangeKind::Minor,
                "readers find fields by name, and data written before has no value for this one",
            )
        };
        let change = changes.push(code, kind, format!("{pointer}/{index}"), reason);
        change.of_field(&field.name).values(None::<&str>, Some(described(field)));
        if field.required {
            change.remedy("add the field as optional");
        }
    }
    moved(before, &positions, formats, unchanged, pointer, changes);
}

/// The order of fields, which matters where readers may go by position.
fn moved(
    before: &[Field],
    positions: &HashMap<&str, usize>,
    formats: (Format, Format),
    unchanged: usize,
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let by_position = formats == (Format::Csv, Format::Csv);
    let now: Vec<usize> = before.iter().filter_map(|field| positions.get(field.name.as_str()).copied()).collect();
    if by_position && now.len() == before.len() && now.iter().enumerate().any(|(index, position)| index != *position) {
        let reason = "readers of CSV may find fields by their position";
        let change = changes.push(Code::FieldsMoved, ChangeKind::Major, pointer, reason);
        change.remedy("keep fields in their order and add new ones at the end");
    } else if changes.list.len() == unchanged && !now.is_sorted() {
        changes.push(Code::Reordered, ChangeKind::Patch, pointer, "readers find fields by name");
    }
}

fn described(field: &Field) -> String {
    format!("{} {}", if field.required { "required" } else { "optional" }, field.field_type)
}

fn removed<'a>(
    field: &Field,
    index: usize,
    added: impl Iterator<Item = &'a Field>,
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let renamed = added.filter(|new| new.field_type == field.field_type).min_by_key(|new| {
        // The likeliest new name of a field: equal but for its case, then of equal meaning, then any of its type.
        let same_name = new.name.eq_ignore_ascii_case(&field.name);
        let same_meaning = new.description.is_some() && new.description == field.description;
        (!same_name, !same_meaning)
    });
    let remedy = match renamed {
        Some(new) => format!(
            "if `{}` is its new name: readers know the field by its old one, so keep `{}` and add the other beside it",
            new.name, field.name
        ),
        None => "keep the field".to_owned(),
    };
    let old = format!("{}/schema/fields/{index}", changes.old);
    let change =
        changes.push(Code::FieldRemoved, ChangeKind::Major, pointer, "those who read the field no longer find it");
    change.of_field(&field.name).values(Some(described(field)), None::<&str>).remedy(remedy);
    change.removed_pointer = Some(old);
}

fn field_changes(before: &Field, after: &Field, formats: (Format, Format), pointer: &str, changes: &mut Changes<'_>) {
    let Field { name, field_type, required, description, pii, properties } = before;
    if *field_type != after.field_type {
        let (code, kind, reason) = type_change(*field_type, after.field_type, formats);
        let change = changes.push(code, kind, format!("{pointer}/type"), reason);
        change.of_field(name).values(Some(field_type), Some(after.field_type));
        if kind == ChangeKind::Major {
            change.remedy("keep the type and add a field of the new type beside it");
        }
    }
    if *required != after.required {
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
        let at = if after.required { format!("{pointer}/required") } else { pointer.to_owned() };
        let change = changes.push(code, ChangeKind::Major, at, reason);
        change.of_field(name).values(Some(required), Some(after.required)).remedy(remedy);
    }
    pii_changes(name, pii.as_ref(), after.pii.as_ref(), pointer, changes);
    if *description != after.description {
        let change = changes.push(
            Code::TextChanged,
            ChangeKind::Patch,
            format!("{pointer}/description"),
            "only people read this text",
        );
        change.of_field(name).values(description.as_ref(), after.description.as_ref());
    }
    if *properties != after.properties {
        let change = changes.push(
            Code::TextChanged,
            ChangeKind::Patch,
            format!("{pointer}/properties"),
            "the platform does not read these properties",
        );
        change.of_field(name);
    }
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
