//! Changes of what a port promises: who agreed on more is broken by less, and nobody else.

use super::{Example, Place};
use crate::code::Code;

const fn sla(
    title: &'static str,
    codes: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, codes, Place::Port, edit, expected)
}

pub(super) const ALL: &[Example] = &[
    sla("older data", &[Code::FreshnessLoosened], ("sla: { freshness: 60m }", "sla: { freshness: 2h }"), "c"),
    sla("fresher data", &[Code::FreshnessTightened], ("sla: { freshness: 60m }", "sla: { freshness: 30m }"), "m"),
    sla(
        "available for less of the time",
        &[Code::AvailabilityLoosened],
        ("sla: { freshness: 60m, availability: 99.9% }", "sla: { freshness: 60m, availability: 99.5% }"),
        "c",
    ),
    sla(
        "availability without a promise",
        &[Code::AvailabilityLoosened],
        ("sla: { freshness: 60m, availability: 99.9% }", "sla: { freshness: 60m }"),
        "c",
    ),
    sla(
        "available for more of the time",
        &[Code::AvailabilityTightened],
        ("sla: { freshness: 60m, availability: 99.5% }", "sla: { freshness: 60m, availability: 99.9% }"),
        "m",
    ),
    sla(
        "a first promise of availability",
        &[Code::AvailabilityTightened],
        ("sla: { freshness: 60m }", "sla: { freshness: 60m, availability: 99.9% }"),
        "m",
    ),
    sla(
        "less complete",
        &[Code::CompletenessLoosened],
        ("sla: { freshness: 60m, completeness: 99% }", "sla: { freshness: 60m, completeness: 98% }"),
        "c",
    ),
    sla(
        "more complete",
        &[Code::CompletenessTightened],
        ("sla: { freshness: 60m, completeness: 98% }", "sla: { freshness: 60m, completeness: 99% }"),
        "m",
    ),
    sla(
        "slower reads",
        &[Code::LatencyLoosened],
        ("sla: { freshness: 60m, latency: 500ms }", "sla: { freshness: 60m, latency: 1s }"),
        "c",
    ),
    sla(
        "reads without a promise",
        &[Code::LatencyLoosened],
        ("sla: { freshness: 60m, latency: 500ms }", "sla: { freshness: 60m }"),
        "c",
    ),
    sla(
        "faster reads",
        &[Code::LatencyTightened],
        ("sla: { freshness: 60m, latency: 1s }", "sla: { freshness: 60m, latency: 500ms }"),
        "m",
    ),
    sla(
        "the port's data is kept for a shorter time",
        &[Code::RetentionShortened],
        ("sla: { freshness: 60m, retention: 4y }", "sla: { freshness: 60m, retention: 3y }"),
        "c",
    ),
    sla(
        "no longer kept for longer than the product's",
        &[Code::RetentionShortened],
        ("sla: { freshness: 60m, retention: 4y }", "sla: { freshness: 60m }"),
        "c",
    ),
    sla(
        "the port's data is kept for a longer time",
        &[Code::RetentionLengthened],
        ("sla: { freshness: 60m, retention: 3y }", "sla: { freshness: 60m, retention: 4y }"),
        "m",
    ),
    sla(
        "kept for as long as the product's, by its own promise",
        &[Code::RetentionLengthened],
        ("sla: { freshness: 60m }", "sla: { freshness: 60m, retention: 730d }"),
        "p",
    ),
    sla(
        "how long making the data takes",
        &[Code::ProcessingChanged],
        ("sla: { freshness: 60m }", "sla: { freshness: 60m, processing: 15m }"),
        "p",
    ),
    sla(
        "data is due less often",
        &[Code::ScheduleLoosened],
        (
            "sla: { freshness: 60m, schedule: { at: ['06:00', '18:00'] } }",
            "sla: { freshness: 60m, schedule: { at: ['06:00'] } }",
        ),
        "c",
    ),
    sla(
        "data is due at other times",
        &[Code::ScheduleLoosened],
        (
            "sla: { freshness: 60m, schedule: { at: ['06:00'] } }",
            "sla: { freshness: 60m, schedule: { at: ['07:00'] } }",
        ),
        "c",
    ),
    sla(
        "data is due on some days only",
        &[Code::ScheduleLoosened],
        (
            "sla: { freshness: 60m, schedule: { at: ['06:00'] } }",
            "sla: { freshness: 60m, schedule: { at: ['06:00'], on: [monday] } }",
        ),
        "c",
    ),
    sla(
        "data is due at times, and not all the time",
        &[Code::ScheduleLoosened],
        ("sla: { freshness: 60m }", "sla: { freshness: 60m, schedule: { at: ['06:00'] } }"),
        "c",
    ),
    sla(
        "data is due more often",
        &[Code::ScheduleTightened],
        (
            "sla: { freshness: 60m, schedule: { at: ['06:00'] } }",
            "sla: { freshness: 60m, schedule: { at: ['06:00', '18:00'] } }",
        ),
        "m",
    ),
    sla(
        "data is due all the time",
        &[Code::ScheduleTightened],
        ("sla: { freshness: 60m, schedule: { at: ['06:00'] } }", "sla: { freshness: 60m }"),
        "m",
    ),
    sla(
        "its age is told by a field",
        &[Code::ScheduleReworded],
        (
            "sla: { freshness: 60m, schedule: { at: ['06:00'] } }",
            "sla: { freshness: 60m, schedule: { at: ['06:00'], watermark: departure } }",
        ),
        "m",
    ),
    sla(
        "times in another order",
        &[Code::Reordered],
        (
            "sla: { freshness: 60m, schedule: { at: ['06:00', '18:00'] } }",
            "sla: { freshness: 60m, schedule: { at: ['18:00', '06:00'] } }",
        ),
        "p",
    ),
];
