//! A manifest's fields, filled in from the schemas of its ports in other languages.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problem, read};
use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    field_type::FieldType,
    model::{Field, FieldRef, Manifest, Schema, SchemaSource},
};

/// The most differences that are listed.
const MAX_LISTED: usize = 3;

/// Gives every port that has its schema in another language the fields of it, and tells what stands in the way.
///
/// Fields that are written beside the other schema stay, since they may tell more, and have to agree with it.
pub(crate) fn fill(manifest: &mut Manifest) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (index, port) in manifest.output_ports.iter_mut().enumerate() {
        let Some(source) = &port.schema.source else { continue };
        let pointer = format!("/outputPorts/{index}/schema");
        match read(source) {
            Ok(fields) if port.schema.fields.is_empty() => port.schema.fields = fields,
            Ok(fields) => found.extend(difference(&port.schema, fields, &pointer)),
            Err(problems) => found.extend(problems.iter().map(|problem| diagnostic(problem, source, &pointer))),
        }
    }
    found
}

fn diagnostic(problem: &Problem, source: &SchemaSource, pointer: &str) -> Diagnostic {
    let of = if problem.code == Code::SourceMessage && source.message.is_some() { "message" } else { "text" };
    let diagnostic = Diagnostic::error(problem.code, format!("{pointer}/source/{of}"), problem.to_string());
    match &problem.remedy {
        Some(remedy) => diagnostic.remedy(remedy),
        None => diagnostic,
    }
}

fn difference(written: &Schema, fields: Vec<Field>, pointer: &str) -> Option<Diagnostic> {
    let read = Schema { fields, ..Schema::default() };
    let (written, read) = (values(written), values(&read));
    let told = |value: Option<&(FieldType, bool)>| match value {
        Some((field_type, required)) => format!("{}{field_type}", if *required { "required " } else { "" }),
        None => "missing".to_owned(),
    };
    let mut paths: Vec<&str> = Vec::new();
    for path in written.keys().chain(read.keys()).collect::<BTreeSet<_>>() {
        // What lies within a value of another type differs for that reason, and follows it in this order.
        let within = |outer: &&str| path.strip_prefix(*outer).is_some_and(|rest| rest.starts_with('.'));
        if written.get(path) != read.get(path) && !paths.last().is_some_and(within) {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return None;
    }
    let mut listed: Vec<String> = paths
        .iter()
        .take(MAX_LISTED)
        .map(|path| {
            let (written, read) = (told(written.get(*path)), told(read.get(*path)));
            format!("`{}` is {written} in `fields` and {read} in `source`", shown(path))
        })
        .collect();
    if paths.len() > MAX_LISTED {
        listed.push(format!("and {} more", paths.len() - MAX_LISTED));
    }
    let message = format!("the fields and the schema they stand beside differ: {}", listed.join(", "));
    let remedy = "correct one of the two, or remove `fields`";
    Some(Diagnostic::error(Code::SourceDiffers, format!("{pointer}/source/text"), message).remedy(remedy))
}

fn values(schema: &Schema) -> BTreeMap<String, (FieldType, bool)> {
    let value = |field: FieldRef<'_>| {
        // A map has no entry without a key, whatever is written.
        let required = field.value.required || field.path.ends_with(".{key}");
        (field.path, (field.value.field_type, required))
    };
    schema.flat().into_iter().map(value).collect()
}
