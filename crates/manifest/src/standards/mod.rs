//! Products in the terms of the open standards: documents of the Open Data Product Standard (ODPS 1.0.0 and 1.1.0) with contracts of the Open
//! Data Contract Standard (ODCS 3.0.0 to 3.2.0) are read as a manifest, and a manifest is written as such documents.
//!
//! Nothing is lost. What has a meaning here becomes a member of the manifest; the documents themselves are kept in `origin`, and
//! are returned as they were, but for the members whose meaning was changed in the manifest since. What the standards have no member for
//! stands in custom properties, which `custom` explains. No URL of a document is ever fetched.
//!
//! What a manifest needs and the documents may not say has these defaults, each told of by a warning: the description is the
//! product's name, the status `active`, the owner's team the domain, their contact an address below `.invalid`, the classification
//! `internal`, the retention `365d`, the visibility `domain`, the format `iceberg`. A port's freshness has none, for it is a promise: the
//! contract's `slaProperties` give a latency, freshness or frequency, or the documents are refused. Domain, name and version have none either.

mod custom;
mod document;
mod read;
mod version;
mod write;

use std::collections::{BTreeMap, btree_map};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    address::PortAddress,
    code::Code,
    diagnostic::{Diagnostic, Severity, shown},
    model::{Manifest, Origin},
    parse::shape,
    structure, tree,
    validate::validate,
};

use document::Document;
use read::{Draft, notes::Source};
use version::Standard;

/// The most contracts of one product.
const MAX_CONTRACTS: usize = 100;
/// The most problems that are listed.
const MAX_PROBLEMS: usize = 100;

/// A manifest that was read from documents of the standards.
#[derive(Debug, Clone)]
pub struct Imported {
    pub manifest: Manifest,
    /// What does not refuse the documents: what was taken for granted, named otherwise or kept in a nearby type.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a product's ODPS document and the ODCS contracts that its output ports name, each YAML or JSON.
///
/// On failure, all problems that could be found, at least one of them an error. Pointers start with the document: `/product`, or
/// `/contracts/0` for the first of `contracts`; lines and columns are those within that document.
pub fn import(product: &str, contracts: &[&str]) -> Result<Imported, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    if contracts.len() > MAX_CONTRACTS {
        let message = format!("{} contracts are given, more than the {MAX_CONTRACTS} allowed", contracts.len());
        return Err(vec![
            Diagnostic::error(Code::TooLarge, "/contracts", message).remedy("split the product into several"),
        ]);
    }
    let mut keep = |read: Result<Document, Vec<Diagnostic>>| read.map_err(|found| problems.extend(found)).ok();
    let product = keep(Document::read(product, Standard::Product, "/product".to_owned()));
    let contracts: Vec<Document> = contracts
        .iter()
        .enumerate()
        .filter_map(|(index, text)| keep(Document::read(text, Standard::Contract, format!("/contracts/{index}"))))
        .collect();
    let Some(product) = product.filter(|_| problems.is_empty()) else {
        problems.truncate(MAX_PROBLEMS);
        return Err(problems);
    };
    Documents::new(product, contracts)?.imported()
}

/// The manifest's product as a document of the Open Data Product Standard.
///
/// That which it was read from, with what was changed since; otherwise a new one, in the newest version.
pub fn export_product(manifest: &Manifest) -> Value {
    write::Written::of(manifest).product
}

/// The contract of the Open Data Contract Standard that describes the port at `address`, if the manifest lists that port.
///
/// That which it was read from, with what was changed since; otherwise a new one, in the newest version.
pub fn export_contract(manifest: &Manifest, address: &PortAddress) -> Option<Value> {
    manifest.port(address)?;
    write::Written::of(manifest).into_contract(address)
}

/// Valid documents, the contracts by their ids.
struct Documents {
    product: Document,
    contracts: BTreeMap<String, Document>,
}

