//! Changes of fields, judged for existing readers of new data and for new readers of old data.

use std::collections::{HashMap, HashSet};

use mesh_manifest::{Field, FieldType, Format, ValueRef};

use crate::{
    change::{ChangeKind, Changes, place},
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
    if before == after {
        return;
    }
    let unchanged = changes.list.len();
    let matched = Matched::of(before, after);
    let is_new = |index: usize, field: &Field| matched.is_new(index, &field.name);
    let added_fields = || after.iter().enumerate().filter(|(index, field)| is_new(*index, field));
    let new_ids: HashMap<u32, usize> = added_fields().filter_map(|(index, field)| Some((field.id?, index))).collect();
    let mut hints = None;
    let mut renamed = HashSet::new();
    // Where each old field is now.
    let mut now_at = Vec::with_capacity(before.len());
    for (index, field) in before.iter().enumerate() {
        let by_name = matched.position(index, &field.name);
        let position = by_name.or_else(|| new_ids.get(&field.id?).copied());
        now_at.push(position);
        let Some((position, now)) = position.and_then(|position| Some((position, after.get(position)?))) else {
            let hints = hints.get_or_insert_with(|| NewNames::of(added_fields().map(|(_, field)| field)));
            removed(field, index, hints, lists, changes);
            continue;
        };
        if field == now {
            continue;
        }
        let at = Places { old: &format!("{}/{index}", lists.old), new: &format!("{}/{position}", lists.new) };
        if by_name.is_none() {
            renamed.insert(position);
            let reason = "those who read the field by its name no longer find it";
            let change = changes.push(Code::FieldRenamed, ChangeKind::Major, format!("{}/name", at.new), reason);
            change
                .of_field(&format!("{}{}", lists.path, field.name))
                .values(Some(&field.name), Some(&now.name))
                .remedy(format!("keep `{}` and add `{}` beside it, with an id of its own", field.name, now.name));
        }
        field_changes(field, now, at, lists, changes);
    }
    let mut ids = None;
    for (index, field) in added_fields().filter(|(index, _)| !renamed.contains(index)) {
        let ids = ids.get_or_insert_with(|| before.iter().filter_map(|field| Some((field.id?, field))).collect());
        added(ids, field, index, lists, changes);
    }
    moved(&now_at, lists, unchanged, changes);
}

/// Which field is which by its name. Most stand where they stood but for some in the middle, and only those are looked up.
struct Matched<'a> {
    /// So many fields at the start have the same names in both lists.
    head: usize,
    /// The old fields between those at the start and those at the end, and the new ones.
    old: HashMap<&'a str, usize>,
    new: HashMap<&'a str, usize>,
    /// Lengths of both lists without what is the same at their ends.
    ends: (usize, usize),
}

impl<'a> Matched<'a> {
    fn of(before: &'a [Field], after: &'a [Field]) -> Self {
        let same = |pair: &(&Field, &Field)| pair.0.name == pair.1.name;
        let head = before.iter().zip(after).take_while(same).count();
        let (old, new) = (before.get(head..).unwrap_or_default(), after.get(head..).unwrap_or_default());
        let tail = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
        let ends = (before.len() - tail, after.len() - tail);
        let by_name = |fields: &'a [Field]| {
            let count = fields.len() - tail;
            fields.iter().take(count).enumerate().map(|(index, field)| (field.name.as_str(), head + index)).collect()
        };
        Self { head, old: by_name(old), new: by_name(new), ends }
    }

    /// Where the old field at `index` is now.
    fn position(&self, index: usize, name: &str) -> Option<usize> {
        if index < self.head {
            Some(index)
        } else if index >= self.ends.0 {
            Some(index - self.ends.0 + self.ends.1)
        } else {
            self.new.get(name).copied()
        }
    }

    /// Whether no old field has the name of the new one at `index`.
    fn is_new(&self, index: usize, name: &str) -> bool {
        (self.head..self.ends.1).contains(&index) && !self.old.contains_key(name)
    }
}

/// The new fields by what tells which of them an old one may have become; of several, the first.
struct NewNames<'a> {
    by_name: HashMap<(String, String), &'a Field>,
    by_meaning: HashMap<(String, &'a str), &'a Field>,
    by_type: HashMap<String, &'a Field>,
}

