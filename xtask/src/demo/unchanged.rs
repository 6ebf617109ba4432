//! Step `unchanged`: what was applied is what is there.

use anyhow::{Result, bail};

use super::mesh::Demo;
use super::setup;
use crate::terraform::Plan;

pub fn unchanged(demo: &mut Demo<'_>) -> Result<String> {
    let roots = [
        ("infra", setup::infra_root(demo)?),
        ("domains", setup::domains_root(demo)?),
        ("products", setup::products_root(demo)?),
    ];
    let mut changed = Vec::new();
    for (name, root) in &roots {
        match root.plan()? {
            Plan::Unchanged => {}
            Plan::Changes(plan) => changed.push(format!("{name} would change:\n{}", plan.trim())),
            Plan::Refused(why) => changed.push(format!("{name} cannot be planned:\n{}", why.trim())),
        }
    }
    if !changed.is_empty() {
        bail!("{}", changed.join("\n"));
    }
    Ok("terraform plan finds nothing to change in infra/, domains/ and products/".to_owned())
}
