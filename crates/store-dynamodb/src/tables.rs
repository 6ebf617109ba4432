//! The tables that the stores need: keys, indexes, streams and expiry of each.

/// One table; its full name is a prefix and [`Self::name`]. All key attributes are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    pub name: &'static str,
    pub hash: &'static str,
    pub range: Option<&'static str>,
    pub indexes: &'static [Index],
    /// Whether changes are streamed, with new and old images.
    pub stream: bool,
    /// Whether items expire by the attribute `expires_at`, in seconds since 1970.
    pub expires: bool,
}

/// A global secondary index with all attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Index {
    pub name: &'static str,
    pub hash: &'static str,
    pub range: Option<&'static str>,
}

impl Table {
    const fn new(name: &'static str, hash: &'static str, range: Option<&'static str>) -> Self {
        Self { name, hash, range, indexes: &[], stream: false, expires: false }
    }

    const fn with_indexes(self, indexes: &'static [Index]) -> Self {
        Self { indexes, ..self }
    }

    const fn streamed(self) -> Self {
        Self { stream: true, ..self }
    }

    const fn expiring(self) -> Self {
        Self { expires: true, ..self }
    }
}

/// `domain#<id>`/`domain`: the domain; `principal#<principal>`/`domain#<id>`: a membership; `binding#<arn>`/`binding`: whose it is.
pub const DOMAINS: Table = Table::new("domains", "pk", Some("sk")).with_indexes(&[BY_KIND]);
/// Range `current`: the product now; `r0000000001` and so on: its history.
pub const DATA_PRODUCTS: Table =
    Table::new("data_products", "product_id", Some("revision")).with_indexes(&[BY_DOMAIN]).streamed();
pub const OUTPUT_PORTS: Table = Table::new("output_ports", "product_id", Some("port_id"));
/// Range: the semantic version with its numbers padded to ten digits.
pub const SCHEMAS: Table = Table::new("schemas", "subject", Some("version")).with_indexes(&[BY_SCHEMA_ID]);
pub const CONSUMPTION_CONTRACTS: Table =
    Table::new("consumption_contracts", "producer_product_id", Some("contract_id")).with_indexes(&[BY_CONSUMER]);
/// Range `latest`: the port's state; else the time of a measurement.
pub const SLA_MEASUREMENTS: Table = Table::new("sla_measurements", "port_id", Some("measured_at")).expiring();
/// Range `current`: the bundle in force; else when a bundle was published and its revision.
pub const POLICIES: Table = Table::new("policies", "scope", Some("revision"));
pub const GRANTS: Table = Table::new("grants", "grant_key", None).expiring();
pub const IDEMPOTENCY: Table = Table::new("idempotency", "idempotency_key", None).expiring();
/// A port and a product that has it among its inputs.
pub const LINEAGE: Table = Table::new("lineage", "upstream", Some("downstream"));
/// Range: the time of the entry, `#` and its id.
pub const AUDIT_LOG: Table = Table::new("audit_log", "resource", Some("at_id")).expiring();

/// The domains in order of their ids.
pub const BY_KIND: Index = Index { name: "by_kind", hash: "kind", range: Some("pk") };
/// A domain's current products: history has no `current_domain_id`.
pub const BY_DOMAIN: Index = Index { name: "by_domain", hash: "current_domain_id", range: Some("product_id") };
pub const BY_SCHEMA_ID: Index = Index { name: "by_schema_id", hash: "schema_id", range: None };
/// A consumer's contracts in order of their making: contract ids begin with the product and do not sort by time.
pub const BY_CONSUMER: Index = Index { name: "by_consumer", hash: "consumer_domain_id", range: Some("created_at") };

/// Every table.
pub const TABLES: [Table; 11] = [
    DOMAINS,
    DATA_PRODUCTS,
    OUTPUT_PORTS,
    SCHEMAS,
    CONSUMPTION_CONTRACTS,
    SLA_MEASUREMENTS,
    POLICIES,
    GRANTS,
    IDEMPOTENCY,
    LINEAGE,
    AUDIT_LOG,
];
