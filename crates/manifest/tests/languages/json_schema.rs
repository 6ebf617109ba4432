//! JSON Schema.

use mesh_manifest::{SchemaLanguage, SchemaSource};

/// An object of one required property `x` of this schema.
fn object(schema: &str) -> String {
    format!(r##"{{"type":"object","required":["x"],"properties":{{"x":{schema}}}}}"##)
}

#[track_caller]
fn is(schema: &str, expected: &[&str]) {
    super::fields(SchemaLanguage::JsonSchema, &object(schema), expected);
}

#[track_caller]
fn refused(schema: &str, expected: &[&str]) {
    super::problems(&super::source(SchemaLanguage::JsonSchema, &object(schema)), expected);
}

#[test]
fn plain_values() {
    for (schema, ours) in [
        (r#""type":"boolean""#, "boolean"),
        (r#""type":"string","minLength":3,"pattern":"x""#, "string"),
        (r#""type":"string","format":"date""#, "date"),
        (r#""type":"string","format":"date-time""#, "timestamptz"),
        (r#""type":"string","format":"local-date-time""#, "timestamp"),
        (r#""type":"string","format":"uuid""#, "string format=uuid"),
        (r#""type":"string","format":"time""#, "string format=time"),
        (r#""type":"string","contentEncoding":"base64""#, "binary"),
        (r#""type":"number""#, "double"),
        (r#""type":"number","format":"float""#, "float"),
        (r#""type":"number","multipleOf":0.5"#, "double"),
        (r#""type":"number","multipleOf":0.01"#, "double"),
        (r#""type":"number","multipleOf":0.01,"exclusiveMinimum":-100000000,"exclusiveMaximum":1e8"#, "decimal(10,2)"),
        (r#""type":"integer""#, "long"),
        (r#""type":"integer","minimum":0"#, "long"),
        (r#""type":"integer","minimum":0,"maximum":255"#, "int"),
        (r#""type":"integer","minimum":-2147483648,"maximum":2147483647"#, "int"),
        (r#""type":"integer","exclusiveMinimum":-2147483649,"exclusiveMaximum":2147483648"#, "int"),
        (r#""type":"integer","minimum":-2147483649,"maximum":0"#, "long"),
        (r#""type":"integer","minimum":0,"maximum":2147483648"#, "long"),
        (r#""type":"integer","minimum":0,"maximum":1e3"#, "int"),
        (r#""type":"integer","format":"int32""#, "int"),
        (r#""enum":["a","b"]"#, "string a|b"),
        (r#""type":"string","enum":["a","b",null]"#, "string? a|b"),
        (r#""const":"a""#, "string a"),
        (r#""enum":[1,2]"#, "int 1|2"),
        (r#""enum":[1,2147483648]"#, "long 1|2147483648"),
        (r#""type":"integer","minimum":0,"enum":[1,2]"#, "long 1|2"),
        (r#""enum":[true,false,null]"#, "boolean?"),
        (r#""type":["string","null"]"#, "string?"),
        (r#""type":["null","integer"]"#, "long?"),
        (r#""anyOf":[{"type":"null"},{"type":"string"}]"#, "string?"),
        (r#""oneOf":[{"type":"string"},{"type":"null"}]"#, "string?"),
        (r#""anyOf":[{"type":"string"}]"#, "string"),
        (r#""allOf":[{"type":"string"}]"#, "string"),
        (r#""type":"string","title":"T","default":"d""#, "string default=\"d\" // T"),
        (r#""type":"string","title":"T","description":"D""#, "string // D"),
    ] {
        is(&format!("{{{schema}}}"), &[&format!("x: {ours}")]);
    }
}

#[test]
fn nested_values() {
    is(r#"{"type":"array","items":{"type":["string","null"]}}"#, &["x: list", "x.[]: string?"]);
    is(
        r#"{"type":["object","null"],"required":["a"],"properties":{"a":{"type":"string"},"b":{"items":{"type":"boolean"}}}}"#,
        &["x: struct?", "x.a: string", "x.b: list?", "x.b.[]: boolean"],
    );
    is(
        r#"{"type":"object","additionalProperties":{"type":"number"}}"#,
        &["x: map", "x.{key}: string", "x.{value}: double"],
    );
    is(r#"{"properties":{"a":{"type":"string"}},"additionalProperties":false}"#, &["x: struct", "x.a: string?"]);
}

#[test]
fn references() {
    for (draft, definitions) in [
        ("https://json-schema.org/draft/2020-12/schema", "$defs"),
        ("http://json-schema.org/draft-07/schema#", "definitions"),
    ] {
        let text = format!(
            r##"{{"$schema":"{draft}","$id":"https://example.org/flight","type":"object","properties":{{
                "from":{{"$ref":"#/{definitions}/place","description":"Where it starts."}},
                "to":{{"anyOf":[{{"$ref":"https://example.org/flight#/{definitions}/place"}},{{"type":"null"}}]}},
                "via":{{"type":"array","items":{{"$ref":"#/{definitions}/a%20b~1c"}}}}
            }},"required":["from","to"],"{definitions}":{{
                "place":{{"description":"An airport.","type":"object","properties":{{"code":{{"type":"string"}}}}}},
                "a b/c":{{"$ref":"#/{definitions}/place"}}
            }}}}"##
        );
        super::fields(
            SchemaLanguage::JsonSchema,
            &text,
            &[
                "from: struct // Where it starts.",
                "from.code: string?",
                "to: struct? // An airport.",
                "to.code: string?",
                "via: list?",
                "via.[]: struct // An airport.",
                "via.[].code: string?",
            ],
        );
    }
    super::fields(
        SchemaLanguage::JsonSchema,
        r##"{"$ref":"#/definitions/Row","definitions":{"Row":{"type":"object","properties":{"a":{"type":"string"}}}}}"##,
        &["a: string?"],
    );
}

#[test]
fn what_has_no_equivalent_is_refused() {
    for (schema, at, expected) in [
        ("true", "", "unsupported: a truth value in place of a schema tells no type"),
        ("3", "", "syntax: a number is not a schema"),
        ("{}", "", "unsupported: the schema tells no type"),
        (r#"{"type":"any"}"#, "", "syntax: `any` is not a type"),
        (r#"{"type":"null"}"#, "", "unsupported: a value that is always null tells nothing"),
        (
            r#"{"type":["string","integer"]}"#,
            "",
            "unsupported: there are several types beside null, and a field has one",
        ),
        (r#"{"type":"object"}"#, "", "unsupported: the object has no fields"),
        (r#"{"type":"object","properties":{}}"#, "", "unsupported: the object has no fields"),
        (r#"{"type":"array"}"#, "", "unsupported: the array does not tell what its entries are"),
        (r#"{"type":"array","items":[{"type":"string"}]}"#, "/items", "unsupported: the array is a tuple"),
        (r#"{"type":"array","prefixItems":[{}]}"#, "/prefixItems", "unsupported: `prefixItems` describes a tuple"),
        (
            r#"{"oneOf":[{"type":"string"},{"type":"integer"}]}"#,
            "/oneOf",
            "unsupported: there is not one alternative beside null, and a field has one type",
        ),
        (
            r#"{"anyOf":[{"type":"null"}]}"#,
            "/anyOf",
            "unsupported: there is not one alternative beside null, and a field has one type",
        ),
        (r#"{"anyOf":[]}"#, "/anyOf", "syntax: `anyOf` is a list of schemas"),
        (
            r#"{"allOf":[{"type":"string"},{"minLength":2}]}"#,
            "/allOf",
            "unsupported: a value is made of several schemas",
        ),
        (
            r#"{"type":"string","anyOf":[{"minLength":2}]}"#,
            "/type",
            "unsupported: `type` beside `anyOf` mixes two descriptions of one value",
        ),
        (r#"{"if":{},"type":"string"}"#, "/if", "unsupported: `if` describes a shape that depends on values"),
        (r#"{"not":{},"type":"string"}"#, "/not", "unsupported: `not` describes what a value is not"),
        (
            r#"{"patternProperties":{"x":{}}}"#,
            "/patternProperties",
            "unsupported: `patternProperties` describes fields whose names are patterns",
        ),
        (
            r#"{"properties":{"a":{"type":"string"}},"additionalProperties":{"type":"string"}}"#,
            "/additionalProperties",
            "unsupported: the object has named fields, and further ones under any name",
        ),
        (
            r#"{"properties":{"a":{"type":"string"}},"required":["b"]}"#,
            "/required",
            "unsupported: `b` is required and not described",
        ),
        (r#"{"type":"integer","maximum":1e30}"#, "", "unsupported: the values need more than 64 bits"),
        (r#"{"type":"integer","maximum":9223372036854775808}"#, "", "unsupported: the values need more than 64 bits"),
        (
            r#"{"enum":["a",1]}"#,
            "",
            "unsupported: the values that there are have no type of fields: they are texts or whole numbers, all alike",
        ),
        (r#"{"enum":["a","a"]}"#, "", "syntax: the value `a` stands twice"),
        (r#"{"enum":[""]}"#, "", "unsupported: the value `` is blank, or has more than 200 characters"),
        (
            r#"{"$ref":"https://example.org/x.json"}"#,
            "/$ref",
            "reference: `https://example.org/x.json` is outside of this text, and nothing is opened or fetched",
        ),
        (
            r#"{"$ref":"other.json#/a"}"#,
            "/$ref",
            "reference: `other.json#/a` is outside of this text, and nothing is opened or fetched",
        ),
        (
            r#"{"$ref":"file:///etc/passwd"}"#,
            "/$ref",
            "reference: `file:///etc/passwd` is outside of this text, and nothing is opened or fetched",
        ),
        (r##"{"$ref":"#/$defs/none"}"##, "/$ref", "reference: `#/$defs/none` leads to nothing"),
        (r##"{"$ref":"#anchor"}"##, "/$ref", "reference: `#anchor` leads to nothing"),
        (r##"{"$ref":"#"}"##, "/$ref", "recursive: `#` contains itself"),
        (r##"{"$ref":"#/properties/x"}"##, "/$ref", "recursive: `#/properties/x` contains itself"),
        (
            r#"{"$id":"https://example.org/y","type":"string"}"#,
            "",
            "unsupported: a schema within the schema has an address of its own",
        ),
    ] {
        let text = object(schema);
        let problems = super::problems_of(&super::source(SchemaLanguage::JsonSchema, &text));
        let [problem] = problems.as_slice() else { panic!("{schema}: {problems:#?}") };
        let (code, message) = expected.split_once(": ").unwrap();
        let told = (problem.code.as_str(), problem.path.as_str(), problem.message.as_str());
        assert_eq!(told, (&*format!("manifest.source_{code}"), &*format!("/properties/x{at}"), message), "{schema}");
        assert!(problem.place.is_some_and(|(line, column)| line == 1 && column > 48), "{problem:?}");
    }
}

#[test]
fn recursion_through_definitions_is_told_where_the_circle_closes() {
    let text = r##"{"type":"object","properties":{"x":{"$ref":"#/$defs/a"}},"$defs":{
        "a":{"properties":{"b":{"$ref":"#/$defs/b"}}},
        "b":{"items":{"$ref":"#/$defs/a"}}}}"##;
    super::problems(
        &super::source(SchemaLanguage::JsonSchema, text),
        &[
            "manifest.source_recursive: `/$defs/b/items/$ref` (line 3, column 23 of the text): `#/$defs/a` contains itself",
        ],
    );
}

#[test]
fn names_that_fields_cannot_have() {
    let text = r#"{"properties":{"a":{"type":"string"},"first name":{"type":"string"},"A":{"type":"string"}}}"#;
    super::problems(
        &super::source(SchemaLanguage::JsonSchema, text),
        &[
            "manifest.source_name: `/properties/first name` (line 1, column 38 of the text): `first name` cannot be a field's name: use up to 128 ASCII letters, digits and underscores, not starting with a digit",
            "manifest.source_name: `/properties/A` (line 1, column 69 of the text): `A` differs from `a` by case only, which catalogues do not tell apart",
        ],
    );
}

#[test]
fn drafts_and_roots() {
    for (text, expected) in [
        (
            r#"{"$schema":"http://json-schema.org/draft-04/schema#","properties":{"a":{"type":"string"}}}"#,
            "unsupported: `/$schema` (line 1, column 12 of the text): this draft is not read",
        ),
        (
            r#"{"$schema":7,"properties":{"a":{"type":"string"}}}"#,
            "unsupported: `/$schema` (line 1, column 12 of the text): this draft is not read",
        ),
        (
            r#"{"type":"string"}"#,
            "unsupported: line 1, column 1 of the text: the root is not an object with `properties`, and a row has fields",
        ),
        (
            r#"{"type":["object","null"],"properties":{"a":{"type":"string"}}}"#,
            "unsupported: line 1, column 1 of the text: the root is not an object with `properties`, and a row has fields",
        ),
        ("[", "syntax: line 1, column 1 of the text: the text is not JSON: EOF while parsing a list"),
    ] {
        let source = super::source(SchemaLanguage::JsonSchema, text);
        super::problems(&source, &[&format!("manifest.source_{expected}")]);
    }
    let text = object(r#"{"type":"string"}"#);
    let named = SchemaSource { message: Some("Row".into()), ..super::source(SchemaLanguage::JsonSchema, &text) };
    super::problems(&named, &["manifest.source_message: line 1, column 1 of the text: a JSON Schema has no messages"]);
    refused("[]", &["manifest.source_syntax: `/properties/x` (line 1, column 53 of the text): a list is not a schema"]);
}
