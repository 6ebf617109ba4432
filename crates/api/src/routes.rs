//! The route table: which function serves what. The gateway's routes, the functions' routers and the OpenAPI document come from it.

use crate::{
    parameters::{
        CLASSIFIED, CONSUMER, CURSOR, DIGEST, DRY_RUN, FINDINGS_DIGEST, HITS, IDEMPOTENCY, LIMIT, OF_DOMAIN, OF_FORMAT,
        ON_PRODUCT, PAGING, PARENT, PREFER, PURPOSE, Parameter, SLA_MINUTES, SNAPSHOTS, SchemaOf, VERSION, WAREHOUSE,
        WORDS, schema,
    },
    types,
};

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
    pub query: &'static [Parameter],
    /// Request headers besides the usual ones.
    pub headers: &'static [Parameter],
    /// The request body's media types and schema.
    pub request: Option<(&'static [&'static str], SchemaOf)>,
    /// The status of success and its body.
    pub success: (u16, Option<SchemaOf>),
    /// What it answers with status 200 where that is not its success: nothing was to be done.
    pub unchanged: Option<SchemaOf>,
    /// Statuses of the problems it may answer besides those of every route: see [`crate::openapi`].
    pub problems: &'static [u16],
}

const JSON: &[&str] = &["application/json"];

