//! What the demo's steps share: the running stack, the platform on it, the clients, and how they wait.

use anyhow::{Context, Result, anyhow, bail};
use mesh_api::types::{Product, Status};
use mesh_client::{Client, ClientError, RegisterOptions};
use serde::de::DeserializeOwned;
use std::cell::OnceCell;
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

use super::notes::Notes;
use crate::client::SavedClients;
use crate::interrupt::Interrupt;
use crate::machine_client::MachineClient;
use crate::platform::Platform;
use crate::policy::told;
use crate::progress;
use crate::project::Project;
use crate::stack::{Running, Stack};

/// How long a product may take to become active.
const ACTIVE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_secs(1);

/// The demo under way.
pub struct Demo<'a> {
    pub project: &'a Project,
    pub interrupt: &'a Interrupt,
    pub stack: Stack<'a>,
    pub running: Option<Running>,
    pub platform: Option<Platform>,
    pub clients: SavedClients,
    pub notes: Notes,
    /// Runs the example's programs, once it is made.
    pub interpreter: OnceCell<PathBuf>,
    runtime: Runtime,
}

impl<'a> Demo<'a> {
    pub fn new(project: &'a Project, interrupt: &'a Interrupt, stack: Stack<'a>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (clients, notes) = (SavedClients::load(project), Notes::load(project));
        let interpreter = OnceCell::new();
        Ok(Self { project, interrupt, stack, running: None, platform: None, clients, notes, interpreter, runtime })
    }

    pub fn running(&self) -> Result<&Running> {
        self.running.as_ref().context("the stack does not run")
    }

    pub fn platform(&self) -> Result<&Platform> {
        self.platform.as_ref().context("the platform is not applied")
    }

    /// The saved client called `name`.
    pub fn client(&self, name: &str) -> Result<&MachineClient> {
        self.clients.get(name).with_context(|| format!("there is no client `{name}`"))
    }

    /// The principal of the client called `name`.
    pub fn principal(&self, name: &str) -> Result<String> {
        Ok(self.platform()?.principal(&self.client(name)?.client_id))
    }

    /// The API as the domain's own client.
    pub fn api(&self, domain: &str) -> Result<Client> {
        self.api_as(domain, domain)
    }

    /// The API as the client called `name`, acting for `domain`.
    pub fn api_as(&self, name: &str, domain: &str) -> Result<Client> {
        self.platform()?.api(self.client(name)?, domain)
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// An answer of the API, or an error that holds all of its reasons.
    pub fn call<T>(&self, future: impl Future<Output = Result<T, ClientError>>) -> Result<T> {
        self.block_on(future).map_err(|error| anyhow!(told(&error)))
    }

    /// `GET path` as the domain's own client.
    pub fn get<T: DeserializeOwned>(&self, domain: &str, path: &str) -> Result<T> {
        let api = self.api(domain)?;
        self.call(api.get(path)).with_context(|| format!("GET /{path} as `{domain}`"))
    }

    /// Registers as the domain's own client, and waits until the product is active.
    pub fn register(&self, domain: &str, manifest: &str) -> Result<Product> {
        let options = RegisterOptions { wait: Some(20), ..RegisterOptions::default() };
        let registered = self.call(self.api(domain)?.register(manifest, &options))?;
        self.wait("the product is active", ACTIVE, || {
            let product: Product = self.get(domain, &format!("products/{}", registered.id))?;
            Ok(match product.status {
                Status::Active if product.provisioned_revision == product.revision => Ok(()),
                status => Err(format!("it is {}: {}", status.as_str(), product.status_detail.unwrap_or_default())),
            })
        })?;
        Ok(registered)
    }

    /// Look until `look` yields a value, showing `what` is waited for. Until then, `look` answers why not yet.
    pub fn wait<T>(
        &self,
        what: &str,
        limit: Duration,
        mut look: impl FnMut() -> Result<std::result::Result<T, String>>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            self.interrupt.check()?;
            let why = match look()? {
                Ok(value) => return Ok(value),
                Err(why) => why,
            };
            if start.elapsed() >= limit {
                bail!("waited {} s until {what}: {why}", limit.as_secs());
            }
            progress::detail(&format!("waiting until {what}; now {why}"));
            self.interrupt.wait_for(POLL, || Ok(None::<()>))?;
        }
    }

    /// Where everything is, a request to try, and how to stop.
    pub fn farewell(&self) -> String {
        let mut text = String::new();
        let mut add = |line: &str| text = format!("{text}{line}\n");
        if let Some(running) = &self.running {
            add(&format!("cloud   {}", running.endpoints.cloud));
            add(&format!("search  {}", running.endpoints.search));
        }
        if let Some(platform) = &self.platform {
            add(&format!("API     {}", platform.known.api_url));
            add(&format!("OpenAPI {}/openapi.json", platform.known.api_url));
            if let Ok(token) = self.token("insights") {
                let url = format!("{}/marketplace/search?q=aircraft", platform.known.api_url);
                add("try     (with an hour's token of the client `insights`)");
                add(&format!("        curl -s -H 'Authorization: Bearer {token}' '{url}'"));
            }
        }
        add("next    publish a product of your own: eval \"$(cargo xtask env weather)\", then as README.md tells");
        add("logs    cargo xtask logs [function]");
        add("stop    cargo xtask down");
        text.trim_end().to_owned()
    }

    /// A token of the client called `name`.
    pub fn token(&self, name: &str) -> Result<String> {
        let credentials = self.platform()?.credentials(self.client(name)?);
        let form = [("grant_type", "client_credentials"), ("scope", credentials.scope.as_str())];
        let answer: serde_json::Value = self.block_on(async {
            let request = reqwest::Client::new().post(&credentials.token_url);
            let request = request.basic_auth(&credentials.client_id, Some(&credentials.client_secret)).form(&form);
            request.send().await?.error_for_status()?.json().await
        })?;
        let token = answer.get("access_token").and_then(|token| token.as_str());
        token.map(str::to_owned).context("the token endpoint's answer holds no token")
    }
}
