//! Changes of the product as a whole. What they are to readers does not depend on a port's format.

use super::{Example, Place};
use crate::code::Code;

const fn product(
    title: &'static str,
    code: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, code, Place::Product, edit, expected)
}

pub(super) const ALL: &[Example] = &[
    product("another name", &[Code::ProductOther], ("name: flights", "name: departures"), "M"),
    product("another domain", &[Code::ProductOther], ("domain: operations", "domain: sales"), "M"),
    product(
        "the description",
        &[Code::TextChanged],
        ("description: Departures.", "description: Departures of all flights."),
        "p",
    ),
    product(
        "who answers for it",
        &[Code::TextChanged],
        (
            "owner: { team: Flight Operations, contact: flight-ops@example.org }",
            "owner: { team: Network, contact: network@example.org }",
        ),
        "p",
    ),
    product("its tags", &[Code::TextChanged], ("", "tags: [delays]"), "p"),
    product("further properties", &[Code::TextChanged], ("", "properties: { cost-centre: '42' }"), "p"),
    product(
        "where help is",
        &[Code::TextChanged],
        ("", "support: [{ channel: chat, url: 'https://chat.example.org/flights' }]"),
        "p",
    ),
    product(
        "a document that it was read from",
        &[Code::TextChanged],
        ("", "origin: { product: { kind: DataProduct } }"),
        "p",
    ),
    product("a draft is in use", &[Code::StatusAdvanced], ("status: draft", "status: active"), "m"),
    product(
        "a deprecated product is in use again",
        &[Code::StatusAdvanced],
        ("status: deprecated", "status: active"),
        "m",
    ),
    product("readers are told to leave", &[Code::StatusDeprecated], ("", "status: deprecated"), "m"),
    product("it is a draft again", &[Code::StatusWithdrawn], ("", "status: draft"), "M"),
    product(
        "another licence",
        &[Code::TermsTightened],
        ("terms: { license: CC-BY-4.0 }", "terms: { license: CC-BY-NC-4.0 }"),
        "M",
    ),
    product("a first licence", &[Code::TermsTightened], ("", "terms: { license: CC-BY-4.0 }"), "M"),
    product("no licence any longer", &[Code::TermsTightened], ("terms: { license: CC-BY-4.0 }", ""), "M"),
    product("a limitation", &[Code::TermsTightened], ("", "terms: { limitations: Not for billing. }"), "M"),
    product("no limitation any longer", &[Code::TermsLoosened], ("terms: { limitations: Not for billing. }", ""), "m"),
    product("what it is meant for", &[Code::TermsReworded], ("", "terms: { usage: Delay reports. }"), "m"),
    product(
        "where the terms are written",
        &[Code::TermsReworded],
        ("terms: { url: 'https://example.org/a' }", "terms: { url: 'https://example.org/b' }"),
        "m",
    ),
    product("terms that say nothing", &[Code::TextChanged], ("", "terms: {}"), "p"),
    product(
        "more sensitive",
        &[Code::ClassificationRaised],
        ("classification: internal", "classification: restricted"),
        "M",
    ),
    product(
        "less sensitive",
        &[Code::ClassificationLowered],
        ("classification: internal", "classification: public"),
        "m",
    ),
    product(
        "data is kept for a shorter time",
        &[Code::RetentionShortened],
        ("retention: 730d", "retention: 365d"),
        "c",
    ),
    product(
        "data is kept for a shorter time, of ports that promise another",
        &[Code::RetentionShortened],
        ("retention: 730d", "retention: 365d"),
        "m",
    )
    .besides("", "sla: { freshness: 60m, retention: 730d }"),
    product(
        "data is kept for a longer time",
        &[Code::RetentionLengthened],
        ("retention: 365d", "retention: 730d"),
        "m",
    ),
    product(
        "rows may change",
        &[Code::MutabilityLoosened],
        ("mutability: append-only", "mutability: mutable"),
        "M---MMM",
    ),
    product(
        "rows no longer change",
        &[Code::MutabilityTightened],
        ("mutability: mutable", "mutability: append-only"),
        "m---mmm",
    ),
    product(
        "fewer may know of it",
        &[Code::VisibilityNarrowed],
        ("access: { visibility: company }", "access: { visibility: domain }"),
        "M",
    ),
    product(
        "more may know of it",
        &[Code::VisibilityWidened],
        ("access: { visibility: hidden }", "access: { visibility: domain }"),
        "m",
    ),
    product(
        "a purpose is no longer offered",
        &[Code::PurposeRemoved],
        (
            "access: { visibility: company, purposes: [analytics, billing] }",
            "access: { visibility: company, purposes: [analytics] }",
        ),
        "M",
    ),
    product(
        "listed purposes in place of any",
        &[Code::PurposeRemoved],
        ("access: { visibility: company }", "access: { visibility: company, purposes: [analytics] }"),
        "M",
    ),
    product(
        "a further purpose",
        &[Code::PurposeAdded],
        (
            "access: { visibility: company, purposes: [analytics] }",
            "access: { visibility: company, purposes: [analytics, billing] }",
        ),
        "m",
    ),
    product(
        "any purpose in place of those listed",
        &[Code::PurposeAdded],
        ("access: { visibility: company, purposes: [analytics] }", "access: { visibility: company }"),
        "m",
    ),
    product(
        "purposes in another order",
        &[Code::Reordered],
        (
            "access: { visibility: company, purposes: [analytics, billing] }",
            "access: { visibility: company, purposes: [billing, analytics] }",
        ),
        "p",
    ),
    product(
        "made from more",
        &[Code::InputAdded],
        ("", "inputs: [{ port: weather.hourly/observations@1, purpose: analytics }]"),
        "m",
    ),
    product(
        "made from less",
        &[Code::InputRemoved],
        ("inputs: [{ port: weather.hourly/observations@1, purpose: analytics }]", ""),
        "m",
    ),
    product(
        "made for another purpose",
        &[Code::InputChanged],
        (
            "inputs: [{ port: weather.hourly/observations@1, purpose: analytics }]",
            "inputs: [{ port: weather.hourly/observations@1, purpose: operations }]",
        ),
        "p",
    ),
    product(
        "inputs in another order",
        &[Code::Reordered],
        (
            "inputs: [{ port: weather.hourly/observations@1, purpose: a }, { port: fleet.aircraft/all@1, purpose: a }]",
            "inputs: [{ port: fleet.aircraft/all@1, purpose: a }, { port: weather.hourly/observations@1, purpose: a }]",
        ),
        "p",
    ),
];
