//! `cargo xtask <command>`: every developer command of the project.

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use xtask::chaos::{self, Victim};
use xtask::checks;
use xtask::fuzz;
use xtask::interrupt::Interrupt;
use xtask::mesh_commands::{self, MeshCommand};
use xtask::openapi;
use xtask::package_functions;
use xtask::prerequisites::{self, Prerequisite};
use xtask::progress::line;
use xtask::project::Project;
use xtask::release::{self, Architecture};
use xtask::stack::{self, Component, GivenPorts, Health, Stack};
use xtask::steps::{self, Step};
use xtask::terraform;

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Every developer command of the project", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the local cloud and the search node, or what is missing of them
    Up {
        /// Port of the local cloud [default: a free one, then kept]
        #[arg(long)]
        port: Option<u16>,
        /// Port of the search node [default: a free one, then kept]
        #[arg(long)]
        search_port: Option<u16>,
    },
    /// Stop everything; its content stays for the next `up`
    Down,
    /// Show how the components are; fails unless all are healthy
    Status,
    /// Show what a component (cloud, search) or a function (registry, broker, ...) logged
    Logs {
        /// [default: every component]
        of: Option<String>,
        /// Go on showing what is added, until Ctrl-C
        #[arg(short, long)]
        follow: bool,
        /// How many lines of the past to show
        #[arg(short = 'n', long, default_value_t = 100)]
        lines: usize,
        /// Name of the mesh instance that the function belongs to
        #[arg(long, default_value = "mesh")]
        mesh: String,
    },
    /// Stop everything and forget all content, ports and logs
    Reset,
    #[command(flatten)]
    Mesh(MeshCommand),
    /// Walk the demo once for each component, which is killed on the way
    Chaos {
        /// Such as cloud, search, registry [default: all, one after the other]
        victims: Vec<Victim>,
    },
    /// Look for inputs that break what reads them, guided by coverage; what is found is put into the corpus
    Fuzz {
        /// Such as manifest, token [default: all, one after the other]
        targets: Vec<String>,
        /// How long each target is tried
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Call every operation of the local stack's API and compare the answers with the OpenAPI document; what the mesh holds
    /// is another one afterwards
    Openapi,
    /// Build the functions and the provider for this machine, and pack the functions
    Build,
    /// Build release packages of the functions for an AWS account
    Package {
        #[arg(long, value_enum, default_value = "arm64")]
        arch: Architecture,
        /// Only this function; may be given several times
        #[arg(short = 'p', long = "function")]
        functions: Vec<String>,
    },
    /// Say all that is wrong with a manifest, without a mesh
    Validate {
        /// Such as dataproduct.yaml
        file: PathBuf,
    },
    /// Format, lints, licences and the quick tests
    Check(Selection),
    /// Everything that can be tested on this machine
    Test(Selection),
}

