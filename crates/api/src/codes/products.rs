//! Codes of registering, changing, finding and retiring products. Those of the manifest's text are in `manifest.rs`, of changes in `evolution.rs`.

use super::{At, Entry, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "registration.refused",
        &[At::Problem(422)],
        "Contract rules or policies stand against the manifest; `errors` has each of them. Nothing was written.",
        "Correct each of the `errors`. A dry run (`POST /products?dry_run=true`) shows them without registering.",
    ),
    entry(
        "registration.raced",
        &[At::Problem(409)],
        "The product or a contract on it was changed by somebody else meanwhile; nothing was written.",
        "Plan again and retry.",
    ),
    entry(
        "registration.findings_changed",
        &[At::Problem(409)],
        "What stands against or beside the manifest is no longer what the plan showed; `errors` has it as it is now. Nothing was written.",
        "Plan again, look at the findings, and send the new digest.",
    ),
    entry(
        "registration.invalid_digest",
        &[At::Invalid(400)],
        "`Mesh-Findings-Digest` is no digest. It is not passed over, since without it the registration would not be held to the plan.",
        "Send the plan's `findings_digest` as it is, or leave the header out.",
    ),
    entry(
        "evolution.breaks_contract",
        &[At::Violation],
        "The change breaks a live contract; the detail names the consumer, the fields that it uses and its contact.",
        "Publish the change as a new major of the port beside the old one, and let consumers move.",
    ),
    entry(
        "evolution.port_removed_downstream",
        &[At::Violation],
        "A port that another product is made from is no longer listed.",
        "Keep the port until that product has moved on.",
    ),
    entry(
        "schema.version_taken",
        &[At::Violation],
        "The port's version is registered with another schema: content of a version never changes.",
        "Give the port a new version.",
    ),
    entry(
        "schema.not_found",
        &[At::Problem(404)],
        "There is no such schema, or it is of a product that your domain may not know of.",
        "Take the `schema_id` that the product's ports show.",
    ),
    entry(
        "input.unknown",
        &[At::Violation],
        "An input does not exist: the product, the port or its major is not registered, is retired, or is hidden from your domain.",
        "Name a port of a registered product, as the marketplace shows it.",
    ),
    entry(
        "input.no_contract",
        &[At::Warning],
        "Your domain has no live contract on an input of another domain for this purpose: reading it is denied until there is one.",
        "Ask for a consumption contract (`POST /contracts`).",
    ),
    entry(
        "input.cycle",
        &[At::Violation],
        "An input is made from this product, directly or through other products: data would run in a circle.",
        "Drop the input, or take the data from a product further upstream.",
    ),
    entry(
        "input.too_many_upstream",
        &[At::Violation],
        "More than 1,000 products lie upstream, so that circles cannot be ruled out.",
        "Take inputs from fewer products, or from products nearer to the source.",
    ),
    entry(
        "product.not_found",
        &[At::Problem(404)],
        "There is no such product, or your domain may not know of it.",
        "Check the id, and whether your domain may know of the product.",
    ),
    entry(
        "product.not_a_producer",
        &[At::Problem(403)],
        "Only owners and producers of a domain register and retire its products.",
        "Ask an owner of the domain for the role producer, or name the domain in `Mesh-Domain`.",
    ),
    entry(
        "product.not_active",
        &[At::Problem(409)],
        "The product's storage was never made available: it is registered and not provisioned yet, or provisioning failed.",
        "Wait until its status is `active`; `status_detail` says why it failed.",
    ),
    entry(
        "product.in_use",
        &[At::Problem(422)],
        "The product cannot be retired while others depend on it; `errors` has each of them.",
        "Have each of them end its use first.",
    ),
    entry(
        "product.live_contract",
        &[At::Violation],
        "A consumer reads the product under a live contract.",
        "Agree with the consumer on an end, then revoke the contract.",
    ),
    entry(
        "product.downstream",
        &[At::Violation],
        "Another product is made from this one.",
        "Have it drop the input first.",
    ),
    entry(
        "port.not_found",
        &[At::Problem(404)],
        "There is no such port or major, or your domain may not know of the product.",
        "Check the address, such as `operations.flights/daily@1`.",
    ),
];
