//! What documents mean as a manifest, that they are returned as they were, and where edits show.

use mesh_manifest::{
    Classification, FieldType, Format, Lifecycle, Minutes, Percent, PiiProtection, Visibility,
    standards::{export_contract, export_product},
};
use serde_json::{Value, json};

use crate::{
    fixtures::{differences, least, must, originals, retail},
    laws::{bare, documents, read},
};

#[test]
fn a_product_is_read_with_all_that_has_a_meaning_here() {
    let imported = retail();
    let manifest = &imported.manifest;
    assert_eq!(manifest.id().to_string(), "retail.basket-lines");
    assert_eq!((manifest.version.to_string().as_str(), manifest.status), ("2.4.1", Lifecycle::Active));
    assert_eq!(manifest.description, "Every line of every receipt, from the tills.");
    assert_eq!(
        (manifest.owner.team.as_str(), manifest.owner.contact.as_str()),
        ("Retail data", "https://chat.example.org/retail-data")
    );
    assert_eq!(
        (manifest.classification, manifest.access.visibility),
        (Classification::Confidential, Visibility::Company)
    );
    assert_eq!(
        (manifest.retention.to_string().as_str(), manifest.access.purposes.as_slice()),
        ("1095d", ["forecasting".to_owned()].as_slice())
    );
    assert_eq!(manifest.tags, ["retail", "tills"]);
    let terms = manifest.terms.as_ref().unwrap();
    assert_eq!(
        (terms.usage.as_deref(), terms.url.as_deref()),
        (Some("Forecasts and replenishment."), Some("https://wiki.example.org/retail/terms"))
    );
    assert_eq!(manifest.properties["costCentre"], "4711");
    assert_eq!(manifest.properties["certified"], "true");
    assert_eq!(manifest.properties.len(), 2, "what is no plain value is carried only: {:?}", manifest.properties);
    assert_eq!(manifest.support.len(), 1, "what is no place that readers reach is carried only");
    assert_eq!(manifest.inputs.len(), 1, "what is no port of the mesh is carried only");
    assert_eq!(
        (manifest.inputs[0].port.to_string().as_str(), manifest.inputs[0].purpose.as_str()),
        ("stores.tills/receipts@1", "the lines themselves")
    );
    let ports: Vec<_> =
        manifest.output_ports.iter().map(|port| (manifest.address(port).to_string(), port.format)).collect();
    assert_eq!(
        ports,
        [
            ("retail.basket-lines/lines@2".to_owned(), Format::Iceberg),
            ("retail.basket-lines/events@1".to_owned(), Format::Kafka),
            ("retail.basket-lines/daily-sales@1".to_owned(), Format::Sql),
            ("retail.basket-lines/store-targets@1".to_owned(), Format::Sql),
        ]
    );
    let codes: Vec<_> =
        imported.warnings.iter().map(|it| (it.code.as_str(), it.pointer.as_str(), it.line > 0)).collect();
    assert!(
        codes.contains(&("manifest.standard_renamed", "/contracts/0/schema/0/properties/2/name", true)),
        "{codes:?}"
    );
    assert!(
        codes.contains(&("manifest.standard_approximated", "/contracts/0/schema/0/properties/5", true)),
        "{codes:?}"
    );
}

