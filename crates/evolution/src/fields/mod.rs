//! Changes of fields, judged for existing readers of new data and for new readers of old data.

use std::collections::HashMap;

use mesh_manifest::{Field, Format, ValueRef};

use crate::{
    change::{ChangeKind, Changes},
    classify::place,
    code::Code,
    quality,
};

mod value;

/// Where two lists of fields stand.
#[derive(Debug, Clone, Copy)]
pub struct Lists<'a> {
    /// JSON pointer to the old list, and to the new one.
    pub old: &'a str,
    pub new: &'a str,
    /// What the fields lie within, such as `legs.[].`; empty for those of a port.
    pub path: &'a str,
    pub formats: (Format, Format),
}

/// Adds the changes from `before` to `after`.
///
/// Fields are matched by name. One whose name is gone and whose id is there under another name was renamed.
pub fn changes(before: &[Field], after: &[Field], lists: Lists<'_>, changes: &mut Changes<'_>) {
    let unchanged = changes.list.len();
    let positions: HashMap<&str, usize> =
        after.iter().enumerate().map(|(index, field)| (field.name.as_str(), index)).collect();
    let known: HashMap<&str, usize> =
        before.iter().enumerate().map(|(index, field)| (field.name.as_str(), index)).collect();
    let is_new = |field: &&Field| !known.contains_key(field.name.as_str());
    let new_ids: HashMap<u32, usize> = after
        .iter()
        .enumerate()
        .filter(|(_, field)| is_new(field))
        .filter_map(|(index, field)| Some((field.id?, index)))
        .collect();
    let mut renamed = Vec::new();
    // Where each old field is now.
    let mut now_at = Vec::with_capacity(before.len());
    for (index, field) in before.iter().enumerate() {
        let by_name = positions.get(field.name.as_str()).copied();
        let position = by_name.or_else(|| new_ids.get(&field.id?).copied());
        now_at.push(position);
        let Some((position, now)) = position.and_then(|position| Some((position, after.get(position)?))) else {
            removed(field, index, after.iter().filter(is_new), lists, changes);
            continue;
        };
        let at = Places { old: &format!("{}/{index}", lists.old), new: &format!("{}/{position}", lists.new) };
        if by_name.is_none() {
            renamed.push(position);
            let reason = "those who read the field by its name no longer find it";
            let change = changes.push(Code::FieldRenamed, ChangeKind::Major, format!("{}/name", at.new), reason);
            change
                .of_field(&format!("{}{}", lists.path, field.name))
                .values(Some(&field.name), Some(&now.name))
                .remedy(format!("keep `{}` and add `{}` beside it, with an id of its own", field.name, now.name));
        }
        field_changes(field, now, at, lists, changes);
    }
    for (index, field) in after.iter().enumerate().filter(|(index, field)| is_new(field) && !renamed.contains(index)) {
        added(before, field, index, lists, changes);
    }
    moved(&now_at, lists, unchanged, changes);
}

/// Where a value stands in both manifests.
#[derive(Debug, Clone, Copy)]
struct Places<'a> {
    old: &'a str,
    new: &'a str,
}

fn added(before: &[Field], field: &Field, index: usize, lists: Lists<'_>, changes: &mut Changes<'_>) {
    let name = format!("{}{}", lists.path, field.name);
    let pointer = format!("{}/{index}", lists.new);
    if let Some(owner) = field.id.and_then(|id| before.iter().find(|old| old.id == Some(id))) {
        // Its name is there still, else this would be that field, renamed.
        let reason = "readers that go by ids take the values of one field for those of another";
        let change = changes.push(Code::FieldIdReused, ChangeKind::Major, format!("{pointer}/id"), reason);
        change
            .of_field(&name)
            .values(Some(&owner.name), Some(&field.name))
            .remedy("give the new field a number that none had");
    }
    let (code, kind, reason) = if field.required {
        (Code::RequiredFieldAdded, ChangeKind::Major, "data written before has no values for the field")
    } else {
        let reason = "readers find fields by name, and data written before has no value for this one";
        (Code::FieldAdded, ChangeKind::Minor, reason)
    };
    let change = changes.push(code, kind, pointer, reason);
    change.of_field(&name).values(None::<&str>, Some(described(field)));
    if field.required {
        change.remedy("add the field as optional");
    }
}

/// The order of fields, which matters where readers may go by position.
fn moved(now_at: &[Option<usize>], lists: Lists<'_>, unchanged: usize, changes: &mut Changes<'_>) {
    let by_position = lists.formats == (Format::Csv, Format::Csv);
    let now: Vec<usize> = now_at.iter().copied().flatten().collect();
    if by_position && now.len() == now_at.len() && now.iter().enumerate().any(|(index, position)| index != *position) {
        let reason = "readers of CSV may find fields by their position";
        let change = changes.push(Code::FieldsMoved, ChangeKind::Major, lists.new, reason);
        change.remedy("keep fields in their order and add new ones at the end");
    } else if changes.list.len() == unchanged && !now.is_sorted() {
        changes.push(Code::Reordered, ChangeKind::Patch, lists.new, "readers find fields by name");
    }
}

fn described(field: &Field) -> String {
    let kind = ValueRef::from(field).type_text();
    format!("{} {kind}", if field.required { "required" } else { "optional" })
}

fn removed<'a>(
    field: &Field,
    index: usize,
    added: impl Iterator<Item = &'a Field>,
    lists: Lists<'_>,
    changes: &mut Changes<'_>,
) {
    let kind = ValueRef::from(field).type_text();
    let renamed = added.filter(|new| ValueRef::from(*new).type_text() == kind).min_by_key(|new| {
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
    // A struct that has lost its last field is left without a list.
    let reason = "those who read the field no longer find it";
    let change = changes.push(Code::FieldRemoved, ChangeKind::Major, lists.new, reason);
    change
        .of_field(&format!("{}{}", lists.path, field.name))
        .values(Some(described(field)), None::<&str>)
        .remedy(remedy);
    change.removed_pointer = Some(format!("{}/{index}", lists.old));
}

fn field_changes(before: &Field, after: &Field, at: Places<'_>, lists: Lists<'_>, changes: &mut Changes<'_>) {
    let name = format!("{}{}", lists.path, before.name);
    match (before.id, after.id) {
        (old, new) if old == new => {}
        (Some(old), Some(new)) => {
            let reason = "readers that go by ids no longer find the field";
            let change = changes.push(Code::FieldIdChanged, ChangeKind::Major, format!("{}/id", at.new), reason);
            change.of_field(&name).values(Some(old), Some(new)).remedy("keep the id");
        }
        (old, new) => {
            let pointer = place(format!("{}/id", at.new), new.is_some());
            let reason = "readers find the field by its name";
            changes.push(Code::FieldIdGiven, ChangeKind::Patch, pointer, reason).of_field(&name).values(old, new);
        }
    }
    quality::changes(&before.quality, &after.quality, Some(&name), &format!("{}/quality", at.new), changes);
    value::changes(before.into(), after.into(), &name, at, lists.formats, changes);
}
