//! What the owner of a port promises of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::{Days, Milliseconds, Minutes, Percent};

/// What the owner of a port promises.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sla {
    /// The oldest that the newest data may be, such as `60m`; with a schedule, how late a run's data may be.
    pub freshness: Minutes,
    /// The share of time in which the port can be read, such as `99.5%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub availability: Option<Percent>,
    /// The share of what happened that is in the data, such as `99%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completeness: Option<Percent>,
    /// How long a read takes at most until its first byte, such as `500ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Milliseconds>,
    /// How long the port's data is kept, where that is longer or shorter than the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Days>,
    /// How long making the data takes, from the arrival of the inputs, such as `15m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing: Option<Minutes>,
    /// When data is due, where that is not all the time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Every day, from Monday.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];
}

text_of!(Weekday {
    Monday => "monday",
    Tuesday => "tuesday",
    Wednesday => "wednesday",
    Thursday => "thursday",
    Friday => "friday",
    Saturday => "saturday",
    Sunday => "sunday",
});

/// When data is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Schedule {
    /// The times of day, in UTC, at which the data of a run is due, such as `06:00`.
    #[schemars(length(min = 1, max = 96), inner(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$")))]
    pub at: Vec<String>,
    /// The days on which runs are due; without any, every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 7))]
    pub on: Vec<Weekday>,
    /// The field whose greatest value tells up to when the data is complete. A table property `mesh.watermark` that a run sets to that time
    /// stands for it where there was nothing new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 128), regex(pattern = r"^[A-Za-z_][A-Za-z0-9_]*$"))]
    pub watermark: Option<String>,
}