#[test]
fn a_contract_is_read_with_types_keys_promises_and_rules() {
    let manifest = retail().manifest;
    let lines = &manifest.output_ports[0];
    assert_eq!(lines.description.as_deref(), Some("One row for each line of a receipt."));
    assert_eq!(lines.sla.freshness, Minutes(240));
    assert_eq!(lines.sla.availability, Some(Percent(99_500)));
    assert_eq!(lines.sunset.unwrap().to_string(), "2031-12-31");
    assert_eq!(lines.schema.primary_key, ["basket_id", "line_number"]);
    assert_eq!(lines.schema.partition_by, ["day(sold_at)"]);
    let types: Vec<_> = lines
        .schema
        .fields
        .iter()
        .map(|field| format!("{} {}", field.name, mesh_manifest::ValueRef::from(field).type_text()))
        .collect();
    assert_eq!(
        types,
        [
            "basket_id string",
            "line_number long",
            "card_holder string",
            "sold_at timestamptz",
            "sold_on date",
            "opened string",
            "amount decimal(12,2)",
            "vat int",
            "paid boolean",
            "receipt string",
            "place struct<store: int, till: struct<number: decimal(20,0)>>",
            "coupons list<struct<code: string>>",
            "labels map<string, float>",
            "embedding list<double>",
            "anything string",
        ]
    );
    let field = |name: &str| lines.schema.fields.iter().find(|field| field.name == name).unwrap();
    assert!(field("basket_id").required, "what tells rows apart is there");
    assert_eq!(field("card_holder").pii.as_ref().unwrap().protection, PiiProtection::None);
    assert_eq!(field("vat").enumeration.as_ref().unwrap().values, ["7", "19"]);
    assert_eq!(
        (field("anything").unit.as_deref(), field("anything").properties["srid"].as_str()),
        (Some("degrees"), "4326")
    );
    let rules = |name: &str| field(name).quality.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>();
    assert_eq!((rules("amount"), rules("receipt")), (vec!["nullValues", "invalidValues"], vec!["unique"]));
    let rows = &lines.schema.quality[0];
    assert_eq!(rows.expect.must_be_greater_or_equal_to.as_ref().unwrap().to_string(), "1");
    assert_eq!(rows.expect.must_be_less_or_equal_to.as_ref().unwrap().to_string(), "5000000");
    assert_eq!(lines.schema.quality.len(), 2, "what counts nothing is carried only");
    let events = &manifest.output_ports[1];
    assert_eq!(events.endpoint.as_deref(), Some("kafka://broker.example.org:9092/receipts.closed"));
    assert_eq!(events.sla.freshness, Minutes(5));
    let [sales, targets] = &manifest.output_ports[2..] else { panic!() };
    assert_eq!(sales.endpoint.as_deref(), Some("postgresql://db.example.org:5432/marts"));
    assert_eq!((sales.sla.freshness, targets.sla.freshness), (Minutes(1440), Minutes(7 * 1440)));
    assert_eq!(sales.schema.fields[0].field_type, FieldType::Timestamp);
    assert_eq!(sales.sunset.unwrap().to_string(), "2032-02-29");
    assert_eq!(targets.schema.fields[1].name, "Store_2", "names that differ by case only");
    assert_eq!(sales.contract.as_ref().unwrap().object.as_deref(), Some("daily_sales"));
}

#[test]
fn documents_are_returned_as_they_were() {
    let imported = retail();
    let (product, contracts) = originals(&imported);
    let (written, by_id) = documents(&imported.manifest);
    assert_eq!(written, product);
    assert_eq!(by_id.into_values().collect::<Vec<_>>(), contracts);
}

/// What an edit changes, over all documents.
fn changed(edit: impl FnOnce(&mut mesh_manifest::Manifest)) -> Vec<String> {
    let before = retail().manifest;
    let mut after = before.clone();
    edit(&mut after);
    let (old, new) = (documents(&before), documents(&after));
    let mut found = Vec::new();
    differences(&old.0, &new.0, "product", &mut found);
    for (id, contract) in &new.1 {
        differences(old.1.get(id).unwrap_or(&Value::Null), contract, id, &mut found);
    }
    let again = read(&new);
    assert_eq!(bare(again), bare(after));
    found
}

