//! What a search finds, for whom, and in which order.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use mesh_core::search_index::{SearchIndex, SearchQuery};
use mesh_manifest::{Classification, Format, Visibility};

use crate::catalogue::{Catalogue, airport, port, product, words};

#[tokio::test]
async fn a_word_in_a_fields_description_finds_the_product_and_is_shown() {
    let catalogue = Catalogue::holding(&airport()).await;
    let answer = catalogue.search(words("registration")).await;
    let found: Vec<_> = answer.hits.iter().map(|hit| hit.document.product_id.to_string()).collect();
    assert_eq!(found, ["fleet.aircraft", "operations.flights"], "a description weighs more than a field's");
    assert_eq!(
        answer.hits[1].highlights,
        BTreeMap::from([(
            "ports.fields.description".to_owned(),
            vec!["<em>Registration</em> of the aircraft".to_owned()]
        )])
    );
    assert!(answer.hits[0].score > answer.hits[1].score);
    assert_eq!(answer.total, 2);
    assert_eq!(answer.cursor, None);
    assert!(answer.hits[1].document.ports.iter().all(|port| port.fields.is_empty()), "fields may be thousands");
    assert_eq!(answer.hits[1].document.ports[1].address, "operations.flights/files@1");
    catalogue.remove().await;
}

#[tokio::test]
async fn highlights_are_safe_to_show_on_a_page() {
    let catalogue = Catalogue::holding(&airport()).await;
    let answer = catalogue.search(words("observed")).await;
    let description = &answer.hits[0].highlights["description"];
    assert_eq!(description, &["Temperature &amp; wind &lt;<em>observed</em>&gt; each hour."]);
    catalogue.remove().await;
}

#[tokio::test]
async fn names_are_found_as_they_are_written_and_as_they_are_spoken() {
    let catalogue = Catalogue::holding(&airport()).await;
    for text in ["tail_number", "tail number", "tailnumber", "arrDelay", "arrdelay", "arr delay", "DAILY"] {
        assert_eq!(catalogue.words(text).await, ["operations.flights"], "{text}");
    }
    for text in ["operations.flights", "operations flights", "flight", "Flights"] {
        assert_eq!(catalogue.words(text).await.first().map(String::as_str), Some("operations.flights"), "{text}");
    }
    assert_eq!(
        catalogue.words("flights").await,
        ["operations.flights", "fleet.reference"],
        "a name weighs more than text"
    );
    assert_eq!(catalogue.words("aviation").await, ["operations.flights"], "tags are searched");
    assert_eq!(catalogue.words("nothing-of-the-kind").await, [""; 0]);
    assert_eq!(catalogue.words("a team").await.len(), 4, "the owning team is searched");
    catalogue.remove().await;
}

#[tokio::test]
async fn synonyms_and_word_forms_are_found() {
    let catalogue = Catalogue::holding(&airport()).await;
    for text in ["airplane", "airplanes", "plane", "Aircraft"] {
        let found = catalogue.words(text).await;
        assert_eq!(found, ["fleet.aircraft", "operations.flights"], "{text}");
    }
    assert_eq!(catalogue.words("airline").await, ["fleet.reference"], "its field `carrier` and its port `airlines`");
    assert_eq!(catalogue.words("departures of planes").await, ["operations.flights"], "words from several fields");
    catalogue.remove().await;
}

#[tokio::test]
async fn the_product_whose_name_was_typed_comes_first() {
    let chatty = product("marketing.campaigns", &"flights and again flights, ".repeat(20));
    let longer = product("operations.flights-archive", "Flights, flights of past years.");
    let exact = product("operations.flights", "Departures.");
    let catalogue = Catalogue::holding(&[chatty, longer, exact]).await;
    assert_eq!(catalogue.words("flights").await.first().map(String::as_str), Some("operations.flights"));
    assert_eq!(catalogue.words("Operations.Flights").await.first().map(String::as_str), Some("operations.flights"));
    catalogue.remove().await;
}

