//! Commands that work on a deployed mesh, and the generators: their arguments, and what they print.

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use mesh_client::TokenSource;
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::runtime::Runtime;

use crate::client::{self, SavedClients};
use crate::interrupt::Interrupt;
use crate::machine_client::MachineClient;
use crate::platform::Platform;
use crate::policy::{self, Scope};
use crate::progress::{self, line};
use crate::project::Project;
use crate::{admin, bench, codegen, cost, demo, rebuild, shell};

/// Environment variables that name the client to publish policies as, where none was saved.
const CLIENT_ID_VARIABLE: &str = "MESH_CLIENT_ID";
const CLIENT_SECRET_VARIABLE: &str = "MESH_CLIENT_SECRET";
const TOKEN_VARIABLE: &str = "MESH_TOKEN";

#[derive(Debug, Subcommand)]
pub enum MeshCommand {
    /// Walk one path through the whole mesh on real data, on this machine
    Demo {
        /// Write the summary to this file as JSON, too
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Print what a shell needs to work on the local stack's mesh as a saved client: `eval "$(cargo xtask env weather)"`
    Env {
        /// A domain of the example mesh, or another name that a client was saved under
        client: String,
    },
    /// Measure the mesh, each thing beside the least that it could cost
    Bench {
        /// Only this figure, such as register or cold_start.broker [default: all]
        figure: Option<String>,
        /// Write the figures to this file as JSON, too
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Machine clients of a mesh
    #[command(subcommand)]
    Client(ClientCommand),
    /// What is done with AWS credentials, before anybody is a member of the mesh
    #[command(subcommand)]
    Admin(AdminCommand),
    /// The policies in policies/
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Manifests of what is there already
    #[command(subcommand)]
    Manifest(ManifestCommand),
    /// Count what each operation asks of AWS on the local stack's mesh, and write docs/cost.md
    Cost,
    /// Put back what is made from the tables, after they were restored or the search index was lost; fails if something lags
    Rebuild {
        #[command(flatten)]
        mesh: MeshArguments,
    },
    /// Write the files that are made from code
    Codegen {
        /// Write nothing; fail naming the files that are not as the code has it
        #[arg(long)]
        check: bool,
    },
}

#[derive(Debug, Subcommand)]
pub enum ClientCommand {
    /// Make a client that gets tokens by its secret, and show the secret once
    Create {
        name: String,
        /// Keep the secret for later commands on the local stack, readable by you only
        #[arg(long, conflicts_with = "outputs")]
        save: bool,
        #[command(flatten)]
        mesh: MeshArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Make a principal (`issuer|subject`) an owner of the reserved domain `platform`
    Grant {
        principal: String,
        #[command(flatten)]
        mesh: MeshArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Publish what lies in policies/, as the client in MESH_CLIENT_ID and MESH_CLIENT_SECRET (or MESH_TOKEN), or as
    /// the saved client called like the domain
    Publish {
        /// global, products or domains/DOMAIN; may be given several times [default: all]
        #[arg(long = "scope")]
        scopes: Vec<Scope>,
        #[command(flatten)]
        mesh: MeshArguments,
    },
}

#[derive(Debug, Subcommand)]
pub enum ManifestCommand {
    /// Draft a manifest that takes over an Iceberg table of a domain's catalogue database, and print it
    FromTable {
        /// Such as mesh_operations.flights
        table: String,
        #[command(flatten)]
        mesh: MeshArguments,
    },
}

#[derive(Debug, clap::Args)]
pub struct MeshArguments {
    /// What `terraform output -json` says of infra/, for a mesh on AWS [default: the local stack's mesh]
    #[arg(long)]
    outputs: Option<PathBuf>,
}

pub fn run(command: MeshCommand, project: &Project, interrupt: &Interrupt) -> Result<ExitCode> {
    let find = |mesh: MeshArguments| Platform::find(project, interrupt, mesh.outputs.as_deref());
    match command {
        MeshCommand::Demo { json } => {
            let all_ok = demo::run(project, interrupt, json.as_deref())?;
            return Ok(if all_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        MeshCommand::Env { client } => {
            progress::aside();
            let platform = find(MeshArguments { outputs: None })?;
            progress::result(shell::environment(project, &platform, &SavedClients::load(project), &client)?);
        }
        MeshCommand::Bench { figure, json } => {
            let all_taken = bench::run(project, interrupt, figure.as_deref(), json.as_deref())?;
            return Ok(if all_taken { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        MeshCommand::Client(ClientCommand::Create { name, save, mesh }) => {
            client::check_name(&name)?;
            let platform = find(mesh)?;
            let made = Runtime::new()?.block_on(client::create(&platform, &name))?;
            show_client(&platform, &made);
            if save {
                let mut saved = SavedClients::load(project);
                saved.save(&name, made)?;
                line(format_args!("kept in {}; `cargo xtask env {name}` makes a shell use it", saved.file().display()));
            }
            line("it may do nothing yet: have its principal put into a domain's members (`members` of modules/domain)");
        }
        MeshCommand::Admin(AdminCommand::Grant { principal, mesh }) => {
            let granted = Runtime::new()?.block_on(admin::grant(&find(mesh)?, &principal))?;
            let word = if granted { "is now" } else { "was already" };
            line(format_args!("`{principal}` {word} an owner of the domain `platform`"));
        }
        MeshCommand::Policy(PolicyCommand::Publish { scopes, mesh }) => {
            publish(project, &find(mesh)?, scopes)?;
        }
        MeshCommand::Manifest(ManifestCommand::FromTable { table, mesh }) => {
            progress::aside();
            progress::result(from_table(project, &find(mesh)?, &table)?.trim_end());
        }
        MeshCommand::Cost => line(format_args!("wrote {}", cost::write(project, interrupt)?.display())),
        MeshCommand::Rebuild { mesh } => {
            let rebuilt = Runtime::new()?.block_on(rebuild::rebuild(&find(mesh)?, interrupt))?;
            line(&rebuilt);
            return Ok(if rebuilt.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        MeshCommand::Codegen { check: true } => {
            codegen::check(&project.root)?;
            line("everything is as the code has it");
        }
        MeshCommand::Codegen { check: false } => {
            for path in codegen::write(&project.root)? {
                line(format_args!("wrote {path}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show_client(platform: &Platform, made: &MachineClient) {
    line(format_args!("client id      {}", made.client_id));
    line(format_args!("client secret  {}  (shown this once)", made.client_secret));
    line(format_args!("principal      {}", platform.principal(&made.client_id)));
    line(format_args!("token URL      {}", platform.known.token_url));
    line(format_args!("scope          {}", platform.known.scope));
}

fn publish(project: &Project, platform: &Platform, scopes: Vec<Scope>) -> Result<()> {
    let policies = project.root.join("policies");
    let scopes = if scopes.is_empty() { Scope::all(&policies)? } else { scopes };
    let saved = SavedClients::load(project);
    let runtime = Runtime::new()?;
    for scope in scopes {
        let api = platform.api_with(token(platform, &saved, scope.publisher())?, scope.publisher())?;
        let bundle = runtime.block_on(policy::publish(&policies, &scope, &api))?;
        line(format_args!("{:<24} revision {}", scope.to_string(), bundle.revision));
    }
    Ok(())
}

/// The draft for a table, as a member of the domain whose database it is in.
fn from_table(project: &Project, platform: &Platform, table: &str) -> Result<String> {
    let (database, name) = table.split_once('.').with_context(|| format!("`{table}` is not `database.table`"))?;
    let prefix = format!("{}_", platform.known.name.replace('-', "_"));
    let domain = database
        .strip_prefix(&prefix)
        .with_context(|| format!("`{database}` is not the catalogue database of a domain: they begin with `{prefix}`"))?
        .replace('_', "-");
    let api = platform.api_with(token(platform, &SavedClients::load(project), &domain)?, &domain)?;
    Ok(Runtime::new()?.block_on(api.draft_manifest(&domain, name))?.manifest_text)
}

/// The client that the environment names, else the one saved under the domain's name.
fn token(platform: &Platform, saved: &SavedClients, domain: &str) -> Result<TokenSource> {
    if let Ok(token) = env::var(TOKEN_VARIABLE) {
        return Ok(TokenSource::given(token));
    }
    let client = match env::var(CLIENT_ID_VARIABLE) {
        Ok(client_id) => {
            let client_secret = env::var(CLIENT_SECRET_VARIABLE)
                .with_context(|| format!("`{CLIENT_ID_VARIABLE}` is set and `{CLIENT_SECRET_VARIABLE}` is not"))?;
            MachineClient { client_id, client_secret }
        }
        Err(_) => match saved.get(domain).filter(|_| platform.endpoint.is_some()) {
            Some(client) => client.clone(),
            None => {
                bail!("no client of `{domain}` is known: set `{CLIENT_ID_VARIABLE}` and `{CLIENT_SECRET_VARIABLE}`")
            }
        },
    };
    Ok(TokenSource::client(platform.credentials(&client)))
}
