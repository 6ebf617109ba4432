//! Ports for a stack's components: given by the user, kept from before, or chosen among the free ones.

use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpListener};

use super::state::Ports;
use crate::project::Project;

/// Chosen ports lie below those that systems hand out to outgoing connections (32768 on Linux, 49152 on macOS),
/// so that a stopped stack finds its ports free again.
const FIRST: u16 = 20000;
const COUNT: u16 = 10000;

/// The given ports, else those that were kept, else free ones.
pub fn choose(project: &Project, given: (Option<u16>, Option<u16>), kept: Option<Ports>) -> Result<Ports> {
    let mut taken = Vec::new();
    let mut pick = |given: Option<u16>, kept: Option<u16>| -> Result<u16> {
        let port = match given.or(kept) {
            Some(port) => port,
            None => free(start(project), &taken)?,
        };
        taken.push(port);
        Ok(port)
    };
    Ok(Ports {
        cloud: pick(given.0, kept.map(|ports| ports.cloud))?,
        search: pick(given.1, kept.map(|ports| ports.search))?,
        search_transport: pick(None, kept.map(|ports| ports.search_transport))?,
    })
}

/// Whether nothing listens on the port.
pub fn is_free(port: u16) -> bool {
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

    fn project(state: &str) -> Project {
        Project { root: state.into(), state: state.into(), cache: state.into(), target: state.into() }
    }

    #[test]
    fn given_ports_come_before_kept_ones_and_those_before_free_ones() {
        let kept = Ports { cloud: 1, search: 2, search_transport: 3 };
        let ports = choose(&project("/a"), (Some(10), None), Some(kept)).unwrap();
        assert_eq!(ports, Ports { cloud: 10, search: 2, search_transport: 3 });
    }

    #[test]
    fn chosen_ports_are_free_and_different() {
        let ports = choose(&project("/a"), (None, None), None).unwrap();
        let all = [ports.cloud, ports.search, ports.search_transport];
        assert!(all.iter().all(|port| (FIRST..FIRST + COUNT).contains(port)), "{ports:?}");
        assert!(all[0] != all[1] && all[1] != all[2] && all[0] != all[2], "{ports:?}");
    }

    #[test]
    fn a_used_port_is_passed_over() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let used = listener.local_addr().unwrap().port();
        assert!(!is_free(used));
    }
}
