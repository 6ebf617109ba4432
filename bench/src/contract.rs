//! `contract.*`: reading a manifest, judging a change to it, and finding whom it breaks.

use std::{hint::black_box, time::Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::http::StatusCode;
use futures::future::try_join_all;
use jiff::Timestamp;
use mesh_core::{
    audit::AuditEntry,
    contract::{Agreed, Contract, ContractId, ContractStatus, ContractStore},
};
use mesh_http::testing::{ISSUER, TestIssuer};
use mesh_manifest::{Manifest, Minutes};
use mesh_store_dynamodb::tables::{
    CONSUMPTION_CONTRACTS, DATA_PRODUCTS, DOMAINS, LINEAGE, OUTPUT_PORTS, SCHEMAS, Table,
};
use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value, json};

use crate::{
    cloud::{Cloud, Item, key, renamed},
    mesh::{self, SUBJECT},
    register::{get, policies},
    sampling::{Aim, Figure, Spread, in_turn, milliseconds, timed},
};

const DOMAIN: &str = "bench";
const TEMPLATE: &str = "template-0000";
const PRODUCTS: usize = 5000;
/// Contracts on each product.
const CONTRACTS: usize = 4;

/// Takes the figures.
pub async fn figures() -> Result<Vec<Figure>> {
    let (classify, classify_growth) = (classify().await?, classify_growth().await?);
    Ok(vec![validate().await?, classify, classify_growth, refuse_hostile()?, impact().await?])
}

fn figure(name: &str, ours: Spread, floor: Option<Spread>, aim: Option<Aim>, detail: String) -> Figure {
    Figure { name: format!("contract.{name}"), unit: "ms", ours, floor, aim, detail }
}

/// How long `work` takes, in milliseconds.
fn taken<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    milliseconds(start.elapsed())
}

/// A manifest of so many fields on one port.
fn text(fields: usize) -> String {
    let field = |number: usize| {
        format!(
            "        - {{ name: field_{number:05}, type: string, required: true, description: What {number} says of departures }}\n"
        )
    };
    let head = "apiVersion: mesh/v1\nkind: DataProduct\ndomain: bench\nname: fields\nversion: 1.0.0\ndescription: Departures.\n\
        owner: { team: Flight Operations, contact: flight-ops@example.org }\nclassification: internal\nretention: 365d\n\
        access: { visibility: company }\noutputPorts:\n  - name: daily\n    version: 1.0.0\n    format: iceberg\n    \
        sla: { freshness: 1d }\n    schema:\n      fields:\n";
    head.to_owned() + &(0..fields).map(field).collect::<String>()
}

fn manifest(text: &str) -> Result<Manifest> {
    Ok(mesh_manifest::parse(text).map_err(|found| anyhow::anyhow!("{found:?}"))?.manifest)
}

/// A port of so many fields, also more than a text may have.
fn large(fields: usize) -> Result<Manifest> {
    let mut manifest = manifest(&text(1))?;
    let port = manifest.output_ports.first_mut().context("it has a port")?;
    let field = port.schema.fields.first().context("it has a field")?.clone();
    port.schema.fields = (0..fields)
        .map(|number| mesh_manifest::Field { name: format!("field_{number:05}"), ..field.clone() })
        .collect();
    Ok(manifest)
}

/// The same with another field in the middle, and a description that reads otherwise at its end.
fn changed(before: &Manifest) -> Result<Manifest> {
    let mut after = before.clone();
    let fields = &mut after.output_ports.first_mut().context("it has a port")?.schema.fields;
    let middle = fields.len() / 2;
    fields.remove(middle);
    fields.last_mut().context("it has a field")?.description = Some("Something else".to_owned());
    Ok(after)
}

async fn validate() -> Result<Figure> {
    let text = text(200);
    ensure!((18_000..24_000).contains(&text.len()), "the manifest has {} bytes", text.len());
    let ours = async |_| Ok(taken(|| mesh_manifest::parse(&text)));
    let floor = async |_| Ok(taken(|| untyped(&text)));
    ensure!(untyped(&text)?.pointer("/outputPorts/0/schema/fields/199/name").is_some(), "the floor reads it all");
    let (ours, floor) = in_turn(20, 200, ours, floor).await?;
    let detail =
        "a manifest of 20 KB and 200 fields, read and checked, beside the same YAML as an untyped value".to_owned();
    Ok(figure("validate", ours, Some(floor), None, detail))
}

