//! Tests of default planning on schemas with every kind of attribute.

use super::*;

fn owner() -> [Attribute; 3] {
    [
        Attribute::string("team").required(),
        Attribute::string("ticket").computed(),
        Attribute::string("role").default("owner"),
    ]
}

fn schema() -> Schema {
    Schema::new(
        "",
        [
            Attribute::string("id").computed().use_state_for_unknown(),
            Attribute::string("name").required().requires_replace(),
            Attribute::string("value").optional(),
            Attribute::number("revision").computed(),
            Attribute::string("kind").default("plain"),
            Attribute::string("secret").optional().write_only(),
            Attribute::nested("owner", Nesting::Single, owner()).optional(),
            Attribute::nested("others", Nesting::Set, owner()).optional(),
            Attribute::nested("keepers", Nesting::List, [Attribute::string("badge").optional().requires_replace()])
                .optional(),
        ],
    )
}

fn state(attributes: &[(&str, Value)]) -> Value {
    Value::object(attributes.iter().cloned()).conform(schema().value_type()).unwrap()
}

/// What Terraform proposes: the configuration, with the computed values of the prior state where it says nothing.
fn plan(config: &[(&str, Value)], prior: &Value, proposed: &[(&str, Value)]) -> Plan {
    let mut plan = propose(&schema(), state(config), prior.clone(), state(proposed));
    require_replacements(&schema(), &mut plan);
    plan
}

fn applied() -> Value {
    state(&[
        ("id", "1".into()),
        ("name", "a".into()),
        ("value", "x".into()),
        ("revision", 4_i64.into()),
        ("kind", "plain".into()),
    ])
}

#[test]
fn a_creation_has_defaults_and_unknowns_but_no_secrets() {
    let config = [("name", "a".into()), ("secret", "s".into()), ("owner", Value::object([("team", "t")]))];
    let plan = plan(&config, &Value::Null, &config);
    assert_eq!(plan.action(), Action::Create);
    let owner = Value::object([("team", "t".into()), ("ticket", Value::unknown()), ("role", "owner".into())]);
    assert_eq!(
        plan.planned(),
        &state(&[
            ("id", Value::unknown()),
            ("name", "a".into()),
            ("revision", Value::unknown()),
            ("kind", "plain".into()),
            ("owner", owner)
        ])
    );
    assert_eq!(plan.config().get("secret").as_str(), Some("s"));
    assert!(plan.replace.is_empty());
}

#[test]
fn nothing_changes_where_only_a_secret_differs() {
    let config = [("name", "a".into()), ("value", "x".into()), ("secret", "new".into())];
    let proposed = [
        ("id", "1".into()),
        ("name", "a".into()),
        ("value", "x".into()),
        ("revision", 4_i64.into()),
        ("kind", "plain".into()),
        ("secret", "new".into()),
    ];
    let plan = plan(&config, &applied(), &proposed);
    assert!(!plan.changes_anything());
}

#[test]
fn an_update_keeps_what_is_stable_and_forgets_what_is_not() {
    let config = [("name", "a".into()), ("value", "y".into())];
    let proposed = [
        ("id", "1".into()),
        ("name", "a".into()),
        ("value", "y".into()),
        ("revision", 4_i64.into()),
        ("kind", "plain".into()),
    ];
    let plan = plan(&config, &applied(), &proposed);
    assert_eq!(plan.action(), Action::Update);
    assert_eq!(plan.planned().get("id").as_str(), Some("1"));
    assert!(plan.planned().get("revision").is_unknown());
    assert!(plan.changes("value") && !plan.changes("name"));
    assert!(plan.replace.is_empty());
}

#[test]
fn a_default_comes_back_when_the_configuration_drops_the_attribute() {
    let mut prior = applied();
    prior.put(&"kind".into(), "special".into());
    let config = [("name", "a".into()), ("value", "x".into())];
    let proposed = [
        ("id", "1".into()),
        ("name", "a".into()),
        ("value", "x".into()),
        ("revision", 4_i64.into()),
        ("kind", "special".into()),
    ];
    assert_eq!(plan(&config, &prior, &proposed).planned().get("kind").as_str(), Some("plain"));
}

#[test]
fn replacement_follows_the_flag_also_inside_lists() {
    let badge = |b: &str| Value::from(vec![Value::object([("badge", b)])]);
    let mut prior = applied();
    prior.put(&"keepers".into(), badge("1"));
    let config = [("name", "b".into()), ("value", "x".into()), ("keepers", badge("2"))];
    let replace = plan(&config, &prior, &config).replace;
    assert_eq!(replace, [Path::new("name"), Path::new("keepers").index(0).attribute("badge")]);
}

#[test]
fn computed_values_inside_sets_are_unknown_unless_carried_over() {
    let config = [
        ("name", "a".into()),
        ("others", Value::set([Value::object([("team", "t")]), Value::object([("team", "u")])])),
    ];
    let carried = Value::object([("team", "t"), ("ticket", "T-1"), ("role", "owner")]);
    let proposed = [("name", "a".into()), ("others", Value::set([carried.clone(), Value::object([("team", "u")])]))];
    let plan = plan(&config, &applied(), &proposed);
    let new = Value::object([("team", "u".into()), ("ticket", Value::unknown()), ("role", "owner".into())]);
    assert_eq!(plan.planned().get("others"), &Value::set([carried, new]));
}

#[test]
fn a_destruction_is_left_alone() {
    let plan = propose(&schema(), Value::Null, applied(), Value::Null);
    assert_eq!(plan.action(), Action::Destroy);
}

#[test]
fn write_only_values_are_found_anywhere() {
    let fields =
        [Attribute::nested("auth", Nesting::List, [Attribute::string("password").optional().write_only()]).optional()];
    let with = |p: Value| Value::object([("auth", Value::from(vec![Value::object([("password", p)])]))]);
    assert_eq!(first_write_only(&fields, &with("x".into())), Some(Path::new("auth")));
    assert_eq!(first_write_only(&fields, &with(Value::Null)), None);
}
