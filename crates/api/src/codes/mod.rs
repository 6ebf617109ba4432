//! Every stable code: where it appears, what it means and what to do. `docs/reference/problems.md` is made from this table.
//!
//! Codes of manifests and of changes have their meaning where they are made, in `mesh_manifest` and `mesh_evolution`; what to do about
//! each stands here, in matches that the compiler holds complete. A test over the sources holds the rest complete.

mod deprecation;
mod evolution;
mod governance;
mod iceberg;
mod manifest;
mod products;
mod reference;
mod requests;
mod rules;

pub use reference::page;

/// What a problem's `type` starts with; its code follows.
pub const TYPE_PREFIX: &str = "urn:mesh:problem:";

/// Where a code appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    /// As the code of a problem with this HTTP status.
    Problem(u16),
    /// As the code of a problem with this HTTP status, or in the `errors` of `request.invalid` where several things are wrong.
    Invalid(u16),
    /// As what stands against a manifest or a retirement: in a plan's `violations`, and in `errors` of the refusal.
    Violation,
    /// As what is said and does not refuse: in a plan's `warnings`, and in a registration's.
    Warning,
    /// As a difference that a plan shows in `changes`.
    Change,
    /// As a finding of a policy decision: in a policy check's answer, and in `errors` of what it denies.
    Finding,
    /// In clients of the API, which make it themselves.
    Client,
}

/// A code and what there is to know about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Never changes: `stem.what`.
    pub code: &'static str,
    pub at: &'static [At],
    /// What it means, in sentences.
    pub meaning: &'static str,
    /// What to do about it, in sentences.
    pub remedy: &'static str,
}

impl Entry {
    /// The part before the point, by which the reference groups.
    pub fn stem(&self) -> &'static str {
        self.code.split_once('.').map_or(self.code, |(stem, _)| stem)
    }

    /// Whether a problem with HTTP `status` may have this code.
    pub fn is_problem(&self, status: u16) -> bool {
        self.at.iter().any(|at| matches!(at, At::Problem(known) | At::Invalid(known) if *known == status))
    }
}

const fn entry(code: &'static str, at: &'static [At], meaning: &'static str, remedy: &'static str) -> Entry {
    Entry { code, at, meaning, remedy }
}

/// What the codes of each stem are about, in the order of the reference.
pub const STEMS: &[(&str, &str)] = &[
    ("request", "Requests that cannot be read."),
    ("route", "Paths and methods."),
    ("token", "Bearer tokens."),
    ("identity", "Who acts, and for which domain."),
    ("idempotency", "Idempotency keys."),
    ("manifest", "The text of `dataproduct.yaml`, with line and column."),
    ("evolution", "Changes against what is registered, and what refuses them."),
    ("schema", "The schema registry."),
    ("input", "A product's inputs."),
    ("promise", "Promises that cannot be kept."),
    ("deprecation", "Ports that are being left."),
    ("adoption", "Ports that take over what is there."),
    ("registration", "Registering a product."),
    ("product", "Registered products."),
    ("port", "Output ports."),
    ("domain", "Domains and their members."),
    ("envelope", "Domains' storage."),
    ("contract", "Consumption contracts."),
    ("access", "Reading and writing ports."),
    ("search", "The marketplace."),
    ("policy", "Policies, and the platform's own findings in decisions."),
    ("classification", "Shipped policy: classification bounds visibility."),
    ("owner", "Shipped policy: every product has an owner who can be reached."),
    ("pii", "Shipped policy: no unprotected personal data across domains."),
    ("retention", "Shipped policy: data is kept for a bounded time."),
    ("marketing_use", "Policy of the example domain `operations`: marketing."),
    ("iceberg", "Commits to Iceberg tables."),
    ("namespace", "Namespaces of the Iceberg catalogue."),
    ("table", "Tables of the Iceberg catalogue."),
    ("store", "The platform's tables."),
    ("service", "Services that the platform uses."),
    ("platform", "The platform itself."),
    ("client", "Clients of the API."),
];

/// Every entry, by stems in the order of [`STEMS`].
pub fn all() -> Vec<Entry> {
    let tables = [
        requests::ENTRIES,
        products::ENTRIES,
        deprecation::ENTRIES,
        governance::ENTRIES,
        rules::ENTRIES,
        iceberg::ENTRIES,
    ];
    let mut all: Vec<Entry> = tables.concat();
    all.extend(manifest::entries());
    all.extend(evolution::entries());
    // Stable: within a stem the order is that of the tables.
    all.sort_by_key(|entry| STEMS.iter().position(|(stem, _)| *stem == entry.stem()));
    all
}

/// The entry of `code`.
pub fn find(code: &str) -> Option<Entry> {
    all().into_iter().find(|entry| entry.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_well_formed_and_explained() {
        let all = all();
        for entry in &all {
            let Entry { code, at, meaning, remedy } = entry;
            let part = |text: &str| {
                text.starts_with(|c: char| c.is_ascii_lowercase())
                    && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            };
            assert!(code.split_once('.').is_some_and(|(stem, what)| part(stem) && part(what)), "{code}");
            assert!(STEMS.iter().any(|(stem, _)| *stem == entry.stem()), "the stem of {code} is not described");
            assert!(!at.is_empty(), "{code} appears nowhere");
            for text in [meaning, remedy] {
                assert!(text.ends_with('.') || text.ends_with(")."), "{code}: `{text}` is no sentence");
            }
        }
        let mut codes: Vec<_> = all.iter().map(|entry| entry.code).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]), "a code has two entries: {codes:?}");
        for (stem, _) in STEMS {
            assert!(all.iter().any(|entry| entry.stem() == *stem), "no code has the stem {stem}");
        }
    }

    #[test]
    fn an_entry_knows_its_statuses() {
        let reused = find("idempotency.other_body").unwrap();
        assert!(reused.is_problem(422) && !reused.is_problem(400));
        assert!(!find("evolution.field_added").unwrap().is_problem(400), "a change is no problem");
        assert_eq!(find("no.such"), None);
    }
}
