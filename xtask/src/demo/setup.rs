//! Steps `stack` to `products`: from nothing to a mesh with registered products.

use anyhow::{Result, bail};
use mesh_api::types::{Product, ProductPage, Status};
use serde_json::{Map, Value, json};
use std::env;
use std::time::Duration;

use super::mesh::Demo;
use super::notes::Notes;
use super::python::EXAMPLE;
use crate::package_functions;
use crate::platform::{INFRA, Platform};
use crate::policy::{self, Scope};
use crate::prerequisites;
use crate::stack::GivenPorts;
use crate::terraform::{self, Root};
use crate::{admin, client};

/// The example's domains.
pub const DOMAINS: [&str; 4] = ["operations", "weather", "fleet", "insights"];

/// The client that approves as a steward of `operations`.
pub const STEWARD: &str = "operations-steward";

/// The platform team's client, and domain.
pub const PLATFORM: &str = "platform";

pub fn stack(demo: &mut Demo<'_>) -> Result<String> {
    let found = prerequisites::check(prerequisites::ALL)?;
    let running = demo.stack.up(GivenPorts::default())?;
    let started = match running.started.as_slice() {
        [] => "ran already".to_owned(),
        started => format!("started {}", started.iter().map(|one| one.name()).collect::<Vec<_>>().join(" and ")),
    };
    let detail = format!("{started}; cloud {}; {}", running.endpoints.cloud, found.join(", "));
    // Another content of the cloud knows none of the saved clients.
    demo.clients = client::SavedClients::load(demo.project);
    demo.notes = Notes::load(demo.project);
    demo.running = Some(running);
    Ok(detail)
}

pub fn build(demo: &mut Demo<'_>) -> Result<String> {
    let built = package_functions::build(demo.project, demo.interrupt)?;
    package_functions::pack(demo.project, &built)?;
    terraform::install_mesh_provider(demo.project, &built.provider)?;
    Ok(format!("{} functions and the provider", built.functions.len()))
}

/// The platform's configuration with the local stack's values.
pub fn infra_root<'a>(demo: &Demo<'a>) -> Result<Root<'a>> {
    let endpoints = demo.running()?.endpoints.clone();
    let architecture = match env::consts::ARCH {
        "aarch64" => "arm64",
        other => other,
    };
    let cloud = &endpoints.cloud;
    Ok(Root::new(demo.project, demo.interrupt, INFRA)
        .against(&endpoints)
        .variable("emulator_compatible", true)
        .variable("artefacts_dir", package_functions::artefacts_folder(demo.project).display().to_string())
        .variable("architecture", architecture)
        .variable("api_url", format!("{cloud}/_aws/execute-api/{{api_id}}/$default"))
        .variable("cognito_endpoint", cloud.clone())
        .variable("token_url", format!("{cloud}/oauth2/token"))
        .variable("search_endpoint", endpoints.search.clone())
        .variable("search_auth", "none")
        .variable("s3_endpoint", cloud.clone())
        .variable("sla_probe_schedule", "rate(1 minute)")
        .variable("sweep_schedule", "rate(1 minute)")
        .variable("deletion_protection", false)
        .variable("bucket_lifecycle", false))
}

pub fn infra(demo: &mut Demo<'_>) -> Result<String> {
    let root = infra_root(demo)?;
    root.apply()?;
    let platform = Platform::new(root.outputs()?, Some(demo.running()?.endpoints.cloud.clone()))?;
    let url = platform.known.api_url.clone();
    demo.platform = Some(platform);

    let mut made = 0;
    for name in [PLATFORM, STEWARD].into_iter().chain(DOMAINS) {
        if demo.clients.get(name).is_none() {
            let client = demo.block_on(client::create(demo.platform()?, name))?;
            demo.clients.save(name, client)?;
            made += 1;
        }
    }
    demo.block_on(admin::grant(demo.platform()?, &demo.principal(PLATFORM)?))?;
    answers(demo)?;
    for scope in [Scope::Global, Scope::Products] {
        publish(demo, &scope)?;
    }
    Ok(format!("{url}; {made} new clients; global policies and offers published"))
}

