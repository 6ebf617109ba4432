//! Runs a provider under a real `terraform` in tests: a throw-away folder with its own mirror, configuration and state.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder in which `terraform` finds one provider, and nothing of the machine's own configuration.
#[derive(Debug)]
pub struct Workspace {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

/// What a run of `terraform` left behind.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Both outputs, without the frames and line breaks that Terraform puts into messages.
    #[must_use]
    pub fn text(&self) -> String {
        let all = format!("{}\n{}", self.stdout, self.stderr);
        all.split_whitespace().filter(|word| !word.chars().all(|c| "│╷╵".contains(c))).collect::<Vec<_>>().join(" ")
    }

    /// Panics with everything that was printed unless the exit code is `code`.
    ///
    /// # Panics
    /// If the exit code differs.
    #[must_use]
    #[expect(clippy::panic, reason = "an assertion for tests")]
    pub fn exits(self, code: i32) -> Self {
        if self.code != code {
            panic!("terraform ended with {} instead of {code}:\n{}\n{}", self.code, self.stdout, self.stderr);
        }
        self
    }
}

impl Workspace {
    /// `source` is a provider address with its host (`example.test/local/kv`), `binary` the provider's program.
    ///
    /// # Errors
    /// If the folder or the mirror in it cannot be made.
    pub fn new(source: &str, version: &str, binary: &Path) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tfplugin-").tempdir()?;
        let name = source.rsplit('/').next().unwrap_or(source);
        let package = folder.path().join("mirror").join(source).join(version).join(platform());
        std::fs::create_dir_all(&package)?;
        let program = package.join(format!("terraform-provider-{name}_v{version}"));
        std::fs::hard_link(binary, &program).or_else(|_| std::fs::copy(binary, &program).map(|_| ()))?;
        let mirror = folder.path().join("mirror");
        let config = format!(
            "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n    include = [{source:?}]\n  }}\n  direct {{\n    exclude = [{source:?}]\n  }}\n}}\n",
            mirror.display().to_string()
        );
        std::fs::write(folder.path().join("cli.tfrc"), config)?;
        std::fs::create_dir(folder.path().join("work"))?;
        let workspace = Self { folder, environment: Vec::new() };
        let required = format!(
            "terraform {{\n  required_providers {{\n    {name} = {{\n      source = {source:?}\n    }}\n  }}\n}}\n"
        );
        workspace.write("versions.tf", &required)?;
        Ok(workspace)
    }

    /// The folder of the configuration and the state.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Sets an environment variable for every run from now on.
    pub fn env(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Writes a file of the configuration, in place of an earlier one of that name.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, contents: &str) -> io::Result<()> {
        std::fs::write(self.path().join(name), contents)
    }

    /// The command that [`Workspace::run`] runs, for tests that need the process itself.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in ["TF_LOG", "TF_LOG_PROVIDER", "TF_CLI_ARGS", "TF_WORKSPACE", "TF_DATA_DIR", "TF_REATTACH_PROVIDERS"]
        {
            command.env_remove(name);
        }
        command
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("cli.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("NO_COLOR", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `terraform` with these arguments to its end.
    ///
    /// # Errors
    /// If there is no `terraform` to run.
    pub fn run(&self, arguments: &[&str]) -> io::Result<Run> {
        let output = self.command(arguments).output()?;
        Ok(Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}

/// This machine as Terraform names it: `linux_amd64`.
fn platform() -> String {
    let os = if std::env::consts::OS == "macos" { "darwin" } else { std::env::consts::OS };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{os}_{architecture}")
}
