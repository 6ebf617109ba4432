//! Conditions and updates with their placeholders.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

/// An update, a condition or both, with the names and values that they share.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expression {
    pub(crate) update: Option<String>,
    pub(crate) condition: Option<String>,
    pub(crate) names: Option<HashMap<String, String>>,
    pub(crate) values: Option<HashMap<String, AttributeValue>>,
}

impl Expression {
    /// Only if `condition` holds.
    pub(crate) fn when(condition: &str) -> Self {
        Self { condition: Some(condition.to_owned()), ..Self::default() }
    }

    /// Only if there is no item yet whose key has `attribute`.
    pub(crate) fn absent(attribute: &str) -> Self {
        Self::when("attribute_not_exists(#key)").name("#key", attribute)
    }

    /// Changes the item by `update` as well.
    pub(crate) fn update(mut self, update: impl Into<String>) -> Self {
        self.update = Some(update.into());
        self
    }

    /// `placeholder` stands for the attribute `name`.
    pub(crate) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.get_or_insert_default().insert(placeholder.to_owned(), name.to_owned());
        self
    }

    /// `placeholder` stands for `value`.
    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.get_or_insert_default().insert(placeholder.to_owned(), value);
        self
    }
}