impl<'a> NewNames<'a> {
    fn of(added: impl Iterator<Item = &'a Field>) -> Self {
        let mut names = Self { by_name: HashMap::new(), by_meaning: HashMap::new(), by_type: HashMap::new() };
        for field in added {
            let kind = ValueRef::from(field).type_text();
            names.by_name.entry((kind.clone(), field.name.to_ascii_lowercase())).or_insert(field);
            if let Some(description) = &field.description {
                names.by_meaning.entry((kind.clone(), description)).or_insert(field);
            }
            names.by_type.entry(kind).or_insert(field);
        }
        names
    }

    /// The likeliest new name of `field`: equal but for its case, then of equal meaning, then any of its type.
    fn of_old(&self, field: &'a Field, kind: &str) -> Option<&'a Field> {
        let same_name = self.by_name.get(&(kind.to_owned(), field.name.to_ascii_lowercase()));
        let same_meaning = || self.by_meaning.get(&(kind.to_owned(), field.description.as_deref()?));
        same_name.or_else(same_meaning).or_else(|| self.by_type.get(kind)).copied()
    }
}

/// Where a value stands in both manifests.
#[derive(Debug, Clone, Copy)]
struct Places<'a> {
    old: &'a str,
    new: &'a str,
}

fn added(old_ids: &HashMap<u32, &Field>, field: &Field, index: usize, lists: Lists<'_>, changes: &mut Changes<'_>) {
    let name = format!("{}{}", lists.path, field.name);
    let pointer = format!("{}/{index}", lists.new);
    if let Some(owner) = field.id.and_then(|id| old_ids.get(&id)) {
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
    } else if within_entries(lists.path) && holds_required(field) {
        // PyIceberg 0.12: it takes the list's entries for ones that have no empty field, and refuses the whole read.
        match lists.formats.1 {
            Format::Iceberg => {
                let reason =
                    "clients fail on entries written before, in which the field within that is required has no value";
                (Code::RequiredWithinAdded, ChangeKind::Major, reason)
            }
            _ => (Code::RequiredWithinAdded, ChangeKind::Minor, BY_NAME),
        }
    } else {
        (Code::FieldAdded, ChangeKind::Minor, BY_NAME)
    };
    let change = changes.push(code, kind, pointer, reason);
    change.of_field(&name).values(None::<&str>, Some(described(field)));
    if field.required {
        change.remedy("add the field as optional");
    } else if kind == ChangeKind::Major {
        change.remedy("make the fields within optional");
    }
}

/// Why a new optional field breaks nobody.
const BY_NAME: &str = "readers find fields by name, and data written before has no value for this one";

/// Whether `path` leads through a list whose entries are structs.
fn within_entries(path: &str) -> bool {
    path.match_indices("[].")
        .any(|(at, token)| path.get(at + token.len()..).is_none_or(|rest| !rest.starts_with(['{', '['])))
}

/// Whether the struct says of something within that it is always there.
fn holds_required(field: &Field) -> bool {
    field.field_type == FieldType::Struct && field.fields.iter().any(|inner| inner.required || holds_required(inner))
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

fn removed<'a>(field: &'a Field, index: usize, hints: &NewNames<'a>, lists: Lists<'_>, changes: &mut Changes<'_>) {
    let renamed = hints.of_old(field, &ValueRef::from(field).type_text());
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
        // An id stays for ever: one that could be forgotten could be told anew as another one.
        (Some(old), new) => {
            let reason = "readers that go by ids no longer find the field";
            let pointer = place(format!("{}/id", at.new), new.is_some());
            let change = changes.push(Code::FieldIdChanged, ChangeKind::Major, pointer, reason);
            change.of_field(&name).values(Some(old), new).remedy("keep the id");
        }
        (None, new) => {
            let reason = "readers find the field by its name";
            let change = changes.push(Code::FieldIdGiven, ChangeKind::Patch, format!("{}/id", at.new), reason);
            change.of_field(&name).values(None::<u32>, new);
        }
    }
    quality::changes(&before.quality, &after.quality, Some(&name), &format!("{}/quality", at.new), changes);
    value::changes(before.into(), after.into(), &name, at, lists.formats, changes);
}