#[test]
fn an_edit_shows_where_it_belongs_and_nowhere_else() {
    let mut wrong = Vec::new();
    let mut expect = |found: Vec<String>, wanted: &[&str]| {
        if found != wanted {
            wrong.push(format!("{found:?} instead of {wanted:?}"));
        }
    };
    expect(changed(|_| {}), &[]);
    expect(changed(|it| it.description = "New.".to_owned()), &["product/description/purpose"]);
    expect(changed(|it| it.version = "3.0.0".parse().unwrap()), &["product/version"]);
    expect(changed(|it| it.status = Lifecycle::Deprecated), &["product/status"]);
    expect(changed(|it| it.classification = Classification::Restricted), &["product/customProperties/0/value"]);
    expect(changed(|it| it.owner.team = "Tills".to_owned()), &["product/team/name"]);
    expect(changed(|it| it.tags.push("new".to_owned())), &["product/tags/2"]);
    expect(
        changed(|it| drop(it.properties.insert("certified".to_owned(), "false".to_owned()))),
        &["product/customProperties/3/value"],
    );
    expect(changed(|it| it.support[0].description = None), &["product/support/0/description"]);
    expect(changed(|it| it.inputs[0].purpose = "other".to_owned()), &["product/inputPorts/0/customProperties/0/value"]);
    expect(changed(|it| it.output_ports[0].description = Some("X".to_owned())), &["product/outputPorts/0/description"]);
    expect(
        changed(|it| it.output_ports[0].version = "2.1.0".parse().unwrap()),
        &["product/outputPorts/0/version", "lines-v2/version"],
    );
    expect(
        changed(|it| it.output_ports[0].sla.freshness = Minutes(90)),
        &["lines-v2/slaProperties/0/value", "lines-v2/slaProperties/0/unit"],
    );
    expect(
        changed(|it| it.output_ports[0].schema.fields[3].description = Some("At.".to_owned())),
        &["lines-v2/schema/0/properties/3/description"],
    );
    expect(
        changed(|it| it.output_ports[0].schema.fields[10].fields[0].field_type = FieldType::Long),
        &["lines-v2/schema/0/properties/10/properties/0/physicalType"],
    );
    expect(
        changed(|it| it.output_ports[0].schema.quality[1].query = Some("SELECT 1".to_owned())),
        &["lines-v2/schema/0/quality/1/query"],
    );
    expect(
        changed(|it| drop(it.output_ports[0].schema.fields[9].quality.pop())),
        &["lines-v2/schema/0/properties/9/unique"],
    );
    expect(
        changed(|it| it.output_ports[3].sla.freshness = Minutes(60)),
        &["marts/slaProperties/1/value", "marts/slaProperties/1/unit"],
    );
    expect(changed(|it| it.output_ports[3].description = Some("Y".to_owned())), &["marts/schema/1/description"]);
    expect(
        changed(|it| it.output_ports[2].schema.fields[1].name = "eur".to_owned()),
        &["marts/schema/0/properties/1/name"],
    );
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn ports_come_go_and_change_places() {
    assert_eq!(changed(|it| drop(it.output_ports.remove(1))), ["product/outputPorts"]);
    let more = changed(|it| {
        let mut port = it.output_ports[1].clone();
        (port.name, port.contract) = ("more".parse().unwrap(), None);
        it.output_ports.push(port);
    });
    assert_eq!(more, ["product/outputPorts", "retail.basket-lines/more@1"]);
    assert_eq!(
        changed(|it| drop(it.output_ports.pop())),
        ["product/outputPorts/2/name", "marts/schema"],
        "an object that describes no port goes"
    );
}

#[test]
fn the_least_documents_take_defaults_and_warn_of_each() {
    let (product, contract) = least();
    let imported = must(&product.to_string(), &[&contract.to_string()]);
    let manifest = &imported.manifest;
    assert_eq!(manifest.description, "tills");
    assert_eq!((manifest.owner.team.as_str(), manifest.owner.contact.as_str()), ("retail", "unknown@retail.invalid"));
    assert_eq!((manifest.classification, manifest.access.visibility), (Classification::Internal, Visibility::Domain));
    assert_eq!(manifest.retention.to_string(), "365d");
    assert!(
        imported
            .warnings
            .iter()
            .all(|it| it.code == "manifest.standard_defaulted" && it.remedy.is_some() && it.line > 0)
    );
    assert_eq!(imported.warnings.len(), 7, "{:#?}", imported.warnings);
    assert_eq!(export_product(manifest), product);
    assert_eq!(export_contract(manifest, &manifest.address(&manifest.output_ports[0])), Some(contract));
    assert_eq!(export_contract(manifest, &"retail.tills/other@1".parse().unwrap()), None);
}

#[test]
fn an_origin_that_is_no_document_counts_for_nothing() {
    let mut manifest = retail().manifest;
    manifest.origin.as_mut().unwrap().product = Some(json!({ "apiVersion": "v9" }));
    let (product, _) = documents(&manifest);
    assert_eq!((product["apiVersion"].as_str(), product["name"].as_str()), (Some("v1.1.0"), Some("basket-lines")));
}
