//! Where and how a port is served, out of the output port's type and the contract's servers.

use serde_json::{Map, Value};

use crate::{endpoint::check_endpoint, model::Format};

use super::value::{objects, text};

/// How the port is served, where the documents say it.
pub fn format(output: &Map<String, Value>, contract: &Map<String, Value>) -> Option<Format> {
    if let Some(named) = text(output, "type").and_then(of_words) {
        return Some(named);
    }
    let of_files =
        text(output, "type").is_some_and(|kind| matches!(kind.to_ascii_lowercase().as_str(), "s3" | "files" | "file"));
    objects(contract, "servers").find_map(|(_, server)| {
        let stored = text(server, "format").and_then(of_words).filter(|format| !format.is_endpoint());
        match text(server, "type")? {
            "iceberg" | "glue" => stored.or(Some(Format::Iceberg)),
            "s3" | "azure" | "sftp" | "local" => stored.or(Some(Format::Parquet)),
            _ if of_files => stored,
            // An endpoint that readers cannot reach makes no port of it.
            _ => [Format::Http, Format::Kafka, Format::Sql]
                .into_iter()
                .find(|format| endpoint_of(server, *format, contract).is_some()),
        }
    })
}

fn of_words(text: &str) -> Option<Format> {
    let lower = text.to_ascii_lowercase();
    let word = |words: &[&str]| lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| words.contains(&word));
    Some(if word(&["iceberg", "table", "tables", "glue"]) {
        Format::Iceberg
    } else if word(&["parquet"]) {
        Format::Parquet
    } else if word(&["csv"]) {
        Format::Csv
    } else if word(&["json", "jsonl", "ndjson"]) {
        Format::Json
    } else if word(&["http", "https", "rest", "api", "openapi", "graphql"]) {
        Format::Http
    } else if word(&["kafka", "kafkas", "topic"]) {
        Format::Kafka
    } else if word(&[
        "sql",
        "jdbc",
        "postgres",
        "postgresql",
        "mysql",
        "redshift",
        "athena",
        "trino",
        "presto",
        "snowflake",
        "bigquery",
        "sqlserver",
        "oracle",
        "databricks",
    ]) {
        Format::Sql
    } else {
        return None;
    })
}

/// The URL of the first server at which readers reach data of `format`, and the server's index. The platform serves other formats.
pub fn endpoint(contract: &Map<String, Value>, format: Format) -> Option<(usize, String)> {
    let mut servers = objects(contract, "servers").filter(|_| format.is_endpoint());
    servers.find_map(|(index, server)| Some((index, endpoint_of(server, format, contract)?)))
}

fn endpoint_of(server: &Map<String, Value>, format: Format, contract: &Map<String, Value>) -> Option<String> {
    let of = |name: &str| text(server, name);
    let port = match server.get("port") {
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let authority = || {
        let host = of("host")?;
        Some(port.as_ref().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
    };
    let database = of("database").or_else(|| of("catalog")).unwrap_or_default();
    let url = match (of("type")?, format) {
        (_, _) if of("location").is_some_and(|location| check_endpoint(format, location).is_ok()) => {
            of("location")?.to_owned()
        }
        ("kafka", Format::Kafka) => {
            let host = of("host")?;
            let topic = objects(contract, "schema")
                .find_map(|(_, object)| text(object, "physicalName").or_else(|| text(object, "name")));
            format!("kafka://{}/{}", host.trim_start_matches("kafka://"), topic.unwrap_or_default())
        }
        ("postgres" | "postgresql" | "cloudsql", Format::Sql) => format!("postgresql://{}/{database}", authority()?),
        ("mysql", Format::Sql) => format!("mysql://{}/{database}", authority()?),
        ("redshift", Format::Sql) => format!("redshift://{}/{database}", authority()?),
        ("trino", Format::Sql) => format!("trino://{}/{database}", authority()?),
        ("snowflake", Format::Sql) => match authority() {
            Some(authority) => format!("snowflake://{authority}/{database}"),
            None => format!("snowflake://{}.snowflakecomputing.com/{database}", of("account")?),
        },
        (
            kind @ ("sqlserver" | "oracle" | "db2" | "clickhouse" | "databricks" | "vertica" | "exasol" | "hive"
            | "impala" | "presto" | "teradata" | "dremio" | "denodo" | "synapse" | "informix" | "hana"),
            Format::Sql,
        ) => format!("jdbc:{kind}://{}/{database}", authority()?),
        _ => return None,
    };
    check_endpoint(format, &url).is_ok().then_some(url)
}
