//! The route table: which function serves what. The gateway's routes, the functions' routers and the OpenAPI document come from it.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::types;

/// A function that serves HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    Registry,
    Governance,
    Broker,
    Iceberg,
    Marketplace,
}

impl Function {
    /// The function's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Governance => "governance",
            Self::Broker => "broker",
            Self::Iceberg => "iceberg",
            Self::Marketplace => "marketplace",
        }
    }
}

/// How a schema is made for the OpenAPI document.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// One operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Such as `GET`.
    pub method: &'static str,
    /// With parameters in braces, as the gateway and axum write them.
    pub path: &'static str,
    pub function: Function,
    /// Such as `registerProduct`.
    pub operation: &'static str,
    pub summary: &'static str,
    /// Whether a token is needed.
    pub token: bool,
    /// Query parameters: name and meaning.
    pub query: &'static [(&'static str, &'static str)],
    /// Request headers besides the usual ones: name and meaning.
    pub headers: &'static [(&'static str, &'static str)],
    /// The request body's media types and schema.
    pub request: Option<(&'static [&'static str], SchemaOf)>,
    /// The status of success and its body.
    pub success: (u16, Option<SchemaOf>),
    /// Statuses of the problems it may answer besides 400, 401, 403, 500 and 503.
    pub problems: &'static [u16],
}

const JSON: &[&str] = &["application/json"];
const PAGING: &[(&str, &str)] = &[
    ("cursor", "Where the page starts: the `cursor` of the page before."),
    ("limit", "Items a page, 1 to 100; 50 where none is given."),
];

macro_rules! routes {
    ($($name:ident: $method:literal $path:literal $function:ident $operation:literal $summary:literal
        [$($request:expr)?] -> $status:literal [$($response:ty)?] $(query $query:expr,)? $(headers $headers:expr,)? $(token $token:literal,)? problems [$($problem:literal),*];)*) => {
        $(
            #[doc = concat!("`", $method, " ", $path, "`: ", $summary)]
            pub const $name: Route = Route {
                method: $method,
                path: $path,
                function: Function::$function,
                operation: $operation,
                summary: $summary,
                token: routes!(@or $($token)?, true),
                query: routes!(@or $($query)?, &[]),
                headers: routes!(@or $($headers)?, &[]),
                request: routes!(@request $($request)?),
                success: ($status, routes!(@response $($response)?)),
                problems: &[$($problem),*],
            };
        )*
        /// Every operation of the API.
        pub const ROUTES: &[Route] = &[$($name),*];
    };
    (@or $value:expr, $default:expr) => { $value };
    (@or , $default:expr) => { $default };
    (@request $request:expr) => { Some($request) };
    (@request) => { None };
    (@response $response:ty) => { Some(schema::<$response>) };
    (@response) => { None };
}

const MANIFEST: (&[&str], SchemaOf) = (&["application/yaml", "application/json"], schema::<mesh_manifest::Manifest>);
const IDEMPOTENCY: (&str, &str) = ("Idempotency-Key", "The same key and body within 24 hours get the same answer.");
const PURPOSE: (&str, &str) = ("purpose", "What the data is wanted for; the contract's where none is given.");
const VERSION: (&str, &str) =
    ("version", "The port's major; that of your only live contract, else the newest, where none is given.");

