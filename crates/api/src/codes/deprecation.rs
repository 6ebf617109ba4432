//! Codes of ports that are being left or take over what is there, of promises that cannot be kept, and of contracts that move.

use super::{At, Entry, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        "schema.breaks_version",
        &[At::Violation],
        "The schema breaks readers of a version of the same major that was registered before the current one.",
        "Publish it as a new major of the port beside the old one.",
    ),
    entry(
        "promise.too_tight",
        &[At::Violation, At::Warning],
        "A port promises fresher data than the slowest of its product's inputs does, with the time that making it takes.",
        "Promise what the inputs allow, or take fresher inputs.",
    ),
    entry(
        "deprecation.too_soon",
        &[At::Violation],
        "A port would end before its readers had the notice that the platform sets at least (90 days, unless it sets another).",
        "Write the day that the message names, or a later one.",
    ),
    entry(
        "deprecation.announced",
        &[At::Warning],
        "A port has a newer major beside it and no `sunset`: it gets the earliest one.",
        "Write the last day as `sunset`, if it is to be a later one.",
    ),
    entry(
        "deprecation.final_notice",
        &[At::Warning],
        "A port is removed after its last day, and somebody still holds a contract on it.",
        "Tell them where to go: their reads are answered by 410 from now on.",
    ),
    entry(
        "adoption.elsewhere",
        &[At::Violation, At::Problem(409)],
        "What a port takes over does not lie in the storage of its domain.",
        "Take over what lies in your domain's own bucket, or have its owner publish it.",
    ),
    entry(
        "adoption.undescribable",
        &[At::Problem(409)],
        "A table has columns, names or partitions for which manifests have no equivalent.",
        "Publish another table that is made from it.",
    ),
    entry(
        "adoption.reserved",
        &[At::Violation],
        "What a port takes over does not lie in a folder that is kept for what this product takes over.",
        "Keep it below `_legacy/<product>/`, or call the product as the folder there is called.",
    ),
    entry(
        "adoption.layout",
        &[At::Violation],
        "The files that a port takes over do not lie in a folder `data`: the roles of a domain open no other.",
        "Keep the files in a folder called `data`.",
    ),
    entry(
        "adoption.overlaps",
        &[At::Violation],
        "What a port takes over and the data of another port lie within each other.",
        "Take over a folder that holds this port's data and nothing else.",
    ),
    entry(
        "port.gone",
        &[At::Problem(410)],
        "The port was removed after its last day; `successor` names the one in its place, if there is one.",
        "Read the successor: a contract on the old major moves there by `POST /contracts/{contract}/move`.",
    ),
    entry(
        "contract.port_over",
        &[At::Problem(409)],
        "The last day of the port is over: it may be removed any moment.",
        "Ask for a contract on the major that stands in its place.",
    ),
    entry(
        "contract.product_deprecated",
        &[At::Problem(409)],
        "The product is deprecated: no new contracts are made on it.",
        "Look for what stands in its place in the marketplace, or ask its owner.",
    ),
    entry(
        "contract.other_port",
        &[At::Invalid(400)],
        "A contract moves between majors of its port, not to another port.",
        "Ask for a contract on that port.",
    ),
    entry(
        "contract.no_successor",
        &[At::Problem(409)],
        "There is no other major of the contract's port.",
        "Stay, or ask for a contract on another port.",
    ),
    entry(
        "contract.cannot_move",
        &[At::Problem(409)],
        "The other major does not offer all that the contract is about; `errors` has what is missing.",
        "Name the fields and the freshness that you take there.",
    ),
    entry(
        "contract.needs_approval",
        &[At::Problem(409)],
        "Policy asks for an approval on the other major that the contract does not have.",
        "Ask for a contract there, and keep this one until it is approved.",
    ),
    entry(
        "contract.nothing_announced",
        &[At::Problem(409)],
        "No end of the contract's port is announced.",
        "Nothing is to be done.",
    ),
    entry(
        "contract.not_a_table",
        &[At::Problem(409)],
        "Only contracts on Iceberg ports can be pinned: others have no snapshots.",
        "Keep a copy of what you read.",
    ),
    entry(
        "contract.not_read_by",
        &[At::Problem(409)],
        "The domain has an older active contract on the port, by which the catalogue reads: a pin on this one would do nothing.",
        "Pin the older one, which then holds for the whole domain, or end it first.",
    ),
    entry(
        "contract.no_snapshot",
        &[At::Problem(409)],
        "The table does not have the snapshot that the contract is, or is to be, pinned to.",
        "Name a snapshot that the table lists, or take the pin away.",
    ),
];
