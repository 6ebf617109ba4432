//! Every kind of change on one example, with the class that readers would give it: the reference is made of them, and each is a test.

use std::fmt;

use mesh_manifest::{Format, Manifest, parse};

use crate::{
    change::{Change, ChangeKind},
    classify::classify,
    code::Code,
};

mod fields;
mod nested;
mod ports;
mod product;
mod promises;
mod schema;
mod table;

#[cfg(test)]
mod tests;

pub use table::change_table;

/// The formats, in the order of the table.
pub const FORMATS: [Format; 7] =
    [Format::Iceberg, Format::Parquet, Format::Csv, Format::Json, Format::Sql, Format::Http, Format::Kafka];

/// A change of a small manifest.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// What changes, in a few words.
    pub title: &'static str,
    /// The codes that the change falls under, whatever the format.
    pub codes: &'static [Code],
    /// Where `before` and `after` stand.
    pub place: Place,
    /// What stood there, and what stands there now: YAML, a line for each key, port or field.
    pub before: &'static str,
    pub after: &'static str,
    /// What stands in both manifests besides: keys of the product, and of the port.
    pub besides: (&'static str, &'static str),
    /// The class that readers would give it: `p` patch, `m` minor, `M` major, `c` major for the contracts that agreed on more, `-` where
    /// the format cannot hold it. One letter is that of all formats, seven are those of [`FORMATS`].
    pub expected: &'static str,
}

/// Where an example's text stands in its manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Keys of the product.
    Product,
    /// Ports by name and version, beside no others.
    Ports,
    /// Keys of the only port.
    Port,
    /// Keys of its schema.
    Schema,
    /// Fields behind those that the base has.
    Fields,
}

/// What changes come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Patch,
    Minor,
    /// Major for the contracts that agreed on more, minor for all others.
    Contracts,
    Major,
}

impl Class {
    /// The class of one change.
    pub fn of(change: &Change) -> Self {
        match (change.kind, change.loosened) {
            (ChangeKind::Patch, _) => Self::Patch,
            (ChangeKind::Minor, _) => Self::Minor,
            (ChangeKind::Major, Some(_)) => Self::Contracts,
            (ChangeKind::Major, None) => Self::Major,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Contracts => "major for contracts that agreed on more",
            Self::Major => "major",
        })
    }
}

/// Every example, in the order of the manifest.
pub fn all() -> impl Iterator<Item = &'static Example> {
    [product::ALL, ports::ALL, promises::ALL, schema::ALL, fields::ALL, nested::ALL].into_iter().flatten()
}

impl Example {
    const fn new(
        title: &'static str,
        codes: &'static [Code],
        place: Place,
        (before, after): (&'static str, &'static str),
        expected: &'static str,
    ) -> Self {
        Self { title, codes, place, before, after, besides: ("", ""), expected }
    }

    /// The same change of a manifest that says something else besides.
    const fn besides(mut self, product: &'static str, port: &'static str) -> Self {
        self.besides = (product, port);
        self
    }

    /// Both manifests with a port of `format`, where such a port can hold what stands in them.
    pub fn manifests(&self, format: Format) -> Option<(Manifest, Manifest)> {
        let read = |fragment| parse(&self.text(format, fragment)).ok().map(|parsed| parsed.manifest);
        read(self.before).zip(read(self.after))
    }

    /// The changes, where ports of `format` can have them.
    pub fn changes(&self, format: Format) -> Option<Vec<Change>> {
        self.manifests(format).map(|(before, after)| classify(&before, &after))
    }

    /// The manifest with `fragment` in its place.
    fn text(&self, format: Format, fragment: &str) -> String {
        let format = if fragment.contains("{other}") { other(format) } else { format };
        let fragment = fragment
            .replace("{scheme}", scheme(format))
            .replace("{format}", format.as_str())
            .replace("{other}", format.as_str());
        let within = |place: Place| if self.place == place { fragment.as_str() } else { "" };
        let (product, port) = self.besides;
        let schema =
            keys(&[&format!("fields: [{}]", list(&[FLIGHT, DEPARTURE, within(Place::Fields)])), within(Place::Schema)]);
        let endpoint = match format.is_endpoint() {
            true => format!("endpoint: {}://data.example.org:9092/flights", scheme(format)),
            false => String::new(),
        };
        let described =
            format!("format: {}\nsla: {{ freshness: 60m }}\n{endpoint}\nschema: {{ {schema} }}", format.as_str());
        let ports: Vec<String> = match within(Place::Ports) {
            "" => vec!["name: daily\nversion: 1.0.0".to_owned()],
            names => names.lines().map(|line| line.replace(", ", "\n")).collect(),
        };
        let ports: Vec<String> = ports
            .iter()
            .map(|named| format!("{{ {} }}", keys(&[named, &described, port, within(Place::Port)])))
            .collect();
        let ports = format!("outputPorts: [{}]", ports.join(", "));
        format!("{{ {} }}", keys(&[HEAD, &ports, product, within(Place::Product)]))
    }
}

const HEAD: &str = "apiVersion: mesh/v1
kind: DataProduct
domain: operations
name: flights
version: 1.0.0
description: Departures.
owner: { team: Flight Operations, contact: flight-ops@example.org }
classification: internal
retention: 730d
access: { visibility: company, purposes: [analytics] }";
const FLIGHT: &str = "{ name: flight, type: string, required: true }";
const DEPARTURE: &str = "{ name: departure, type: timestamptz, required: true }";

/// Under which URLs data of `format` is served.
fn scheme(format: Format) -> &'static str {
    if format == Format::Kafka { "kafka" } else { "https" }
}

/// Another format that readers may find a port of `format` in.
fn other(format: Format) -> Format {
    match format {
        Format::Iceberg => Format::Parquet,
        Format::Parquet | Format::Csv | Format::Json => Format::Iceberg,
        Format::Sql | Format::Kafka => Format::Http,
        Format::Http => Format::Sql,
    }
}

/// One mapping of several, a line for each key; a later line stands in place of an earlier one of the same key.
fn keys(parts: &[&str]) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in parts.iter().flat_map(|part| part.lines()).filter(|line| !line.is_empty()) {
        let key = |line: &str| line.split(':').next().map(str::to_owned);
        match lines.iter_mut().find(|other| key(other) == key(line)) {
            Some(other) => *other = line,
            None => lines.push(line),
        }
    }
    lines.join(", ")
}

fn list(parts: &[&str]) -> String {
    let lines: Vec<&str> = parts.iter().flat_map(|part| part.lines()).filter(|line| !line.is_empty()).collect();
    lines.join(", ")
}
