//! Rules that data is checked by, in the terms of the Open Data Contract Standard.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::quantity::Amount;

/// A rule that data keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QualityRule {
    /// The rule's name, unique where it stands.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,
    /// What the rule is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 4000))]
    pub description: Option<String>,
    /// Which side of quality it measures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimension: Option<Dimension>,
    /// What is counted; without it, `query` is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// An SQL query that yields one number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10_000))]
    pub query: Option<String>,
    /// Whether rows are counted, or their share in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<MetricUnit>,
    /// What the number must be.
    #[serde(default)]
    pub expect: Expectation,
    /// Whether data that breaks the rule is wrong, or only odd.
    #[serde(default)]
    pub severity: RuleSeverity,
    /// Further properties, carried through unread.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// What a number must be; every line that is given counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectation {
    /// Exactly this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be: Option<Amount>,
    /// Anything but this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_not_be: Option<Amount>,
    /// More than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_greater_than: Option<Amount>,
    /// This or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_greater_or_equal_to: Option<Amount>,
    /// Less than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_less_than: Option<Amount>,
    /// This or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub must_be_less_or_equal_to: Option<Amount>,
}

/// Which side of quality a rule measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dimension {
    Accuracy,
    Completeness,
    Conformity,
    Consistency,
    Coverage,
    Timeliness,
    Uniqueness,
}

/// What a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Metric {
    NullValues,
    MissingValues,
    InvalidValues,
    DuplicateValues,
    RowCount,
}

/// In what a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricUnit {
    Rows,
    Percent,
}

/// What breaking a rule means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleSeverity {
    /// The data is odd.
    Warning,
    /// The data is wrong.
    #[default]
    Error,
}

text_of!(Dimension {
    Accuracy => "accuracy",
    Completeness => "completeness",
    Conformity => "conformity",
    Consistency => "consistency",
    Coverage => "coverage",
    Timeliness => "timeliness",
    Uniqueness => "uniqueness",
});
text_of!(Metric {
    NullValues => "nullValues",
    MissingValues => "missingValues",
    InvalidValues => "invalidValues",
    DuplicateValues => "duplicateValues",
    RowCount => "rowCount",
});
text_of!(MetricUnit { Rows => "rows", Percent => "percent" });
text_of!(RuleSeverity { Warning => "warning", Error => "error" });