#[derive(Debug, Default, clap::Args)]
struct Selection {
    /// Run only the steps whose name holds this
    #[arg(long)]
    only: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let project = Project::find()?;
    let interrupt = Interrupt::by_signals()?;
    match arguments.command {
        Command::Mesh(command) => return mesh_commands::run(command, &project, &interrupt),
        Command::Up { port, search_port } => {
            prerequisites::check(prerequisites::OF_STACK)?;
            let running = Stack::hold(&project, &interrupt)?.up(GivenPorts { cloud: port, search: search_port })?;
            if running.started.is_empty() {
                line("everything ran already");
            }
            line(format_args!("cloud   {}", running.endpoints.cloud));
            line(format_args!("search  {}", running.endpoints.search));
            line("stop with `cargo xtask down`");
        }
        Command::Down => {
            let any = Stack::hold(&project, &interrupt)?.down()?;
            line(if any { "everything is stopped" } else { "nothing ran" });
        }
        Command::Status => return Ok(print_status(&project)),
        Command::Logs { of, follow, lines, mesh } => match of {
            Some(name) => match Component::named(&name) {
                Some(component) => stack::logs::of_component(&project, component, lines, follow, &interrupt)?,
                None => {
                    let functions = package_functions::functions(&project, &interrupt)?;
                    if !functions.contains(&name) {
                        bail!(
                            "there is no component or function `{name}`: there are cloud, search, {}",
                            functions.join(", ")
                        );
                    }
                    stack::logs::of_function(&project, &mesh, &name, lines, follow, &interrupt)?;
                }
            },
            None => {
                for component in Component::ALL {
                    line(format_args!("== {component}"));
                    stack::logs::of_component(&project, component, lines, false, &interrupt)?;
                }
            }
        },
        Command::Reset => {
            Stack::hold(&project, &interrupt)?.reset()?;
            line("everything is stopped and forgotten");
        }
        Command::Chaos { victims } => {
            let victims = if victims.is_empty() { Victim::all() } else { victims };
            let all_ok = chaos::run(&project, &interrupt, &victims)?;
            return Ok(if all_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Command::Fuzz { targets, seconds } => {
            prerequisites::check(&[Prerequisite::Rust])?;
            fuzz::run(&project, &targets, Duration::from_secs(seconds), &interrupt)?;
        }
        Command::Openapi => {
            return run_steps(
                vec![Step::new("openapi", || openapi::check(&project, &interrupt))],
                &Selection::default(),
                &interrupt,
            );
        }
        Command::Build => {
            prerequisites::check(&[Prerequisite::Rust])?;
            let built = package_functions::build(&project, &interrupt)?;
            package_functions::pack(&project, &built)?;
            terraform::install_mesh_provider(&project, &built.provider)?;
            line(format_args!("packages are in {}", package_functions::artefacts_folder(&project).display()));
        }
        Command::Package { arch, functions } => {
            prerequisites::check(&[Prerequisite::Rust, Prerequisite::Python])?;
            let packages = release::package(&project, arch, &functions, &interrupt)?;
            line(release::sizes(&packages)?);
        }
        Command::Validate { file } => return validate(&file),
        Command::Check(selection) => {
            return run_steps(checks::quick(&project, &interrupt), &selection, &interrupt);
        }
        Command::Test(selection) => {
            return run_steps(checks::all(&project, &interrupt), &selection, &interrupt);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every problem of a manifest as `file:line:column`, which editors and pipelines follow.
fn validate(file: &Path) -> Result<ExitCode> {
    let text = fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    let (problems, code) = match mesh_manifest::parse(&text) {
        Ok(parsed) => (parsed.warnings, ExitCode::SUCCESS),
        Err(problems) => (problems, ExitCode::FAILURE),
    };
    for problem in &problems {
        line(format_args!("{}:{problem}", file.display()));
    }
    if problems.is_empty() {
        line(format_args!("{}: nothing is wrong with it", file.display()));
    }
    Ok(code)
}

fn run_steps(mut steps: Vec<Step<'_>>, selection: &Selection, interrupt: &Interrupt) -> Result<ExitCode> {
    if let Some(part) = &selection.only {
        steps.retain(|step| step.name.contains(part));
        if steps.is_empty() {
            bail!("no step's name holds `{part}`");
        }
    }
    let all_passed = steps::run_all(&steps, interrupt)?;
    Ok(if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_status(project: &Project) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for component in stack::status(project) {
        let (word, detail) = match component.health {
            Health::Healthy => ("healthy", None),
            Health::Unhealthy(why) => ("unhealthy", Some(why)),
            Health::Died(end) => ("died", Some(format!("the end of its log:\n{end}"))),
            Health::Stopped => ("stopped", Some("start it with `cargo xtask up`".to_owned())),
        };
        if word != "healthy" {
            code = ExitCode::FAILURE;
        }
        let pid = component.pid.map(|pid| format!("process {pid}")).unwrap_or_default();
        let endpoint = component.endpoint.unwrap_or_default();
        line(format_args!("{:<8} {word:<10} {endpoint:<24} {pid}", component.component.name()));
        if let Some(detail) = detail {
            line(detail);
        }
    }
    code
}
