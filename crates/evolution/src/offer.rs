//! Changes of what a product's owner says of it as a whole: how far it is, where help is, under which terms.

use mesh_manifest::{Lifecycle, Support, Terms};

use crate::{
    change::{ChangeKind, Changes, place},
    code::Code,
};

pub fn status(before: Lifecycle, after: Lifecycle, changes: &mut Changes<'_>) {
    if before == after {
        return;
    }
    let (code, kind, reason) = match after {
        Lifecycle::Draft => {
            (Code::StatusWithdrawn, ChangeKind::Major, "readers relied on a product that is no longer to be relied on")
        }
        Lifecycle::Active => (Code::StatusAdvanced, ChangeKind::Minor, "readers may rely on the product"),
        Lifecycle::Deprecated => {
            (Code::StatusDeprecated, ChangeKind::Minor, "readers are told to leave, and can still read")
        }
    };
    let change = changes.push(code, kind, place("/status", !after.is_active()), reason);
    change.values(Some(before.as_str()), Some(after.as_str()));
}

pub fn support(before: &[Support], after: &[Support], changes: &mut Changes<'_>) {
    if before != after {
        let told = |support: &[Support]| {
            let places: Vec<_> =
                support.iter().map(|Support { channel, url, description: _ }| format!("{channel} ({url})")).collect();
            Some(places.join(", ")).filter(|text| !text.is_empty())
        };
        let pointer = place("/support", !after.is_empty());
        let change = changes.push(Code::TextChanged, ChangeKind::Patch, pointer, "only people read this text");
        change.values(told(before), told(after));
    }
}

pub fn terms(before: Option<&Terms>, after: Option<&Terms>, changes: &mut Changes<'_>) {
    let none = Terms::default();
    let (stands, same) = (after.is_some(), before == after);
    let unchanged = changes.list.len();
    let Terms { usage, limitations, license, url } = before.unwrap_or(&none);
    let now = after.unwrap_or(&none);
    for (name, before, after) in [("limitations", limitations, &now.limitations), ("license", license, &now.license)] {
        let (code, kind, reason) = match (before, after) {
            _ if before == after => continue,
            // A licence allows: without it, readers are allowed less.
            (Some(_), None) if name == "license" => {
                (Code::TermsTightened, ChangeKind::Major, "nothing tells readers any longer that they may use the data")
            }
            (Some(_), None) => (Code::TermsLoosened, ChangeKind::Minor, "less is asked of readers"),
            _ => (Code::TermsTightened, ChangeKind::Major, "readers agreed to other terms, and may not agree to these"),
        };
        let pointer = if stands { place(format!("/terms/{name}"), after.is_some()) } else { String::new() };
        changes.push(code, kind, pointer, reason).values(before.as_ref(), after.as_ref());
    }
    for (name, before, after) in [("usage", usage, &now.usage), ("url", url, &now.url)] {
        if before != after {
            let pointer = if stands { place(format!("/terms/{name}"), after.is_some()) } else { String::new() };
            let reason = "readers are told more or less of the same terms";
            let change = changes.push(Code::TermsReworded, ChangeKind::Minor, pointer, reason);
            change.values(before.as_ref(), after.as_ref());
        }
    }
    if !same && changes.list.len() == unchanged {
        let pointer = place("/terms", stands);
        changes.push(Code::TextChanged, ChangeKind::Patch, pointer, "nothing is said by terms that are empty");
    }
}
