//! How the components are.

use anyhow::{Result, bail};
use std::time::Duration;

use super::state::{Ports, State};
use super::{Component, Endpoints, logs};
use crate::http_get;
use crate::project::Project;

/// One component's condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentStatus {
    pub component: Component,
    pub health: Health,
    /// Its base address, once ports have been chosen.
    pub endpoint: Option<String>,
    pub pid: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It runs and answers.
    Healthy,
    /// It runs and does not answer as it should: why.
    Unhealthy(String),
    /// It was started and is gone: the end of its log.
    Died(String),
    /// It was not started, or stopped in order.
    Stopped,
}

/// Every component's condition; changes nothing.
pub fn status(project: &Project) -> Vec<ComponentStatus> {
    let state = State::load(project);
    Component::ALL.into_iter().map(|component| of(project, state.as_ref(), component)).collect()
}

fn of(project: &Project, state: Option<&State>, component: Component) -> ComponentStatus {
    let endpoint = state.map(|state| {
        let endpoints = Endpoints::at(state.ports);
        match component {
            Component::Cloud => endpoints.cloud,
            Component::Search => endpoints.search,
        }
    });
    let launched = state.and_then(|state| Some((state.components.get(&component)?, state.ports)));
    let health = match launched {
        None => Health::Stopped,
        Some((launched, _)) if !launched.process.is_alive() => Health::Died(logs::end(project, component)),
        Some((_, ports)) => match answers(component, ports) {
            Ok(()) => Health::Healthy,
            Err(error) => Health::Unhealthy(format!("{error:#}")),
        },
    };
    let pid = launched.map(|(launched, _)| launched.process.pid);
    ComponentStatus { component, health, endpoint, pid }
}

/// Whether the component answers as it does when it is ready for use.
pub(super) fn answers(component: Component, ports: Ports) -> Result<()> {
    let limit = Duration::from_secs(5);
    match component {
        Component::Cloud => {
            let (status, _) = http_get::get(ports.cloud, "/_ministack/health", limit)?;
            if status != 200 {
                bail!("its health check answers {status}");
            }
        }
        Component::Search => {
            let (status, body) = http_get::get(ports.search, "/_cluster/health", limit)?;
            if status != 200 || !(body.contains("\"green\"") || body.contains("\"yellow\"")) {
                bail!("its health check answers {status}: {body}");
            }
        }
    }
    Ok(())
}
