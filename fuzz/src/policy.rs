//! Policy questions: whatever comes, a decision; anything but a whole question is denied, and so is what nothing offers.

use std::{collections::BTreeSet, sync::LazyLock};

use mesh_core::{
    judgement::Question,
    principal::{Caller, Principal, Role},
};
use mesh_manifest::Manifest;
use mesh_policy::{Action, Decision, PolicyInput, PolicySet, Program, Severity, defaults};
use serde_json::Value;

use crate::edits;

/// The policies that the platform ships, which every manifest's question meets.
static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    PolicySet::compile(&defaults::global(), None, Some(&defaults::product())).expect("the shipped policies compile")
});

/// A question that is allowed as it stands.
static WHOLE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../corpus/policy/read.json")).expect("a seed is JSON"));

/// Any bytes: a question as JSON, else a manifest about which every question is asked, else changes of an allowed question.
pub fn policy(data: &[u8]) {
    if let Ok(question) = serde_json::from_slice::<Value>(data) {
        decided(&question);
        return;
    }
    let manifest = std::str::from_utf8(data).ok().and_then(|text| mesh_manifest::parse(text).ok());
    if let Some(parsed) = manifest {
        about(&parsed.manifest);
        return;
    }
    let mut question = WHOLE.clone();
    edits::apply(&mut question, data);
    decided(&question);
}

fn decided(question: &Value) {
    let decision = PROGRAM.decide_json(question);
    sound(&decision);
    match serde_json::from_value::<PolicyInput>(question.clone()) {
        Ok(input) => {
            let whole = serde_json::to_value(&input).expect("a question is JSON");
            if whole == *question && input.missing().is_empty() {
                // Time is the only thing that an answer may depend on besides the question.
                let again = PROGRAM.decide(&input);
                assert!(again == decision || gave_up(&again) || gave_up(&decision), "{again:?} is not {decision:?}");
            } else {
                assert!(!decision.allow, "allowed, though it is not a whole question: {question}");
            }
        }
        Err(_) => {
            assert!(!decision.allow, "allowed, though it is no question: {question}");
            assert!(decision.findings.iter().any(|finding| finding.code == "policy.input_incomplete"));
        }
    }
}

/// The questions that the platform itself asks about a product are whole, whatever the manifest says.
fn about(manifest: &Manifest) {
    for domain in [manifest.domain.clone(), "insights".parse().expect("a domain's name")] {
        let roles: BTreeSet<_> = [Role::Owner, Role::Consumer].into();
        let principal = Principal::new("https://idp.example.org", "alice");
        let caller = Caller { principal, domain, roles, membership_revision: 1 };
        let port = manifest.output_ports.first();
        for (action, port) in [(Action::Publish, None), (Action::Read, port), (Action::Write, port)] {
            let input =
                Question { action, caller: &caller, manifest, port, contract: None, purpose: Some("analytics") }
                    .input();
            assert_eq!(input.missing(), Vec::<String>::new(), "the platform's own question lacks something");
            let decision = PROGRAM.decide(&input);
            sound(&decision);
            let own = caller.domain == manifest.domain;
            assert!(own || action == Action::Read || !decision.allow, "a foreign domain may {}", action.as_str());
        }
    }
}

/// What holds of every decision.
fn sound(decision: &Decision) {
    let denied = decision.findings.iter().any(|finding| finding.severity == Severity::Deny);
    assert_ne!(decision.allow, denied, "a decision allows unless something denies: {decision:?}");
    if decision.allow {
        assert!(!decision.offers.is_empty(), "allowed without an offer: {decision:?}");
        assert!(decision.required_approvals.iter().all(|approval| approval.satisfied_by.is_some()), "{decision:?}");
    } else {
        assert!(!decision.remedy.is_empty(), "denied without a remedy: {decision:?}");
    }
    assert_eq!(decision.revision, PROGRAM.revision());
}

fn gave_up(decision: &Decision) -> bool {
    decision.findings.iter().any(|finding| finding.code == "policy.engine_error")
}
