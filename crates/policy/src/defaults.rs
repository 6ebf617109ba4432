//! The policies that the platform ships: what holds while nothing else is published.
//!
//! Built in, so that a function without a published policy is not a function without policy.

use crate::PolicySource;

macro_rules! modules {
    ($($path:literal),+ $(,)?) => {
        [$((
            $path.to_owned(),
            include_str!(concat!("../../../policies/", $path)).to_owned(),
        )),+]
        .into()
    };
}

/// The library and the global policies.
pub fn global() -> PolicySource {
    PolicySource::global(modules![
        "global/classification/rule.rego",
        "global/owner/rule.rego",
        "global/pii/rule.rego",
        "global/retention/rule.rego",
        "lib/access.rego",
        "lib/fields.rego",
    ])
}

/// What every product offers.
pub fn product() -> PolicySource {
    PolicySource::product(modules!["products/offer/rule.rego"])
}
