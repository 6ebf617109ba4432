//! Changes of which ports there are, and of where each is.

use super::{Example, Place};
use crate::code::Code;

const fn ports(
    title: &'static str,
    codes: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, codes, Place::Ports, edit, expected)
}

const fn port(
    title: &'static str,
    codes: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, codes, Place::Port, edit, expected)
}

pub(super) const ALL: &[Example] = &[
    ports(
        "a further port",
        &[Code::PortAdded],
        ("name: daily, version: 1.0.0", "name: daily, version: 1.0.0\nname: hourly, version: 1.0.0"),
        "m",
    ),
    ports(
        "a new major beside the old one",
        &[Code::PortAdded],
        ("name: daily, version: 1.0.0", "name: daily, version: 1.0.0\nname: daily, version: 2.0.0"),
        "m",
    ),
    ports(
        "a port is gone",
        &[Code::PortRemoved],
        ("name: daily, version: 1.0.0\nname: hourly, version: 1.0.0", "name: daily, version: 1.0.0"),
        "M",
    ),
    ports(
        "a new major in place of the old one",
        &[Code::PortRemoved, Code::PortAdded],
        ("name: daily, version: 1.0.0", "name: daily, version: 2.0.0"),
        "M",
    ),
    ports(
        "ports in another order",
        &[Code::Reordered],
        (
            "name: daily, version: 1.0.0\nname: hourly, version: 1.0.0",
            "name: hourly, version: 1.0.0\nname: daily, version: 1.0.0",
        ),
        "p",
    ),
    port("the version alone", &[Code::PortVersionMoved], ("version: 1.0.0", "version: 1.0.1"), "p"),
    port("what the port holds, in words", &[Code::TextChanged], ("", "description: One row for each flight."), "p"),
    port("another format", &[Code::FormatChanged, Code::EndpointMoved], ("format: {format}", "format: {other}"), "M"),
    port(
        "another endpoint",
        &[Code::EndpointMoved],
        ("endpoint: {scheme}://old.example.org:9092/flights", "endpoint: {scheme}://new.example.org:9092/flights"),
        "----mmm",
    ),
    port("the day on which it ends", &[Code::SunsetAnnounced], ("", "sunset: 2028-03-01"), "m"),
    port("a later end", &[Code::SunsetPutOff], ("sunset: 2028-03-01", "sunset: 2028-09-01"), "m"),
    port("no end any longer", &[Code::SunsetPutOff], ("sunset: 2028-03-01", ""), "m"),
    port("an earlier end", &[Code::SunsetBroughtForward], ("sunset: 2028-03-01", "sunset: 2027-09-01"), "M"),
    port(
        "another table is taken over",
        &[Code::PlaceChanged],
        (
            "adopt: { table: ops.a, location: 's3://ops-data/_old/a/' }",
            "adopt: { table: ops.b, location: 's3://ops-data/_old/a/' }",
        ),
        "M------",
    ),
    port(
        "a table is taken over",
        &[Code::PlaceChanged],
        ("", "adopt: { table: ops.flights, location: 's3://ops-data/_old/a/' }"),
        "M------",
    ),
    port(
        "another prefix is taken over",
        &[Code::PlaceChanged],
        ("adopt: { location: 's3://ops-data/_old/a/' }", "adopt: { location: 's3://ops-data/_old/b/' }"),
        "-MMM---",
    ),
    port("the contract that describes it", &[Code::TextChanged], ("", "contract: { id: flights }"), "p")
        .besides("origin: { contracts: { flights: { kind: DataContract } } }", ""),
];
