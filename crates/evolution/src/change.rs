//! One difference between two manifests and what it means for readers.

use std::fmt::Display;

use mesh_manifest::{Days, Milliseconds, Minutes, Percent, PortAddress};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Code;

/// What a change asks of a semantic version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// Nobody who reads the data notices.
    Patch,
    /// Readers gain something, and lose nothing.
    Minor,
    /// Readers may break.
    Major,
}

impl ChangeKind {
    /// The kind as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// One difference between a product's manifest and the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// JSON pointer into the new manifest; of what was removed, to the list or mapping that it stood in.
    pub pointer: String,
    /// JSON pointer into the old manifest, of what was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_pointer: Option<String>,
    /// The port that changed; none where the whole product did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PortAddress>,
    /// The field that changed, by the name that existing readers use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What stood there before, as it is written in a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands there now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    pub kind: ChangeKind,
    /// Stable code, such as `evolution.field_removed`.
    pub code: String,
    /// Why the change is of its kind.
    pub reason: String,
    /// What to do instead, or what else to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Where a promise was loosened, what is promised now: the change breaks contracts that agreed on more, and no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loosened: Option<Loosened>,
}

/// What is promised now where more was promised before; none is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Loosened {
    /// The oldest that the newest data may be.
    Freshness(Minutes),
    /// The share of time in which the port can be read.
    Availability(Option<Percent>),
    /// The share of what happened that is in the data.
    Completeness(Option<Percent>),
    /// How long a read takes at most until its first byte.
    Latency(Option<Milliseconds>),
    /// How long data is kept.
    Retention(Days),
    /// When data is due: less often than was agreed on.
    Schedule,
}

impl Change {
    /// Whether the change breaks every reader of its port, so that it needs a new major of the port beside the old one.
    ///
    /// Not so where the port is removed, which is a matter of the product, and where a promise is loosened, which is one of each contract.
    pub fn breaks_port(&self) -> bool {
        self.kind == ChangeKind::Major
            && self.port.is_some()
            && self.loosened.is_none()
            && self.code != Code::PortRemoved.as_str()
    }
}

/// Collects changes of one place: the product, or one of its ports.
#[derive(Debug)]
pub(crate) struct Changes<'a> {
    pub list: &'a mut Vec<Change>,
    pub port: Option<PortAddress>,
    /// Where the port stands in the old manifest; empty for the product.
    pub old: String,
}

impl Changes<'_> {
    /// Adds a change at `pointer` and returns it for what else is to be said of it.
    pub fn push(
        &mut self,
        code: Code,
        kind: ChangeKind,
        pointer: impl Into<String>,
        reason: impl Into<String>,
    ) -> &mut Change {
        let change = Change {
            pointer: pointer.into(),
            removed_pointer: None,
            port: self.port.clone(),
            field: None,
            before: None,
            after: None,
            kind,
            code: code.as_str().to_owned(),
            reason: reason.into(),
            remedy: None,
            loosened: None,
        };
        self.list.push_mut(change)
    }

    /// Adds a change of a text that only people read, if there is one.
    pub fn text(&mut self, pointer: impl Into<String>, before: Option<&str>, after: Option<&str>) {
        if before != after {
            let pointer = place(pointer, after.is_some());
            self.push(Code::TextChanged, ChangeKind::Patch, pointer, "only people read this text")
                .values(before, after);
        }
    }
}

impl Change {
    pub(crate) fn values(&mut self, before: Option<impl Display>, after: Option<impl Display>) -> &mut Self {
        self.before = before.map(|value| value.to_string());
        self.after = after.map(|value| value.to_string());
        self
    }

    pub(crate) fn of_field(&mut self, field: &str) -> &mut Self {
        self.field = Some(field.to_owned());
        self
    }

    pub(crate) fn remedy(&mut self, remedy: impl Into<String>) -> &mut Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// `pointer` where something stands there, else the place that it was left out of.
pub(crate) fn place(pointer: impl Into<String>, stands: bool) -> String {
    let mut pointer = pointer.into();
    if !stands {
        pointer.truncate(pointer.rfind('/').unwrap_or_default());
    }
    pointer
}
