//! `cold_start.*`, `package_mb.*` and `memory_mb.*`: each function's package beside that of the least function.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use zip::ZipArchive;

use super::figure::{Figure, Spread};
use super::in_process::{program, taken};
use super::setting::{self, Setting};
use crate::aws_api::AwsApi;
use crate::package_functions;
use crate::platform::Platform;
use crate::release::{Architecture, HELLO};

/// The least function, as figures call it.
const FLOOR: &str = "hello";

/// Packages by function, [`FLOOR`] among them, and how they were built.
struct Packages {
    zips: BTreeMap<String, PathBuf>,
    profile: &'static str,
}

impl Packages {
    /// The release packages, if `cargo xtask package` made all of them for this machine; else those of the dev profile.
    fn find(setting: &mut Setting<'_>) -> Result<Self> {
        let names = setting.programs()?.functions().to_vec();
        if let Some(architecture) = Architecture::of_this_machine() {
            let folder = architecture.packages_folder(setting.project);
            let zip = |name: &str| Some(folder.join(format!("{name}.zip"))).filter(|zip| zip.is_file());
            let zips: Option<BTreeMap<_, _>> = names.iter().map(|name| Some((name.clone(), zip(name)?))).collect();
            if let (Some(mut zips), Some(hello)) = (zips, zip(HELLO)) {
                zips.insert(FLOOR.to_owned(), hello);
                return Ok(Self { zips, profile: "release packages by cargo-lambda" });
            }
        }
        let folder = setting.project.state.join("bench-packages");
        fs::create_dir_all(&folder)?;
        let mut zips = BTreeMap::new();
        for (name, program) in names.iter().map(|name| (name.as_str(), name.as_str())).chain([(FLOOR, HELLO)]) {
            let zip = folder.join(format!("{name}.zip"));
            package_functions::pack_one(setting.programs()?.named(program)?, &zip)?;
            zips.insert(name.to_owned(), zip);
        }
        Ok(Self { zips, profile: "dev profile (`cargo xtask package` has made no release packages for this machine)" })
    }

    /// The programs in the packages.
    fn unpack(&self, setting: &Setting<'_>) -> Result<Vec<(String, PathBuf)>> {
        let folder = setting.project.state.join("bench-bootstraps");
        fs::create_dir_all(&folder)?;
        let unpack = |(name, zip): (&String, &PathBuf)| {
            let path = folder.join(name);
            bootstrap(zip, &path).with_context(|| format!("`{}` cannot be unpacked", zip.display()))?;
            Ok((name.clone(), path))
        };
        self.zips.iter().map(unpack).collect()
    }
}

fn bootstrap(zip: &Path, path: &Path) -> Result<()> {
    let mut archive = ZipArchive::new(File::open(zip)?)?;
    let mut content = Vec::new();
    archive.by_name("bootstrap")?.read_to_end(&mut content)?;
    let _ = fs::remove_file(path);
    fs::write(path, content)?;
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
}

/// Sizes of the packages.
pub(super) fn packages(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    let packages = Packages::find(setting)?;
    let megabytes = |zip: &PathBuf| Ok::<_, anyhow::Error>(fs::metadata(zip)?.len() as f64 / (1024.0 * 1024.0));
    let floor = Spread::one(megabytes(packages.zips.get(FLOOR).context("the least function is not packed")?)?);
    let functions = packages.zips.iter().filter(|(name, _)| name.as_str() != FLOOR);
    let figure = |(name, zip): (&String, &PathBuf)| {
        Ok(Figure {
            name: format!("package_mb.{name}"),
            unit: "MB".to_owned(),
            ours: Spread::one(megabytes(zip)?),
            floor: Some(floor),
            aim: None,
            detail: format!("the zip, beside that of a hello world on the same runtime; {}", packages.profile),
        })
    };
    functions.map(figure).collect()
}

/// How long each function takes to start.
pub(super) fn cold_starts(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    let packages = Packages::find(setting)?;
    let endpoints = setting.stack()?;
    let mut command = program(setting, &endpoints)?;
    command.arg("cold_start");
    binaries(setting, &packages, &mut command)?;
    taken(setting, "cold_start", &mut command)
}

fn binaries(setting: &Setting<'_>, packages: &Packages, command: &mut Command) -> Result<()> {
    for (name, path) in packages.unpack(setting)? {
        command.arg("--binary").arg(format!("{name}={}", path.display()));
    }
    command.arg("--profile").arg(packages.profile);
    Ok(())
}

