//! Protocol Buffers.

use mesh_manifest::{SchemaLanguage, SchemaSource};

#[track_caller]
fn is(text: &str, expected: &[&str]) {
    super::fields(SchemaLanguage::Protobuf, text, expected);
}

#[track_caller]
fn proto3(body: &str, expected: &[&str]) {
    is(&format!("syntax = \"proto3\";\nmessage Row {{ {body} }}"), expected);
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    super::problems(&super::source(SchemaLanguage::Protobuf, text), expected);
}

#[test]
fn scalars() {
    for (proto, ours) in [
        ("double", "double"),
        ("float", "float"),
        ("int32", "int"),
        ("sint32", "int"),
        ("sfixed32", "int"),
        ("uint32", "long"),
        ("fixed32", "long"),
        ("int64", "long"),
        ("sint64", "long"),
        ("sfixed64", "long"),
        ("uint64", "decimal(20,0)"),
        ("fixed64", "decimal(20,0)"),
        ("bool", "boolean"),
        ("string", "string"),
        ("bytes", "binary"),
    ] {
        proto3(&format!("{proto} x = 4;"), &[&format!("x #4: {ours}")]);
        proto3(&format!("optional {proto} x = 4;"), &[&format!("x #4: {ours}?")]);
        proto3(&format!("repeated {proto} x = 4;"), &["x #4: list", &format!("x.[]: {ours}")]);
        proto3(&format!("oneof o {{ {proto} x = 4; }}"), &[&format!("x #4: {ours}?")]);
        for (label, mark) in [("required", ""), ("optional", "?")] {
            is(
                &format!("syntax = \"proto2\"; message Row {{ {label} {proto} x = 4; }}"),
                &[&format!("x #4: {ours}{mark}")],
            );
        }
    }
    is("message Row { optional int32 x = 1 [default = 7]; }", &["x #1: int? default=7"]);
}

#[test]
fn messages_maps_and_enumerations() {
    let text = r#"
        syntax = "proto3";
        package org.example;
        import "google/protobuf/timestamp.proto";
        import "google/protobuf/wrappers.proto";

        // A place with
        // a name.
        message Flight {
          // Where it starts.
          Airport from = 3;
          Airport to = 2; // Where it ends.
          repeated Airport via = 5;
          map<int64, Airport> seats = 7;
          Kind kind = 8;
          .org.example.Flight.Kind other = 9;
          google.protobuf.Timestamp departure = 10;
          google.protobuf.StringValue gate = 11;
          reserved 4;

          // An airport.
          message Airport { string code = 1; }
          enum Kind { UNKNOWN = 0; CHARTER = 1; }
        }
        service Flights { rpc Get(Flight) returns (Flight); }
    "#;
    is(
        text,
        &[
            "from #3: struct? // Where it starts.",
            "from.code: string",
            "to #2: struct? // Where it ends.",
            "to.code: string",
            "via #5: list",
            "via.[]: struct // An airport.",
            "via.[].code: string",
            "seats #7: map",
            "seats.{key}: long",
            "seats.{value}: struct // An airport.",
            "seats.{value}.code: string",
            "kind #8: string UNKNOWN|CHARTER|…",
            "other #9: string UNKNOWN|CHARTER|…",
            "departure #10: timestamptz?",
            "gate #11: string?",
        ],
    );
    is("syntax = \"proto2\"; enum Kind { A = 1; B = 2; } message Row { required Kind k = 1; }", &["k #1: string A|B"]);
}

#[test]
fn the_row_is_chosen_by_name() {
    let text = "syntax = \"proto3\"; package a.b; message One { int32 x = 1; message In { bool y = 1; } } message Two { string z = 1; }";
    for (name, expected) in [
        ("One", "x #1: int\n"),
        ("a.b.One", "x #1: int\n"),
        (".a.b.Two", "z #1: string\n"),
        ("One.In", "y #1: boolean\n"),
    ] {
        let named = SchemaSource { message: Some(name.into()), ..super::source(SchemaLanguage::Protobuf, text) };
        assert_eq!(super::shown(&mesh_manifest::languages::read(&named).unwrap()), expected);
    }
    refused(text, &["manifest.source_message: there are 2 messages: `One`, `Two`"]);
    let named = SchemaSource { message: Some("Twp".into()), ..super::source(SchemaLanguage::Protobuf, text) };
    let problem = &super::problems_of(&named)[0];
    assert_eq!(problem.message, "there is no message `Twp`");
    assert_eq!(problem.remedy.as_deref(), Some("did you mean `Two`?"));
    refused("syntax = \"proto3\"; enum E { A = 0; }", &["manifest.source_message: there is no message"]);
}

