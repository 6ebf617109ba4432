//! `cold_start.*` and `memory_mb.*`: the functions' own programs, started against a Runtime API, beside the least function.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::{
    runtime_api::RuntimeApi,
    sampling::{Aim, Figure, Spread, milliseconds},
};

/// The least function.
const HELLO: &str = "hello";
const STARTS: usize = 20;
/// Longer than any start or answer takes.
const PATIENCE: Duration = Duration::from_secs(30);
const REQUESTS: usize = 1000;

/// The programs to start.
#[derive(Debug, clap::Args)]
pub struct Binaries {
    /// NAME=PATH, of which one is `hello`
    #[arg(long = "binary", required = true, value_parser = binary)]
    binaries: Vec<(String, PathBuf)>,
    /// How they were built
    #[arg(long)]
    profile: String,
}

fn binary(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text.split_once('=').ok_or_else(|| format!("`{text}` is not NAME=PATH"))?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

/// A function that was started.
struct Function {
    child: Child,
    api: RuntimeApi,
    /// Milliseconds from its start until it asked for its first invocation.
    start: f64,
}

impl Function {
    async fn start(path: &Path, environment: &BTreeMap<String, String>) -> Result<Self> {
        let mut api = RuntimeApi::start().await?;
        let mut command = Command::new(path);
        command
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "bench")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let start = Instant::now();
        let child = command.spawn().with_context(|| format!("`{}` cannot be started", path.display()))?;
        let ready = tokio::time::timeout(PATIENCE, api.ready());
        let ready = ready.await.with_context(|| format!("`{}` never asked for an invocation", path.display()))??;
        Ok(Self { child, api, start: milliseconds(ready.duration_since(start)) })
    }

    async fn end(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }
}

/// Starts each program in turn, many times.
pub async fn cold_starts(binaries: &Binaries) -> Result<Vec<Figure>> {
    let environment = stand_in();
    let mut samples: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..=STARTS {
        for (name, path) in &binaries.binaries {
            let function = Function::start(path, &environment).await?;
            // The first one reads the program from disk.
            if round > 0 {
                samples.entry(name.as_str()).or_default().push(function.start);
            }
            function.end().await?;
        }
    }
    let floor = Spread::of(samples.remove(HELLO).context("no `hello` was started")?)?;
    let figure = |(name, samples): (&str, Vec<f64>)| -> Result<Figure> {
        Ok(Figure {
            name: format!("cold_start.{name}"),
            unit: "ms",
            ours: Spread::of(samples)?,
            floor: Some(floor),
            aim: Some(Aim::Ratio(2.0)),
            detail: format!(
                "from the start of the process until it asks for its first invocation; {}",
                binaries.profile
            ),
        })
    };
    samples.into_iter().map(figure).collect()
}

/// What a function needs to start, none of which it asks before it is invoked.
fn stand_in() -> BTreeMap<String, String> {
    let nowhere = "http://127.0.0.1:9";
    let issuers =
        json!([{ "issuer": "https://idp.example.org", "jwks_uri": nowhere, "scope": "mesh/api" }]).to_string();
    let mut variables: Vec<(&str, &str)> = vec![
        ("MESH_ISSUERS", &issuers),
        ("MESH_TABLE_PREFIX", "mesh-"),
        ("MESH_NAME", "mesh"),
        ("MESH_ACCOUNT_ID", "000000000000"),
        ("MESH_API_URL", nowhere),
        ("MESH_TOKEN_URL", nowhere),
        ("MESH_EVENT_BUS", "mesh"),
        ("MESH_KMS_KEY", "arn:aws:kms:us-east-1:000000000000:key/x"),
        ("MESH_MANIFEST_BUCKET", "manifests"),
        ("MESH_PIPELINE_BUCKET", "pipelines"),
        ("MESH_SEARCH_ENDPOINT", "https://search.example.org"),
        ("MESH_SEARCH_INDEX", "mesh-products"),
        ("MESH_SEARCH_AUTH", "sigv4"),
        ("RUST_LOG", "info"),
    ];
    // As Lambda gives them.
    variables.extend([
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_SESSION_TOKEN", "test"),
    ]);
    // Lambda's image has its root certificates in one file; some machines have each in one of its own, to be opened and read.
    variables.extend(BUNDLES.into_iter().find(|file| Path::new(file).exists()).map(|file| ("SSL_CERT_FILE", file)));
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Where systems keep all root certificates in one file.
const BUNDLES: [&str; 3] =
    ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/ca-bundle.pem"];

/// What a function is invoked with.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Invocation {
    /// A request, which goes in as the gateway's event.
    Request {
        method: String,
        path: String,
        #[serde(default)]
        query: String,
        #[serde(default)]
        body: String,
        /// The domain to act for.
        domain: String,
        status: u64,
    },
    Event {
        event: Value,
    },
}

