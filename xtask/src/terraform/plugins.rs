//! Where Terraform takes its providers from: the mesh provider from this build, hashicorp/aws from a mirror folder
//! where the machine has one, else from its registry.

use anyhow::{Context, Result};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::project::Project;

/// Environment variable that names the mirror folder to take hashicorp/aws from.
const MIRROR_VARIABLE: &str = "MESH_TERRAFORM_MIRROR";

const AWS: &str = "registry.terraform.io/hashicorp/aws";
const MESH: &str = "registry.terraform.io/data-mesh/mesh";

/// Put the built mesh provider where `terraform init` finds it.
pub fn install_mesh_provider(project: &Project, binary: &Path) -> Result<()> {
    let installed = installed_mesh_provider(project);
    let built = fs::read(binary).with_context(|| format!("`{}` cannot be read", binary.display()))?;
    if fs::read(&installed).is_ok_and(|known| known == built) {
        return Ok(());
    }
    if let Some(folder) = installed.parent() {
        fs::create_dir_all(folder)?;
    }
    // Replaced as a whole: the old one may be running.
    let unfinished = installed.with_extension("new");
    fs::copy(binary, &unfinished)?;
    fs::rename(&unfinished, &installed)?;
    fs::write(digest_file(project), cache::digest(&[&built]))?;
    Ok(())
}

/// Tells one installed mesh provider from another; empty without any.
pub(super) fn installed_digest(project: &Project) -> String {
    fs::read_to_string(digest_file(project)).unwrap_or_default()
}

/// Where Terraform is told of the providers.
pub fn cli_config_file(project: &Project) -> PathBuf {
    project.state.join("terraform/cli.tfrc")
}

/// Write Terraform's CLI configuration and return its text.
pub(super) fn write_cli_config(project: &Project) -> Result<String> {
    let own = plugin_folder(project);
    fs::create_dir_all(own.join(MESH))?;
    let mirror = match env::var_os(MIRROR_VARIABLE) {
        Some(folder) => Some(PathBuf::from(folder)),
        None => implied_mirrors().into_iter().find(|folder| folder.join(AWS).is_dir()),
    };
    let downloads = project.cache.join("terraform-plugins");
    if mirror.is_none() {
        fs::create_dir_all(&downloads)?;
    }
    let text = cli_config(&own, mirror.as_deref(), &downloads);
    let file = cli_config_file(project);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, &text)?;
    Ok(text)
}

fn cli_config(own: &Path, mirror: Option<&Path>, downloads: &Path) -> String {
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    let mut text = String::from("disable_checkpoint = true\n");
    if mirror.is_none() {
        // hashicorp/aws is some 700 MB: downloaded once for all roots and checkouts.
        text += &format!("plugin_cache_dir = {}\n", quoted(downloads));
        text += "plugin_cache_may_break_dependency_lock_file = true\n";
    }
    let mut served = vec![MESH];
    text += "provider_installation {\n";
    text += &format!("  filesystem_mirror {{\n    path    = {}\n    include = [\"{MESH}\"]\n  }}\n", quoted(own));
    if let Some(mirror) = mirror {
        text += &format!("  filesystem_mirror {{\n    path    = {}\n    include = [\"{AWS}\"]\n  }}\n", quoted(mirror));
        served.push(AWS);
    }
    let excluded: Vec<String> = served.iter().map(|name| format!("\"{name}\"")).collect();
    text += &format!("  direct {{\n    exclude = [{}]\n  }}\n}}\n", excluded.join(", "));
    text
}

/// The folders that Terraform itself would look in, and those that machines without a network keep add-on
/// software in.
fn implied_mirrors() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    if let Some(home) = env::var_os("HOME").map(PathBuf::from) {
        folders.push(home.join(".terraform.d/plugins"));
        folders.push(home.join("Library/Application Support/io.terraform/plugins"));
        folders.push(home.join(".local/share/terraform/plugins"));
    }
    if let Some(data) = env::var_os("XDG_DATA_HOME") {
        folders.push(Path::new(&data).join("terraform/plugins"));
    }
    folders.push(PathBuf::from("/Library/Application Support/io.terraform/plugins"));
    let shared = env::var("XDG_DATA_DIRS").unwrap_or_else(|_| "/usr/local/share:/usr/share".to_owned());
    folders.extend(env::split_paths(&shared).map(|folder| folder.join("terraform/plugins")));
    let mut added: Vec<PathBuf> =
        fs::read_dir("/opt").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    added.sort();
    folders.extend(added);
    folders
}

fn plugin_folder(project: &Project) -> PathBuf {
    project.state.join("plugins")
}

fn installed_mesh_provider(project: &Project) -> PathBuf {
    let version = env!("CARGO_PKG_VERSION");
    plugin_folder(project).join(MESH).join(version).join(platform()).join(format!("terraform-provider-mesh_v{version}"))
}

fn digest_file(project: &Project) -> PathBuf {
    plugin_folder(project).join("mesh-provider.digest")
}

/// This machine in Terraform's words, such as `linux_amd64`.
fn platform() -> String {
    let system = match env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{architecture}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_serves_aws_and_the_registry_the_rest() {
        let text = cli_config(Path::new("/own"), Some(Path::new("/mirror")), Path::new("/downloads"));
        assert!(
            text.contains("path    = \"/mirror\"\n    include = [\"registry.terraform.io/hashicorp/aws\"]"),
            "{text}"
        );
        let exclude = "exclude = [\"registry.terraform.io/data-mesh/mesh\", \"registry.terraform.io/hashicorp/aws\"]";
        assert!(text.contains(exclude), "{text}");
        assert!(!text.contains("plugin_cache_dir"), "{text}");
    }

    #[test]
    fn without_a_mirror_aws_is_downloaded_once() {
        let text = cli_config(Path::new("/own"), None, Path::new("/downloads"));
        assert!(text.contains("plugin_cache_dir = \"/downloads\""), "{text}");
        assert!(text.contains("exclude = [\"registry.terraform.io/data-mesh/mesh\"]"), "{text}");
    }

    #[test]
    fn an_installed_provider_is_replaced_when_it_was_built_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let project = Project { root: path.into(), state: path.join("state"), cache: path.into(), target: path.into() };
        let binary = path.join("built");
        let mut digests = vec![installed_digest(&project)];
        for content in ["one", "two"] {
            fs::write(&binary, content).unwrap();
            install_mesh_provider(&project, &binary).unwrap();
            assert_eq!(fs::read_to_string(installed_mesh_provider(&project)).unwrap(), content);
            digests.push(installed_digest(&project));
        }
        digests.dedup();
        assert_eq!(digests.len(), 3);
    }
}
