//! Changes within fields that are made of others, which CSV has none of.

use super::{Example, Place};
use crate::code::Code;

const fn nested(
    title: &'static str,
    codes: &'static [Code],
    edit: (&'static str, &'static str),
    expected: &'static str,
) -> Example {
    Example::new(title, codes, Place::Fields, edit, expected)
}

pub(super) const ALL: &[Example] = &[
    nested(
        "an optional field of a struct",
        &[Code::FieldAdded],
        (
            "{ name: gate, type: struct, fields: [{ name: no, type: int }] }",
            "{ name: gate, type: struct, fields: [{ name: no, type: int }, { name: hall, type: string }] }",
        ),
        "mm-mmmm",
    ),
    nested(
        "a required field of a struct",
        &[Code::RequiredFieldAdded],
        (
            "{ name: gate, type: struct, fields: [{ name: no, type: int }] }",
            "{ name: gate, type: struct, fields: [{ name: no, type: int }, { name: hall, type: string, required: true }] }",
        ),
        "MM-MMMM",
    ),
    nested(
        "a field of a struct is gone",
        &[Code::FieldRemoved],
        (
            "{ name: gate, type: struct, fields: [{ name: no, type: int }, { name: hall, type: string }] }",
            "{ name: gate, type: struct, fields: [{ name: no, type: int }] }",
        ),
        "MM-MMMM",
    ),
    nested(
        "the fields of a struct in another order",
        &[Code::Reordered],
        (
            "{ name: gate, type: struct, fields: [{ name: no, type: int }, { name: hall, type: string }] }",
            "{ name: gate, type: struct, fields: [{ name: hall, type: string }, { name: no, type: int }] }",
        ),
        "pp-pppp",
    ),
    nested(
        "entries of more digits",
        &[Code::FieldWidened],
        ("{ name: delays, type: list, items: { type: int } }", "{ name: delays, type: list, items: { type: long } }"),
        "mM-MMMM",
    ),
    nested(
        "entries of another type",
        &[Code::FieldTypeChanged],
        ("{ name: delays, type: list, items: { type: int } }", "{ name: delays, type: list, items: { type: string } }"),
        "MM-MMMM",
    ),
    nested(
        "entries that may be empty",
        &[Code::FieldMadeOptional],
        (
            "{ name: delays, type: list, items: { type: int, required: true } }",
            "{ name: delays, type: list, items: { type: int } }",
        ),
        "MM-MMMM",
    ),
    nested(
        "a field of entries with a required one within",
        &[Code::RequiredWithinAdded],
        (
            "{ name: legs, type: list, items: { type: struct, fields: [{ name: no, type: int }] } }",
            "{ name: legs, type: list, items: { type: struct, fields: [{ name: no, type: int }, { name: gate, type: struct, fields: [{ name: hall, type: string, required: true }] }] } }",
        ),
        "Mm-mmmm",
    ),
    nested(
        "a field of entries",
        &[Code::FieldAdded],
        (
            "{ name: legs, type: list, items: { type: struct, fields: [{ name: from, type: string }] } }",
            "{ name: legs, type: list, items: { type: struct, fields: [{ name: from, type: string }, { name: to, type: string }] } }",
        ),
        "mm-mmmm",
    ),
    nested(
        "values of a map of more digits",
        &[Code::FieldWidened],
        (
            "{ name: seats, type: map, keys: { type: string }, values: { type: int } }",
            "{ name: seats, type: map, keys: { type: string }, values: { type: long } }",
        ),
        "mM-MMMM",
    ),
    nested(
        "keys of a map of more digits",
        &[Code::FieldTypeChanged, Code::FieldWidened],
        (
            "{ name: seats, type: map, keys: { type: int }, values: { type: int } }",
            "{ name: seats, type: map, keys: { type: long }, values: { type: int } }",
        ),
        "MM-MMMM",
    ),
    nested(
        "made of other things",
        &[Code::FieldTypeChanged],
        (
            "{ name: gate, type: struct, fields: [{ name: no, type: int }] }",
            "{ name: gate, type: list, items: { type: int } }",
        ),
        "MM-MMMM",
    ),
];
