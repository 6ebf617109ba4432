//! The OpenSearch node: its jars from Maven Central, its launcher, how it is started.

use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::state::Ports;
use crate::interrupt::Interrupt;
use crate::java::{self, Jdk};
use crate::project::Project;
use crate::{cache, tool};

/// An installed node.
#[derive(Debug)]
pub(super) struct Node {
    jdk: Jdk,
    /// Jars in `jars/`, the compiled launcher in `classes/`.
    installation: PathBuf,
}

pub(super) fn folder(project: &Project) -> PathBuf {
    project.state.join("search")
}

/// The release of the runner (and so of OpenSearch) for a Java release.
fn runner_version(java_release: u32) -> &'static str {
    if java_release >= 21 { "3.8.0.0" } else { "2.19.1.0" }
}

impl Node {
    pub(super) fn install(project: &Project, interrupt: &Interrupt) -> Result<Self> {
        let jdk = java::newest().context("no JDK was found")?;
        let sources = project.root.join("localstack/search");
        let (pom, launcher) = (sources.join("pom.xml"), sources.join("SearchNode.java"));
        let runner = runner_version(jdk.release);
        let key = cache::digest(&[&fs::read(&pom)?, &fs::read(&launcher)?, runner.as_bytes(), jdk.version.as_bytes()]);
        let installation = cache::folder(&project.cache, "search", &key, |folder| {
            let mut maven = tool::command(project, "mvn");
            maven
                .args(["--batch-mode", "--quiet", "--strict-checksums", "dependency:copy-dependencies", "--file"])
                .arg(&pom)
                .arg(format!("-Drunner.version={runner}"))
                .arg(format!("-DoutputDirectory={}", folder.join("jars").display()));
            tool::run("downloading OpenSearch by Maven", &mut maven, interrupt)?;
            let mut compiler = tool::command(project, jdk.home.join("bin/javac"));
            compiler.arg("-classpath").arg(folder.join("jars/*")).arg("-d").arg(folder.join("classes")).arg(&launcher);
            tool::run("compiling the search node's launcher", &mut compiler, interrupt)?;
            Ok(())
        })?;
        Ok(Self { jdk, installation })
    }
}

pub(super) fn command(project: &Project, node: &Node, ports: Ports) -> Result<Command> {
    let folder = folder(project);
    let temporary = folder.join("tmp");
    fs::create_dir_all(&temporary)?;
    let mut command = Command::new(node.jdk.home.join("bin/java"));
    command
        .current_dir(&folder)
        // A small heap and few threads: the rest of the demo needs the machine more.
        .args(["-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
        .arg(format!("-Djava.io.tmpdir={}", temporary.display()))
        .arg("-classpath")
        .arg(format!("{0}/classes:{0}/jars/*", node.installation.display()))
        .arg("SearchNode")
        .arg(folder.join("node"))
        .args([ports.search.to_string(), ports.search_transport.to_string()])
        .env_remove("JAVA_TOOL_OPTIONS");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_java_gets_the_older_opensearch() {
        assert_eq!(runner_version(17), "2.19.1.0");
        assert_eq!(runner_version(21), "3.8.0.0");
        assert_eq!(runner_version(25), "3.8.0.0");
    }
}