impl Invocation {
    fn event(&self, token: &str) -> String {
        match self {
            Self::Event { event } => event.to_string(),
            Self::Request { method, path, query, body, domain, .. } => json!({
                "version": "2.0",
                "routeKey": "$default",
                "rawPath": path,
                "rawQueryString": query,
                "headers": {
                    "authorization": format!("Bearer {token}"), "content-type": "application/json", "mesh-domain": domain,
                },
                "requestContext": {
                    "accountId": "000000000000", "apiId": "bench", "domainName": "bench", "domainPrefix": "bench",
                    "http": {
                        "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "bench",
                    },
                    "requestId": "bench", "routeKey": "$default", "stage": "$default",
                    "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_u64,
                },
                "body": body,
                "isBase64Encoded": false,
            })
            .to_string(),
        }
    }

    /// Whether the function answered as it should.
    fn check(&self, answer: &[u8]) -> Result<()> {
        let answer: Value = serde_json::from_slice(answer)?;
        match self {
            Self::Request { status, .. } => {
                ensure!(answer.get("statusCode").and_then(Value::as_u64) == Some(*status), "answered {answer}");
            }
            Self::Event { .. } => {
                let failed = answer.get("errors").and_then(Value::as_u64).unwrap_or_default();
                let again = answer.get("batchItemFailures").and_then(Value::as_array).map_or(0, Vec::len);
                ensure!(failed == 0 && again == 0, "answered {answer}");
            }
        }
        Ok(())
    }
}

/// Invokes each function a thousand times and looks at what its process holds then.
pub async fn memory(binaries: &Binaries, requests: &Path, environments: &Path, token: &Path) -> Result<Vec<Figure>> {
    let requests: BTreeMap<String, Invocation> = serde_json::from_slice(&fs::read(requests)?)?;
    let environments: BTreeMap<String, BTreeMap<String, String>> = serde_json::from_slice(&fs::read(environments)?)?;
    let token = fs::read_to_string(token)?.trim().to_owned();
    let mut held = BTreeMap::new();
    for (name, path) in &binaries.binaries {
        let hello = Invocation::Event { event: json!({}) };
        let invocation = if name == HELLO {
            &hello
        } else {
            requests.get(name).with_context(|| format!("nothing to ask `{name}`"))?
        };
        let mut environment = stand_in();
        // How the local cloud is reached; as whom, the function's own environment says.
        environment.extend(env::vars().filter(|(name, _)| name.starts_with("AWS_")));
        environment.extend(environments.get(name).cloned().unwrap_or_default());
        let mut function = Function::start(path, &environment).await?;
        let event = invocation.event(&token);
        for _ in 0..REQUESTS {
            let answer = tokio::time::timeout(PATIENCE, function.api.invoke(&event)).await;
            let answer =
                answer.with_context(|| format!("`{name}` did not answer"))?.with_context(|| format!("`{name}`"))?;
            invocation.check(&answer).with_context(|| format!("`{name}`"))?;
        }
        let pid = function.child.id().with_context(|| format!("`{name}` ended"))?;
        held.insert(name.as_str(), resident(pid)?);
        function.end().await?;
    }
    let one = |megabytes: f64| Spread { p50: megabytes, p99: megabytes };
    let floor = held.remove(HELLO).context("no `hello` was started")?;
    let figure = |(name, megabytes): (&str, f64)| Figure {
        name: format!("memory_mb.{name}"),
        unit: "MB",
        ours: one(megabytes),
        floor: Some(one(floor)),
        aim: Some(Aim::AtMost(64.0)),
        detail: format!("resident after {REQUESTS} requests; {}", binaries.profile),
    };
    Ok(held.into_iter().map(figure).collect())
}

/// What a process holds in memory, in MB.
fn resident(pid: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("this system does not tell a process's memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the process has no memory")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}
