//! Least privilege, proved: what the functions' roles allow, as it was applied, against what the functions did on the
//! local stack. A right that nobody used is one too many; a call that was denied shows one too few.

mod rights;
mod unused;

use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::interrupt::Interrupt;
use crate::platform::INFRA;
use crate::project::Project;
use crate::stack::requests::{self, Decision};
use crate::terraform::Root;
use rights::Right;
use unused::UNUSED;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Proof {
    /// How many rights were used.
    pub used: usize,
    /// How many were not, by the reason why they stay.
    pub excused: BTreeMap<&'static str, usize>,
}

/// Compare what the roles of the mesh on this stack allow with what was decided since the local cloud was started. An
/// error that names every right too many and every call that was denied.
pub fn check(project: &Project, interrupt: &Interrupt) -> Result<Proof> {
    let rights = rights::of_functions(&Root::new(project, interrupt, INFRA).state_file())?;
    compare(&rights, &requests::decisions(project)?)
}

fn compare(rights: &BTreeSet<Right>, decisions: &[Decision]) -> Result<Proof> {
    let roles: BTreeSet<&str> = rights.iter().map(|right| right.role.as_str()).collect();
    let mut done: BTreeMap<(&str, &str, &str), bool> = BTreeMap::new();
    for decision in decisions.iter().filter(|decision| roles.contains(decision.role.as_str())) {
        let allowed = done.entry((&decision.role, &decision.action, &decision.on)).or_insert(true);
        *allowed &= decision.allowed;
    }
    for role in &roles {
        if !done.keys().any(|(by, ..)| by == role)
            && rights.iter().any(|right| right.role == *role && right.excuse().is_none())
        {
            bail!("the role `{role}` did nothing at all: there is nothing to compare with");
        }
    }
    let mut complaints = String::new();
    for ((role, action, on), _) in done.iter().filter(|(_, allowed)| !**allowed) {
        let _ = writeln!(complaints, "  `{role}` was denied `{action}` on `{on}`");
    }
    let (used, unused): (Vec<&Right>, Vec<&Right>) = rights
        .iter()
        .partition(|right| done.iter().any(|((role, action, on), allowed)| *allowed && right.covers(role, action, on)));
    let mut excused = BTreeMap::new();
    for right in unused {
        match right.excuse() {
            Some(reason) => *excused.entry(reason).or_insert(0) += 1,
            None => {
                let Right { role, action, on } = right;
                let _ = writeln!(complaints, "  `{role}` may `{action}` on `{on}` and never did");
            }
        }
    }
    if !complaints.is_empty() {
        bail!(
            "roles are not as the functions need them; mend infra/roles.tf, or give a reason in \
             xtask/src/privileges/unused.rs:\n{}",
            complaints.trim_end()
        );
    }
    Ok(Proof { used: used.len(), excused })
}

impl Right {
    /// Why nobody is seen to use it, if that is known.
    fn excuse(&self) -> Option<&'static str> {
        UNUSED.iter().find(|excuse| excuse.covers(self)).map(|excuse| excuse.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn right(action: &str, on: &str) -> Right {
        Right { role: "mesh-broker".into(), action: action.into(), on: on.into() }
    }

    fn decision(action: &str, on: &str, allowed: bool) -> Decision {
        Decision { role: "mesh-broker".into(), action: action.into(), on: on.into(), allowed }
    }

    #[test]
    fn rights_that_are_used_and_no_others_pass() {
        let rights = BTreeSet::from([
            right("dynamodb:Query", "arn:aws:dynamodb:r:1:table/mesh-domains"),
            right("s3:GetObject", "arn:aws:s3:::mesh-*-1/*/metadata/*"),
            // Lambda's own, which the local cloud never asks for.
            right("logs:PutLogEvents", "arn:aws:logs:r:1:log-group:/aws/lambda/mesh-broker:*"),
        ]);
        let decisions = [
            decision("dynamodb:Query", "arn:aws:dynamodb:r:1:table/mesh-domains", true),
            decision("s3:GetObject", "arn:aws:s3:::mesh-weather-1/hourly/metadata/1.json", true),
        ];
        let proof = compare(&rights, &decisions).unwrap();
        assert_eq!((proof.used, proof.excused.values().sum()), (2, 1));
    }

    #[test]
    fn a_right_that_nobody_used_is_named() {
        let table = "arn:aws:dynamodb:r:1:table/mesh-domains";
        let rights = BTreeSet::from([right("dynamodb:Query", table), right("dynamodb:Scan", table)]);
        let told = compare(&rights, &[decision("dynamodb:Query", table, true)]).unwrap_err().to_string();
        assert!(told.contains("`mesh-broker` may `dynamodb:Scan` on"), "{told}");
        assert!(!told.contains("dynamodb:Query"), "{told}");
    }

    #[test]
    fn a_call_that_was_denied_is_named_and_proves_no_right_to_be_used() {
        let table = "arn:aws:dynamodb:r:1:table/mesh-domains";
        let rights = BTreeSet::from([right("dynamodb:Query", table)]);
        let other = "arn:aws:dynamodb:r:1:table/mesh-grants";
        let decisions = [decision("dynamodb:Query", table, true), decision("dynamodb:GetItem", other, false)];
        let told = compare(&rights, &decisions).unwrap_err().to_string();
        assert!(told.contains("was denied `dynamodb:GetItem` on `arn:aws:dynamodb:r:1:table/mesh-grants`"), "{told}");
    }

    #[test]
    fn a_role_that_did_nothing_proves_nothing() {
        let rights = BTreeSet::from([right("dynamodb:Query", "arn:aws:dynamodb:r:1:table/mesh-domains")]);
        let others = [Decision { role: "mesh-registry".into(), ..decision("dynamodb:Query", "*", true) }];
        for decisions in [&[][..], &others[..]] {
            assert!(compare(&rights, decisions).unwrap_err().to_string().contains("nothing to compare with"));
        }
    }
}