/// The API serves its own description, which takes a token from nobody.
fn answers(demo: &Demo<'_>) -> Result<()> {
    let url = format!("{}/openapi.json", demo.platform()?.known.api_url);
    demo.wait("the API answers", Duration::from_secs(60), || {
        let answer = demo.block_on(async { reqwest::get(&url).await?.error_for_status()?.json::<Value>().await });
        Ok(match answer {
            Ok(document) if document.get("openapi").is_some() => Ok(()),
            Ok(_) => Err("it answers something else than its description".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    })
}

fn publish(demo: &Demo<'_>, scope: &Scope) -> Result<()> {
    let api = demo.api(scope.publisher())?;
    demo.block_on(policy::publish(&demo.project.root.join("policies"), scope, &api))?;
    Ok(())
}

/// The domains' configuration, as the platform team applies it.
pub fn domains_root<'a>(demo: &Demo<'a>) -> Result<Root<'a>> {
    let platform = demo.platform()?;
    let client = demo.client(PLATFORM)?;
    let mut members = Map::new();
    for domain in DOMAINS {
        let mut list =
            vec![json!({ "principal": demo.principal(domain)?, "roles": ["owner", "producer", "consumer"] })];
        if domain == "operations" {
            list.push(json!({ "principal": demo.principal(STEWARD)?, "roles": ["steward"] }));
        }
        members.insert(domain.to_owned(), list.into());
    }
    Ok(Root::new(demo.project, demo.interrupt, format!("{EXAMPLE}/domains"))
        .against(&demo.running()?.endpoints)
        .variable("emulator_compatible", true)
        .variable("mesh", platform.outputs.clone())
        .variable("members", members)
        // No secret is written into a file of variables.
        .environment("MESH_ENDPOINT", &platform.known.api_url)
        .environment("MESH_TOKEN_URL", &platform.known.token_url)
        .environment("MESH_SCOPE", &platform.known.scope)
        .environment("MESH_CLIENT_ID", &client.client_id)
        .environment("MESH_CLIENT_SECRET", &client.client_secret)
        .environment("MESH_DOMAIN", PLATFORM))
}

pub fn domains(demo: &mut Demo<'_>) -> Result<String> {
    domains_root(demo)?.apply()?;
    for domain in DOMAINS {
        let registered: mesh_api::types::Domain = demo.get(domain, &format!("domains/{domain}"))?;
        if registered.envelope.is_none() {
            bail!("the domain `{domain}` has no envelope");
        }
    }
    let policies = demo.project.root.join("policies");
    let of_domains: Vec<Scope> =
        Scope::all(&policies)?.into_iter().filter(|scope| matches!(scope, Scope::Domain(_))).collect();
    for scope in &of_domains {
        publish(demo, scope)?;
    }
    Ok(format!("{}, each with its envelope; policies of {} domains", DOMAINS.join(", "), of_domains.len()))
}

/// The products' configuration, as the domains apply it.
pub fn products_root<'a>(demo: &Demo<'a>) -> Result<Root<'a>> {
    products_root_in(demo, &format!("{EXAMPLE}/products"))
}

/// The same variables for another configuration than the example's own.
pub fn products_root_in<'a>(demo: &Demo<'a>, source: &str) -> Result<Root<'a>> {
    let platform = demo.platform()?;
    let mut clients = Map::new();
    for domain in DOMAINS {
        let client = demo.client(domain)?;
        let credentials = json!({ "client_id": client.client_id, "client_secret": client.client_secret });
        clients.insert(domain.to_owned(), credentials);
    }
    Ok(Root::new(demo.project, demo.interrupt, source)
        .against(&demo.running()?.endpoints)
        .variable("endpoint", platform.known.api_url.clone())
        .variable("token_url", platform.known.token_url.clone())
        .variable("scope", platform.known.scope.clone())
        .environment("TF_VAR_clients", Value::Object(clients).to_string()))
}

pub fn products(demo: &mut Demo<'_>) -> Result<String> {
    products_root(demo)?.apply()?;
    let products = demo.wait("every product is active", Duration::from_secs(180), || {
        let products = registered(demo)?;
        let waiting: Vec<String> = products
            .iter()
            .filter(|product| product.status != Status::Active)
            .map(|product| {
                let detail = product.status_detail.as_deref().unwrap_or_default();
                format!("{} is {} {detail}", product.id, product.status.as_str())
            })
            .collect();
        Ok(if waiting.is_empty() { Ok(products) } else { Err(waiting.join(", ")) })
    })?;
    let expected = [
        "operations.flights",
        "weather.hourly",
        "weather.station-status",
        "fleet.aircraft",
        "fleet.reference",
        "insights.delay-causes",
    ];
    for id in expected {
        if !products.iter().any(|product| product.id == id) {
            bail!("`{id}` is not registered");
        }
    }
    let ports: usize = products.iter().map(|product| product.ports.len()).sum();
    Ok(format!("{} products with {ports} ports are active", products.len()))
}

/// Every product of the example's domains, with its ports.
pub fn registered(demo: &Demo<'_>) -> Result<Vec<Product>> {
    let mut products = Vec::new();
    for domain in DOMAINS {
        let page: ProductPage = demo.get(domain, &format!("products?domain={domain}&limit=100"))?;
        for listed in page.items.iter().filter(|product| product.status != Status::Retired) {
            // Lists leave the ports out.
            let product: Product = demo.get(domain, &format!("products/{}", listed.id))?;
            if product.ports.len() != product.manifest.output_ports.len() {
                bail!("`{}` has {} ports", product.id, product.ports.len());
            }
            products.push(product);
        }
    }
    if products.is_empty() {
        bail!("no product is registered");
    }
    Ok(products)
}
