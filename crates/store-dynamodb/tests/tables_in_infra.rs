//! `infra/tables.tf` makes the tables that the stores need, and no others.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;

use mesh_store_dynamodb::tables::TABLES;

/// A value of Terraform's language, as far as the tables' definition goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Flag(bool),
    Object(BTreeMap<String, Value>),
}

use Value::{Flag, Object, Text};

#[test]
fn infra_makes_the_tables_that_the_stores_need() {
    let text = std::fs::read_to_string("../../infra/tables.tf").unwrap();
    let start = text.find("tables = {").expect("the tables' definition") + "tables = ".len();
    let made = object(&mut tokens(&text[start..]).into_iter().skip(1));

    let keys = |hash: &str, range: Option<&str>| {
        let range = range.map(|range| ("range".to_owned(), Text(range.to_owned())));
        std::iter::once(("hash".to_owned(), Text(hash.to_owned()))).chain(range).collect::<BTreeMap<_, _>>()
    };
    let table = |table: &mesh_store_dynamodb::tables::Table| {
        let mut fields = keys(table.hash, table.range);
        if !table.indexes.is_empty() {
            let indexes =
                table.indexes.iter().map(|index| (index.name.to_owned(), Object(keys(index.hash, index.range))));
            fields.insert("indexes".to_owned(), Object(indexes.collect()));
        }
        fields.extend(table.stream.then(|| ("stream".to_owned(), Flag(true))));
        fields.extend(table.expires.then(|| ("expires".to_owned(), Flag(true))));
        (table.name.to_owned(), Object(fields))
    };
    let needed: BTreeMap<String, Value> = TABLES.iter().map(table).collect();
    assert_eq!(made, needed);
    // Expiry is by the attribute that the stores write.
    assert!(text.contains(r#"["expires_at"]"#));
}

/// Words, texts (with their quotes) and braces; separators and comments are dropped.
fn tokens(text: &str) -> Vec<String> {
    let code = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    let spaced = code.replace('{', " { ").replace('}', " } ").replace(['=', ','], " ");
    spaced.split_whitespace().map(str::to_owned).collect()
}

/// The object whose opening brace was read.
fn object(tokens: &mut impl Iterator<Item = String>) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    while let Some(name) = tokens.next().filter(|name| name != "}") {
        let value = match tokens.next().expect("a name has a value").as_str() {
            "{" => Object(object(tokens)),
            "true" => Flag(true),
            "false" => Flag(false),
            text => Text(text.trim_matches('"').to_owned()),
        };
        fields.insert(name, value);
    }
    fields
}
