//! Tests of the wire form of values: bytes as Terraform sends them, and round trips of arbitrary values.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

#[test]
fn unknown_is_three_bytes() {
    let bytes = encode(&Value::unknown(), &Type::String).unwrap();
    assert_eq!(bytes, [0xd4, 0, 0]);
    assert_eq!(decode(&bytes, &Type::Bool).unwrap(), Value::unknown());
}

#[test]
fn what_is_known_of_an_unknown_is_sent_back_unchanged() {
    // Extension 12 of three bytes: a map that says "not null".
    let bytes = [0xc7, 3, 12, 0x81, 1, 0xc2];
    let value = decode(&bytes, &Type::String).unwrap();
    assert!(value.is_unknown());
    assert_eq!(encode(&value, &Type::String).unwrap(), bytes);
}

#[test]
fn numbers_keep_every_digit() {
    let cases: [(&str, &[u8]); 4] =
        [("7", &[7]), ("-1", &[0xff]), ("0.5", &[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]), ("0.1", b"\xa30.1")];
    for (text, bytes) in cases {
        assert_eq!(encode(&number(text), &Type::Number).unwrap(), bytes, "{text}");
        assert_eq!(decode(bytes, &Type::Number).unwrap(), number(text));
    }
    for text in ["18446744073709551615", "-9223372036854775808", "123456789012345678901234567890.123", "1e400"] {
        let bytes = encode(&number(text), &Type::Number).unwrap();
        assert_eq!(decode(&bytes, &Type::Number).unwrap(), number(text), "{text}");
    }
}

#[test]
fn a_dynamic_value_carries_its_type_as_binary_json() {
    let value = Value::Dynamic(Box::new((Type::list(Type::String), vec!["a"].into())));
    let bytes = encode(&value, &Type::Dynamic).unwrap();
    assert_eq!(bytes, b"\x92\xc4\x11[\"list\",\"string\"]\x91\xa1a");
    assert_eq!(decode(&bytes, &Type::Dynamic).unwrap(), value);
}

#[test]
fn every_attribute_must_be_sent() {
    let ty = Type::object([("a", Type::String), ("b", Type::String)]);
    assert_eq!(
        decode(b"\x81\xa1a\xa1x", &ty).unwrap_err().to_string(),
        "malformed value: the attribute `b` is missing"
    );
    assert_eq!(
        decode(b"\x82\xa1a\xa1x\xa1b\xc0", &ty).unwrap(),
        Value::object([("a", "x".into()), ("b", Value::Null)])
    );
}

#[test]
fn malformed_bytes_are_refused() {
    let cases: [(&[u8], Type); 9] = [
        (b"", Type::String),
        (b"\xa5ab", Type::String),
        (b"\xa1\xff", Type::String),
        (b"\xa1ab", Type::String),
        (b"\xdd\xff\xff\xff\xff", Type::list(Type::Bool)),
        (b"\x81\xa1z\xc0", Type::object([("a", Type::Bool)])),
        (b"\x91\xc0", Type::Tuple(vec![])),
        (b"\xa3abc", Type::Number),
        (b"\xc3", Type::Number),
    ];
    for (bytes, ty) in cases {
        assert!(decode(bytes, &ty).is_err(), "{bytes:?} as {ty}");
    }
    let deep: Vec<u8> = (0..100_000).flat_map(|_| *b"\x92\xc4\x09\"dynamic\"").collect();
    assert!(decode(&deep, &Type::Dynamic).is_err());
}

fn scalar() -> impl Strategy<Value = (Type, Value)> {
    prop_oneof![
        any::<bool>().prop_map(|flag| (Type::Bool, Value::Bool(flag))),
        ".*".prop_map(|text| (Type::String, Value::String(text))),
        any::<i64>().prop_map(|n| (Type::Number, n.into())),
        any::<u64>().prop_map(|n| (Type::Number, n.into())),
        ("-?[0-9]{1,30}(\\.[0-9]{1,30})?").prop_map(|text| (Type::Number, number(&text))),
        proptest::num::f64::NORMAL.prop_map(|n| (Type::Number, Value::Number(Number::from_f64(n).unwrap()))),
        Just((Type::String, Value::Null)),
        vec(any::<u8>(), 0..40).prop_map(|bytes| (Type::Bool, Value::Unknown(Refinement(Some(bytes))))),
        Just((Type::Dynamic, Value::unknown())),
    ]
}

fn typed_value() -> impl Strategy<Value = (Type, Value)> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        let repeated = (inner.clone(), 0_usize..4);
        prop_oneof![
            repeated.clone().prop_map(|((ty, v), n)| (Type::list(ty), Value::List(vec![v; n]))),
            repeated.prop_map(|((ty, v), n)| (Type::set(ty), Value::set(vec![v; n]))),
            (inner.clone(), vec(".{0,5}", 0..4)).prop_map(|((ty, v), keys)| (
                Type::map(ty),
                Value::Map(keys.into_iter().map(|k| (k, v.clone())).collect())
            )),
            vec(inner.clone(), 0..4).prop_map(|all| {
                let (types, values) = all.into_iter().unzip();
                (Type::Tuple(types), Value::Tuple(values))
            }),
            btree_map("[a-z_]{1,8}", inner.clone(), 0..5).prop_map(|all| {
                let types = all.iter().map(|(k, (ty, _))| (k.clone(), ty.clone())).collect();
                (Type::Object(types), Value::Object(all.into_iter().map(|(k, (_, v))| (k, v)).collect()))
            }),
            inner
                .prop_filter("a dynamic value is wrapped once", |(ty, _)| *ty != Type::Dynamic)
                .prop_map(|typed| { (Type::Dynamic, Value::Dynamic(Box::new(typed))) }),
        ]
    })
}

proptest! {
    #[test]
    fn every_value_round_trips((ty, value) in typed_value()) {
        let bytes = encode(&value, &ty).unwrap();
        prop_assert_eq!(decode(&bytes, &ty).unwrap(), value.clone());
        prop_assert_eq!(value.clone().conform(&ty).unwrap(), value);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200), (ty, _) in typed_value()) {
        let _ = decode(&bytes, &ty);
    }
}
