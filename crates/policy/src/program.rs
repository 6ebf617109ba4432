//! Compiled policies, and how a decision is made from what their rules say.

use regorus::{Engine, Value};
use serde::Deserialize;

use crate::check::{self, CheckedRule};
use crate::decision::{Decision, Finding, Obligation, Offer, OfferSource, RequiredApproval, Severity};
use crate::entries::{self, Entry, Head};
use crate::error::PolicyError;
use crate::input::{Action, PolicyInput};
use crate::sandbox;
use crate::source::{self, Level, PolicySource};

/// Roles that may publish and write in their own domain without an offer.
const OWNERSHIP_ROLES: [&str; 2] = ["owner", "producer"];

/// The way from sources to a program.
#[derive(Debug, Clone, Copy)]
pub struct PolicySet;

impl PolicySet {
    /// Checks and compiles what decides about one domain's products: the global policies, that
    /// domain's and the product level's. Without `product` nothing is offered but contracts.
    ///
    /// # Errors
    /// Every reason against publishing, in the order of files and lines.
    pub fn compile(
        global: &PolicySource,
        domain: Option<&PolicySource>,
        product: Option<&PolicySource>,
    ) -> Result<Program, Vec<PolicyError>> {
        let sources: Vec<&PolicySource> = std::iter::once(global).chain(domain).chain(product).collect();
        let revision = source::revision(&sources);
        let checked = check::check(global, domain, product)?;
        Ok(Program {
            engine: checked.engine,
            rules: checked.rules,
            domain: domain.and_then(|source| source.domain.clone()),
            revision,
        })
    }
}

/// Policies of one domain's products, ready to decide. Cheap to clone, safe to share.
#[derive(Debug, Clone)]
pub struct Program {
    engine: Engine,
    rules: Vec<CheckedRule>,
    domain: Option<String>,
    revision: String,
}

impl Program {
    /// Digest over the sources: 16 hexadecimal digits. Keep programs, and what follows from their
    /// decisions, by it.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The domain whose policies are in the program.
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// Decides about a question that comes as JSON; one that lacks a field is denied.
    pub fn decide_json(&self, input: &serde_json::Value) -> Decision {
        match PolicyInput::deserialize(input) {
            Ok(input) => self.decide(&input),
            Err(error) => self.denied(
                "policy.input_incomplete",
                format!("the question cannot be decided: {error}"),
                "send every field of the policy input, null where there is nothing".to_owned(),
                Vec::new(),
            ),
        }
    }

    /// Decides. Never panics, and denies whenever anything is not as it should be.
    pub fn decide(&self, input: &PolicyInput) -> Decision {
        let missing = input.missing();
        if !missing.is_empty() {
            return self.denied(
                "policy.input_incomplete",
                format!("the question lacks or contradicts {}", missing.join(", ")),
                format!("supply {}", missing.join(", ")),
                missing,
            );
        }
        if let Some(domain) = &self.domain
            && *domain != input.product.domain
        {
            return self.denied(
                "policy.engine_error",
                format!("policies of domain `{domain}` were asked about a product of `{}`", input.product.domain),
                "decide by the program of the product's own domain".to_owned(),
                Vec::new(),
            );
        }
        match self.evaluate(input) {
            Ok(said) => self.conclude(input, said),
            Err(reason) => self.denied(
                "policy.engine_error",
                format!("the policies gave no answer: {reason}"),
                engine_remedy(),
                Vec::new(),
            ),
        }
    }

    fn evaluate(&self, input: &PolicyInput) -> Result<Vec<Said>, String> {
        // Through text, because the engine's values have no other safe way in.
        let json = serde_json::to_string(input).map_err(|error| error.to_string())?;
        let mut engine = self.engine.clone();
        let rules = self.rules.clone();
        sandbox::run(move || {
            let input = Value::from_json_str(&json).map_err(|error| error.to_string())?;
            engine.set_input(input);
            let mut said = Vec::new();
            for rule in rules {
                for &head in &rule.heads {
                    let path = format!("data.{}.{}", rule.package, head.name());
                    let entries = engine
                        .eval_rule(path)
                        .map_err(|error| check::first_line(&error.to_string()))
                        .and_then(|value| entries::read(head, &value));
                    said.push(Said { level: rule.level, rule: rule.name.clone(), head, entries });
                }
            }
            Ok(said)
        })?
    }

