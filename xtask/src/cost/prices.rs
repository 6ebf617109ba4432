//! What AWS asks for, in US dollars, us-east-1, without free tiers and discounts; and where each price was read.

use super::count::Counted;

/// One price.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    pub what: &'static str,
    /// Dollars for one.
    pub dollars: f64,
    /// As people quote it.
    pub quoted: &'static str,
    pub source: &'static str,
    /// Day of the source's text.
    pub as_of: &'static str,
}

const fn price(
    what: &'static str,
    dollars: f64,
    quoted: &'static str,
    source: &'static str,
    as_of: &'static str,
) -> Price {
    Price { what, dollars, quoted, source, as_of }
}

/// No copy of the page's figures was at hand: to be looked up before anybody relies on it.
const FROM_MEMORY: &str = "from memory, to be looked up";

pub const API: Price =
    price("HTTP API", 1.0e-6, "$1.00 a million requests", "aws.amazon.com/api-gateway/pricing", "2025-12");
pub const INVOCATION: Price =
    price("Lambda, requests", 0.2e-6, "$0.20 a million", "aws.amazon.com/lambda/pricing", "2026-06");
pub const GB_SECOND: Price =
    price("Lambda, arm64", 0.000_013_333_4, "$0.0000133334 a GB-second", "aws.amazon.com/lambda/pricing", "2026-06");
pub const READ_UNIT: Price = price(
    "DynamoDB, reads on demand",
    0.125e-6,
    "$0.125 a million units",
    "AWS Price List, AmazonDynamoDB",
    "2026-07-31",
);
pub const WRITE_UNIT: Price = price(
    "DynamoDB, writes on demand",
    0.625e-6,
    "$0.625 a million units",
    "AWS Price List, AmazonDynamoDB",
    "2026-07-31",
);
pub const S3_PUT: Price =
    price("S3, PUT and LIST", 5.0e-6, "$0.005 a thousand", "aws.amazon.com/s3/pricing", FROM_MEMORY);
pub const S3_GET: Price =
    price("S3, GET and others", 0.4e-6, "$0.0004 a thousand", "aws.amazon.com/s3/pricing", FROM_MEMORY);
pub const KMS: Price = price("KMS, requests", 3.0e-6, "$0.03 ten thousand", "aws.amazon.com/kms/pricing", FROM_MEMORY);
pub const GLUE: Price =
    price("Glue catalogue, requests", 1.0e-6, "$1.00 a million", "aws.amazon.com/glue/pricing", FROM_MEMORY);
pub const EVENT: Price =
    price("EventBridge, custom events", 1.0e-6, "$1.00 a million", "aws.amazon.com/eventbridge/pricing", FROM_MEMORY);
pub const START: Price =
    price("EventBridge Scheduler", 1.0e-6, "$1.00 a million starts", "aws.amazon.com/eventbridge/pricing", FROM_MEMORY);
pub const NOTICE: Price = price("SNS", 0.5e-6, "$0.50 a million", "aws.amazon.com/sns/pricing", FROM_MEMORY);
pub const LOG_GB: Price =
    price("CloudWatch Logs, taken in", 0.5, "$0.50 a GB", "aws.amazon.com/cloudwatch/pricing", FROM_MEMORY);
pub const TRACE: Price = price("X-Ray", 5.0e-6, "$5.00 a million traces", "aws.amazon.com/xray/pricing", FROM_MEMORY);
pub const METRIC: Price =
    price("CloudWatch, own metrics", 0.3, "$0.30 a metric and month", "aws.amazon.com/cloudwatch/pricing", FROM_MEMORY);
pub const ALARM: Price = price(
    "CloudWatch, alarms",
    0.1,
    "$0.10 a watched metric and month",
    "aws.amazon.com/cloudwatch/pricing",
    FROM_MEMORY,
);
pub const KEY: Price = price("KMS, keys", 1.0, "$1.00 a key and month", "aws.amazon.com/kms/pricing", FROM_MEMORY);
pub const SEARCH_HOUR: Price =
    price("OpenSearch, r7g.large.search", 0.178, "$0.178 an hour", "AWS Price List, AmazonES", "2026-10-02");
pub const SEARCH_GB: Price = price(
    "OpenSearch, gp3 volumes",
    0.122,
    "$0.122 a GB and month",
    "aws.amazon.com/opensearch-service/pricing",
    FROM_MEMORY,
);
pub const CLIENT: Price =
    price("Cognito, machine clients", 6.0, "$6.00 a client and month", "aws.amazon.com/cognito/pricing", "2025-05");
pub const TOKEN: Price =
    price("Cognito, machine tokens", 2.25e-3, "$2.25 a thousand", "aws.amazon.com/cognito/pricing", "2025-04-27");

/// Every price, as the document lists them.
pub const ALL: &[Price] = &[
    API,
    INVOCATION,
    GB_SECOND,
    READ_UNIT,
    WRITE_UNIT,
    S3_PUT,
    S3_GET,
    KMS,
    GLUE,
    EVENT,
    START,
    NOTICE,
    LOG_GB,
    TRACE,
    METRIC,
    ALARM,
    KEY,
    SEARCH_HOUR,
    SEARCH_GB,
    CLIENT,
    TOKEN,
];

/// Share of invocations of which X-Ray keeps a trace, by its default rule.
const TRACED: f64 = 0.05;

/// What AWS asks for what was counted, the functions' time aside.
pub fn dollars(counted: &Counted) -> f64 {
    let of_requests: f64 = counted.requests.iter().map(|(action, number)| of_request(action) * number).sum();
    counted.api * API.dollars
        + counted.invocations * (INVOCATION.dollars + TRACED * TRACE.dollars)
        + counted.read_units * READ_UNIT.dollars
        + counted.write_units * WRITE_UNIT.dollars
        + counted.log_bytes / 1e9 * LOG_GB.dollars
        + of_requests
}

/// What one request is charged; STS is free.
fn of_request(action: &str) -> f64 {
    match action.split_once(':').unwrap_or_default() {
        ("s3", "PutObject" | "ListBucket" | "ListObjects" | "ListObjectsV2") => S3_PUT.dollars,
        ("s3", _) => S3_GET.dollars,
        ("kms", _) => KMS.dollars,
        ("glue", _) => GLUE.dollars,
        ("events", _) => EVENT.dollars,
        ("sns", _) => NOTICE.dollars,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn everything_that_was_counted_is_charged() {
        let million = 1e6;
        for (counted, expected) in [
            (Counted { api: million, ..Counted::default() }, 1.0),
            (Counted { invocations: million, ..Counted::default() }, 0.2 + 0.25),
            (Counted { read_units: million, ..Counted::default() }, 0.125),
            (Counted { write_units: million, ..Counted::default() }, 0.625),
            (Counted { log_bytes: 2e9, ..Counted::default() }, 1.0),
            (Counted { requests: BTreeMap::from([("s3:ListBucket".into(), million)]), ..Counted::default() }, 5.0),
            (Counted { requests: BTreeMap::from([("s3:GetObject".into(), million)]), ..Counted::default() }, 0.4),
            (Counted { requests: BTreeMap::from([("kms:Decrypt".into(), million)]), ..Counted::default() }, 3.0),
            (Counted { requests: BTreeMap::from([("sts:AssumeRole".into(), million)]), ..Counted::default() }, 0.0),
        ] {
            assert!((dollars(&counted) - expected).abs() < 1e-9, "{counted:?}: {}", dollars(&counted));
        }
    }
}
