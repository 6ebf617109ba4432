//! How a product's document lies in the index: analyzers, mapping and the names of its fields, which stand nowhere else.
//!
//! Ports and their fields are plain objects, not nested documents: the index flattens them, so that one query over all
//! names and descriptions stays cheap.

use mesh_core::search_index::ProductDocument;
use serde::Serialize;
use serde_json::{Value, json};

/// The text that a search looks into, and how much a word found there weighs.
pub const SEARCHED: [(&str, u8); 9] = [
    ("name", 4),
    ("product_id", 4),
    ("tags", 3),
    ("description", 2),
    ("owner_team", 1),
    ("ports.name", 1),
    ("ports.description", 1),
    ("ports.fields.name", 1),
    ("ports.fields.description", 1),
];

/// Most words of a text that are searched for; the rest is not looked at.
pub const MAX_WORDS: usize = 32;
/// Whole names, in lower case: a search that is exactly one of them puts that product first.
pub const EXACT: [&str; 2] = ["name.exact", PRODUCT_ID_EXACT];
/// Unique, and so the last word in every sorting.
pub const PRODUCT_ID_EXACT: &str = "product_id.exact";
pub const DOMAIN: &str = "domain";
pub const CLASSIFICATION: &str = "classification";
pub const VISIBILITY: &str = "visibility";
pub const STATUS: &str = "status";
pub const SLA_MINUTES: &str = "sla_minutes";
pub const FORMAT: &str = "ports.format";
pub const DELETED: &str = "deleted";
/// A port's fields: searched, but left out of what is found because there may be thousands.
pub const PORT_FIELDS: &str = "ports.fields";
pub const COMPLIANCE_BUCKET: &str = "compliance_bucket";
pub const REVISION: &str = "revision";
pub const FINGERPRINT: &str = "fingerprint";

/// The facets by the names that an answer gives them, the field behind each, and how many values it lists at most.
pub const FACETS: [(&str, &str, u32); 4] = [
    ("domain", DOMAIN, 200),
    ("classification", CLASSIFICATION, 10),
    ("format", FORMAT, 20),
    ("compliance", COMPLIANCE_BUCKET, 10),
];

/// Words that mean the same to somebody who searches. A list, not a thesaurus: what is common in names of data.
const SYNONYMS: [&str; 14] = [
    "airplane, aeroplane, aircraft, plane",
    "airport, airfield, aerodrome",
    "airline, carrier",
    "car, automobile",
    "customer, client",
    "employee, staff, personnel",
    "supplier, vendor",
    "delay, lateness",
    "identifier, id",
    "number, num",
    "quantity, qty",
    "temperature, temp",
    "timestamp, datetime",
    "postcode, zip",
];

/// A document as it is stored: what is searched, and what the index adds for facets and sweeps.
#[derive(Debug, Serialize)]
pub struct Stored<'a> {
    #[serde(flatten)]
    document: &'a ProductDocument,
    compliance_bucket: &'static str,
    fingerprint: String,
}

impl<'a> Stored<'a> {
    /// The stored form of `document`.
    pub fn new(document: &'a ProductDocument) -> Self {
        Self { document, compliance_bucket: document.compliance_bucket().as_str(), fingerprint: document.fingerprint() }
    }
}

/// Settings and mapping of the index: the body of the request that creates it, aliases aside.
pub fn definition() -> Value {
    json!({
        "settings": {
            // One shard: scores of all products are comparable, and a mesh has thousands of products, not billions.
            "number_of_shards": 1,
            "auto_expand_replicas": "0-1",
            // Said outright, because an index without it falls asleep between searches and the first one afterwards waits.
            "refresh_interval": "1s",
            "analysis": analysis(),
        },
        "mappings": mapping(),
    })
}

fn mapping() -> Value {
    let text =
        || json!({ "type": "text", "analyzer": "mesh", "search_analyzer": "mesh_search", "index_options": "offsets" });
    let with_exact = || {
        let mut field = text();
        if let Some(field) = field.as_object_mut() {
            field.insert(
                "fields".to_owned(),
                json!({ "exact": { "type": "keyword", "normalizer": "mesh_exact", "ignore_above": 256 } }),
            );
        }
        field
    };
    let keyword = || json!({ "type": "keyword" });
    // Shown, never searched.
    let shown = || json!({ "type": "keyword", "index": false, "doc_values": false });
    json!({
        "dynamic": "strict",
        "properties": {
            "product_id": with_exact(),
            "domain": keyword(),
            "name": with_exact(),
            "version": shown(),
            "description": text(),
            "owner_team": text(),
            "owner_contact": shown(),
            "classification": keyword(),
            "visibility": keyword(),
            "tags": with_exact(),
            "status": keyword(),
            "sla_minutes": { "type": "long" },
            "ports": {
                "properties": {
                    "address": shown(),
                    "name": with_exact(),
                    "description": text(),
                    "format": keyword(),
                    "sla_minutes": { "type": "long", "index": false },
                    "fields": { "properties": { "name": with_exact(), "description": text() } },
                },
            },
            "compliance": { "type": "double", "index": false },
            "compliance_bucket": keyword(),
            "revision": { "type": "long", "index": false },
            "fingerprint": shown(),
            "deleted": { "type": "boolean" },
        },
    })
}

fn analysis() -> Value {
    json!({
        "char_filter": {
            // `operations.flights` and `tail_number` are several words, also when they are typed whole.
            "punctuation": { "type": "mapping", "mappings": [". => \\u0020", "_ => \\u0020", "- => \\u0020", "/ => \\u0020", "@ => \\u0020", ": => \\u0020"] },
        },
        "normalizer": { "mesh_exact": { "type": "custom", "filter": ["lowercase"] } },
        "filter": {
            // `tailNumber` is found as `tail number` and as `tailnumber`.
            "words": { "type": "word_delimiter_graph", "split_on_numerics": false, "catenate_all": true },
            "possessive": { "type": "stemmer", "language": "possessive_english" },
            "stop": { "type": "stop", "stopwords": "_english_" },
            "stem": { "type": "stemmer", "language": "english" },
            // Behind the stemmer, which then stems the list too. At search time only: a longer list asks for no new documents.
            "synonyms": { "type": "synonym_graph", "synonyms": SYNONYMS },
            // Each word costs a clause for each searched field; scripts without spaces make hundreds of words in 500 characters.
            "bound": { "type": "limit", "max_token_count": MAX_WORDS },
        },
        "analyzer": {
            "mesh": {
                "type": "custom",
                "tokenizer": "standard",
                "filter": ["words", "flatten_graph", "lowercase", "asciifolding", "stop", "stem"],
            },
            "mesh_search": {
                "type": "custom",
                "char_filter": ["punctuation"],
                "tokenizer": "standard",
                "filter": ["bound", "possessive", "lowercase", "asciifolding", "stop", "stem", "synonyms"],
            },
        },
    })
}
