//! Ports that are being left: until when they can be read, who is told, and where their readers go.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date};
pub use mesh_manifest::Days;
use mesh_manifest::{Manifest, OutputPort, PortAddress, ProductId};
use serde_json::{Value, json};

pub use crate::sunset::{Acknowledgement, Deprecation, GonePort, Notice, NoticeKind, day};
use crate::{
    contract::Contract,
    error::{UseCaseError, Violation},
    events::Event,
    findings::Findings,
    product::{Port, Product},
};

/// How long before its last day a port is announced to be left, where the platform sets nothing else.
pub const MINIMUM_NOTICE: Days = Days(90);
/// The event that tells of a port's last day.
pub const DEPRECATED: &str = "mesh.port.deprecated";
/// The event that tells that a port is gone.
pub const REMOVED: &str = "mesh.port.removed";
/// Contracts that one event names: ten events go to the bus in one call, which takes 256 KB.
const TOLD_AT_ONCE: usize = 50;

impl Notice {
    /// The events for those who hold one of the live `contracts` on the port, so many in each that the bus takes it. Told twice, they have the
    /// same ids.
    pub fn events(&self, contracts: &[Contract], now: Timestamp) -> Vec<Event> {
        let kind = match self.kind {
            NoticeKind::Deprecated => DEPRECATED,
            NoticeKind::Removed => REMOVED,
        };
        let told: Vec<Value> = contracts
            .iter()
            .filter(|contract| contract.port == self.port && contract.is_live(now))
            .map(|contract| {
                json!({ "id": contract.id, "consumer_domain": contract.consumer_domain, "contact": contract.contact })
            })
            .collect();
        // Nobody reads it: that is told, too.
        let parts: Vec<&[Value]> = if told.is_empty() { vec![&[]] } else { told.chunks(TOLD_AT_ONCE).collect() };
        let event = |(part, told): (usize, &[Value])| {
            let data =
                json!({ "port": self.port, "sunset": self.sunset, "successor": self.successor, "contracts": told });
            let id = format!("{}-{kind}-{}-{part}", self.port, self.revision);
            Event::new(id, kind, &self.port.to_string(), now, data)
        };
        parts.into_iter().enumerate().map(event).collect()
    }
}

/// What a registration makes of the ports of a product: those that are being left, and those that are gone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leaving {
    pub deprecated: BTreeMap<PortAddress, Deprecation>,
    /// No longer listed, and nothing stands against that: their last day is over.
    pub over: Vec<PortAddress>,
}

/// What was announced before.
pub(crate) struct Announced<'a> {
    pub ports: &'a [Port],
    pub gone: &'a [GonePort],
    /// Whether nothing is to be written.
    pub is_unchanged: bool,
}

impl Announced<'_> {
    fn of(&self, address: &PortAddress) -> Option<&Deprecation> {
        let listed = self.ports.iter().find(|port| port.address == *address);
        match listed {
            Some(port) => port.deprecation.as_ref(),
            None => self.gone.iter().find(|gone| gone.port == *address)?.deprecation.as_ref(),
        }
    }
}

/// Works out what is left by `manifest`, and finds what is announced too late.
pub(crate) fn leaving(
    manifest: &Manifest,
    announced: &Announced<'_>,
    minimum: Days,
    now: Timestamp,
    findings: &mut Findings,
) -> Leaving {
    let mut leaving = Leaving::default();
    let earliest = earliest(minimum, now);
    for (index, port) in manifest.output_ports.iter().enumerate() {
        let address = manifest.address(port);
        let known = announced.of(&address);
        let successor = successor(manifest, port);
        let new = |sunset| Deprecation { sunset, announced_at: now, successor: successor.clone() };
        let deprecation = match (port.sunset, known) {
            (Some(wanted), Some(known)) if wanted == known.sunset => Deprecation { successor, ..known.clone() },
            (Some(wanted), known) => {
                // What was announced may be put off, and is not brought forward, in however many steps.
                if known.map_or(wanted < earliest, |known| wanted < known.sunset) {
                    let earliest = known.map_or(earliest, |known| known.sunset);
                    let detail = format!(
                        "`{address}` would end on {wanted}, before {earliest}: its readers have {minimum} at least, and a day that was announced stands"
                    );
                    findings.refuse(
                        Violation::new("deprecation.too_soon", format!("/outputPorts/{index}/sunset"), detail)
                            .with_remedy(format!("write {earliest} or later")),
                    );
                }
                new(wanted)
            }
            (None, Some(known)) if successor.is_some() => Deprecation { successor, ..known.clone() },
            (None, None) if successor.is_some() => {
                // Without the day: a plan that is approved tomorrow has the same findings.
                let detail = format!(
                    "`{address}` has a newer major beside it and can be read for {minimum} more, unless another day is set"
                );
                if !announced.is_unchanged {
                    findings.warn(
                        Violation::new("deprecation.announced", format!("/outputPorts/{index}"), detail)
                            .with_remedy("write the last day as `sunset`"),
                    );
                }
                new(earliest)
            }
            (None, _) => continue,
        };
        leaving.deprecated.insert(address, deprecation);
    }
    let listed = |address: &PortAddress| manifest.port(address).is_some();
    leaving.over = announced
        .ports
        .iter()
        .filter(|port| !listed(&port.address))
        .filter(|port| port.deprecation.as_ref().is_some_and(|deprecation| deprecation.is_over(now)))
        .map(|port| port.address.clone())
        .collect();
    leaving
}