    fn conclude(&self, input: &PolicyInput, said: Vec<Said>) -> Decision {
        let mut decision = Decision {
            allow: false,
            findings: Vec::new(),
            offers: standing_offers(input),
            required_approvals: Vec::new(),
            obligations: Vec::new(),
            missing: Vec::new(),
            remedy: Vec::new(),
            revision: self.revision.clone(),
        };
        for said in said {
            said.add_to(&mut decision, input);
        }
        let unapproved: Vec<Finding> =
            decision.missing_approvals().map(|approval| approval_finding(approval, input)).collect();
        let mut missing: Vec<String> =
            decision.missing_approvals().map(|approval| format!("/contract/approvals/{}", approval.role)).collect();
        missing.dedup();
        decision.missing = missing;
        decision.findings.extend(unapproved);
        if decision.offers.is_empty() {
            if input.contract.is_none() && input.action == Action::Read {
                decision.missing.insert(0, "/contract".to_owned());
            }
            decision.findings.push(no_offer(input));
        }
        decision.findings.sort();
        decision.findings.dedup();
        let denied = decision.denials().next().is_some();
        decision.allow = !denied;
        if denied {
            decision.remedy = remedies(&decision);
        }
        decision
    }

    fn denied(&self, code: &str, message: String, remedy: String, missing: Vec<String>) -> Decision {
        Decision {
            allow: false,
            findings: vec![Finding {
                level: Level::Global,
                rule: "engine".to_owned(),
                code: code.to_owned(),
                message,
                path: String::new(),
                remedy: remedy.clone(),
                severity: Severity::Deny,
            }],
            offers: Vec::new(),
            required_approvals: Vec::new(),
            obligations: Vec::new(),
            missing,
            remedy: vec![remedy],
            revision: self.revision.clone(),
        }
    }
}

/// What one rule name of one rule had to say, or why it could not.
struct Said {
    level: Level,
    rule: String,
    head: Head,
    entries: Result<Vec<Entry>, String>,
}

impl Said {
    fn add_to(self, decision: &mut Decision, input: &PolicyInput) {
        let entries = match self.entries {
            Ok(entries) => entries,
            Err(reason) => {
                decision.findings.push(Finding {
                    level: self.level,
                    message: format!("rule `{}` gave no answer: {reason}", self.rule),
                    rule: self.rule,
                    code: "policy.engine_error".to_owned(),
                    path: String::new(),
                    remedy: engine_remedy(),
                    severity: Severity::Deny,
                });
                return;
            }
        };
        for entry in entries {
            match self.head {
                Head::Deny | Head::Warn => decision.findings.push(Finding {
                    level: self.level,
                    rule: self.rule.clone(),
                    code: entry.text("code"),
                    message: entry.text("message"),
                    path: entry.text("path"),
                    remedy: entry.text("remedy"),
                    severity: if self.head == Head::Deny { Severity::Deny } else { Severity::Warn },
                }),
                Head::RequireApproval => {
                    let role = entry.text("role");
                    decision.required_approvals.push(RequiredApproval {
                        satisfied_by: approver(&role, input),
                        role,
                        reason: entry.text("reason"),
                        level: self.level,
                        rule: self.rule.clone(),
                    });
                }
                Head::Obligation => decision.obligations.push(Obligation {
                    kind: entry.text("kind"),
                    detail: entry.text("detail"),
                    level: self.level,
                    rule: self.rule.clone(),
                }),
                Head::Offer => {
                    decision.offers.push(Offer { source: OfferSource::Product, reason: entry.text("reason") })
                }
            }
        }
    }
}

/// Offers that no rule has to make: ownership and a live contract.
fn standing_offers(input: &PolicyInput) -> Vec<Offer> {
    let mut offers = Vec::new();
    let owns = input.same_domain && input.principal.roles.iter().any(|role| OWNERSHIP_ROLES.contains(&role.as_str()));
    if owns && matches!(input.action, Action::Publish | Action::Write) {
        offers.push(Offer {
            source: OfferSource::Ownership,
            reason: format!("`{}` belongs to the acting domain", input.product.id),
        });
    }
    if let Some(contract) = &input.contract
        && input.action == Action::Read
        && contract.status == "active"
        && contract.consumer_domain == input.principal.domain
        && input.purpose.as_ref().is_none_or(|purpose| *purpose == contract.purpose)
    {
        offers.push(Offer { source: OfferSource::Contract, reason: format!("contract `{}` is active", contract.id) });
    }
    offers
}

