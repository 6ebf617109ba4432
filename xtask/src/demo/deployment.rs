//! After the walk: every function behind the API gets new code in the middle of traffic, and no request fails over it.

use anyhow::{Context, Result, bail};
use mesh_api::types::Product;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::mesh::Demo;
use crate::aws_api::AwsApi;
use crate::package_functions;

/// The functions that get new code, each while somebody asks it without a pause.
const FUNCTIONS: [&str; 4] = ["registry", "broker", "marketplace", "governance"];
/// How many requests new code must answer before the next function's turn.
const ENOUGH: usize = 5;
/// How long a function may take to be updated, and to answer so many requests.
const PATIENCE: Duration = Duration::from_secs(60);

/// Requests of one kind, one after the other.
#[derive(Default)]
struct Traffic {
    answered: AtomicUsize,
    over: AtomicBool,
}

pub fn deployment(demo: &mut Demo<'_>) -> Result<String> {
    let requests = requests(demo)?;
    let sdk = demo.block_on(demo.platform()?.sdk());
    let aws = AwsApi::new(sdk)?;
    let traffic: Vec<Arc<Traffic>> = requests.iter().map(|_| Arc::default()).collect();
    demo.block_on(async {
        let senders: Vec<_> = requests
            .into_iter()
            .zip(&traffic)
            .map(|(request, traffic)| tokio::spawn(send(request, Arc::clone(traffic))))
            .collect();
        let deployed = deploy(demo, &aws, &traffic).await;
        for traffic in &traffic {
            traffic.over.store(true, Ordering::SeqCst);
        }
        let mut answered = 0;
        for (function, sender) in FUNCTIONS.iter().zip(senders) {
            answered += sender.await?.with_context(|| format!("`{function}`, while functions got new code"))?;
        }
        deployed?;
        Ok(format!("{} functions got new code, and each of {answered} requests meanwhile its answer", FUNCTIONS.len()))
    })
}

async fn deploy(demo: &Demo<'_>, aws: &AwsApi, traffic: &[Arc<Traffic>]) -> Result<()> {
    for (function, traffic) in FUNCTIONS.iter().zip(traffic) {
        answers(traffic, ENOUGH).await.with_context(|| format!("`{function}` before its update"))?;
        let package = package_functions::artefacts_folder(demo.project).join(format!("{function}.zip"));
        let package = changed(&fs::read(&package)?).context("the package is no archive")?;
        let name = format!("{}-{function}", demo.platform()?.known.name);
        let before = digest(&aws.function(&name).await?)?;
        let after = digest(&aws.update_code(&name, &package).await?)?;
        if after == before {
            bail!("`{function}` has the code that it had");
        }
        let updated = async {
            while aws.function(&name).await?.get("LastUpdateStatus").and_then(Value::as_str) != Some("Successful") {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Ok::<_, anyhow::Error>(())
        };
        tokio::time::timeout(PATIENCE, updated).await.with_context(|| format!("`{function}` was not updated"))??;
        answers(traffic, ENOUGH).await.with_context(|| format!("`{function}` after its update"))?;
    }
    Ok(())
}

fn digest(configuration: &Value) -> Result<String> {
    let digest = configuration.get("CodeSha256").and_then(Value::as_str);
    Ok(digest.with_context(|| format!("no digest in {configuration}"))?.to_owned())
}

/// Waits for so many more answers.
async fn answers(traffic: &Traffic, more: usize) -> Result<()> {
    let enough = traffic.answered.load(Ordering::SeqCst) + more;
    let waiting = async {
        while traffic.answered.load(Ordering::SeqCst) < enough && !traffic.over.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.context("it does not answer")
}

/// Sends one request after the other until it is over, and counts them. The first that fails ends it: nothing is tried twice here.
async fn send(request: RequestBuilder, traffic: Arc<Traffic>) -> Result<usize> {
    let sent = async {
        while !traffic.over.load(Ordering::SeqCst) {
            let answer = request.try_clone().context("a request that can be sent again")?.send().await?;
            let status = answer.status();
            if !status.is_success() {
                bail!("a request was answered {status}: {}", answer.text().await?);
            }
            traffic.answered.fetch_add(1, Ordering::SeqCst);
        }
        Ok(traffic.answered.load(Ordering::SeqCst))
    }
    .await;
    traffic.over.store(true, Ordering::SeqCst);
    sent
}

/// One request to each of the functions, in their order: a registration of what is registered, a read, a search and a policy check.
fn requests(demo: &Demo<'_>) -> Result<Vec<RequestBuilder>> {
    let http = reqwest::Client::new();
    let url = demo.platform()?.known.api_url.clone();
    let (producer, consumer) = (demo.token("operations")?, demo.token("insights")?);
    let request = |method, path: &str, token: &str| {
        http.request(method, format!("{url}/{path}")).bearer_auth(token).timeout(Duration::from_secs(30))
    };
    let flights: Product = demo.get("operations", "products/operations.flights")?;
    let check = json!({
        "action": { "name": "read" },
        "resource": { "type": "output_port", "id": "operations.flights/daily@1" },
        "context": { "purpose": "analytics" },
    });
    Ok(vec![
        request(Method::POST, "products", &producer)
            .header("content-type", "application/yaml")
            .body(flights.manifest_text),
        request(Method::GET, "products/operations.flights/ports/daily/read?version=1&purpose=analytics", &consumer),
        request(Method::GET, "marketplace/search?q=gust", &consumer),
        request(Method::POST, "governance/policy-check", &consumer).json(&check),
    ])
}

/// The same archive with a comment: other bytes, the same function.
fn changed(package: &[u8]) -> Option<Vec<u8>> {
    let comment = b"deployed again";
    // An archive without a comment ends with its length, which is 0.
    let rest = package.strip_suffix(&[0, 0])?;
    let length = u16::try_from(comment.len()).ok()?.to_le_bytes();
    Some([rest, &length, comment].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read, Write};

    #[test]
    fn a_changed_package_holds_what_it_held() {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("bootstrap", zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(b"#!/bin/sh\n").unwrap();
        let package = writer.finish().unwrap().into_inner();
        let changed = changed(&package).unwrap();
        assert_ne!(changed, package);
        let mut archive = zip::ZipArchive::new(Cursor::new(changed)).unwrap();
        assert_eq!(archive.comment(), b"deployed again");
        let mut held = String::new();
        archive.by_name("bootstrap").unwrap().read_to_string(&mut held).unwrap();
        assert_eq!(held, "#!/bin/sh\n");
        assert_eq!(super::changed(b"no archive"), None);
    }
}