#[tokio::test]
async fn filters_narrow_what_is_found() {
    let catalogue = Catalogue::holding(&airport()).await;
    let all = words("");
    assert_eq!(catalogue.ids(all.clone()).await.len(), 4, "no words find everything");
    let fleet = SearchQuery { domain: Some("fleet".parse().unwrap()), ..all.clone() };
    assert_eq!(catalogue.ids(fleet.clone()).await, ["fleet.aircraft", "fleet.reference"]);
    let fresh = SearchQuery { sla_minutes: Some(15), ..all.clone() };
    assert_eq!(catalogue.ids(fresh).await, ["operations.flights"], "a promise of exactly 15 minutes counts");
    let fresher = SearchQuery { sla_minutes: Some(14), ..all.clone() };
    assert_eq!(catalogue.ids(fresher).await, [""; 0]);
    let patient = SearchQuery { sla_minutes: Some(u64::MAX), ..all.clone() };
    assert_eq!(catalogue.ids(patient).await.len(), 4, "no bound at all");
    let public = SearchQuery { classification: Some(Classification::Public), ..all.clone() };
    assert_eq!(catalogue.ids(public).await, ["fleet.aircraft"]);
    let parquet = SearchQuery { format: Some(Format::Parquet), ..all };
    assert_eq!(catalogue.ids(parquet).await, ["operations.flights"]);
    let narrow = SearchQuery { text: "carriers".to_owned(), format: Some(Format::Csv), sla_minutes: Some(60), ..fleet };
    assert_eq!(catalogue.ids(narrow).await, ["fleet.reference"]);
    catalogue.remove().await;
}

#[tokio::test]
async fn facets_count_what_was_found() {
    let catalogue = Catalogue::holding(&airport()).await;
    let counts = |pairs: &[(&str, u64)]| pairs.iter().map(|(k, n)| ((*k).to_owned(), *n)).collect::<BTreeMap<_, _>>();
    let facets = catalogue.search(SearchQuery { limit: 1, ..words("") }).await.facets;
    assert_eq!(facets["domain"], counts(&[("fleet", 2), ("operations", 1), ("weather", 1)]));
    assert_eq!(facets["classification"], counts(&[("internal", 3), ("public", 1)]));
    assert_eq!(facets["format"], counts(&[("csv", 1), ("iceberg", 3), ("parquet", 1)]));
    assert_eq!(facets["compliance"], counts(&[(">=99.9", 1), ("99-99.9", 1), ("<99", 1), ("unmeasured", 1)]));
    let facets = catalogue.search(words("carriers")).await.facets;
    assert_eq!(facets["domain"], counts(&[("fleet", 1)]));
    catalogue.remove().await;
}

#[tokio::test]
async fn what_somebody_may_not_know_of_is_neither_found_nor_counted() {
    let mut documents = airport();
    for (id, visibility) in [("finance.payroll", Visibility::Hidden), ("finance.budget", Visibility::Domain)] {
        let mut document = product(id, "Flights that were paid.");
        document.visibility = visibility;
        documents.push(document);
    }
    let catalogue = Catalogue::holding(&documents).await;
    let by = |domain: Option<&str>| SearchQuery { acting: domain.map(|d| d.parse().unwrap()), ..words("paid") };
    for other in [None, Some("operations")] {
        let answer = catalogue.search(by(other)).await;
        assert_eq!((answer.hits.len(), answer.total), (0, 0), "{other:?}");
        assert!(answer.facets.values().all(BTreeMap::is_empty), "{other:?}: {:?}", answer.facets);
        let named = SearchQuery { domain: Some("finance".parse().unwrap()), text: String::new(), ..by(other) };
        assert_eq!(catalogue.ids(named).await, [""; 0], "{other:?}");
    }
    let mut own = catalogue.ids(by(Some("finance"))).await;
    own.sort();
    assert_eq!(own, ["finance.budget", "finance.payroll"]);
    catalogue.remove().await;
}