/// YAML as an untyped value, as any loader makes it.
fn untyped(text: &str) -> Result<Value> {
    /// What is open, and the key that waits for its value.
    enum Open {
        List(Vec<Value>),
        Mapping(Map<String, Value>, Option<String>),
    }
    let mut open: Vec<Open> = Vec::new();
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, _) = event?;
        let value = match event {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Mapping(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Value::Array(items),
                Some(Open::Mapping(entries, _)) => Value::Object(entries),
                None => bail!("something ends that did not begin"),
            },
            Event::Scalar(text, ..) => match text.as_ref() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => text.parse::<i64>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => return Ok(value),
            Some(Open::List(items)) => items.push(value),
            Some(Open::Mapping(entries, key)) => match key.take() {
                None => *key = Some(value.as_str().unwrap_or_default().to_owned()),
                Some(name) => {
                    entries.insert(name, value);
                }
            },
        }
    }
    bail!("the text ends early")
}

async fn classify() -> Result<Figure> {
    let before = large(2000)?;
    let after = changed(&before)?;
    let (old, new) = (serde_json::to_value(&before)?, serde_json::to_value(&after)?);
    let ours = async |_| Ok(taken(|| mesh_evolution::classify(&before, &after)));
    let floor = async |_| {
        Ok(taken(|| {
            let mut found = Vec::new();
            differences(&old, &new, &mut String::new(), &mut found);
            found
        }))
    };
    ensure!(mesh_evolution::classify(&before, &after).len() == 2, "two things changed");
    let (ours, floor) = in_turn(20, 200, ours, floor).await?;
    let detail =
        "2,000 fields of which two changed, beside a comparison of both as JSON that tells pointers".to_owned();
    Ok(figure("classify", ours, Some(floor), None, detail))
}

/// Where two values differ.
fn differences(before: &Value, after: &Value, pointer: &mut String, found: &mut Vec<String>) {
    let length = pointer.len();
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for (key, value) in old {
                pointer.extend(["/", key]);
                match new.get(key) {
                    Some(now) => differences(value, now, pointer, found),
                    None => found.push(pointer.clone()),
                }
                pointer.truncate(length);
            }
            found.extend(new.keys().filter(|key| !old.contains_key(*key)).map(|key| format!("{pointer}/{key}")));
        }
        (Value::Array(old), Value::Array(new)) => {
            for (index, (value, now)) in old.iter().zip(new).enumerate() {
                pointer.push_str(&format!("/{index}"));
                differences(value, now, pointer, found);
                pointer.truncate(length);
            }
            if old.len() != new.len() {
                found.push(pointer.clone());
            }
        }
        _ if before != after => found.push(pointer.clone()),
        _ => {}
    }
}

async fn classify_growth() -> Result<Figure> {
    let (few, many) = (large(2000)?, large(20_000)?);
    let (few_after, many_after) = (changed(&few)?, changed(&many)?);
    let ours = async |_| Ok(taken(|| mesh_evolution::classify(&many, &many_after)));
    let floor = async |_| Ok(taken(|| mesh_evolution::classify(&few, &few_after)));
    let (ours, floor) = in_turn(10, 100, ours, floor).await?;
    let detail = "20,000 fields of which two changed, beside 2,000".to_owned();
    Ok(figure("classify_growth", ours, Some(floor), Some(Aim::Ratio(11.0)), detail))
}

/// The worst of texts that are meant to keep a reader busy.
fn refuse_hostile() -> Result<Figure> {
    const SIZE: usize = 1 << 20;
    let bomb: String = (1..30).map(|n| format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)).collect();
    let texts = [
        ("brackets", "[".repeat(SIZE)),
        ("pairs of brackets", "[]".repeat(SIZE / 2)),
        ("an alias bomb", format!("a0: &a0 x\n{bomb}")),
        ("40,000 empty fields", text(0) + &"        - {}\n".repeat(40_000)),
        ("the same key", "k: 1\n".repeat(SIZE / 5)),
        ("quotes", "\"".repeat(SIZE)),
    ];
    let mut worst: Option<(f64, &str, Spread)> = None;
    for (name, text) in &texts {
        ensure!(mesh_manifest::parse(text).is_err(), "{name} is accepted");
        let samples = Spread::of((0..9).map(|_| taken(|| mesh_manifest::parse(text))).collect())?;
        if worst.is_none_or(|(most, ..)| samples.p50 > most) {
            worst = Some((samples.p50, name, samples));
        }
    }
    let (_, name, samples) = worst.context("something was measured")?;
    let detail = format!("the worst of {} hostile texts of up to 1 MB: {name}", texts.len());
    Ok(figure("refuse_hostile", samples, None, Some(Aim::AtMost(50.0)), detail))
}

async fn impact() -> Result<Figure> {
    let (ours, floor) = Cloud::with_tables(measure_impact).await?;
    let detail = format!(
        "a plan that breaks {CONTRACTS} contracts, through the registry's router, among {PRODUCTS} products and {} contracts, beside its reads (one, then seven at once, then the products downstream)",
        PRODUCTS * CONTRACTS
    );
    Ok(figure("impact", ours, Some(floor), Some(Aim::Ratio(1.5)), detail))
}