impl Documents {
    fn new(product: Document, contracts: Vec<Document>) -> Result<Self, Vec<Diagnostic>> {
        let mut by_id = BTreeMap::new();
        let mut problems = Vec::new();
        for contract in contracts {
            let id = contract.value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            if !(1..=500).contains(&id.chars().count()) || id.trim().is_empty() {
                let problem = Diagnostic::error(Code::Length, "/id", "a contract's id has 1 to 500 characters");
                problems.push(contract.place(problem.remedy("give the contract an id that output ports can name")));
                continue;
            }
            match by_id.entry(id) {
                btree_map::Entry::Vacant(slot) => drop(slot.insert(contract)),
                btree_map::Entry::Occupied(first) => {
                    let message = format!("the contract `{}` is given twice", shown(first.key()));
                    let problem = Diagnostic::error(Code::DuplicateEntry, "/id", message);
                    problems.push(contract.place(problem.remedy("give each contract once, under an id of its own")));
                }
            }
        }
        if problems.is_empty() { Ok(Self { product, contracts: by_id }) } else { Err(problems) }
    }

    fn values(&self) -> BTreeMap<String, Value> {
        self.contracts.iter().map(|(id, contract)| (id.clone(), contract.value.clone())).collect()
    }

    fn place(&self, (source, problem): (Source, Diagnostic)) -> Diagnostic {
        let contract = source.and_then(|id| self.contracts.get(&id));
        contract.unwrap_or(&self.product).place(problem)
    }

    fn imported(self) -> Result<Imported, Vec<Diagnostic>> {
        let contracts = self.values();
        let empty = serde_json::Map::new();
        let product = self.product.value.as_object().unwrap_or(&empty);
        let mut draft = Draft::read(product, &contracts);
        let mut problems: Vec<Diagnostic> =
            std::mem::take(&mut draft.notes.problems).into_iter().map(|problem| self.place(problem)).collect();
        let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
        let json = draft.manifest();
        let found = structure::check(&tree::Node::of(&json), shape(), MAX_PROBLEMS + 1);
        let trace = |problem: Diagnostic| self.place(draft.notes.trace(explained(problem)));
        // What registration lacks was told of already, in the documents' own terms.
        let told = |problem: &Diagnostic| {
            refused && matches!(problem.pointer.as_str(), "" | "/domain" | "/name" | "/version" | "/outputPorts")
        };
        problems.extend(found.into_iter().filter(|problem| !told(problem)).map(trace));
        let manifest = match Manifest::deserialize(json) {
            Ok(manifest) if !problems.iter().any(|problem| problem.severity == Severity::Error) => manifest,
            Err(error) if !problems.iter().any(|problem| problem.severity == Severity::Error) => {
                return Err(vec![Diagnostic::error(
                    Code::Unreadable,
                    "",
                    format!("the documents cannot be read: {error}"),
                )]);
            }
            _ => return Err(listed(problems)),
        };
        let origin = Origin { product: Some(self.product.value.clone()), contracts };
        let manifest = Manifest { origin: Some(origin), ..manifest };
        problems.extend(validate(&manifest).into_iter().map(trace));
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(listed(problems));
        }
        Ok(Imported { manifest, warnings: listed(problems) })
    }
}

/// The problem with what to add to the documents, where the manifest's own remedy would not help.
fn explained(problem: Diagnostic) -> Diagnostic {
    if problem.code == Code::MissingField.as_str() && problem.message.starts_with("`freshness`") {
        let remedy =
            "add to `slaProperties` how old the newest data may be, such as `{ property: latency, value: 4, unit: h }`";
        return Diagnostic {
            code: Code::StandardIncomplete.as_str().to_owned(),
            message: "nothing promises how fresh the port's data is, without which it cannot be registered".to_owned(),
            ..problem
        }
        .remedy(remedy);
    }
    if problem.code == Code::EndpointMissing.as_str() {
        let remedy = "add a server to the contract at which readers reach the data, or its URL as the output port's custom property `dataMeshEndpoint`";
        return problem.remedy(remedy);
    }
    problem
}

/// Errors first, each once, and not too many.
fn listed(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_key(|problem| problem.severity == Severity::Warning);
    let mut listed: Vec<Diagnostic> = Vec::new();
    for problem in problems {
        if listed.len() < MAX_PROBLEMS && !listed.contains(&problem) {
            listed.push(problem);
        }
    }
    listed
}
