//! What a port promises: that it can be meant.

use std::collections::HashSet;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    field_type::FieldType,
    model::{OutputPort, Schedule},
};

/// The problems of `port`, which stands at `pointer`.
pub fn check(port: &OutputPort, pointer: &str, found: &mut Vec<Diagnostic>) {
    let Some(Schedule { at, on, watermark }) = &port.sla.schedule else { return };
    let pointer = format!("{pointer}/sla/schedule");
    let mut seen = HashSet::new();
    for (index, time) in at.iter().enumerate().filter(|(_, time)| !seen.insert(*time)) {
        let message = format!("`{}` stands twice", shown(time));
        found.push(
            Diagnostic::error(Code::DuplicateEntry, format!("{pointer}/at/{index}"), message)
                .remedy("remove one of the two"),
        );
    }
    let mut seen = HashSet::new();
    for (index, day) in on.iter().enumerate().filter(|(_, day)| !seen.insert(**day)) {
        let message = format!("`{}` stands twice", day.as_str());
        found.push(
            Diagnostic::error(Code::DuplicateEntry, format!("{pointer}/on/{index}"), message)
                .remedy("remove one of the two"),
        );
    }
    let Some(watermark) = watermark else { return };
    let field = port.schema.fields.iter().find(|field| field.name == *watermark);
    let message = match field.map(|field| field.field_type) {
        Some(FieldType::Date | FieldType::Timestamp | FieldType::Timestamptz) => return,
        Some(other) => format!("the watermark `{}` is of type {other}, which tells no time", shown(watermark)),
        None => format!("the port has no field `{}`", shown(watermark)),
    };
    found.push(
        Diagnostic::error(Code::WatermarkInvalid, format!("{pointer}/watermark"), message)
            .remedy("name a field of type date, timestamp or timestamptz"),
    );
}
