//! Any valid manifest, for laws that hold for all of them.

use mesh_manifest::{
    Access, ApiVersion, Classification, Days, Format, Input, Kind, Lifecycle, Manifest, Milliseconds, Minutes,
    Mutability, OutputPort, Owner, Percent, Schedule, Sla, Support, Terms, Visibility, Weekday,
};
use proptest::{
    collection::btree_map,
    option,
    prelude::*,
    sample::{select, subsequence},
};

mod fields;

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
    let with_fields = format.prop_flat_map(|format| (Just(format), fields::schema(format)));
    let sunset = option::weighted(0.2, select(vec!["2027-03-01", "2028-02-29"]));
    (0u64..3, 0u64..3, option::of(text()), with_fields, sla(), sunset, any::<bool>()).prop_map(
        move |(minor, patch, description, (format, schema), sla, sunset, other)| OutputPort {
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
            sunset: sunset.map(|date| date.parse().unwrap()),
            adopt: None,
            contract: None,
            schema,
        },
    )
}

fn sla() -> impl Strategy<Value = Sla> {
    let share = || option::of((1u32..=100_000).prop_map(Percent));
    let times = subsequence(vec!["00:00", "06:00", "23:59"], 1..=2);
    let days = subsequence(vec![Weekday::Monday, Weekday::Friday], 0..=2);
    let schedule = (times, days).prop_map(|(at, on)| Schedule {
        at: at.into_iter().map(str::to_owned).collect(),
        on,
        watermark: None,
    });
    (
        1u64..20_000,
        share(),
        share(),
        option::of(1u64..100_000),
        option::of(1u64..4000),
        option::of(1u64..600),
        option::weighted(0.2, schedule),
    )
        .prop_map(|(minutes, availability, completeness, latency, retention, processing, schedule)| Sla {
            freshness: Minutes(minutes),
            availability,
            completeness,
            latency: latency.map(Milliseconds),
            retention: retention.map(Days),
            processing: processing.map(Minutes),
            schedule,
        })
}

fn support() -> impl Strategy<Value = Vec<Support>> {
    let one = (text(), option::of(text())).prop_map(|(channel, description)| Support {
        channel,
        url: "https://chat.example.org/ops".to_owned(),
        description,
    });
    proptest::collection::vec(one, 0..2)
}

fn terms() -> impl Strategy<Value = Option<Terms>> {
    let one = (option::of(text()), option::of(text()), option::of(text()), any::<bool>()).prop_map(
        |(usage, limitations, license, url)| Terms {
            usage,
            limitations,
            license,
            url: url.then(|| "https://example.org/terms".to_owned()),
        },
    );
    option::of(one)
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
    let lifecycle = select(vec![Lifecycle::Draft, Lifecycle::Active, Lifecycle::Deprecated]);
    let offer = (lifecycle, support(), terms(), btree_map(text(), text(), 0..2));
    (head, classification, mutability, access(), inputs(), ports, offer).prop_map(
        |(
            (major, minor, patch, description, team, days, tags),
            classification,
            mutability,
            access,
            inputs,
            mut output_ports,
            (status, support, terms, properties),
        )| {
            if mutability == Mutability::Mutable {
                // Files keep no snapshots.
                output_ports
                    .iter_mut()
                    .filter(|port| port.format.is_file())
                    .for_each(|port| port.format = Format::Iceberg);
            }
            Manifest {
                api_version: ApiVersion::MeshV1,
                kind: Kind::DataProduct,
                domain: "operations".parse().unwrap(),
                name: "flights".parse().unwrap(),
                version: semver::Version::new(major, minor, patch),
                description,
                status,
                support,
                terms,
                properties,
                origin: None,
                owner: Owner { team, contact: "ops@example.org".to_owned() },
                classification,
                retention: Days(days),
                mutability,
                access,
                tags: tags.into_iter().map(str::to_owned).collect(),
                inputs,
                output_ports,
            }
        },
    )
}
