//! What is kept of a port that is being left: with the port, its product and the contracts on it.

use jiff::{Timestamp, civil::Date};
use mesh_manifest::PortAddress;
use serde::{Deserialize, Serialize};

use crate::principal::Principal;

/// What was announced of a port that is being left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    /// The last day on which the port can be read, in UTC.
    pub sunset: Date,
    pub announced_at: Timestamp,
    /// The newest major beside it.
    #[serde(default)]
    pub successor: Option<PortAddress>,
}

impl Deprecation {
    /// Whether the last day is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.sunset < day(now)
    }
}

/// A port that is no longer listed. Who still asks for it is told where to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GonePort {
    pub port: PortAddress,
    pub removed_at: Timestamp,
    #[serde(default)]
    pub successor: Option<PortAddress>,
    /// What was announced of it: it stands again where the port comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecation: Option<Deprecation>,
}

/// Something that consumers are to be told of with a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub port: PortAddress,
    /// The revision that brought it.
    pub revision: u64,
    #[serde(default)]
    pub sunset: Option<Date>,
    #[serde(default)]
    pub successor: Option<PortAddress>,
}

/// What a notice tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// The port can be read until its sunset.
    Deprecated,
    /// The port can be read no more.
    Removed,
}

/// A consumer's word that it knows of a port's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    pub at: Timestamp,
    pub by: Principal,
    /// The last day that was announced then.
    pub sunset: Date,
}

/// The day in UTC.
pub fn day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::UTC).date()
}
