//! Measured freshness over time: the current state of each port and the measurements behind it.

use std::{collections::BTreeMap, fmt::Debug};

use async_trait::async_trait;
use jiff::Timestamp;
use mesh_manifest::{Minutes, PortAddress};
pub use mesh_sla::VerdictKind;
use serde::{Deserialize, Serialize};

use crate::{error::StoreError, events::Event};

/// One row of `sla_measurements`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    pub port: PortAddress,
    pub measured_at: Timestamp,
    /// Age of the newest data in whole minutes, rounded up; none if the port could not be observed.
    pub actual_freshness_minutes: Option<u64>,
    pub sla_freshness_minutes: Minutes,
    pub verdict: VerdictKind,
}

/// What a run of the probe did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProbeReport {
    pub ports: usize,
    pub kept: usize,
    pub broken: usize,
    pub unknown: usize,
    /// Events sent: breaches and recoveries.
    pub events: usize,
    /// Ports whose state could not be written, or whose events could not be sent; the next run tries again.
    pub errors: usize,
}

impl ProbeReport {
    /// Counts one port's verdict.
    pub(crate) fn count(&mut self, verdict: VerdictKind) {
        match verdict {
            VerdictKind::Kept => self.kept += 1,
            VerdictKind::Broken => self.broken += 1,
            VerdictKind::Unknown => self.unknown += 1,
        }
    }
}

/// What is known of a port now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortState {
    pub measurement: Measurement,
    /// The last verdict that was not unknown: a breach is a change of this.
    pub settled: Option<VerdictKind>,
    /// When the settled verdict last changed.
    pub settled_since: Option<Timestamp>,
    /// The newest data known, kept when it can no longer be recovered from the table.
    pub newest: Option<Timestamp>,
    /// Where the table's metadata was when `newest` was read: it is read again only when this moves.
    pub metadata_location: Option<String>,
    /// Minutes measured and minutes kept since the port's beginning: the compliance facet.
    pub measured_minutes: u64,
    pub kept_minutes: u64,
    /// Up to when they are counted: no minute counts twice, whatever clocks say.
    #[serde(default)]
    pub counted_until: Option<Timestamp>,
    /// Events raised by a change of state and not yet on the bus: sent at least once, under one id.
    pub unsent: Vec<Event>,
    /// Those that the domain's topic has not taken yet, told apart because that one is the domain's and may be broken alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unalerted: Vec<Event>,
    /// Counts writes; each is conditional on the one before, so that of two probes one raises the event.
    pub sequence: u64,
}

/// Keeps measurements.
#[async_trait]
pub trait MeasurementStore: Debug + Send + Sync {
    /// The current states of `ports`, those that have one, read in batches.
    async fn states(&self, ports: &[PortAddress]) -> Result<BTreeMap<PortAddress, PortState>, StoreError>;

    /// Writes the current state if the stored one's sequence is one less (0: none stored), else [`StoreError::Conflict`];
    /// with `keep`, the measurement goes into the time series as well.
    async fn put_state(&self, state: &PortState, keep: bool) -> Result<(), StoreError>;

    /// Writes many states, none of which is about another's port, each as [`Self::put_state`] would; answers in their order.
    async fn put_states(&self, states: &[(PortState, bool)]) -> Vec<Result<(), StoreError>> {
        let mut answers = Vec::with_capacity(states.len());
        for (state, keep) in states {
            answers.push(self.put_state(state, *keep).await);
        }
        answers
    }

    /// The kept measurements of a port, newest first.
    async fn measurements(&self, port: &PortAddress, limit: usize) -> Result<Vec<Measurement>, StoreError>;
}
