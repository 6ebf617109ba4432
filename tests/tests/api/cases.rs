//! The requests of the access table: at least one for every route, several where the answer hangs on what is asked about.

use mesh_api::routes::{self, Route};
use serde_json::{Value, json};

use crate::world::{Call, World, caller, manifest};

/// One row of the table.
pub struct Case {
    pub route: &'static Route,
    /// What the request is about, where the route has several rows.
    pub about: &'static str,
    /// Whether what is asked for is hidden from other domains, so that they must not tell it from what does not exist.
    pub hidden: bool,
    /// Says in short how much of it was shown.
    pub shown: fn(&Value) -> String,
    path: String,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
}

impl Case {
    fn new(route: &'static Route, about: &'static str, path: &str) -> Self {
        Self {
            route,
            about,
            hidden: false,
            shown: |_| String::new(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.headers.push(("content-type", "application/json"));
        self
    }

    fn yaml(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.headers.push(("content-type", "application/yaml"));
        self
    }

    fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    fn shown(mut self, shown: fn(&Value) -> String) -> Self {
        self.shown = shown;
        self
    }

    /// The request as `who` sends it.
    pub fn call(&self, who: &str) -> Call {
        let call = Call::new(who, self.route, &self.path).body(&self.body);
        self.headers.iter().fold(call, |call, (name, value)| call.header(name, value))
    }

    /// Whether the request can change something.
    pub fn writes(&self) -> bool {
        !matches!(self.route.method, "GET" | "HEAD") && self.route.operation != "checkPolicy"
    }
}

fn items(body: &Value) -> String {
    counted(body, "/items")
}

fn counted(body: &Value, pointer: &str) -> String {
    body.pointer(pointer).and_then(Value::as_array).map(|items| format!(" ({})", items.len())).unwrap_or_default()
}

/// Members, texts and the like are shown to some and left out for others.
fn whole(body: &Value) -> String {
    let has = |key: &str| body.get(key).is_some_and(|value| *value != json!([]) && *value != json!(""));
    if has("members") || has("manifest_text") { " whole".to_owned() } else { String::new() }
}

fn whole_history(body: &Value) -> String {
    body.pointer("/items/0").map(whole).unwrap_or_default()
}

fn decision(body: &Value) -> String {
    if body["decision"] == true { " yes" } else { " no" }.to_owned()
}

/// The fake's session tokens say what they are for.
fn rights(body: &Value) -> String {
    let tokens =
        ["/config/s3.session-token", "/storage-credentials/0/config/s3.session-token", "/credentials/session_token"];
    let token = tokens.iter().find_map(|pointer| body.pointer(pointer)).and_then(Value::as_str);
    token.and_then(|token| token.split('|').next()).map(|mode| format!(" {mode}")).unwrap_or_default()
}

/// Contracts that the cases are about, beside the live one of `insights`.
pub struct Contracts {
    live: String,
    pending: String,
    of_third: String,
}

impl Contracts {
    pub async fn make(world: &World) -> Self {
        let live = world.contract("insights", "operations.flights").await;
        // Else there were nothing to take away.
        world.contracts().pin(&caller("insights", "owner"), &live.id, &live.port, 1).await.unwrap();
        let live = live.id.to_string();
        let pending = world.requested("insights", "operations.flights/daily@1", "operations").await.id.to_string();
        let of_third = world.requested("weather", "operations.flights/daily@1", "analytics").await.id.to_string();
        Self { live, pending, of_third }
    }
}

/// Every row, in the order of the route table.
#[allow(clippy::too_many_lines, reason = "a table")]
pub async fn all(world: &World) -> Vec<Case> {
    let contracts = Contracts::make(world).await;
    let schema = async |product: &str| {
        use mesh_core::product::ProductStore;
        world.store.ports(&product.parse().unwrap()).await.unwrap()[0].schema_id.clone()
    };
    let (schema, hidden_schema) = (schema("operations.plain").await, schema("operations.secret").await);
    let members = |name: &str| json!([{ "principal": format!("https://idp.example.org|{name}"), "roles": ["owner"] }]);
    let domain = |id: &str| json!({ "id": id, "description": "Changed", "members": members("somebody") });
    let new = manifest("operations", "new", "company", "internal");
    let envelope = json!({
        "bucket": "another", "key_arn": "arn:aws:kms:eu-west-1:000000000000:key/another", "glue_database": "another",
        "reader_role_arn": "arn:aws:iam::000000000000:role/r", "producer_role_arn": "arn:aws:iam::000000000000:role/p",
        "observer_role_arn": "arn:aws:iam::000000000000:role/o", "alert_topic_arn": "arn:aws:sns:eu-west-1:000000000000:t",
    });
    let ask = |product: &str, purpose: &str| json!({ "port": format!("operations.{product}/daily@1"), "purpose": purpose, "contact": "a@example.org" });
    let question = |product: &str| {
        json!({ "action": { "name": "read" }, "context": { "purpose": "analytics" },
            "resource": { "type": "output_port", "id": format!("operations.{product}/daily@1") } })
    };
    let pin = json!({ "snapshot": 1 });
    let schema_check = json!({ "schema": { "fields": [{ "name": "a", "type": "string" }] } });
    let policy = json!({ "modules": {} });
    let global = json!({ "modules": mesh_policy::defaults::global().modules });
    let offers = json!({ "modules": mesh_policy::defaults::product().modules });
    let commit = json!({ "requirements": [], "updates": [
        { "action": "set-properties", "updates": { "write.parquet.row-group-size-bytes": "1048576" } }] });
    let case = Case::new;
    let product = |path: &str, rest: &str| format!("/products/operations.{path}{rest}");
    let table = |name: &str, rest: &str| format!("/iceberg/v1/namespaces/operations/tables/{name}__daily__v1{rest}");
    let contract = |id: &str, verb: &str| format!("/contracts/{id}{verb}");
    vec![
        case(&routes::OPENAPI, "", "/openapi.json"),
        case(&routes::DOMAIN_CREATE, "", "/domains").json(&domain("fleet")),
        case(&routes::DOMAIN_LIST, "", "/domains").shown(items),
        case(&routes::DOMAIN_READ, "", "/domains/operations").shown(whole),
        case(&routes::DOMAIN_UPDATE, "own", "/domains/operations").json(&domain("operations")),
        case(&routes::DOMAIN_UPDATE, "platform", "/domains/platform").json(&domain("platform")),
        case(&routes::DOMAIN_DELETE, "without products", "/domains/spare"),
        case(&routes::ENVELOPE_BIND, "", "/domains/operations/envelope").json(&envelope),
        case(&routes::ENVELOPE_READ, "", "/domains/operations/envelope"),
        case(&routes::ENVELOPE_RELEASE, "", "/domains/operations/envelope"),
        case(&routes::PRODUCT_REGISTER, "dry run", "/products?dry_run=true").yaml(&new),
        case(&routes::PRODUCT_REGISTER, "", "/products").yaml(&new),
        case(&routes::PRODUCT_LIST, "", "/products?limit=100").shown(items),
        case(&routes::PRODUCT_READ, "company", &product("plain", "")).shown(whole),
        case(&routes::PRODUCT_READ, "its domain", &product("team", "")).shown(whole).hidden(),
        case(&routes::PRODUCT_READ, "hidden", &product("secret", "")).shown(whole).hidden(),
        case(&routes::PRODUCT_RETIRE, "company", &product("plain", "")),
        case(&routes::PRODUCT_RETIRE, "hidden", &product("secret", "")).hidden(),
        case(&routes::PRODUCT_HISTORY, "company", &product("plain", "/history")).shown(whole_history),
        case(&routes::PRODUCT_HISTORY, "hidden", &product("secret", "/history")).shown(whole_history).hidden(),
        case(&routes::PORT_CONTRACT, "company", &product("plain", "/ports/daily/contract")),
        case(&routes::PORT_CONTRACT, "hidden", &product("secret", "/ports/daily/contract")).hidden(),
        case(&routes::PORT_SLA, "company", &product("plain", "/ports/daily/sla")),
        case(&routes::PORT_SLA, "hidden", &product("secret", "/ports/daily/sla")).hidden(),
        case(&routes::SCHEMA_READ, "company", &format!("/schemas/{schema}")),
        case(&routes::SCHEMA_READ, "hidden", &format!("/schemas/{hidden_schema}")).hidden(),
        case(&routes::SUBJECT_VERSIONS, "company", "/subjects/operations.plain/daily/versions").shown(items),
        case(&routes::SUBJECT_VERSIONS, "hidden", "/subjects/operations.secret/daily/versions").shown(items).hidden(),
        case(&routes::SUBJECT_CHECK, "company", "/subjects/operations.plain/daily/check").json(&schema_check),
        case(&routes::SUBJECT_CHECK, "hidden", "/subjects/operations.secret/daily/check").json(&schema_check).hidden(),
        case(&routes::CONTRACT_REQUEST, "company", "/contracts").json(&ask("plain", "analytics")),
        case(&routes::CONTRACT_REQUEST, "hidden", "/contracts").json(&ask("secret", "analytics")).hidden(),
        case(&routes::CONTRACT_LIST, "one's own", "/contracts").shown(items),
        case(&routes::CONTRACT_LIST, "on a product", "/contracts?product=operations.flights").shown(items),
        case(&routes::CONTRACT_LIST, "on a hidden product", "/contracts?product=operations.secret").shown(items),
        case(&routes::CONTRACT_LIST, "of `insights`", "/contracts?consumer=insights").shown(items),
        case(&routes::CONTRACT_READ, "own × other", &contract(&contracts.pending, "")),
        case(&routes::CONTRACT_READ, "own × a third", &contract(&contracts.of_third, "")),
        case(&routes::CONTRACT_APPROVE, "own × other", &contract(&contracts.pending, "/approve")).json(&json!({})),
        case(&routes::CONTRACT_REJECT, "own × other", &contract(&contracts.pending, "/reject")).json(&json!({})),
        case(&routes::CONTRACT_REVOKE, "own × other", &contract(&contracts.live, "/revoke")).json(&json!({})),
        case(&routes::CONTRACT_REVOKE, "own × a third", &contract(&contracts.of_third, "/revoke")).json(&json!({})),
        case(&routes::CONTRACT_MOVE, "own × other", &contract(&contracts.live, "/move"))
            .json(&json!({ "port": "operations.flights/daily@1" })),
        case(&routes::CONTRACT_MOVE, "own × a third", &contract(&contracts.of_third, "/move")).json(&json!({})),
        case(&routes::CONTRACT_ACKNOWLEDGE, "own × other", &contract(&contracts.live, "/acknowledge")),
        case(&routes::CONTRACT_ACKNOWLEDGE, "own × a third", &contract(&contracts.of_third, "/acknowledge")),
        case(&routes::CONTRACT_PIN, "own × other", &contract(&contracts.live, "/pin")).json(&pin),
        case(&routes::CONTRACT_PIN, "own × a third", &contract(&contracts.of_third, "/pin")).json(&pin),
        case(&routes::CONTRACT_UNPIN, "own × other", &contract(&contracts.live, "/pin")),
        case(&routes::CONTRACT_UNPIN, "own × a third", &contract(&contracts.of_third, "/pin")),
        case(&routes::PORT_READ, "public", &product("open", "/ports/daily/read")).shown(rights),
        case(&routes::PORT_READ, "under contract", &product("flights", "/ports/daily/read")).shown(rights),
        case(&routes::PORT_READ, "without one", &product("plain", "/ports/daily/read")).shown(rights),
        case(&routes::PORT_READ, "its domain", &product("team", "/ports/daily/read")).shown(rights).hidden(),
        case(&routes::PORT_READ, "hidden", &product("secret", "/ports/daily/read")).shown(rights).hidden(),
        case(&routes::PORT_WRITE, "company", &product("flights", "/ports/daily/write")).shown(rights),
        case(&routes::PORT_WRITE, "hidden", &product("secret", "/ports/daily/write")).shown(rights).hidden(),
        case(&routes::POLICY_CHECK, "under contract", "/governance/policy-check")
            .json(&question("flights"))
            .shown(decision),
        case(&routes::POLICY_CHECK, "without one", "/governance/policy-check").json(&question("plain")).shown(decision),
        case(&routes::POLICY_CHECK, "hidden", "/governance/policy-check")
            .json(&question("secret"))
            .shown(decision)
            .hidden(),
        case(&routes::POLICY_PUBLISH_GLOBAL, "", "/governance/policies/global").json(&global),
        case(&routes::POLICY_READ_GLOBAL, "", "/governance/policies/global"),
        case(&routes::POLICY_PUBLISH_PRODUCTS, "", "/governance/policies/products").json(&offers),
        case(&routes::POLICY_READ_PRODUCTS, "", "/governance/policies/products"),
        case(&routes::POLICY_PUBLISH_DOMAIN, "", "/governance/policies/domains/operations").json(&policy),
        case(&routes::POLICY_READ_DOMAIN, "", "/governance/policies/domains/operations"),
        case(&routes::SEARCH, "", "/marketplace/search?limit=100").shown(items),
        case(&routes::ICEBERG_CONFIG, "", "/iceberg/v1/config"),
        case(&routes::ICEBERG_NAMESPACES, "", "/iceberg/v1/namespaces").shown(|body| counted(body, "/namespaces")),
        case(&routes::ICEBERG_NAMESPACE, "", "/iceberg/v1/namespaces/operations"),
        case(&routes::ICEBERG_NAMESPACE_HEAD, "", "/iceberg/v1/namespaces/operations"),
        case(&routes::ICEBERG_TABLES, "", "/iceberg/v1/namespaces/operations/tables")
            .shown(|body| counted(body, "/identifiers")),
        case(&routes::ICEBERG_TABLE, "under contract", &table("flights", "")).shown(rights),
        case(&routes::ICEBERG_TABLE, "without one", &table("plain", "")).shown(rights),
        case(&routes::ICEBERG_TABLE, "hidden", &table("secret", "")).shown(rights).hidden(),
        case(&routes::ICEBERG_TABLE_HEAD, "under contract", &table("flights", "")),
        case(&routes::ICEBERG_TABLE_HEAD, "hidden", &table("secret", "")).hidden(),
        case(&routes::ICEBERG_COMMIT, "company", &table("flights", "")).json(&commit),
        case(&routes::ICEBERG_COMMIT, "hidden", &table("secret", "")).json(&commit).hidden(),
        case(&routes::TABLE_DRAFT, "", "/domains/operations/tables/flights__daily__v1/manifest"),
        case(&routes::ICEBERG_CREDENTIALS, "under contract", &table("flights", "/credentials")).shown(rights),
        case(&routes::ICEBERG_CREDENTIALS, "hidden", &table("secret", "/credentials")).shown(rights).hidden(),
    ]
}
