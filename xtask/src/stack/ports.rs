//! Ports for a stack's components: given by the user, kept from before, or chosen among the free ones.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};

use super::state::{Ports, State};
use super::{Component, GivenPorts};
use crate::project::Project;

/// Chosen ports lie below those that systems hand out to outgoing connections (32768 on Linux, 49152 on macOS),
/// so that a stopped stack finds its ports free again.
const FIRST: u16 = 20000;
const COUNT: u16 = 10000;

/// The given ports, else those of the stack's `state` that can still be had, else free ones.
pub fn choose(project: &Project, given: GivenPorts, state: Option<&State>) -> Result<Ports> {
    let runs = |component| state.is_some_and(|state| state.components.contains_key(&component));
    let mut taken = Vec::new();
    let mut pick = |component: Component, given: Option<u16>, kept: Option<u16>| -> Result<u16> {
        let is_own = |port| runs(component) && kept == Some(port);
        let port = match (given, kept) {
            (Some(port), _) if is_own(port) || is_free(port) => port,
            (Some(port), _) => bail!("{component} cannot have port {port}: another program uses it"),
            (None, Some(port)) if is_own(port) || is_free(port) => port,
            (None, _) => free(start(project), &taken)?,
        };
        taken.push(port);
        Ok(port)
    };
    let kept = state.map(|state| state.ports);
    Ok(Ports {
        cloud: pick(Component::Cloud, given.cloud, kept.map(|ports| ports.cloud))?,
        search: pick(Component::Search, given.search, kept.map(|ports| ports.search))?,
        search_transport: pick(Component::Search, None, kept.map(|ports| ports.search_transport))?,
    })
}

/// Whether nothing listens on the port.
fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn free(start: u16, taken: &[u16]) -> Result<u16> {
    let candidates = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
    let mut free = candidates.filter(|port| !taken.contains(port) && is_free(*port));
    match free.next() {
        Some(port) => Ok(port),
        None => bail!("no free port between {FIRST} and {}", FIRST + COUNT),
    }
}

/// Where the search for a free port begins: different for each stack, so that two that start at once rarely meet.
fn start(project: &Project) -> u16 {
    let id = project.stack_id();
    let number = id.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok());
    number.unwrap_or(0) % COUNT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::ProcessId;
    use crate::stack::state::Launched;

    fn project(state: &str) -> Project {
        Project { root: state.into(), state: state.into(), cache: state.into(), target: state.into() }
    }

    const NONE: GivenPorts = GivenPorts { cloud: None, search: None };

    #[test]
    fn chosen_ports_are_free_different_and_kept() {
        let ports = choose(&project("/a"), NONE, None).unwrap();
        let all = [ports.cloud, ports.search, ports.search_transport];
        assert!(all.iter().all(|port| (FIRST..FIRST + COUNT).contains(port)), "{ports:?}");
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{ports:?}");
        let kept = choose(&project("/b"), NONE, Some(&State::new("g".into(), ports))).unwrap();
        assert_eq!(kept, ports);
    }

    #[test]
    fn given_ports_come_before_kept_ones() {
        let before = choose(&project("/a"), NONE, None).unwrap();
        let wanted = free(before.search_transport + 1 - FIRST, &[]).unwrap();
        let given = GivenPorts { search: Some(wanted), ..NONE };
        let ports = choose(&project("/a"), given, Some(&State::new("g".into(), before))).unwrap();
        assert_eq!(ports, Ports { search: wanted, ..before });
    }

    #[test]
    fn a_port_of_another_program_is_refused_if_given_and_replaced_if_kept() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let used = listener.local_addr().unwrap().port();
        let given = GivenPorts { cloud: Some(used), ..NONE };
        let refused = choose(&project("/a"), given, None).unwrap_err().to_string();
        assert_eq!(refused, format!("cloud cannot have port {used}: another program uses it"));
        let before = Ports { cloud: used, ..choose(&project("/a"), NONE, None).unwrap() };
        let ports = choose(&project("/a"), NONE, Some(&State::new("g".into(), before))).unwrap();
        assert_ne!(ports.cloud, used);
        assert_eq!(ports.search, before.search);
    }

    #[test]
    fn a_running_component_keeps_its_port() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let used = listener.local_addr().unwrap().port();
        let before = Ports { cloud: used, ..choose(&project("/a"), NONE, None).unwrap() };
        let mut state = State::new("g".into(), before);
        let process = ProcessId::of(std::process::id()).unwrap();
        state.components.insert(Component::Cloud, Launched { process, member: "m".into() });
        assert_eq!(choose(&project("/a"), NONE, Some(&state)).unwrap(), before);
    }
}