/// Notices that come with `revision`, after those that nobody was told of yet.
pub(crate) fn notices(
    leaving: &Leaving,
    ports_before: &[Port],
    gone: &[GonePort],
    before: Option<&Product>,
    revision: u64,
) -> Vec<Notice> {
    let untold = before.filter(|before| before.provisioned_revision < before.revision);
    let mut notices = untold.map(|before| before.notices.clone()).unwrap_or_default();
    for (address, deprecation) in &leaving.deprecated {
        let known =
            ports_before.iter().find(|port| port.address == *address).and_then(|port| port.deprecation.as_ref());
        if known.is_none_or(|known| known.sunset != deprecation.sunset) {
            notices.push(Notice {
                kind: NoticeKind::Deprecated,
                port: address.clone(),
                revision,
                sunset: Some(deprecation.sunset),
                successor: deprecation.successor.clone(),
            });
        }
    }
    for port in ports_before {
        if let Some(gone) = gone.iter().find(|gone| gone.port == port.address) {
            notices.push(Notice {
                kind: NoticeKind::Removed,
                port: gone.port.clone(),
                revision,
                sunset: port.deprecation.as_ref().map(|deprecation| deprecation.sunset),
                successor: gone.successor.clone(),
            });
        }
    }
    notices
}

/// The ports of the product that are gone once `manifest` is registered.
pub(crate) fn gone(
    manifest: &Manifest,
    before: Option<&Product>,
    ports_before: &[Port],
    now: Timestamp,
) -> Vec<GonePort> {
    let known = before.map(|before| before.gone.clone()).unwrap_or_default();
    let mut gone = without(known, ports_before, now, |port| manifest.port(port).is_some());
    for gone in &mut gone {
        gone.successor = newest(manifest, |port| port.name == gone.port.port && port.version.major > gone.port.major);
    }
    gone
}

/// The ports of a product that is withdrawn, with what was announced of each: it comes back as it was.
pub(crate) fn retired(before: &Product, ports: &[Port], now: Timestamp) -> Vec<GonePort> {
    without(before.gone.clone(), ports, now, |_| false)
}

/// What is gone once no `ports` but those that are `listed` are left. What was announced last counts.
fn without(
    mut gone: Vec<GonePort>,
    ports: &[Port],
    now: Timestamp,
    listed: impl Fn(&PortAddress) -> bool,
) -> Vec<GonePort> {
    gone.retain(|gone| !listed(&gone.port) && !ports.iter().any(|port| port.address == gone.port));
    gone.extend(ports.iter().filter(|port| !listed(&port.address)).map(|port| GonePort {
        port: port.address.clone(),
        removed_at: now,
        successor: None,
        deprecation: port.deprecation.clone(),
    }));
    gone
}

fn successor(manifest: &Manifest, port: &OutputPort) -> Option<PortAddress> {
    newest(manifest, |other| other.name == port.name && other.version.major > port.version.major)
}

fn newest(manifest: &Manifest, is_candidate: impl Fn(&OutputPort) -> bool) -> Option<PortAddress> {
    let candidates = manifest.output_ports.iter().filter(|port| is_candidate(port));
    candidates.max_by_key(|port| port.version.major).map(|port| manifest.address(port))
}

/// The first day that may be a port's last.
fn earliest(minimum: Days, now: Timestamp) -> Date {
    let days = i64::try_from(minimum.0).unwrap_or(i64::MAX);
    day(now).checked_add(jiff::Span::new().try_days(days).unwrap_or_default()).unwrap_or(Date::MAX)
}

/// The answer to whoever asks for a port that is gone.
pub(crate) fn gone_error(gone: &GonePort) -> UseCaseError {
    let remedy = match &gone.successor {
        Some(successor) => format!("read `{successor}`; a contract on the old major moves there in one call"),
        None => "look for another product in the marketplace".to_owned(),
    };
    UseCaseError::Gone {
        code: "port.gone",
        detail: format!("`{}` was removed on {}", gone.port, day(gone.removed_at)),
        remedy: Some(remedy),
        successor: gone.successor.as_ref().map(ToString::to_string),
    }
}

/// What an owner sees of a port that is being left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeprecatedPort {
    pub port: PortAddress,
    pub deprecation: Deprecation,
    pub readers: Vec<Reader>,
    /// Products that are made from it.
    pub downstream: Vec<ProductId>,
}

/// Who holds a live contract on such a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    pub contract: String,
    pub consumer_domain: String,
    pub contact: String,
    /// Whether it said that it knows of the end that is announced now.
    pub acknowledged: bool,
    /// Its newest read since the end was announced, as far as the newest entries of the audit log tell.
    pub last_read: Option<Timestamp>,
}
