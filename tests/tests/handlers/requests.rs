//! One good request to every route.

use mesh_api::routes::{self, Function, Route};
use serde_json::json;

use crate::{
    service::{Sent, Service},
    world::{FLIGHTS, envelope},
};

/// A request to one route, which succeeds.
#[derive(Debug)]
pub struct Good {
    pub function: Function,
    pub operation: &'static str,
    pub sent: Sent,
    /// What the same request may be answered once it took effect, besides success.
    pub again: Option<u16>,
}

/// A good request to every route that needs a token.
pub fn all(service: &Service) -> Vec<Good> {
    routes::ROUTES.iter().filter(|route| route.token).map(|route| good(service, route)).collect()
}

/// The request to the route of that name.
pub fn to(service: &Service, operation: &str) -> Good {
    let route = routes::ROUTES.iter().find(|route| route.operation == operation).unwrap();
    good(service, route)
}

fn good(service: &Service, route: &Route) -> Good {
    let path = route.path.replace("{schema_id}", &schema(service));
    let path = match route.operation {
        "approveContract" | "rejectContract" => path.replace("{contract}", &service.pending),
        "moveContract" | "acknowledgeContract" | "pinContract" | "unpinContract" => {
            path.replace("{contract}", &service.leaving)
        }
        _ => path.replace("{contract}", &service.active),
    };
    let domain = match route.operation {
        "deleteDomain" | "bindEnvelope" | "releaseEnvelope" => "empty",
        _ => "operations",
    };
    let product = match route.operation {
        "readPort" => "operations.delays",
        "retireProduct" => "operations.unused",
        _ => "operations.flights",
    };
    let path = path.replace("{domain}", domain).replace("{product}", product).replace("{port}", "daily");
    let path = path.replace("{namespace}", "operations").replace("{table}", "flights__daily__v1");
    let path = path.replace("{catalogue_table}", "flights__daily__v1");
    let query = match route.operation {
        "search" => "?q=departure",
        "listContracts" => "?product=operations.flights",
        _ => "",
    };
    let (who, domain) = match route.operation {
        "createDomain"
        | "deleteDomain"
        | "bindEnvelope"
        | "releaseEnvelope"
        | "publishGlobalPolicies"
        | "publishProductPolicies" => ("pia", "platform"),
        "moveContract"
        | "acknowledgeContract"
        | "pinContract"
        | "unpinContract"
        | "requestContract"
        | "readPort"
        | "checkPolicy"
        | "search"
        | "icebergTable"
        | "icebergCredentials" => ("iris", "insights"),
        _ => ("olga", "operations"),
    };
    let again = match route.operation {
        "createDomain" => Some(409),
        "deleteDomain" => Some(404),
        _ => None,
    };
    let (path, body) = (format!("{path}{query}"), body(route.operation));
    let sent = Sent { who, domain, method: route.method, path, body, waits: false };
    Good { function: route.function, operation: route.operation, sent, again }
}

/// The id of the registered schema.
fn schema(service: &Service) -> String {
    let product = service.world.store.first_schema("operations.flights/daily");
    product.unwrap()
}

fn body(operation: &str) -> String {
    let member = json!([{ "principal": "https://idp.example.org|olga", "roles": ["owner", "producer"] }]);
    let global = || {
        let mut modules = mesh_policy::defaults::global().modules;
        modules.values_mut().next().unwrap().push_str("\n# another revision\n");
        modules
    };
    match operation {
        "createDomain" => json!({ "id": "fleet", "description": "Aircraft", "members": member }).to_string(),
        "updateDomain" => json!({ "id": "operations", "description": "Flights", "members": member }).to_string(),
        "bindEnvelope" => serde_json::to_string(&envelope(&"fleet".parse().unwrap())).unwrap(),
        "registerProduct" => FLIGHTS.replace("name: flights", "name: arrivals"),
        "requestContract" => {
            let contract = json!({ "port": "operations.unused/daily@1", "purpose": "analytics", "contact": "insights@example.org" });
            contract.to_string()
        }
        "publishGlobalPolicies" => json!({ "modules": global() }).to_string(),
        "publishProductPolicies" => {
            let mut modules = mesh_policy::defaults::product().modules;
            modules.values_mut().next().unwrap().push_str("\n# another revision\n");
            json!({ "modules": modules }).to_string()
        }
        "publishDomainPolicies" => {
            let rule = include_str!("../../../policies/domains/operations/contract_approval/rule.rego");
            json!({ "modules": { "domains/operations/contract_approval/rule.rego": rule } }).to_string()
        }
        "checkPolicy" => {
            let resource = json!({ "type": "output_port", "id": "operations.flights/daily@1" });
            json!({ "action": { "name": "read" }, "resource": resource }).to_string()
        }
        "checkSchema" => {
            json!({ "schema": { "fields": [{ "name": "flight", "type": "int", "required": true }] } }).to_string()
        }
        "pinContract" => json!({ "snapshot": 1 }).to_string(),
        "icebergCommit" => json!({ "requirements": [], "updates": [] }).to_string(),
        _ => "{}".to_owned(),
    }
}
