//! `publish` and `noop_plan.500`: Terraform on the mesh, beside Terraform on resources that do nothing.

use anyhow::{Context, Result, bail};
use mesh_api::types::SearchAnswer;
use mesh_client::RegisterOptions;
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

use super::figure::{Aim, Figure, Spread};
use super::setting::Setting;
use crate::demo::Demo;
use crate::progress;
use crate::terraform::{Plan, Root};

const DOMAIN: &str = "operations";
const PUBLISHED: usize = 5;
const PLANNED: usize = 500;
const PLANS: usize = 3;

/// The manifest of a small product with one port `daily`.
pub(super) fn manifest(domain: &str, name: &str, format: &str) -> String {
    format!(
        "apiVersion: mesh/v1\nkind: DataProduct\ndomain: {domain}\nname: {name}\nversion: 1.0.0\n\
         description: Every departure from one airport, called {name}.\n\
         owner: {{ team: Flight Operations, contact: flight-ops@example.org }}\n\
         classification: internal\nretention: 365d\nmutability: append-only\n\
         access: {{ visibility: company, purposes: [operations, analytics] }}\n\
         outputPorts:\n  - name: daily\n    version: 1.0.0\n    format: {format}\n    sla: {{ freshness: 24h }}\n    schema:\n      fields:\n\
         \x20       - {{ name: flight_date, type: date, required: true, description: Day of the departure }}\n\
         \x20       - {{ name: carrier, type: string, description: Code of the airline }}\n"
    )
}

/// From `terraform apply` until the product is active and found by a search.
pub(super) fn publish(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    let demo = setting.mesh()?;
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for round in 0..=PUBLISHED {
        let name = format!("bench-publish-{round}");
        let root = on_the_mesh(demo, "bench/terraform/publish", &name)?
            .variable("manifest", manifest(DOMAIN, &name, "iceberg"));
        let bare = Root::new(demo.project, demo.interrupt, "bench/terraform/floor")
            .named(&format!("bench-floor-{round}"))
            .variable("resources", 1);
        root.init()?;
        bare.init()?;
        let publish = || {
            let start = Instant::now();
            root.apply()?;
            until_found(demo, &name)?;
            Ok::<_, anyhow::Error>(start.elapsed().as_secs_f64())
        };
        let apply = || {
            let start = Instant::now();
            bare.apply()?;
            Ok::<_, anyhow::Error>(start.elapsed().as_secs_f64())
        };
        let (one, other) = if round % 2 == 0 {
            let one = publish()?;
            (one, apply()?)
        } else {
            let other = apply()?;
            (publish()?, other)
        };
        // The first one finds everything cold.
        if round > 0 {
            ours.push(one);
            floor.push(other);
        }
    }
    Ok(vec![Figure {
        name: "publish".to_owned(),
        unit: "s".to_owned(),
        ours: Spread::of(ours)?,
        floor: Some(Spread::of(floor)?),
        aim: Some(Aim::AtMost(10.0)),
        detail: "`terraform apply` of one product by the module, until it is active and found; beside that of one `terraform_data`".to_owned(),
    }])
}

/// Waits until a search finds the product, which is active then.
fn until_found(demo: &Demo<'_>, name: &str) -> Result<()> {
    let id = format!("{DOMAIN}.{name}");
    let limit = Instant::now() + Duration::from_secs(120);
    while Instant::now() < limit {
        demo.interrupt.check()?;
        let answer: SearchAnswer = demo.get(DOMAIN, &format!("marketplace/search?q={name}&domain={DOMAIN}"))?;
        if answer.items.iter().any(|hit| hit.product == id) {
            let product: mesh_api::types::Product = demo.get(DOMAIN, &format!("products/{id}"))?;
            if product.status != mesh_api::types::Status::Active {
                bail!("`{id}` is {} after it was applied", product.status.as_str());
            }
            return Ok(());
        }
        demo.interrupt.wait_for(Duration::from_millis(50), || Ok(None::<()>))?;
    }
    bail!("`{id}` was not found within 120 s")
}

/// A plan of 500 registered products without change.
pub(super) fn noop_plan(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    let demo = setting.mesh()?;
    let names: Vec<String> = (0..PLANNED).map(|number| format!("bench-plan-{number:03}")).collect();
    let manifests: Map<String, Value> =
        names.iter().map(|name| (format!("{DOMAIN}.{name}"), manifest(DOMAIN, name, "parquet").into())).collect();
    progress::during("registering 500 products", || register(demo, &manifests))?;
    let root = on_the_mesh(demo, "bench/terraform/many", "bench-many")?.variable("manifests", manifests);
    let bare = Root::new(demo.project, demo.interrupt, "bench/terraform/floor")
        .named("bench-floor-many")
        .variable("resources", PLANNED);
    root.apply()?;
    bare.apply()?;
    let plan = |root: &Root<'_>| {
        let start = Instant::now();
        match root.plan()? {
            Plan::Unchanged => Ok(start.elapsed().as_secs_f64()),
            Plan::Changes(plan) => {
                bail!("the plan is not without change:\n{}", plan.chars().take(2000).collect::<String>())
            }
            Plan::Refused(why) => bail!("it cannot be planned:\n{why}"),
        }
    };
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..PLANS {
        ours.push(plan(&root)?);
        floor.push(plan(&bare)?);
    }
    Ok(vec![Figure {
        name: format!("noop_plan.{PLANNED}"),
        unit: "s".to_owned(),
        ours: Spread::of(ours)?,
        floor: Some(Spread::of(floor)?),
        aim: None,
        detail: format!(
            "`terraform plan` of {PLANNED} products without change, beside that of {PLANNED} `terraform_data`"
        ),
    }])
}

/// Registers all of them and waits until they are active.
fn register(demo: &Demo<'_>, manifests: &Map<String, Value>) -> Result<()> {
    let api = demo.api(DOMAIN)?;
    for (id, manifest) in manifests {
        demo.interrupt.check()?;
        let manifest = manifest.as_str().context("a manifest is text")?;
        let registered = demo.call(api.register(manifest, &RegisterOptions::default()));
        registered.with_context(|| format!("`{id}` cannot be registered"))?;
    }
    for id in manifests.keys() {
        demo.wait(&format!("`{id}` is active"), Duration::from_secs(180), || {
            let product: mesh_api::types::Product = demo.get(DOMAIN, &format!("products/{id}"))?;
            let active = product.status == mesh_api::types::Status::Active;
            Ok(if active { Ok(()) } else { Err(product.status_detail.unwrap_or_default()) })
        })?;
    }
    Ok(())
}

/// A configuration with the mesh's provider, as the domain's own client.
fn on_the_mesh<'a>(demo: &Demo<'a>, source: &str, name: &str) -> Result<Root<'a>> {
    let platform = demo.platform()?;
    let client = demo.client(DOMAIN)?;
    let credentials = json!({ "client_id": client.client_id, "client_secret": client.client_secret });
    Ok(Root::new(demo.project, demo.interrupt, source)
        .named(name)
        .against(&demo.running()?.endpoints)
        .variable("endpoint", platform.known.api_url.clone())
        .variable("token_url", platform.known.token_url.clone())
        .variable("scope", platform.known.scope.clone())
        .variable("domain", DOMAIN)
        .environment("TF_VAR_client", credentials.to_string()))
}
