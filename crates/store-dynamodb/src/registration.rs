//! A registration: product, history, ports, schemas, lineage, audit and idempotency in one transaction.

use std::collections::BTreeSet;

use mesh_core::{
    error::StoreError,
    product::{Port, Product, Registration, Status},
};
use mesh_manifest::PortAddress;

use crate::{
    audit,
    expression::Expression,
    idempotency,
    layout::{Item, key, number, text},
    products::{PORT, PRODUCT, current_key, revision_key},
    schemas,
    store::DynamoStore,
    tables::{AUDIT_LOG, DATA_PRODUCTS, IDEMPOTENCY, LINEAGE, OUTPUT_PORTS, SCHEMAS},
    transaction::Transaction,
};

/// The most bytes of a manifest, as text and as canonical JSON together: an item has 400 KiB.
const MANIFEST_BYTES: usize = 256 * 1024;

/// Attributes of a product that others write: a registration leaves them as they are.
const OTHERS: [&str; 3] = ["provisioned_revision", "indexed_revision", "contracts_revision"];

impl DynamoStore {
    pub(crate) async fn write_registration(&self, registration: &Registration) -> Result<(), StoreError> {
        let Registration { product, before, ports, schemas, audit, remember, .. } = registration;
        let item = product_item(product)?;
        let mut history = item.clone();
        history.insert("revision".to_owned(), text(revision_key(product.revision)));

        let mut transaction = Transaction::new(self);
        match before {
            None => transaction.put_when(DATA_PRODUCTS, current(product, item), Expression::absent("product_id")),
            Some(before) => transaction.update(DATA_PRODUCTS, current_key(&product.id), replace(item, before)),
        }
        transaction.put_when(DATA_PRODUCTS, history, Expression::absent("product_id"));

        let listed: BTreeSet<&PortAddress> = ports.iter().map(|port| &port.address).collect();
        for port in ports {
            transaction.put(OUTPUT_PORTS, port_item(port)?);
        }
        for removed in gone(&registration.removed_ports, &listed) {
            let product = removed.product.to_string();
            transaction.delete(OUTPUT_PORTS, key([("product_id", product), ("port_id", removed.to_string())]));
        }
        for schema in schemas {
            transaction.put_when(SCHEMAS, schemas::item(schema)?, Expression::absent("subject"));
        }

        let edge = |input: &PortAddress| key([("upstream", input.to_string()), ("downstream", product.id.to_string())]);
        let inputs: BTreeSet<&PortAddress> = registration.inputs.iter().collect();
        for input in &inputs {
            transaction.put(LINEAGE, edge(input));
        }
        for removed in gone(&registration.removed_inputs, &inputs) {
            transaction.delete(LINEAGE, edge(removed));
        }

        for used in &registration.upstream {
            transaction.update(DATA_PRODUCTS, current_key(&used.id), built_upon(used));
        }

        transaction.put(AUDIT_LOG, audit::item(audit)?);
        if let Some(remember) = remember {
            transaction.put_when(IDEMPOTENCY, idempotency::item(remember)?, idempotency::unless_remembered());
        }
        transaction.commit().await
    }
}

/// Counts on a product that another one is made from it, if it is still what that one was judged by.
fn built_upon(used: &Product) -> Expression {
    Expression::when("#registered = :registered AND #status <> :retired")
        .update("SET #contracts = #contracts + :one")
        .name("#registered", "registered_revision")
        .name("#status", "status")
        .name("#contracts", "contracts_revision")
        .value(":registered", number(used.revision))
        .value(":retired", text(Status::Retired.as_str()))
        .value(":one", number(1))
}

/// What is removed, each once: a transaction takes one write of each item.
fn gone<'a>(removed: &'a [PortAddress], kept: &BTreeSet<&PortAddress>) -> BTreeSet<&'a PortAddress> {
    removed.iter().filter(|address| !kept.contains(address)).collect()
}

/// A product's attributes without its range key.
fn product_item(product: &Product) -> Result<Item, StoreError> {
    let mut item = PRODUCT.item(product)?;
    let length = |attribute: &str| item.get(attribute).and_then(|value| value.as_s().ok()).map_or(0, String::len);
    let size = length("manifest_yaml") + length("manifest_json");
    if size > MANIFEST_BYTES {
        let detail = format!("the manifest takes {size} bytes; {MANIFEST_BYTES} at most are kept");
        return Err(StoreError::TooLarge { detail });
    }
    item.insert("domain_id".to_owned(), text(&product.id.domain));
    item.insert("name".to_owned(), text(&product.id.name));
    Ok(item)
}

/// The first item of a product as it is now.
fn current(product: &Product, mut item: Item) -> Item {
    item.extend(current_key(&product.id));
    item.insert("current_domain_id".to_owned(), text(&product.id.domain));
    item
}

/// Sets the attributes of `item`, but those that others write, if the stored product is the one that was read.
fn replace(mut item: Item, before: &Product) -> Expression {
    item.remove("product_id");
    item.retain(|attribute, _| !OTHERS.contains(&attribute.as_str()));
    let mut expression = Expression::when("#registered_revision = :read AND #contracts = :contracts")
        .name("#contracts", "contracts_revision")
        .value(":read", number(before.revision))
        .value(":contracts", number(before.contracts_revision));
    let remove = if item.contains_key("status_detail") { "" } else { " REMOVE #status_detail" };
    expression = expression.name("#status_detail", "status_detail");
    let mut sets = Vec::with_capacity(item.len());
    for (attribute, value) in item {
        let (name, placeholder) = (format!("#{attribute}"), format!(":{attribute}"));
        sets.push(format!("{name} = {placeholder}"));
        expression = expression.name(&name, &attribute).value(&placeholder, value);
    }
    expression.update(format!("SET {}{remove}", sets.join(", ")))
}

fn port_item(port: &Port) -> Result<Item, StoreError> {
    let mut item = PORT.item(port)?;
    item.insert("product_id".to_owned(), text(&port.address.product));
    item.insert("port_name".to_owned(), text(&port.address.port));
    Ok(item)
}