macro_rules! routes {
    ($($name:ident: $method:literal $path:literal $function:ident $operation:literal $summary:literal
        [$($request:expr)?] -> $status:literal [$($response:ty)?] $(unchanged [$unchanged:ty],)? $(query $query:expr,)? $(headers $headers:expr,)? $(token $token:literal,)? problems [$($problem:literal),*];)*) => {
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
                unchanged: routes!(@response $($unchanged)?),
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
        unchanged [types::Unchanged],
        query &[DRY_RUN], headers &[IDEMPOTENCY, PREFER, FINDINGS_DIGEST], problems [404, 409, 422];
    PRODUCT_LIST: "GET" "/products" Registry "listProducts" "List the products that you may know of" [] -> 200 [types::ProductPage]
        query &[OF_DOMAIN, CURSOR, LIMIT], problems [];
    PRODUCT_READ: "GET" "/products/{product}" Registry "readProduct" "Read a product" [] -> 200 [types::Product] problems [404];
    PRODUCT_RETIRE: "DELETE" "/products/{product}" Registry "retireProduct" "Retire a product; its name stays with the domain" [] -> 200 [types::Product] problems [404, 409, 422];
    PRODUCT_HISTORY: "GET" "/products/{product}/history" Registry "readHistory" "List a product's revisions, newest first" [] -> 200 [types::RevisionPage] query PAGING, problems [404];
    PORT_CONTRACT: "GET" "/products/{product}/ports/{port}/contract" Registry "readPortContract" "Read a port's contract as a document of the Open Data Contract Standard" [] -> 200 [serde_json::Value] query &[VERSION], problems [404];
    PORT_SLA: "GET" "/products/{product}/ports/{port}/sla" Registry "readSla" "Read a port's promise and measurements" [] -> 200 [types::SlaStatus] query &[VERSION], problems [404];
    SCHEMA_READ: "GET" "/schemas/{schema_id}" Registry "readSchema" "Read a registered schema" [] -> 200 [types::RegisteredSchema] problems [404];

    SUBJECT_VERSIONS: "GET" "/subjects/{product}/{port}/versions" Registry "readVersions" "List the registered versions of a port's schema, oldest first" [] -> 200 [types::SchemaVersions] query &[DIGEST], problems [404];
    SUBJECT_CHECK: "POST" "/subjects/{product}/{port}/check" Registry "checkSchema" "Ask whether a schema could be a port's next version; nothing is written" [(JSON, schema::<types::SchemaCheckInput>)] -> 200 [types::SchemaCheck] problems [404];

    CONTRACT_REQUEST: "POST" "/contracts" Registry "requestContract" "Ask for a consumption contract" [(JSON, schema::<types::ContractInput>)] -> 201 [types::Contract] problems [404, 409];
    CONTRACT_LIST: "GET" "/contracts" Registry "listContracts" "List the contracts on a product, or those of a consumer domain" [] -> 200 [types::ContractPage]
        query &[ON_PRODUCT, CONSUMER, CURSOR, LIMIT], problems [];
    CONTRACT_READ: "GET" "/contracts/{contract}" Registry "readContract" "Read a contract" [] -> 200 [types::Contract] problems [404];
    CONTRACT_APPROVE: "POST" "/contracts/{contract}/approve" Registry "approveContract" "Give the approvals that your roles can give" [(JSON, schema::<types::ContractDecision>)] -> 200 [types::Contract] problems [404, 409];
    CONTRACT_REJECT: "POST" "/contracts/{contract}/reject" Registry "rejectContract" "Reject a pending contract" [(JSON, schema::<types::ContractDecision>)] -> 200 [types::Contract] problems [404, 409];
    CONTRACT_REVOKE: "POST" "/contracts/{contract}/revoke" Registry "revokeContract" "End a contract" [(JSON, schema::<types::ContractDecision>)] -> 200 [types::Contract] problems [404, 409];

    CONTRACT_MOVE: "POST" "/contracts/{contract}/move" Registry "moveContract" "Move your contract to another major of its port" [(JSON, schema::<types::ContractMove>)] -> 200 [types::Contract] problems [404, 409];
    CONTRACT_ACKNOWLEDGE: "POST" "/contracts/{contract}/acknowledge" Registry "acknowledgeContract" "Say that you know of the announced end of your contract's port" [] -> 200 [types::Contract] problems [404, 409];
    CONTRACT_PIN: "PUT" "/contracts/{contract}/pin" Iceberg "pinContract" "Read one snapshot of your contract's table, whatever is written since" [(JSON, schema::<types::ContractPin>)] -> 200 [types::Contract] problems [404, 409, 410];
    CONTRACT_UNPIN: "DELETE" "/contracts/{contract}/pin" Iceberg "unpinContract" "Follow your contract's table again" [] -> 200 [types::Contract] problems [404, 409];

    PORT_READ: "GET" "/products/{product}/ports/{port}/read" Broker "readPort" "Get what is needed to read a port" [] -> 200 [types::ReadGrant] query &[VERSION, PURPOSE], problems [404, 409, 410];
    PORT_WRITE: "POST" "/products/{product}/ports/{port}/write" Broker "writePort" "Get what is needed to write to a port of your domain" [] -> 200 [types::WriteGrant] query &[VERSION], problems [404, 409, 410];

    POLICY_CHECK: "POST" "/governance/policy-check" Governance "checkPolicy" "Ask whether you may use a port (AuthZEN 1.0)" [(JSON, schema::<types::EvaluationRequest>)] -> 200 [types::Evaluation] problems [404];
    POLICY_PUBLISH_GLOBAL: "PUT" "/governance/policies/global" Governance "publishGlobalPolicies" "Publish the global policies" [(JSON, schema::<types::PolicyInput>)] -> 200 [types::PolicyBundle] problems [409];
    POLICY_READ_GLOBAL: "GET" "/governance/policies/global" Governance "readGlobalPolicies" "Read the global policies" [] -> 200 [types::PolicyBundle] problems [404];
    POLICY_PUBLISH_PRODUCTS: "PUT" "/governance/policies/products" Governance "publishProductPolicies" "Publish the policies that stand for products' offers" [(JSON, schema::<types::PolicyInput>)] -> 200 [types::PolicyBundle] problems [409];
    POLICY_READ_PRODUCTS: "GET" "/governance/policies/products" Governance "readProductPolicies" "Read the policies that stand for products' offers" [] -> 200 [types::PolicyBundle] problems [404];
    POLICY_PUBLISH_DOMAIN: "PUT" "/governance/policies/domains/{domain}" Governance "publishDomainPolicies" "Publish a domain's policies" [(JSON, schema::<types::PolicyInput>)] -> 200 [types::PolicyBundle] problems [409];
    POLICY_READ_DOMAIN: "GET" "/governance/policies/domains/{domain}" Governance "readDomainPolicies" "Read a domain's policies" [] -> 200 [types::PolicyBundle] problems [404];

    SEARCH: "GET" "/marketplace/search" Marketplace "search" "Find products" [] -> 200 [types::SearchAnswer]
        query &[WORDS, OF_DOMAIN, SLA_MINUTES, CLASSIFIED, OF_FORMAT, CURSOR, HITS], problems [];

    ICEBERG_CONFIG: "GET" "/iceberg/v1/config" Iceberg "icebergConfig" "Iceberg REST catalogue: configuration" [] -> 200 [types::IcebergConfig] query &[WAREHOUSE], problems [404];
    ICEBERG_NAMESPACES: "GET" "/iceberg/v1/namespaces" Iceberg "icebergNamespaces" "Iceberg REST catalogue: the domains whose tables you may know of" [] -> 200 [types::IcebergNamespaces] query &[PARENT], problems [404];
    ICEBERG_NAMESPACE: "GET" "/iceberg/v1/namespaces/{namespace}" Iceberg "icebergNamespace" "Iceberg REST catalogue: one domain" [] -> 200 [types::IcebergNamespace] problems [404];
    ICEBERG_NAMESPACE_HEAD: "HEAD" "/iceberg/v1/namespaces/{namespace}" Iceberg "icebergNamespaceExists" "Iceberg REST catalogue: whether a domain exists" [] -> 204 [] problems [404];
    ICEBERG_TABLES: "GET" "/iceberg/v1/namespaces/{namespace}/tables" Iceberg "icebergTables" "Iceberg REST catalogue: a domain's tables that you may know of" [] -> 200 [types::IcebergTables] problems [404];
    ICEBERG_TABLE: "GET" "/iceberg/v1/namespaces/{namespace}/tables/{table}" Iceberg "icebergTable" "Iceberg REST catalogue: load a table, with credentials for it" [] -> 200 [types::IcebergTable] query &[SNAPSHOTS], problems [404, 409, 410];
    ICEBERG_TABLE_HEAD: "HEAD" "/iceberg/v1/namespaces/{namespace}/tables/{table}" Iceberg "icebergTableExists" "Iceberg REST catalogue: whether a table exists" [] -> 204 [] problems [404, 409, 410];
    ICEBERG_COMMIT: "POST" "/iceberg/v1/namespaces/{namespace}/tables/{table}" Iceberg "icebergCommit" "Iceberg REST catalogue: commit to a table of your domain" [(JSON, schema::<types::IcebergCommit>)] -> 200 [types::IcebergCommitted] problems [404, 409, 410];
    TABLE_DRAFT: "GET" "/domains/{domain}/tables/{catalogue_table}/manifest" Iceberg "draftManifest" "Draft a manifest that takes over a table of your domain's catalogue database" [] -> 200 [types::ManifestDraft] problems [404, 409];
    ICEBERG_CREDENTIALS: "GET" "/iceberg/v1/namespaces/{namespace}/tables/{table}/credentials" Iceberg "icebergCredentials" "Iceberg REST catalogue: new credentials for a table" [] -> 200 [types::IcebergCredentials] problems [404, 409, 410];
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