const DOMAIN: &str = "operations";
const PRODUCT: &str = "operations.bench-memory";

/// What each function holds in memory after a thousand requests to the mesh.
pub(super) fn memory(setting: &mut Setting<'_>) -> Result<Vec<Figure>> {
    let packages = Packages::find(setting)?;
    let demo = setting.mesh()?;
    let manifest = super::terraform::manifest(DOMAIN, "bench-memory", "iceberg");
    let options = mesh_client::RegisterOptions { wait: Some(20), ..Default::default() };
    demo.call(demo.api(DOMAIN)?.register(&manifest, &options))?;
    demo.wait(&format!("`{PRODUCT}` is active"), Duration::from_secs(120), || {
        let product: mesh_api::types::Product = demo.get(DOMAIN, &format!("products/{PRODUCT}"))?;
        let status = product.status;
        Ok(if status == mesh_api::types::Status::Active { Ok(()) } else { Err(status.as_str().to_owned()) })
    })?;
    let (token, mut environments) = (demo.token(DOMAIN)?, setting::environments(demo)?);
    for (name, environment) in &mut environments {
        let credentials = demo.block_on(credentials(demo.platform()?, name))?;
        environment.as_object_mut().context("an environment is an object")?.extend(credentials);
    }
    let requests = setting.file("requests.json", &requests().to_string())?;
    let environments = setting.file("environments.json", &serde_json::to_string(&environments)?)?;
    let token = setting.file("token", &token)?;
    let endpoints = setting.stack()?;
    let mut command = program(setting, &endpoints)?;
    command.arg("memory_mb");
    binaries(setting, &packages, &mut command)?;
    command.arg("--requests").arg(requests).arg("--environments").arg(environments).arg("--token").arg(token);
    taken(setting, "memory_mb", &mut command)
}

/// What a function's role gives it. The stack is this command's own, so that the role can be made to let anybody of the account in.
async fn credentials(platform: &Platform, function: &str) -> Result<Map<String, Value>> {
    let account =
        platform.outputs.get("account_id").and_then(Value::as_str).context("the platform tells no account")?;
    let role = format!("{}-{function}", platform.known.name);
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": { "AWS": format!("arn:aws:iam::{account}:root"), "Service": "lambda.amazonaws.com" },
    }] });
    let api = AwsApi::new(platform.sdk().await)?;
    api.iam("UpdateAssumeRolePolicy", &[("RoleName", &role), ("PolicyDocument", &trust.to_string())]).await?;
    let arn = format!("arn:aws:iam::{account}:role/{role}");
    let answer = api.sts("AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "bench")]).await?;
    let value = |element: &str| {
        let (_, rest) = answer.split_once(&format!("<{element}>"))?;
        rest.split_once("</").map(|(value, _)| Value::from(value))
    };
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ];
    let variable = |(name, element): (&str, &str)| {
        Ok((name.to_owned(), value(element).with_context(|| format!("STS answered without `{element}`"))?))
    };
    variables.into_iter().map(variable).collect()
}

/// What each function is asked.
fn requests() -> Value {
    let get = |path: &str, query: &str| json!({ "method": "GET", "path": path, "query": query, "domain": DOMAIN, "status": 200 });
    let question = json!({
        "action": { "name": "read" },
        "resource": { "type": "output_port", "id": format!("{PRODUCT}/daily@1") },
        "context": { "purpose": "operations" },
    });
    let record = json!({ "event": { "Records": [{ "dynamodb": {
        "Keys": { "product_id": { "S": PRODUCT }, "revision": { "S": "current" } },
        "SequenceNumber": "1",
    } }] } });
    json!({
        "registry": get(&format!("/products/{PRODUCT}"), ""),
        "broker": get(&format!("/products/{PRODUCT}/ports/daily/read"), "purpose=operations"),
        "iceberg": get(&format!("/iceberg/v1/namespaces/{DOMAIN}/tables/bench_memory__daily__v1"), ""),
        "marketplace": get("/marketplace/search", "q=bench"),
        "governance": {
            "method": "POST", "path": "/governance/policy-check", "body": question.to_string(), "domain": DOMAIN, "status": 200,
        },
        "provisioner": record,
        "indexer": record,
        "sla-probe": { "event": { "trigger": "probe" } },
    })
}
