//! Changes of fields, for existing readers of new data and new readers of old data.

use super::{Example, Place};
use crate::code::Code;

const fn field(
    title: &'static str,
    codes: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, codes, Place::Fields, edit, expected)
}

pub(super) const ALL: &[Example] = &[
    field("an optional field", &[Code::FieldAdded], ("", "{ name: gate, type: string }"), "m"),
    field(
        "an optional field before others",
        &[Code::FieldAdded, Code::FieldsMoved],
        ("{ name: gate, type: string }", "{ name: stand, type: string }\n{ name: gate, type: string }"),
        "mmMmmmm",
    ),
    field("a required field", &[Code::RequiredFieldAdded], ("", "{ name: gate, type: string, required: true }"), "M"),
    field("a field is gone", &[Code::FieldRemoved], ("{ name: gate, type: string }", ""), "M"),
    field(
        "another name, without an id",
        &[Code::FieldRemoved, Code::FieldAdded],
        ("{ name: gate, type: string }", "{ name: gate_no, type: string }"),
        "M",
    ),
    field(
        "another name under the same id",
        &[Code::FieldRenamed],
        ("{ name: gate, id: 7, type: string }", "{ name: gate_no, id: 7, type: string }"),
        "M",
    ),
    field(
        "another id",
        &[Code::FieldIdChanged],
        ("{ name: gate, id: 7, type: string }", "{ name: gate, id: 8, type: string }"),
        "M",
    ),
    field(
        "no id any longer",
        &[Code::FieldIdChanged],
        ("{ name: gate, id: 7, type: string }", "{ name: gate, type: string }"),
        "M",
    ),
    field(
        "a first id",
        &[Code::FieldIdGiven],
        ("{ name: gate, type: string }", "{ name: gate, id: 7, type: string }"),
        "p",
    ),
    field(
        "the id of another field",
        &[Code::FieldIdChanged, Code::FieldIdReused, Code::FieldAdded],
        (
            "{ name: gate, id: 7, type: string }",
            "{ name: gate, id: 8, type: string }\n{ name: stand, id: 7, type: string }",
        ),
        "M",
    ),
    field(
        "whole numbers of more digits",
        &[Code::FieldWidened],
        ("{ name: delay, type: int }", "{ name: delay, type: long }"),
        "mMMMMMM",
    ),
    field(
        "broken numbers of more digits",
        &[Code::FieldWidened],
        ("{ name: delay, type: float }", "{ name: delay, type: double }"),
        "mMMMMMM",
    ),
    field(
        "decimals of more digits",
        &[Code::FieldWidened],
        ("{ name: fare, type: 'decimal(8,2)' }", "{ name: fare, type: 'decimal(10,2)' }"),
        "mMMMMMM",
    ),
    field(
        "numbers of fewer digits",
        &[Code::FieldNarrowed],
        ("{ name: delay, type: long }", "{ name: delay, type: int }"),
        "M",
    ),
    field(
        "decimals of another scale",
        &[Code::FieldTypeChanged],
        ("{ name: fare, type: 'decimal(8,2)' }", "{ name: fare, type: 'decimal(10,3)' }"),
        "M",
    ),
    field(
        "another type",
        &[Code::FieldTypeChanged],
        ("{ name: delay, type: int }", "{ name: delay, type: string }"),
        "M",
    ),
    field(
        "a value in every row",
        &[Code::FieldMadeRequired],
        ("{ name: gate, type: string }", "{ name: gate, type: string, required: true }"),
        "M",
    ),
    field(
        "not a value in every row",
        &[Code::FieldMadeOptional],
        ("{ name: gate, type: string, required: true }", "{ name: gate, type: string }"),
        "M",
    ),
    field(
        "fields in another order",
        &[Code::Reordered, Code::FieldsMoved],
        (
            "{ name: gate, type: string }\n{ name: stand, type: string }",
            "{ name: stand, type: string }\n{ name: gate, type: string }",
        ),
        "ppMpppp",
    ),
    field(
        "a further value of all",
        &[Code::EnumValueAdded],
        (
            "{ name: state, type: string, enum: { values: [on, off] } }",
            "{ name: state, type: string, enum: { values: [on, off, late] } }",
        ),
        "M",
    ),
    field(
        "a value of all is gone",
        &[Code::EnumValueRemoved],
        (
            "{ name: state, type: string, enum: { values: [on, off, late] } }",
            "{ name: state, type: string, enum: { values: [on, off] } }",
        ),
        "M",
    ),
    field(
        "a further value of some",
        &[Code::EnumValueAdded],
        (
            "{ name: state, type: string, enum: { values: [on, off], open: true } }",
            "{ name: state, type: string, enum: { values: [on, off, late], open: true } }",
        ),
        "m",
    ),
    field(
        "a value of some is gone",
        &[Code::EnumValueRemoved],
        (
            "{ name: state, type: string, enum: { values: [on, off, late], open: true } }",
            "{ name: state, type: string, enum: { values: [on, off], open: true } }",
        ),
        "m",
    ),
    field(
        "not all values are known any longer",
        &[Code::EnumOpened],
        (
            "{ name: state, type: string, enum: { values: [on, off] } }",
            "{ name: state, type: string, enum: { values: [on, off], open: true } }",
        ),
        "M",
    ),
    field(
        "values are no longer listed",
        &[Code::EnumOpened],
        ("{ name: state, type: string, enum: { values: [on, off] } }", "{ name: state, type: string }"),
        "M",
    ),
    field(
        "all values are known",
        &[Code::EnumClosed],
        (
            "{ name: state, type: string, enum: { values: [on, off], open: true } }",
            "{ name: state, type: string, enum: { values: [on, off] } }",
        ),
        "M",
    ),
    field(
        "all values are listed",
        &[Code::EnumClosed],
        ("{ name: state, type: string }", "{ name: state, type: string, enum: { values: [on, off] } }"),
        "M",
    ),
    field(
        "some values are listed",
        &[Code::EnumTold],
        ("{ name: state, type: string }", "{ name: state, type: string, enum: { values: [on], open: true } }"),
        "m",
    ),
    field(
        "some values are no longer listed",
        &[Code::EnumTold],
        ("{ name: state, type: string, enum: { values: [on], open: true } }", "{ name: state, type: string }"),
        "m",
    ),
    field(
        "values in another order",
        &[Code::Reordered],
        (
            "{ name: state, type: string, enum: { values: [on, off] } }",
            "{ name: state, type: string, enum: { values: [off, on] } }",
        ),
        "p",
    ),
    field(
        "another unit",
        &[Code::UnitChanged],
        ("{ name: delay, type: int, unit: minutes }", "{ name: delay, type: int, unit: seconds }"),
        "M",
    ),
    field(
        "no unit any longer",
        &[Code::UnitChanged],
        ("{ name: delay, type: int, unit: minutes }", "{ name: delay, type: int }"),
        "M",
    ),
    field(
        "a first unit",
        &[Code::UnitTold],
        ("{ name: delay, type: int }", "{ name: delay, type: int, unit: minutes }"),
        "m",
    ),
    field(
        "said to be of a person",
        &[Code::PiiDeclared],
        ("{ name: mail, type: string }", "{ name: mail, type: string, pii: { category: email, protection: masked } }"),
        "m",
    ),
    field(
        "of a person in another way",
        &[Code::PiiDeclared],
        (
            "{ name: mail, type: string, pii: { category: name, protection: masked } }",
            "{ name: mail, type: string, pii: { category: email, protection: masked } }",
        ),
        "m",
    ),
    field(
        "protected more strongly",
        &[Code::PiiProtectionRaised],
        (
            "{ name: mail, type: string, pii: { category: email, protection: masked } }",
            "{ name: mail, type: string, pii: { category: email, protection: encrypted } }",
        ),
        "m",
    ),
    field(
        "protected less",
        &[Code::PiiProtectionLowered],
        (
            "{ name: mail, type: string, pii: { category: email, protection: masked } }",
            "{ name: mail, type: string, pii: { category: email, protection: none } }",
        ),
        "M",
    ),
    field(
        "no longer said to be of a person",
        &[Code::PiiProtectionLowered],
        ("{ name: mail, type: string, pii: { category: email, protection: masked } }", "{ name: mail, type: string }"),
        "M",
    ),
    field(
        "a rule over values",
        &[Code::QualityTightened],
        (
            "{ name: gate, type: string }",
            "{ name: gate, type: string, quality: [{ name: full, metric: nullValues, expect: { mustBe: 0 } }] }",
        ),
        "m",
    ),
    field(
        "a rule over values is gone",
        &[Code::QualityLoosened],
        (
            "{ name: gate, type: string, quality: [{ name: full, metric: nullValues, expect: { mustBe: 0 } }] }",
            "{ name: gate, type: string }",
        ),
        "M",
    ),
    field(
        "what values mean, in words",
        &[Code::TextChanged],
        ("{ name: gate, type: string }", "{ name: gate, type: string, description: As announced. }"),
        "p",
    ),
    field(
        "further properties of a field",
        &[Code::TextChanged],
        ("{ name: gate, type: string }", "{ name: gate, type: string, properties: { colour: red } }"),
        "p",
    ),
];