/// Who has given the approval of `role`: the contract's approvers, and whoever publishes or writes
/// in the own domain while holding the role, since no contract carries approvals there.
fn approver(role: &str, input: &PolicyInput) -> Option<String> {
    let by_contract = input.contract.iter().flat_map(|contract| {
        contract
            .approvals
            .iter()
            .filter(|approval| approval.role == role && !approval.by.is_empty())
            .map(|approval| approval.by.clone())
    });
    let by_holder = std::iter::once(&input.principal)
        .filter(|principal| {
            input.same_domain
                && matches!(input.action, Action::Publish | Action::Write)
                && principal.roles.iter().any(|held| held == role)
        })
        .map(|principal| principal.id.clone());
    by_contract.chain(by_holder).next()
}

fn approval_finding(approval: &RequiredApproval, input: &PolicyInput) -> Finding {
    let target = match (&input.contract, input.action) {
        (Some(contract), _) => format!("contract `{}`", contract.id),
        (None, Action::Publish | Action::Write) => format!("`{}`", input.product.id),
        (None, _) => format!("a contract on `{}`", input.address()),
    };
    Finding {
        level: approval.level,
        rule: approval.rule.clone(),
        code: "policy.approval_missing".to_owned(),
        message: format!("approval by role `{}` missing: {}", approval.role, approval.reason),
        path: String::new(),
        remedy: format!("let a `{}` of domain `{}` approve {target}", approval.role, input.product.domain),
        severity: Severity::Deny,
    }
}

fn no_offer(input: &PolicyInput) -> Finding {
    let address = input.address();
    let (message, remedy) = match (input.action, &input.contract) {
        (Action::Read, Some(contract)) if contract.status != "active" => (
            format!("contract `{}` is `{}`, not active", contract.id, contract.status),
            if contract.status == "pending" {
                format!("wait for the approval of contract `{}`", contract.id)
            } else {
                format!("request a new consumption contract for {address}")
            },
        ),
        (Action::Read, Some(contract)) if contract.consumer_domain != input.principal.domain => (
            format!(
                "contract `{}` is of domain `{}`, not of `{}`",
                contract.id, contract.consumer_domain, input.principal.domain
            ),
            format!("request a consumption contract for {address}"),
        ),
        (Action::Read, Some(contract)) => (
            format!("contract `{}` was agreed for purpose `{}` only", contract.id, contract.purpose),
            format!("read for purpose `{}`, or request a contract for the other purpose", contract.purpose),
        ),
        (Action::Read, None) => (
            format!(
                "domain `{}` has no live consumption contract for {address}, and the product does not offer it without one",
                input.principal.domain
            ),
            format!("request a consumption contract for {address}"),
        ),
        (Action::Contract, _) => (
            format!(
                "`{}` does not offer contracts to domain `{}` for this purpose",
                input.product.id, input.principal.domain
            ),
            format!(
                "ask the owner of `{}` ({}) for a wider visibility or another purpose",
                input.product.id, input.product.owner.contact
            ),
        ),
        (Action::Publish | Action::Write, _) => (
            format!(
                "only an owner or producer of domain `{}` may {} `{}`",
                input.product.domain,
                input.action.as_str(),
                input.product.id
            ),
            format!("act for domain `{}` in role `owner` or `producer`", input.product.domain),
        ),
    };
    Finding {
        level: Level::Product,
        rule: "offer".to_owned(),
        code: "policy.no_offer".to_owned(),
        message,
        path: String::new(),
        remedy,
        severity: Severity::Deny,
    }
}

fn remedies(decision: &Decision) -> Vec<String> {
    let mut remedies: Vec<String> = Vec::new();
    for finding in decision.denials() {
        let remedy = if finding.remedy.is_empty() { &finding.message } else { &finding.remedy };
        if !remedies.contains(remedy) {
            remedies.push(remedy.clone());
        }
    }
    remedies
}

fn engine_remedy() -> String {
    "tell the platform team: a published policy must answer every question".to_owned()
}