#[test]
fn names_are_looked_up_from_the_inside() {
    is(
        "syntax = \"proto3\"; message T { string outer = 1; message T { string a = 1; } message U { T t = 1; } U u = 2; }",
        &["outer #1: string", "u #2: struct?", "u.t: struct?", "u.t.a: string"],
    );
}

#[test]
fn what_has_no_equivalent_is_refused() {
    let head = "syntax = \"proto3\";\n";
    for (body, expected) in [
        (
            "import \"other.proto\"; message Row { int32 x = 1; }",
            "reference: `import` (line 2, column 1 of the text): `other.proto` is outside of this text, and nothing is opened or fetched",
        ),
        (
            "/* \u{e4}\u{1f600} */ message Row { Other x = 1; }",
            "reference: `Row.x` (line 2, column 24 of the text): no type `Other` is defined in this text",
        ),
        (
            "message Row { Other x = 1; }",
            "reference: `Row.x` (line 2, column 15 of the text): no type `Other` is defined in this text",
        ),
        (
            "message Row { google.protobuf.Timestamp x = 1; }",
            "reference: `Row.x` (line 2, column 15 of the text): `google.protobuf.Timestamp` is not imported",
        ),
        (
            "import \"google/protobuf/duration.proto\"; message Row { google.protobuf.Duration x = 1; }",
            "unsupported: `Row.x` (line 2, column 56 of the text): values of `google.protobuf.Duration` have no equivalent",
        ),
        (
            "import \"google/protobuf/struct.proto\"; message Row { google.protobuf.Struct x = 1; }",
            "unsupported: `Row.x` (line 2, column 54 of the text): values of `google.protobuf.Struct` have no equivalent",
        ),
        ("message Row {}", "unsupported: `Row` (line 2, column 1 of the text): the message has no fields"),
        (
            "message Row { Row x = 1; }",
            "recursive: `Row.x` (line 2, column 15 of the text): the message `Row` contains itself",
        ),
        (
            "message Row { message A { repeated B b = 1; } message B { map<string, A> a = 1; } A x = 1; }",
            "recursive: `Row.B.a` (line 2, column 59 of the text): the message `Row.A` contains itself",
        ),
        (
            "message Row { int32 x = 1; int64 X = 2; }",
            "name: `Row.X` (line 2, column 28 of the text): `X` differs from `x` by case only, which catalogues do not tell apart",
        ),
        (
            "message Row { int32 x = 1; int64 x = 2; }",
            "name: `Row.x` (line 2, column 28 of the text): the field `x` stands twice",
        ),
        ("enum Row { A = 0; } message Row { int32 x = 1; }", ""),
        ("message Row { int32 x = 1 }", ""),
        ("message Row { int32 x = 0; }", ""),
        ("message Row { required int32 x = 1; }", ""),
        ("message Ro\u{e4} { int32 x = 1; }", ""),
    ] {
        let text = format!("{head}{body}");
        match expected {
            "" => assert_eq!(
                super::problems_of(&super::source(SchemaLanguage::Protobuf, &text))[0].code.as_str(),
                "manifest.source_syntax",
                "{body}"
            ),
            expected => refused(&text, &[&format!("manifest.source_{expected}")]),
        }
    }
    refused(
        "message Row { optional group G = 1 { optional int32 y = 1; } }",
        &["manifest.source_unsupported: `Row.g` (line 1, column 15 of the text): the field is a group"],
    );
    refused(
        "message Row { optional int32 x = 1; extensions 100 to 199; }",
        &[
            "manifest.source_unsupported: `Row` (line 1, column 1 of the text): the message is open for extensions, which nothing here describes",
        ],
    );
    refused(
        "message Row { optional int32 x = 1; } extend Row { optional int32 y = 100; }",
        &["manifest.source_unsupported: `extend` (line 1, column 52 of the text): a message is extended"],
    );
    refused(
        "syntax = \"proto4\"; message Row { int32 x = 1; }",
        &["manifest.source_syntax: line 1, column 10 of the text: unknown syntax 'proto4'"],
    );
}

#[test]
fn options_of_ones_own_are_passed_over() {
    is(
        "syntax = \"proto3\"; import \"google/protobuf/descriptor.proto\"; extend google.protobuf.FieldOptions { string unit = 50000; } message Row { int32 x = 1 [(unit) = \"m\", deprecated = true]; }",
        &["x #1: int"],
    );
}
