//! The parameters of routes: what each may be. The values are allow-listed, and the document says by which pattern.

use mesh_manifest::{Classification, DomainName, Format, ProductId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// How a schema is made for the OpenAPI document.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a type, by its name where it has one.
pub(crate) fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// A query parameter or a header.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    pub name: &'static str,
    pub meaning: &'static str,
    pub schema: SchemaOf,
}

const fn parameter(name: &'static str, meaning: &'static str, schema: SchemaOf) -> Parameter {
    Parameter { name, meaning, schema }
}

pub(crate) const CURSOR: Parameter =
    parameter("cursor", "Where the page starts: the `cursor` of the page before.", cursor);
pub(crate) const LIMIT: Parameter = parameter("limit", "Items a page; 50 where none is given.", limit);
pub(crate) const HITS: Parameter = parameter("limit", "Items a page; 20 where none is given.", limit);
pub(crate) const PAGING: &[Parameter] = &[CURSOR, LIMIT];

pub(crate) const DRY_RUN: Parameter = parameter(
    "dry_run",
    "`true` answers what registering would do and refuse, as a plan with status 200, and writes nothing.",
    schema::<bool>,
);
pub(crate) const OF_DOMAIN: Parameter = parameter("domain", "Only this domain's.", schema::<DomainName>);
pub(crate) const ON_PRODUCT: Parameter = parameter("product", "Contracts on this product.", schema::<ProductId>);
pub(crate) const DIGEST: Parameter =
    parameter("digest", "Only versions with this content, by the SHA-256 of its canonical form.", digest);
pub(crate) const CONSUMER: Parameter = parameter(
    "consumer",
    "Contracts that this domain holds; your own where neither is given. One of the two at the most.",
    schema::<DomainName>,
);
pub(crate) const VERSION: Parameter = parameter(
    "version",
    "The port's major; that of your only live contract, else the newest, where none is given.",
    schema::<u64>,
);
pub(crate) const PURPOSE: Parameter =
    parameter("purpose", "What the data is wanted for; the contract's where none is given.", purpose);
pub(crate) const WORDS: Parameter = parameter("q", "Words to find; everything where none is given.", words);
pub(crate) const SLA_MINUTES: Parameter =
    parameter("sla_minutes", "Only products of which a port promises at most this freshness.", minutes);
pub(crate) const CLASSIFIED: Parameter =
    parameter("classification", "Only this classification.", schema::<Classification>);
pub(crate) const OF_FORMAT: Parameter =
    parameter("format", "Only products with a port of this format.", schema::<Format>);
pub(crate) const WAREHOUSE: Parameter =
    parameter("warehouse", "The only one, which is meant where none is named.", warehouse);
pub(crate) const PARENT: Parameter =
    parameter("parent", "Namespaces have one level: a parent has no children.", schema::<String>);
pub(crate) const SNAPSHOTS: Parameter =
    parameter("snapshots", "`all` or `refs`; all are shown anyway.", schema::<String>);

pub(crate) const ACTING: Parameter =
    parameter("Mesh-Domain", "The domain to act for, if you belong to several.", schema::<DomainName>);
pub(crate) const IDEMPOTENCY: Parameter =
    parameter("Idempotency-Key", "The same key and body within 24 hours get the same answer.", idempotency_key);
pub(crate) const PREFER: Parameter = parameter(
    "Prefer",
    "`wait=SECONDS` answers when the product is active or failed, or when the seconds (20 at most) are over.",
    schema::<String>,
);
pub(crate) const FINDINGS_DIGEST: Parameter =
    parameter("Mesh-Findings-Digest", "The findings that your plan showed; 409 where they changed.", schema::<String>);

/// What a parameter in a path may be.
pub(crate) fn in_path(name: &str) -> SchemaOf {
    match name {
        "domain" | "namespace" => schema::<DomainName>,
        "product" => schema::<ProductId>,
        "port" => port,
        "contract" => contract,
        "schema_id" => schema_id,
        "table" => table,
        "catalogue_table" => catalogue_table,
        other => unreachable!("nothing is known of the path parameter `{other}`"),
    }
}

/// A value that a parameter in a path may have, where one can be told without asking.
pub(crate) fn example_in_path(name: &str) -> Option<&'static str> {
    match name {
        "domain" | "namespace" => Some("operations"),
        "product" => Some("operations.flights"),
        "port" => Some("daily"),
        "table" => Some("flights__daily__v1"),
        "catalogue_table" => Some("flights__daily__v1"),
        _ => None,
    }
}

fn cursor(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1 })
}

fn limit(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "minimum": 1, "maximum": 100, "examples": [50] })
}

fn minutes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "integer", "format": "uint64", "minimum": 1 })
}

fn purpose(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "minLength": 1, "maxLength": 60 })
}

fn words(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 500 })
}

fn warehouse(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "const": "mesh" })
}

fn idempotency_key(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[ -~]{1,255}$" })
}

fn contract(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*\\.[a-z][a-z0-9]*(-[a-z0-9]+)*\\.[a-z0-9]{26}$",
    })
}

/// A port as addresses end with it, or by its name alone.
fn port(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "description": "The port's name, with or without its major: `daily` or `daily@1`.",
        "maxLength": 50,
        "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*(@(0|[1-9][0-9]{0,8}))?$",
    })
}

fn schema_id(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^sch_[0-9a-f]{24}$" })
}

/// Any table that Glue may hold.
fn catalogue_table(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "maxLength": 255, "pattern": "^[a-z0-9_-]+$" })
}

fn digest(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
}

fn table(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "pattern": "^[a-z][a-z0-9]*(_[a-z0-9]+)*__[a-z][a-z0-9]*(_[a-z0-9]+)*__v(0|[1-9][0-9]*)$",
    })
}
