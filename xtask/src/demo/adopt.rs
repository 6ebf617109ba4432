//! Step `adopt`: a table that was there before the mesh becomes a product where it is, from a manifest that is drafted from it.

use anyhow::{Context, Result, bail};
use mesh_api::types::{Domain, Envelope};
use serde_json::Value;

use super::mesh::Demo;

const DOMAIN: &str = "weather";
const TABLE: &str = "legacy_stations";
const PRODUCT: &str = "weather.legacy-stations";
/// The catalogue's entry of the port `table@1`.
const ENTRY: &str = "legacy_stations__table__v1";
const PROGRAM: &str = "adopt/legacy_table.py";

pub fn adopt(demo: &mut Demo<'_>) -> Result<String> {
    let domain: Domain = demo.get(DOMAIN, &format!("domains/{DOMAIN}"))?;
    let envelope = domain.envelope.context("the domain has storage")?;
    let made = look(demo, &envelope, None)?;
    let owner = demo.api(DOMAIN)?;
    let draft = demo.call(owner.draft_manifest(DOMAIN, TABLE))?;

    let elsewhere = draft.manifest_text.replace(&envelope.bucket, &envelope.bucket.replace(DOMAIN, "operations"));
    let refused = demo.call(owner.plan(&elsewhere))?;
    if !refused.violations.iter().any(|violation| violation.code == "adoption.elsewhere") {
        bail!("a table in another domain's storage may be taken over: {:?}", refused.violations);
    }

    demo.register(DOMAIN, &draft.manifest_text)?;
    let read = demo.python_result(DOMAIN, "consumer/read_port.py", &[&format!("{PRODUCT}/table@1")])?;
    if read.get("rows") != made.get("rows") || read.get("rows").and_then(Value::as_u64) == Some(0) {
        bail!("the table holds {made}, and reading it through the mesh told {read}");
    }
    let adopted = look(demo, &envelope, Some(ENTRY))?;
    for what in ["snapshot", "files", "rows"] {
        if adopted.get(what) != made.get(what) {
            bail!("taking the table over changed its {what}: {made}, then {adopted}");
        }
    }
    demo.call(owner.retire(PRODUCT))?;
    let rows = made.get("rows").and_then(Value::as_u64).unwrap_or_default();
    Ok(format!(
        "`{}` is `{PRODUCT}/table@1` by a drafted manifest: {rows} rows read, the same snapshot and files; one in another domain's storage is refused",
        draft.table
    ))
}

/// The table's rows, snapshot and files, as the catalogue's entry has them; the table itself is made where it is not there.
fn look(demo: &Demo<'_>, envelope: &Envelope, entry: Option<&str>) -> Result<Value> {
    let endpoint = demo.platform()?.endpoint.clone().context("the local cloud has an endpoint")?;
    let region = demo.platform()?.known.region.clone();
    let mut arguments = vec!["--endpoint", &endpoint, "--region", &region];
    arguments.extend(["--bucket", &envelope.bucket, "--database", &envelope.glue_database]);
    if let Some(entry) = entry {
        arguments.extend(["--table", entry]);
    }
    demo.python_result(DOMAIN, PROGRAM, &arguments)
}