#[tokio::test]
async fn products_on_the_way_are_found_and_retired_ones_are_not() {
    let statuses = ["provisioning", "active", "failed", "retired"];
    let documents: Vec<_> = statuses
        .iter()
        .map(|status| {
            let mut document = product(&format!("shop.{status}"), "Orders.");
            document.status = (*status).to_owned();
            document
        })
        .collect();
    let catalogue = Catalogue::holding(&documents).await;
    let mut found = catalogue.words("orders").await;
    found.sort();
    assert_eq!(found, ["shop.active", "shop.failed", "shop.provisioning"]);
    catalogue.remove().await;
}

#[tokio::test]
async fn no_text_is_an_operator_and_none_is_slow() {
    let mut hidden = product("finance.payroll", "Wages.");
    hidden.visibility = Visibility::Hidden;
    let mut documents = airport();
    documents.push(hidden);
    let catalogue = Catalogue::holding(&documents).await;
    for operator in
        ["*", "*:*", "wages OR visibility:hidden", "domain:finance", "name:/.*/", "\"\\", "(((((", "~", "{{}}"]
    {
        let found = catalogue.words(operator).await;
        assert!(!found.contains(&"finance.payroll".to_owned()), "{operator}: {found:?}");
    }
    let synonyms = "airplane aeroplane aircraft plane airport airfield aerodrome airline carrier car automobile customer client \
        employee staff personnel supplier vendor delay lateness identifier id number num quantity qty temperature temp timestamp \
        datetime postcode zip";
    let costly = [
        synonyms.to_owned(),
        "a".repeat(100_000),
        "flights ".repeat(5_000),
        (0..5_000).map(|n| format!("w{n} ")).collect(),
        "x.y_".repeat(125),
        "漢".repeat(500),
        "漢字 ".repeat(200),
        "𝒳\u{0301}\u{200d}🛫".repeat(100),
        "\u{0}\u{1}\u{fffe}".to_owned(),
        "-".repeat(500),
    ];
    for text in costly {
        let start = Instant::now();
        let answer = catalogue.index.search(&words(&text)).await;
        let shown: String = text.chars().take(30).collect();
        assert!(answer.is_ok(), "{shown}: {answer:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "{shown}: {:?}", start.elapsed());
    }
    assert_eq!(
        catalogue.words(&format!("flights{}nothing-of-the-kind", " ".repeat(500))).await.first().map(String::as_str),
        Some("operations.flights"),
        "text that is too long is cut, not refused"
    );
    catalogue.remove().await;
}

#[tokio::test]
async fn every_text_of_a_manifest_can_be_indexed() {
    let awkward = [
        "tailNumberIATA2Code",
        "a_b-c.d/e:f@g",
        "__",
        "---",
        "O'Neil's can't",
        "PySpark's SQL2JSON",
        "x.".repeat(200).as_str(),
        "漢字かな交じり文",
        "naïve café Ärger STRASSE straße",
        "🛫🛬 👩‍✈️ e\u{0301}",
        "\u{200b}zero\u{200b}width",
        "١٢٣",
        "a\u{ad}b-C_d.E",
        "1.2.3-rc.1+b",
        "https://example.org/a?b=c#d",
        "fooBar_bazQux-quuxCorge.graultGarply",
        "C++ C# .NET",
        "\u{202e}rtl",
    ]
    .map(str::to_owned);
    let mut document = product("odd.texts", &awkward.join(" "));
    document.tags = awkward.to_vec();
    document.ports = vec![port("odd.texts", "rows", Format::Json, &[])];
    document.ports[0].description = awkward.join("_");
    document.ports[0].fields = (0..500)
        .map(|n| mesh_core::search_index::FieldDocument {
            name: format!("fieldNumber_{n}"),
            description: format!("{}.{}", awkward[n % awkward.len()], awkward[(n * 7) % awkward.len()]),
        })
        .collect();
    let catalogue = Catalogue::holding(&[document]).await;
    for text in ["café", "cafe", "tail number", "pyspark", "交", "foo bar", "example.org"] {
        assert_eq!(catalogue.words(text).await, ["odd.texts"], "{text}");
    }
    catalogue.remove().await;
}
