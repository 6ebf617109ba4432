//! What is found about a manifest: violations, warnings and the live contracts that a change would break.

use mesh_evolution::{Change, ChangeKind};
use mesh_manifest::{Diagnostic, PortAddress, Severity, Spans};

use crate::{contract::Contract, error::Violation};

/// A live contract that a change would break.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    pub contract: String,
    pub consumer_domain: String,
    pub contact: String,
    pub port: PortAddress,
    /// The fields in question that the consumer says it uses; empty where it may use any of the port.
    pub fields: Vec<String>,
    /// The codes of the changes that break it.
    pub codes: Vec<String>,
}

/// The live contracts that the major changes break: those on the port that use the field, or that agreed on more than is promised now.
pub(crate) fn affected_contracts(changes: &[Change], live: &[Contract]) -> Vec<Affected> {
    let mut affected = Vec::new();
    for contract in live {
        let breaks = |change: &&Change| {
            change.kind == ChangeKind::Major
                && change.port.as_ref() == Some(&contract.port)
                && change.field.as_ref().is_none_or(|field| contract.uses(field))
                && change.loosened.is_none_or(|promised| contract.agreed_on_more_than(promised))
        };
        let broken: Vec<_> = changes.iter().filter(breaks).collect();
        if broken.is_empty() {
            continue;
        }
        let mut codes: Vec<_> = broken.iter().map(|change| change.code.to_string()).collect();
        codes.sort();
        codes.dedup();
        affected.push(Affected {
            contract: contract.id.to_string(),
            consumer_domain: contract.consumer_domain.to_string(),
            contact: contract.contact.clone(),
            port: contract.port.clone(),
            fields: fields_in_question(contract, &broken),
            codes,
        });
    }
    affected
}

/// The fields that change; where the whole port does, those that the contract names.
fn fields_in_question(contract: &Contract, broken: &[&Change]) -> Vec<String> {
    if broken.iter().any(|change| change.field.is_none()) {
        return contract.fields.clone();
    }
    broken.iter().filter_map(|change| change.field.clone()).collect()
}

pub(crate) fn broken_contract(affected: &Affected, changes: &[Change]) -> Violation {
    let change = changes.iter().find(|change| {
        change.port.as_ref() == Some(&affected.port) && affected.codes.iter().any(|code| *code == *change.code)
    });
    let pointer = change.map(|change| change.pointer.clone()).unwrap_or_default();
    // Of a field, its name says enough; of a promise or a whole port, what becomes of it does.
    let why = match change.filter(|change| change.field.is_none()) {
        Some(Change { reason, before: Some(before), after: Some(after), .. }) => {
            format!(": {reason} (`{before}` before, `{after}` now)")
        }
        Some(change) => format!(": {}", change.reason),
        None => String::new(),
    };
    let what = if affected.fields.is_empty() {
        format!("`{}`", affected.port)
    } else {
        format!("`{}` of `{}`", affected.fields.join("`, `"), affected.port)
    };
    let detail = format!(
        "this breaks `{}`, which uses {what} under the contract `{}` ({}){why}",
        affected.consumer_domain, affected.contract, affected.contact
    );
    Violation::new("evolution.breaks_contract", pointer, detail)
        .with_remedy("publish the change as a new major of the port beside the old one, and let consumers move")
}

/// Collects what is found, each with its place in the text.
pub(crate) struct Findings {
    spans: Option<Spans>,
    violations: Vec<Violation>,
    warnings: Vec<Violation>,
}

impl Findings {
    pub(crate) fn new(spans: Option<Spans>) -> Self {
        Self { spans, violations: Vec::new(), warnings: Vec::new() }
    }

    fn located(&self, mut violation: Violation) -> Violation {
        violation.position = violation.position.or_else(|| Some(self.spans.as_ref()?.locate(&violation.pointer)));
        violation
    }

    pub(crate) fn refuse(&mut self, violation: Violation) {
        let violation = self.located(violation);
        self.violations.push(violation);
    }

    pub(crate) fn refuse_all(&mut self, violations: impl IntoIterator<Item = Violation>) {
        for violation in violations {
            self.refuse(violation);
        }
    }

    pub(crate) fn warn(&mut self, violation: Violation) {
        let violation = self.located(violation);
        self.warnings.push(violation);
    }

    pub(crate) fn warn_all(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => self.violations.push(diagnostic.into()),
                Severity::Warning => self.warnings.push(diagnostic.into()),
            }
        }
    }

    pub(crate) fn refused(&self) -> bool {
        !self.violations.is_empty()
    }

    pub(crate) fn finish(self) -> (Vec<Violation>, Vec<Violation>) {
        (self.violations, self.warnings)
    }
}

/// Over codes, places and texts, in order: equal findings are equal whatever revision found them.
pub(crate) fn digest(violations: &[Violation], warnings: &[Violation], affected: &[Affected]) -> String {
    let key = |violation: &Violation| (violation.code.clone(), violation.pointer.clone(), violation.detail.clone());
    let mut violations: Vec<_> = violations.iter().map(key).collect();
    let mut warnings: Vec<_> = warnings.iter().map(key).collect();
    let mut affected: Vec<_> =
        affected.iter().map(|one| (one.contract.clone(), one.codes.clone(), one.fields.clone())).collect();
    violations.sort();
    warnings.sort();
    affected.sort();
    mesh_manifest::canonical::digest(&(violations, warnings, affected))
}
