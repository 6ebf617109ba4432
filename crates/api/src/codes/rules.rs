//! Codes of the policies in `policies/`: of the global ones that the platform ships, and of the example domains.

use super::{At, Entry, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "classification.unknown",
        &[At::Finding, At::Violation],
        "The classification is none of the four.",
        "Use public, internal, confidential or restricted.",
    ),
    entry(
        "classification.restricted_across_domains",
        &[At::Finding, At::Violation],
        "Restricted data may not leave its domain.",
        "Set `access.visibility` to `domain` or `hidden`, or publish a less sensitive product of it.",
    ),
    entry(
        "owner.team_missing",
        &[At::Finding, At::Violation],
        "No team answers for the product.",
        "Name the owning team in `owner.team`.",
    ),
    entry(
        "owner.contact_missing",
        &[At::Finding, At::Violation],
        "Nobody can be reached about the product.",
        "Give a mail address or a link in `owner.contact`.",
    ),
    entry(
        "owner.contact_unclear",
        &[At::Finding, At::Warning],
        "The contact is neither a mail address nor a link.",
        "Give a mail address or an https link in `owner.contact`.",
    ),
    entry(
        "pii.unencrypted",
        &[At::Finding, At::Violation],
        "A field holds personal data without protection, and the product is offered to, or used by, other domains.",
        "Protect the field (encrypted, tokenized or masked), drop it, or offer the product inside its domain only.",
    ),
    entry(
        "retention.too_short",
        &[At::Finding, At::Violation],
        "Data is kept for less than a day.",
        "Keep data for a day at least.",
    ),
    entry(
        "retention.too_long",
        &[At::Finding, At::Violation],
        "Data is kept for more than 3650 days, or restricted data for more than 730.",
        "Keep it for as many days as the finding says at most.",
    ),
    entry(
        "marketing_use.confidential",
        &[At::Finding],
        "Confidential flight data is not used for marketing.",
        "Ask for another purpose, or use a public or internal product.",
    ),
];
