//! Each operation whose cost is counted, as somebody really does it on the example's mesh.

use anyhow::{Context, Result, bail};
use mesh_api::types::{ContractInput, Evaluation, ReadGrant, SearchAnswer, Status, WriteGrant};
use mesh_client::RegisterOptions;
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::session::Session;
use crate::interrupt::Interrupt;
use crate::project::Project;

/// The domain of the products that are made for counting, and the domain that reads them.
pub const OWNER: &str = "weather";
pub const CONSUMER: &str = "insights";
const PURPOSE: &str = "analytics";

/// Fields of each port: as many as the example's largest.
const FIELDS: usize = 15;

/// A product of two ports, one a table and one files: what is taken for a usual one.
pub fn manifest(name: &str, version: &str, description: &str) -> String {
    let mut fields = String::new();
    for field in 1..=FIELDS {
        let _ = writeln!(
            fields,
            "        - {{ name: measure_{field}, type: double, description: \"One of the measured values, number {field}\" }}"
        );
    }
    let mut text = format!(
        "apiVersion: mesh/v1\nkind: DataProduct\ndomain: {OWNER}\nname: {name}\nversion: {version}\n\
         description: {description}\nowner: {{ team: Weather Desk, contact: weather-desk@example.org }}\n\
         classification: internal\nretention: 30d\nmutability: append-only\n\
         access: {{ visibility: company, purposes: [{PURPOSE}] }}\noutputPorts:\n"
    );
    for (port, format) in [("table", "iceberg"), ("files", "parquet")] {
        let _ = write!(
            text,
            "  - name: {port}\n    version: 1.0.0\n    description: Values measured\n    format: {format}\n    \
             sla: {{ freshness: 31d }}\n    schema:\n      fields:\n{fields}"
        );
    }
    text
}

/// A name that no earlier product had.
pub fn new_name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("counted-{}", since.as_millis())
}

/// The id of the product called `name`.
pub fn id(name: &str) -> String {
    format!("{OWNER}.{name}")
}

pub fn plan(session: &Session<'_>, name: &str) -> Result<()> {
    session.call(session.api(OWNER)?.plan(&manifest(name, "1.0.0", "Counted")))?;
    Ok(())
}

/// Register, and wait until the envelope stands and the product can be found.
pub fn register(session: &Session<'_>, name: &str, version: &str, description: &str) -> Result<()> {
    let api = session.api(OWNER)?;
    session.call(api.register(&manifest(name, version, description), &RegisterOptions::default()))?;
    settled(session, name, Status::Active)
}

pub fn retire(session: &Session<'_>, name: &str) -> Result<()> {
    session.call(session.api(OWNER)?.retire(&id(name)))?;
    settled(session, name, Status::Retired)
}

fn settled(session: &Session<'_>, name: &str, status: Status) -> Result<()> {
    let api = session.api(OWNER)?;
    // Asked seldom: each question is a request of its own.
    session.silence()?;
    let product = session.call(api.product(&id(name)))?;
    match product {
        Some(product) if product.status == status => Ok(()),
        other => bail!("`{}` is not {}: {other:?}", id(name), status.as_str()),
    }
}

pub fn search(session: &Session<'_>) -> Result<()> {
    let found: SearchAnswer = session.call(session.api(CONSUMER)?.get("marketplace/search?q=flights"))?;
    if found.items.is_empty() {
        bail!("the search found nothing");
    }
    Ok(())
}

pub fn policy_check(session: &Session<'_>) -> Result<()> {
    let asked = json!({
        "action": { "name": "read" },
        "resource": { "type": "output_port", "id": "operations.flights/monthly@1" },
        "context": { "purpose": PURPOSE },
    });
    let api = session.api(CONSUMER)?;
    let answer: Evaluation = session.call(api.send_json(Method::POST, "governance/policy-check", &asked))?;
    if !answer.decision {
        bail!("`{CONSUMER}` may not read what it has a contract for");
    }
    Ok(())
}

/// A contract on the product's files, asked for and approved; its id.
pub fn contract(session: &Session<'_>, name: &str, port: &str) -> Result<String> {
    let input = ContractInput {
        port: format!("{}/{port}@1", id(name)).parse().context("not a port's address")?,
        purpose: PURPOSE.to_owned(),
        fields: Vec::new(),
        agreed_freshness: None,
        contact: "insights@example.org".to_owned(),
        expires_at: None,
    };
    let asked = session.call(session.api(CONSUMER)?.request_contract(&input))?;
    let decided = session.call(session.api(OWNER)?.decide_contract(&asked.id, "approve", None))?;
    Ok(decided.id)
}

