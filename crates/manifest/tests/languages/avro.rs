//! Avro.

use mesh_manifest::{SchemaLanguage, SchemaSource};

/// A record of one field `x` of this type.
fn record(schema: &str) -> String {
    format!(r#"{{"type":"record","name":"Row","fields":[{{"name":"x","type":{schema}}}]}}"#)
}

#[track_caller]
fn is(schema: &str, expected: &[&str]) {
    super::fields(SchemaLanguage::Avro, &record(schema), expected);
}

#[track_caller]
fn refused(schema: &str, expected: &[&str]) {
    super::problems(&super::source(SchemaLanguage::Avro, &record(schema)), expected);
}

#[test]
fn primitives() {
    for (avro, ours) in [
        ("boolean", "boolean"),
        ("int", "int"),
        ("long", "long"),
        ("float", "float"),
        ("double", "double"),
        ("bytes", "binary"),
        ("string", "string"),
    ] {
        is(&format!("\"{avro}\""), &[&format!("x: {ours}")]);
        is(&format!("{{\"type\":\"{avro}\"}}"), &[&format!("x: {ours}")]);
        is(&format!("{{\"type\":{{\"type\":\"{avro}\"}}}}"), &[&format!("x: {ours}")]);
        is(&format!("[\"null\",\"{avro}\"]"), &[&format!("x: {ours}?")]);
        is(&format!("[\"{avro}\",\"null\"]"), &[&format!("x: {ours}?")]);
        is(&format!("[\"{avro}\"]"), &[&format!("x: {ours}")]);
    }
}

#[test]
fn logical_types() {
    for (avro, logical, ours) in [
        ("bytes", r#""decimal","precision":10,"scale":2"#, "decimal(10,2)"),
        ("bytes", r#""decimal","precision":38"#, "decimal(38,0)"),
        ("int", r#""date""#, "date"),
        ("int", r#""time-millis""#, "int logicalType=time-millis"),
        ("long", r#""time-micros""#, "long logicalType=time-micros"),
        ("long", r#""timestamp-millis""#, "timestamptz"),
        ("long", r#""timestamp-micros""#, "timestamptz"),
        ("long", r#""timestamp-micros","adjust-to-utc":true"#, "timestamptz"),
        ("long", r#""timestamp-micros","adjust-to-utc":false"#, "timestamp"),
        ("long", r#""local-timestamp-millis""#, "timestamp"),
        ("long", r#""local-timestamp-micros""#, "timestamp"),
        ("long", r#""timestamp-nanos""#, "long logicalType=timestamp-nanos"),
        ("string", r#""uuid""#, "string logicalType=uuid"),
        ("string", r#""decimal""#, "string logicalType=decimal"),
    ] {
        is(&format!(r#"{{"type":"{avro}","logicalType":{logical}}}"#), &[&format!("x: {ours}")]);
    }
    is(r#"{"type":"fixed","name":"F","size":16}"#, &["x: binary size=16"]);
    is(
        r#"{"type":"fixed","name":"F","size":9,"logicalType":"decimal","precision":20,"scale":4}"#,
        &["x: decimal(20,4)"],
    );
    is(
        r#"{"type":"fixed","name":"F","size":12,"logicalType":"duration"}"#,
        &["x: binary logicalType=duration size=12"],
    );
}

#[test]
fn nested() {
    is(r#"{"type":"array","items":["null","int"]}"#, &["x: list", "x.[]: int?"]);
    is(r#"{"type":"map","values":"long"}"#, &["x: map", "x.{key}: string", "x.{value}: long"]);
    is(
        r#"["null",{"type":"record","name":"P","doc":"A place.","fields":[{"name":"lat","type":"double"},{"name":"l","type":{"type":"array","items":"string"}}]}]"#,
        &["x: struct? // A place.", "x.lat: double", "x.l: list", "x.l.[]: string"],
    );
    is(
        r#"{"type":"array","logicalType":"map","items":{"type":"record","name":"E","fields":[{"name":"key","type":"int"},{"name":"value","type":"string"}]}}"#,
        &["x: map", "x.{key}: int", "x.{value}: string"],
    );
}

#[test]
fn enumerations() {
    is(r#"{"type":"enum","name":"E","symbols":["A","B"]}"#, &["x: string A|B"]);
    is(r#"{"type":"enum","name":"E","symbols":["A","B"],"default":"B"}"#, &["x: string A|B|… enumDefault=B"]);
}

#[test]
fn names_docs_defaults_and_aliases() {
    let text = r#"{
      "type": "record", "name": "Flight", "namespace": "org.example", "doc": "A departure.",
      "fields": [
        { "name": "from", "type": { "type": "record", "name": "Airport", "doc": "An airport.", "fields": [
            { "name": "code", "type": "string", "field-id": 7 },
            { "name": "kind", "type": { "type": "enum", "name": "other.Kind", "symbols": ["CIVIL"] } } ] },
          "doc": "Where it starts.", "field-id": 1 },
        { "name": "to", "type": "Airport" },
        { "name": "via", "type": ["null", "org.example.Airport"], "default": null, "aliases": ["stop", "over"] },
        { "name": "kind", "type": "other.Kind", "default": "CIVIL" }
      ] }"#;
    super::fields(
        SchemaLanguage::Avro,
        text,
        &[
            "from #1: struct // Where it starts.",
            "from.code: string",
            "from.kind: string CIVIL",
            "to: struct // An airport.",
            "to.code: string",
            "to.kind: string CIVIL",
            "via: struct? aliases=stop,over // An airport.",
            "via.code: string",
            "via.kind: string CIVIL",
            "kind: string CIVIL default=\"CIVIL\"",
        ],
    );
}

#[test]
fn what_has_no_equivalent_is_refused() {
    let at = "(line 1, column 60 of the text)";
    for (schema, expected) in [
        (
            r#"["int","string"]"#,
            "unsupported: `Row.x` AT: the union has several types beside null, and a field has one",
        ),
        (r#"["null"]"#, "unsupported: `Row.x` AT: a value that is always null tells nothing"),
        (r#""null""#, "unsupported: `Row.x` AT: a value that is always null tells nothing"),
        (r#""Rov""#, "reference: `Row.x` AT: no type `Rov` is defined before this"),
        (r#""Row""#, "recursive: `Row.x` AT: the type `Row` contains itself"),
        (r#"{"type":"record","name":"P","fields":[]}"#, "unsupported: `Row.x` AT: the record has no fields"),
        (r#"{"type":"record","name":"P"}"#, "syntax: `Row.x` AT: a record has `fields`, a list of objects"),
        (r#"{"type":"record","name":"Row","fields":[]}"#, "syntax: `Row.x` AT: the type `Row` is defined twice"),
        (
            r#"{"type":"enum","symbols":["A"]}"#,
            "syntax: `Row.x` AT: the enum has no name of letters, digits and underscores",
        ),
        (r#"{"type":"enum","name":"E"}"#, "syntax: `Row.x` AT: an enum has `symbols`, a list of texts"),
        (r#"{"type":"enum","name":"E","symbols":["A","A"]}"#, "syntax: `Row.x` AT: the value `A` stands twice"),
        (r#"{"type":"fixed","name":"E"}"#, "syntax: `Row.x` AT: a fixed has a `size` in bytes"),
        (r#"{"type":"array"}"#, "syntax: `Row.x` AT: `items` is missing"),
        (r#"{"type":"map"}"#, "syntax: `Row.x` AT: `values` is missing"),
        (r#"{"types":"map"}"#, "syntax: `Row.x` AT: the schema has no `type`"),
        ("7", "syntax: `Row.x` AT: a number is not a schema"),
        (
            r#"{"type":"bytes","logicalType":"decimal","precision":39}"#,
            "unsupported: `Row.x` AT: a decimal has a precision of 1 to 38, and a scale up to that",
        ),
        (
            r#"{"type":"array","logicalType":"map","items":"int"}"#,
            "unsupported: `Row.x` AT: an array of logical type `map` has entries of `key` and `value`, with a plain key",
        ),
    ] {
        refused(schema, &[&format!("manifest.source_{}", expected.replace("AT", at))]);
    }
}

#[test]
fn mutual_recursion_is_told_where_the_circle_closes() {
    refused(
        r#"{"type":"record","name":"A","fields":[{"name":"b","type":{"type":"record","name":"B","fields":[{"name":"a","type":{"type":"array","items":["null","A"]}}]}}]}"#,
        &["manifest.source_recursive: `Row.x.b.a.[]` (line 1, column 206 of the text): the type `A` contains itself"],
    );
}

#[test]
fn every_problem_is_told() {
    let text = "{\n \"type\": \"record\", \"name\": \"Row\", \"fields\": [\n  {\"name\": \"a-b\", \"type\": \"int\"},\n  {\"name\": \"c\", \"type\": [\"int\", \"long\"]},\n  {\"name\": \"C\", \"type\": \"int\"},\n  {\"name\": \"d\"}\n]}";
    super::problems(
        &super::source(SchemaLanguage::Avro, text),
        &[
            "manifest.source_name: `Row.a-b` (line 3, column 3 of the text): `a-b` cannot be a field's name: use up to 128 ASCII letters, digits and underscores, not starting with a digit",
            "manifest.source_unsupported: `Row.c` (line 4, column 25 of the text): the union has several types beside null, and a field has one",
            "manifest.source_syntax: `Row.d` (line 6, column 3 of the text): the field has no `type`",
            "manifest.source_name: `Row.C` (line 5, column 3 of the text): `C` differs from `c` by case only, which catalogues do not tell apart",
        ],
    );
}

#[test]
fn roots_and_texts() {
    for (text, expected) in [
        ("", "syntax: line 1, column 1 of the text: the text is not JSON: EOF while parsing a value"),
        ("a: b", "syntax: line 1, column 1 of the text: the text is not JSON: expected value"),
        ("{\"type\":\"record\",}", "syntax: line 1, column 18 of the text: the text is not JSON: key must be a string"),
        ("{\"a\":1,\"a\":2}", "syntax: line 1, column 8 of the text: the key `a` stands twice; first in line 1"),
        ("\"string\"", "unsupported: line 1, column 1 of the text: the root is not a record, and a row has fields"),
        ("[]", "unsupported: line 1, column 1 of the text: the root is not a record, and a row has fields"),
    ] {
        super::problems(&super::source(SchemaLanguage::Avro, text), &[&format!("manifest.source_{expected}")]);
    }
    let named = SchemaSource { message: Some("Row".into()), ..super::source(SchemaLanguage::Avro, &record("\"int\"")) };
    super::problems(&named, &["manifest.source_message: line 1, column 1 of the text: an Avro schema has no messages"]);
}
