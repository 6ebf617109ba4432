//! Takes figures that need the functions' code in this process, or their processes alone; `cargo xtask bench` starts it,
//! with the environment of a function. One JSON document a line is one figure.

mod cloud;
mod contract;
mod functions;
mod gateway;
mod growth;
mod mesh;
mod policy_check;
mod ports;
mod register;
mod runtime_api;
mod sampling;
mod search;
mod sweep;

use std::{io::Write, path::PathBuf};

use anyhow::Result;
use clap::{Parser, Subcommand};
use peak_alloc::PeakAlloc;

/// Counts what is allocated: how much memory a run needs at its peak is a figure.
#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    figure: Wanted,
}

#[derive(Debug, Subcommand)]
#[command(rename_all = "snake_case")]
enum Wanted {
    Contract,
    Register,
    PolicyCheck,
    Search,
    Sweep,
    SweepGrowth,
    /// A search through the API at MESH_API_URL, beside the marketplace's router in this process
    Gateway {
        /// File with a token
        #[arg(long)]
        token: PathBuf,
    },
    ColdStart(functions::Binaries),
    MemoryMb {
        #[command(flatten)]
        binaries: functions::Binaries,
        /// JSON: function → the request or event that it is invoked with
        #[arg(long)]
        requests: PathBuf,
        /// JSON: function → its environment
        #[arg(long)]
        environments: PathBuf,
        /// File with a token
        #[arg(long)]
        token: PathBuf,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let figures = match Arguments::parse().figure {
        Wanted::Contract => contract::figures().await?,
        Wanted::Register => vec![register::figure().await?],
        Wanted::PolicyCheck => vec![policy_check::figure().await?],
        Wanted::Search => vec![search::figure().await?],
        Wanted::Sweep => sweep::figures().await?,
        Wanted::SweepGrowth => vec![growth::figure().await?],
        Wanted::Gateway { token } => vec![gateway::figure(&token).await?],
        Wanted::ColdStart(binaries) => functions::cold_starts(&binaries).await?,
        Wanted::MemoryMb { binaries, requests, environments, token } => {
            functions::memory(&binaries, &requests, &environments, &token).await?
        }
    };
    let mut out = std::io::stdout().lock();
    for figure in figures {
        writeln!(out, "{}", serde_json::to_string(&figure)?)?;
    }
    Ok(())
}