pub fn revoke(session: &Session<'_>, contract: &str) -> Result<()> {
    session.call(session.api(OWNER)?.decide_contract(contract, "revoke", Some("counted")))?;
    Ok(())
}

pub fn read(session: &Session<'_>, name: &str) -> Result<()> {
    let path = format!("products/{}/ports/files/read?version=1&purpose={PURPOSE}", id(name));
    let granted: ReadGrant = session.call(session.api(CONSUMER)?.get(&path))?;
    granted.credentials.map(drop).context("files come with credentials")
}

pub fn write(session: &Session<'_>, name: &str) -> Result<()> {
    let path = format!("products/{}/ports/files/write?version=1", id(name));
    let _: WriteGrant = session.call(session.api(OWNER)?.send_json(Method::POST, &path, &json!({})))?;
    Ok(())
}

fn table(name: &str) -> String {
    format!("iceberg/v1/namespaces/{OWNER}/tables/{}__table__v1", name.replace('-', "_"))
}

pub fn load_table(session: &Session<'_>, name: &str) -> Result<Value> {
    session.call(session.api(CONSUMER)?.get(&table(name)))
}

pub fn commit(session: &Session<'_>, name: &str) -> Result<()> {
    let change = json!({
        "requirements": [],
        "updates": [{ "action": "set-properties", "updates": { "write.parquet.row-group-size-bytes": "134217728" } }],
    });
    let _: Value = session.call(session.api(OWNER)?.send_json(Method::POST, &table(name), &change))?;
    Ok(())
}

/// What the demo leaves out, once each, so that every right of the functions is used; what is made for it is retired again.
pub fn exercise(project: &Project, interrupt: &Interrupt) -> Result<()> {
    let session = Session::open(project, interrupt)?;
    let name = new_name();
    policy_check(&session)?;
    register(&session, &name, "1.0.0", "Made to be tried")?;
    let contract = contract(&session, &name, "table")?;
    load_table(&session, &name)?;
    commit(&session, &name)?;
    revoke(&session, &contract)?;
    the_rest(&session, &name)?;
    retire(&session, &name)
}

/// What else the API offers; nothing of it is counted.
pub fn the_rest(session: &Session<'_>, name: &str) -> Result<()> {
    let (owner, platform) = (session.api(OWNER)?, session.api("platform")?);
    let member =
        |domain: &str| -> Result<Value> { Ok(json!({ "principal": session.principal(domain)?, "roles": ["owner"] })) };
    // Domains' names are short.
    let id_of_domain = format!("d{}", name.chars().filter(char::is_ascii_digit).collect::<String>());
    let domain =
        |members: Vec<Value>| json!({ "id": id_of_domain, "description": "Made for counting", "members": members });
    let both = domain(vec![member(OWNER)?, member(CONSUMER)?]);
    let _: Value = session.call(platform.send_json(Method::POST, "domains", &both))?;
    let path = format!("domains/{id_of_domain}");
    let _: Value = session.call(platform.send_json(Method::PUT, &path, &domain(vec![member(OWNER)?])))?;
    session.call(platform.delete_domain(&id_of_domain))?;
    let _: Value = session.call(owner.get("domains"))?;
    let _: Value = session.call(owner.get(&format!("products/{}/history", id(name))))?;
    let _: Value = session.call(owner.get("iceberg/v1/namespaces"))?;
    let _: Value = session.call(owner.get(&format!("iceberg/v1/namespaces/{OWNER}/tables")))?;
    let product = session.call(owner.product(&id(name)))?.context("the product is gone")?;
    let schema = &product.ports.first().context("the product has no port")?.schema_id;
    let _: Value = session.call(owner.get(&format!("schemas/{schema}")))?;
    session.call(owner.get::<Value>(&table(name)))?;
    // A field more, and an input and a port that come and go, under a key that tells a repetition.
    let field = "      fields:\n        - { name: remark, type: string, description: What was remarkable }\n";
    let more = |version: &str| {
        let next = manifest(name, version, "Counted").replacen("version: 1.0.0", "version: 1.1.0", 1);
        next.replacen("      fields:\n", field, 1)
    };
    let with_input = more("1.1.0").replace(
        "outputPorts:\n",
        "inputs:\n  - { port: fleet.reference/airlines@1, purpose: analytics }\noutputPorts:\n",
    );
    let key = RegisterOptions { idempotency_key: Some(name), ..RegisterOptions::default() };
    session.call(owner.register(&with_input, &key))?;
    session.call(owner.register(&with_input, &key))?;
    session.silence()?;
    let whole = more("2.0.0");
    let without_files = whole.split("  - name: files").next().unwrap_or_default();
    session.call(owner.register(without_files, &RegisterOptions::default()))?;
    session.silence()
}
