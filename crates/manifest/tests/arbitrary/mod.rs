//! Any valid manifest, for laws that hold for all of them.

use mesh_manifest::{
    Access, ApiVersion, Classification, Days, Field, FieldType, Format, Input, Kind, Manifest, Minutes, Mutability,
    OutputPort, Owner, Percent, Pii, PiiProtection, Schema, Sla, Visibility,
};
use proptest::{
    collection::btree_map,
    option,
    prelude::*,
    sample::{select, subsequence},
};

/// Texts that YAML could take for something else, and any others without control characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "no",
            "1.0",
            "null",
            "~",
            "a: b",
            "- x",
            "# no comment",
            "@",
            "*x",
            "{a}",
            "\"",
            "'",
            "😀 \\u00e9",
            "two\nlines",
            "tab\tx"
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z][ -~äßéλ漢]{0,30}",
    ]
}

fn field_type() -> impl Strategy<Value = FieldType> {
    let plain = select(FieldType::NAMES.to_vec()).prop_map(|name| name.parse().unwrap());
    let decimal = (1u8..=38)
        .prop_flat_map(|precision| (0..=precision).prop_map(move |scale| FieldType::Decimal { precision, scale }));
    prop_oneof![4 => plain, 1 => decimal]
}

fn pii() -> impl Strategy<Value = Pii> {
    let protection =
        select(vec![PiiProtection::None, PiiProtection::Masked, PiiProtection::Tokenized, PiiProtection::Encrypted]);
    ("[a-z][a-z0-9_-]{0,10}", protection).prop_map(|(category, protection)| Pii { category, protection })
}

fn field(name: &'static str) -> impl Strategy<Value = Field> {
    (field_type(), any::<bool>(), option::of(text()), option::weighted(0.2, pii()), btree_map(text(), text(), 0..2))
        .prop_map(move |(field_type, required, description, pii, properties)| Field {
            name: name.to_owned(),
            field_type,
            required,
            description,
            pii,
            properties,
        })
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    subsequence(vec!["a", "b", "c", "tail_number", "_x", "Y9"], 1..=6)
        .prop_shuffle()
        .prop_flat_map(|names| names.into_iter().map(field).collect::<Vec<_>>())
}

fn port(name: &'static str, major: u64) -> impl Strategy<Value = OutputPort> {
    let format = select(vec![
        Format::Iceberg,
        Format::Parquet,
        Format::Csv,
        Format::Json,
        Format::Sql,
        Format::Http,
        Format::Kafka,
    ]);
    let sla = (1u64..20_000, option::of(1u32..=100_000))
        .prop_map(|(minutes, share)| Sla { freshness: Minutes(minutes), availability: share.map(Percent) });
    (0u64..3, 0u64..3, option::of(text()), format, sla, fields(), any::<bool>()).prop_map(
        move |(minor, patch, description, format, sla, fields, other)| OutputPort {
            name: name.parse().unwrap(),
            version: semver::Version::new(major, minor, patch),
            description,
            format,
            sla,
            endpoint: match format {
                Format::Sql => Some("jdbc:postgresql://db.example.org:5432/x".to_owned()),
                Format::Http => {
                    Some(if other { "https://a.example.org" } else { "https://b.example.org/x" }.to_owned())
                }
                Format::Kafka => Some("kafka://broker.example.org:9092/topic".to_owned()),
                _ => None,
            },
            schema: Schema { fields },
        },
    )
}

fn access() -> impl Strategy<Value = Access> {
    let visibility = select(vec![Visibility::Hidden, Visibility::Domain, Visibility::Company]);
    (visibility, subsequence(vec!["operations", "analytics", "billing"], 0..=3)).prop_map(|(visibility, purposes)| {
        Access { visibility, purposes: purposes.into_iter().map(str::to_owned).collect() }
    })
}

fn inputs() -> impl Strategy<Value = Vec<Input>> {
    let input = |port: &'static str| text().prop_map(move |purpose| Input { port: port.parse().unwrap(), purpose });
    subsequence(vec!["weather.hourly/observations@1", "weather.hourly/observations@2", "fleet.aircraft/all@0"], 0..=3)
        .prop_flat_map(move |ports| ports.into_iter().map(input).collect::<Vec<_>>())
}

/// Any valid manifest of the product `operations.flights`.
pub fn manifest() -> impl Strategy<Value = Manifest> {
    let classification = select(vec![
        Classification::Public,
        Classification::Internal,
        Classification::Confidential,
        Classification::Restricted,
    ]);
    let mutability = select(vec![Mutability::AppendOnly, Mutability::Mutable]);
    let ports = subsequence(vec![("daily", 0), ("daily", 1), ("daily", 2), ("by-carrier", 1), ("raw", 3)], 1..=4)
        .prop_flat_map(|ports| ports.into_iter().map(|(name, major)| port(name, major)).collect::<Vec<_>>());
    let head = (0u64..3, 0u64..3, 0u64..3, text(), text(), 1u64..4000, subsequence(vec!["x", "y", "no"], 0..=3));
    (head, classification, mutability, access(), inputs(), ports).prop_map(
        |(
            (major, minor, patch, description, team, days, tags),
            classification,
            mutability,
            access,
            inputs,
            output_ports,
        )| Manifest {
            api_version: ApiVersion::MeshV1,
            kind: Kind::DataProduct,
            domain: "operations".parse().unwrap(),
            name: "flights".parse().unwrap(),
            version: semver::Version::new(major, minor, patch),
            description,
            owner: Owner { team, contact: "ops@example.org".to_owned() },
            classification,
            retention: Days(days),
            mutability,
            access,
            tags: tags.into_iter().map(str::to_owned).collect(),
            inputs,
            output_ports,
        },
    )
}
