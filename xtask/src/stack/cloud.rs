//! The emulated AWS: where its content is, how it is started, whether that content is complete.

use anyhow::Result;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::state::Ports;
use crate::interrupt::Interrupt;
use crate::project::Project;
use crate::python;

/// The region of everything in the local cloud.
pub const REGION: &str = "us-east-1";

/// What its Python environment holds, relative to the repository.
pub const CLOUD_REQUIREMENTS: &str = "localstack/requirements.txt";

pub(super) fn folder(project: &Project) -> PathBuf {
    project.state.join("cloud")
}

/// The interpreter of an environment with the emulator.
pub(super) fn environment(project: &Project, interrupt: &Interrupt) -> Result<PathBuf> {
    python::environment(project, &project.root.join(CLOUD_REQUIREMENTS), interrupt)
}

pub(super) fn command(project: &Project, python: &Path, ports: Ports) -> Result<Command> {
    let folder = folder(project);
    let temporary = folder.join("tmp");
    for needed in [&temporary, &folder.join("state"), &folder.join("s3")] {
        fs::create_dir_all(needed)?;
    }
    let mut command = Command::new(python);
    command
        .arg(project.root.join("localstack/cloud.py"))
        .current_dir(&folder)
        // The functions inherit this environment: nothing of the user's session belongs there.
        .env_clear()
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env("TMPDIR", &temporary)
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", ports.cloud.to_string())
        .env("AUTH", "true")
        .env("PERSIST_STATE", "1")
        .env("STATE_DIR", folder.join("state"))
        .env("S3_PERSIST", "1")
        .env("S3_DATA_DIR", folder.join("s3"))
        .env("CLEAN_STOP_MARKER", clean_stop_marker(project))
        .env("REQUEST_LOG", request_log(project))
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", ports.cloud))
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_REGION", REGION)
        .env("AWS_DEFAULT_REGION", REGION)
        .env("MINISTACK_REGION", REGION)
        // These two would listen on every interface.
        .env("IOT_MTLS_ENABLED", "0")
        .env("SFTP_ENABLED", "0")
        // A Docker daemon of the machine is none of its business.
        .env("LAMBDA_EXECUTOR", "local")
        .env("DOCKER_HOST", format!("unix://{}", folder.join("no-docker").display()));
    for kept in ["PATH", "HOME", "LANG", "LC_ALL"] {
        if let Some(value) = env::var_os(kept) {
            command.env(kept, value);
        }
    }
    Ok(command)
}

/// Whether the content on disk is what the emulator held when it stopped. After a kill it is older than that, and
/// what depends on it (Terraform's state, search documents) no longer fits.
pub(super) fn stopped_in_order(project: &Project) -> bool {
    clean_stop_marker(project).exists()
}

/// Every call that IAM decided on since the cloud was started, a JSON object a line.
pub fn request_log(project: &Project) -> PathBuf {
    project.log("requests")
}

pub(super) fn has_content(project: &Project) -> bool {
    folder(project).exists()
}

/// Unpacked function code, which the emulator leaves behind.
pub(super) fn remove_temporary_files(project: &Project) {
    // What cannot be removed now is removed with the next wipe.
    let _ = fs::remove_dir_all(folder(project).join("tmp"));
}

fn clean_stop_marker(project: &Project) -> PathBuf {
    folder(project).join("clean-stop")
}