routes! {
    OPENAPI: "GET" "/openapi.json" Registry "getOpenapi" "This document" [] -> 200 [serde_json::Value] token false, problems [];

    DOMAIN_CREATE: "POST" "/domains" Registry "createDomain" "Create a domain" [(JSON, schema::<types::DomainInput>)] -> 201 [types::Domain] problems [409];
    DOMAIN_LIST: "GET" "/domains" Registry "listDomains" "List the domains" [] -> 200 [types::DomainPage] query PAGING, problems [];
    DOMAIN_READ: "GET" "/domains/{domain}" Registry "readDomain" "Read a domain" [] -> 200 [types::Domain] problems [404];
    DOMAIN_UPDATE: "PUT" "/domains/{domain}" Registry "updateDomain" "Set a domain's description and members" [(JSON, schema::<types::DomainInput>)] -> 200 [types::Domain] problems [404, 409];
    DOMAIN_DELETE: "DELETE" "/domains/{domain}" Registry "deleteDomain" "Delete a domain without products" [] -> 204 [] problems [404, 409];
    ENVELOPE_BIND: "PUT" "/domains/{domain}/envelope" Registry "bindEnvelope" "Bind a domain to its storage" [(JSON, schema::<types::Envelope>)] -> 200 [types::Envelope] problems [404, 409];
    ENVELOPE_READ: "GET" "/domains/{domain}/envelope" Registry "readEnvelope" "Read a domain's storage" [] -> 200 [types::Envelope] problems [404];
    ENVELOPE_RELEASE: "DELETE" "/domains/{domain}/envelope" Registry "releaseEnvelope" "Release a domain's storage" [] -> 204 [] problems [404, 409];

    PRODUCT_REGISTER: "POST" "/products" Registry "registerProduct" "Register a data product by its manifest" [MANIFEST] -> 202 [types::Product]
        query &[("dry_run", "`true` answers what registering would do and refuse, as a plan with status 200, and writes nothing.")],
        headers &[IDEMPOTENCY, ("Prefer", "`wait=SECONDS` answers when the product is active or failed, or when the seconds (20 at most) are over."), ("Mesh-Findings-Digest", "The findings that your plan showed; 409 where they changed.")],
        problems [404, 409, 413, 422];
    PRODUCT_LIST: "GET" "/products" Registry "listProducts" "List the products that you may know of" [] -> 200 [types::ProductPage]
        query &[("domain", "Only this domain's."), ("cursor", "Where the page starts: the `cursor` of the page before."), ("limit", "Items a page, 1 to 100; 50 where none is given.")], problems [];
    PRODUCT_READ: "GET" "/products/{product}" Registry "readProduct" "Read a product" [] -> 200 [types::Product] problems [404];
    PRODUCT_RETIRE: "DELETE" "/products/{product}" Registry "retireProduct" "Retire a product; its name stays with the domain" [] -> 200 [types::Product] problems [404, 409, 422];
    PRODUCT_HISTORY: "GET" "/products/{product}/history" Registry "readHistory" "List a product's revisions, newest first" [] -> 200 [types::RevisionPage] query PAGING, problems [404];
    PORT_SLA: "GET" "/products/{product}/ports/{port}/sla" Registry "readSla" "Read a port's promise and measurements" [] -> 200 [types::SlaStatus] query &[VERSION], problems [404];
    SCHEMA_READ: "GET" "/schemas/{schema_id}" Registry "readSchema" "Read a registered schema" [] -> 200 [types::RegisteredSchema] problems [404];

    CONTRACT_REQUEST: "POST" "/contracts" Registry "requestContract" "Ask for a consumption contract" [(JSON, schema::<types::ContractInput>)] -> 201 [types::Contract] problems [404, 409];
    CONTRACT_LIST: "GET" "/contracts" Registry "listContracts" "List the contracts on a product, or those of a consumer domain" [] -> 200 [types::ContractPage]
        query &[("product", "Contracts on this product."), ("consumer", "Contracts that this domain holds; your own where neither is given."), ("cursor", "Where the page starts: the `cursor` of the page before."), ("limit", "Items a page, 1 to 100; 50 where none is given.")], problems [];
    CONTRACT_READ: "GET" "/contracts/{contract}" Registry "readContract" "Read a contract" [] -> 200 [types::Contract] problems [404];
    CONTRACT_APPROVE: "POST" "/contracts/{contract}/approve" Registry "approveContract" "Give the approvals that your roles can give" [(JSON, schema::<types::ContractDecision>)] -> 200 [types::Contract] problems [404, 409];
    CONTRACT_REJECT: "POST" "/contracts/{contract}/reject" Registry "rejectContract" "Reject a pending contract" [(JSON, schema::<types::ContractDecision>)] -> 200 [types::Contract] problems [404, 409];
    CONTRACT_REVOKE: "POST" "/contracts/{contract}/revoke" Registry "revokeContract" "End a contract" [(JSON, schema::<types::ContractDecision>)] -> 200 [types::Contract] problems [404, 409];

    PORT_READ: "GET" "/products/{product}/ports/{port}/read" Broker "readPort" "Get what is needed to read a port" [] -> 200 [types::ReadGrant] query &[VERSION, PURPOSE], problems [404, 409];
    PORT_WRITE: "POST" "/products/{product}/ports/{port}/write" Broker "writePort" "Get what is needed to write to a port of your domain" [] -> 200 [types::WriteGrant] query &[VERSION], problems [404, 409];

    POLICY_CHECK: "POST" "/governance/policy-check" Governance "checkPolicy" "Ask whether you may use a port (AuthZEN 1.0)" [(JSON, schema::<types::EvaluationRequest>)] -> 200 [types::Evaluation] problems [404];
    POLICY_PUBLISH_GLOBAL: "PUT" "/governance/policies/global" Governance "publishGlobalPolicies" "Publish the global policies" [(JSON, schema::<types::PolicyInput>)] -> 200 [types::PolicyBundle] problems [409];
    POLICY_READ_GLOBAL: "GET" "/governance/policies/global" Governance "readGlobalPolicies" "Read the global policies" [] -> 200 [types::PolicyBundle] problems [404];
    POLICY_PUBLISH_PRODUCTS: "PUT" "/governance/policies/products" Governance "publishProductPolicies" "Publish the policies that stand for products' offers" [(JSON, schema::<types::PolicyInput>)] -> 200 [types::PolicyBundle] problems [409];
    POLICY_READ_PRODUCTS: "GET" "/governance/policies/products" Governance "readProductPolicies" "Read the policies that stand for products' offers" [] -> 200 [types::PolicyBundle] problems [404];
    POLICY_PUBLISH_DOMAIN: "PUT" "/governance/policies/domains/{domain}" Governance "publishDomainPolicies" "Publish a domain's policies" [(JSON, schema::<types::PolicyInput>)] -> 200 [types::PolicyBundle] problems [409];
    POLICY_READ_DOMAIN: "GET" "/governance/policies/domains/{domain}" Governance "readDomainPolicies" "Read a domain's policies" [] -> 200 [types::PolicyBundle] problems [404];

    SEARCH: "GET" "/marketplace/search" Marketplace "search" "Find products" [] -> 200 [types::SearchAnswer]
        query &[("q", "Words to find, 500 characters at most; everything where none is given."), ("domain", "Only this domain's."), ("sla_minutes", "Only products of which a port promises at most this freshness."), ("classification", "Only this classification."), ("format", "Only products with a port of this format."), ("cursor", "Where the page starts: the `cursor` of the page before."), ("limit", "Items a page, 1 to 100; 20 where none is given.")], problems [];

    ICEBERG_CONFIG: "GET" "/iceberg/v1/config" Iceberg "icebergConfig" "Iceberg REST catalogue: configuration" [] -> 200 [serde_json::Value] query &[("warehouse", "Always `mesh`.")], problems [];
    ICEBERG_NAMESPACES: "GET" "/iceberg/v1/namespaces" Iceberg "icebergNamespaces" "Iceberg REST catalogue: the domains whose tables you may know of" [] -> 200 [serde_json::Value] query &[("parent", "Namespaces have one level: a parent has no children.")], problems [404];
    ICEBERG_NAMESPACE: "GET" "/iceberg/v1/namespaces/{namespace}" Iceberg "icebergNamespace" "Iceberg REST catalogue: one domain" [] -> 200 [serde_json::Value] problems [404];
    ICEBERG_NAMESPACE_HEAD: "HEAD" "/iceberg/v1/namespaces/{namespace}" Iceberg "icebergNamespaceExists" "Iceberg REST catalogue: whether a domain exists" [] -> 204 [] problems [404];
    ICEBERG_TABLES: "GET" "/iceberg/v1/namespaces/{namespace}/tables" Iceberg "icebergTables" "Iceberg REST catalogue: a domain's tables that you may know of" [] -> 200 [serde_json::Value] problems [404];
    ICEBERG_TABLE: "GET" "/iceberg/v1/namespaces/{namespace}/tables/{table}" Iceberg "icebergTable" "Iceberg REST catalogue: load a table, with credentials for it" [] -> 200 [serde_json::Value] query &[("snapshots", "`all` or `refs`.")], problems [404];
    ICEBERG_TABLE_HEAD: "HEAD" "/iceberg/v1/namespaces/{namespace}/tables/{table}" Iceberg "icebergTableExists" "Iceberg REST catalogue: whether a table exists" [] -> 204 [] problems [404];
    ICEBERG_COMMIT: "POST" "/iceberg/v1/namespaces/{namespace}/tables/{table}" Iceberg "icebergCommit" "Iceberg REST catalogue: commit to a table of your domain" [(JSON, schema::<serde_json::Value>)] -> 200 [serde_json::Value] problems [404, 409];
    ICEBERG_CREDENTIALS: "GET" "/iceberg/v1/namespaces/{namespace}/tables/{table}/credentials" Iceberg "icebergCredentials" "Iceberg REST catalogue: new credentials for a table" [] -> 200 [serde_json::Value] problems [404];
}

/// The gateway's routes, as `infra/routes.json` holds them.
pub fn gateway_routes() -> serde_json::Value {
    let routes = ROUTES.iter().map(
        |route| serde_json::json!({ "method": route.method, "path": route.path, "function": route.function.as_str() }),
    );
    serde_json::Value::Array(routes.collect())
}

/// The routes that `function` serves.
pub fn of(function: Function) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.function == function)
}