async fn measure_impact(cloud: Cloud) -> Result<(Spread, Spread)> {
    let (store, issuer) = (cloud.store(), TestIssuer::new());
    mesh::found(&store, DOMAIN).await?;
    let registry = mesh::registry(&store, &issuer);
    let request = registry.request("POST", "/products", mesh::manifest(DOMAIN, TEMPLATE))?;
    registry.answer(request, StatusCode::ACCEPTED).await?;
    let template: mesh_manifest::ProductId = format!("{DOMAIN}.{TEMPLATE}").parse()?;
    let caller = mesh::owner(&template.domain);
    for number in 0..CONTRACTS {
        let contract = Contract {
            id: ContractId::generate(template.clone()),
            port: template.port("daily".parse()?, 1),
            consumer_domain: format!("consumer-{number}").parse()?,
            purpose: "analytics".to_owned(),
            fields: vec!["tail_number".to_owned()],
            agreed_freshness: Minutes(24 * 60),
            agreed: Agreed::default(),
            contact: format!("consumer-{number}@example.org"),
            status: ContractStatus::Active,
            requested_by: caller.principal.clone(),
            created_at: Timestamp::now(),
            expires_at: None,
            required_approvals: Vec::new(),
            approvals: Vec::new(),
            reason: None,
            acknowledged: None,
            pinned_snapshot: None,
            revision: 1,
        };
        let entry = AuditEntry::new(Timestamp::now(), &contract.port, "seeded", &caller, json!({}));
        store.put_contract(None, &contract, None, &entry).await?;
    }
    seed(&cloud).await?;

    let breaking = |name: &str| {
        let whole = mesh::manifest(DOMAIN, name);
        let mut kept = String::new();
        let mut is_removed = false;
        for line in whole.lines() {
            // Of the first port only.
            if line.contains("name: tail_number") && !is_removed {
                is_removed = true;
            } else {
                kept.extend([line, "\n"]);
            }
        }
        kept.replacen("version: 1.0.0", "version: 2.0.0", 1)
    };
    let name = |round: usize| format!("products-{:04}", (round * 37) % PRODUCTS);
    let ours = async |round: usize| {
        let request = registry.request("POST", "/products?dry_run=true", breaking(&name(round)))?;
        timed(registry.answer(request, StatusCode::OK)).await
    };
    let floor = async |round: usize| timed(bare(&cloud, &name(round))).await;
    let request = registry.request("POST", "/products?dry_run=true", breaking(&name(0)))?;
    let plan = registry.json(request, StatusCode::OK).await?;
    let affected = plan.get("affected").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(affected == CONTRACTS, "the plan names {affected} contracts: {plan}");
    in_turn(10, 100, ours, floor).await
}

/// Copies of the template and its contracts under other names.
async fn seed(cloud: &Cloud) -> Result<()> {
    let id = format!("{DOMAIN}.{TEMPLATE}");
    let tables: [(Table, String); 5] = [
        (DATA_PRODUCTS, id.clone()),
        (OUTPUT_PORTS, id.clone()),
        (SCHEMAS, format!("{id}/daily")),
        (SCHEMAS, format!("{id}/monthly")),
        (CONSUMPTION_CONTRACTS, id),
    ];
    for (table, hash) in tables {
        let items = cloud.query(table, &hash).await?;
        ensure!(!items.is_empty(), "the template has nothing in `{}`", table.name);
        let copies: Vec<Item> = (0..PRODUCTS)
            .flat_map(|number| {
                let name = format!("products-{number:04}");
                items.iter().map(move |item| renamed(item, &[(TEMPLATE, &name)])).collect::<Vec<_>>()
            })
            .collect();
        cloud.write(table, copies).await?;
    }
    Ok(())
}

/// The least that the plan has to ask.
async fn bare(cloud: &Cloud, name: &str) -> Result<()> {
    let id = format!("{DOMAIN}.{name}");
    cloud.query(DOMAINS, &format!("principal#{ISSUER}|{SUBJECT}")).await?;
    let subjects = [format!("{id}/daily"), format!("{id}/monthly")];
    futures::try_join!(
        get(cloud, DOMAINS, key([("pk", "domain#bench"), ("sk", "domain")])),
        get(cloud, DATA_PRODUCTS, key([("product_id", &id), ("revision", "current")])),
        cloud.query(OUTPUT_PORTS, &id),
        cloud.query(CONSUMPTION_CONTRACTS, &id),
        policies(cloud, DOMAIN),
        try_join_all(subjects.iter().map(|subject| cloud.query(SCHEMAS, subject))),
    )?;
    cloud.query(LINEAGE, &format!("{id}/daily@1")).await?;
    Ok(())
}
