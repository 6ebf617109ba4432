//! What roles allow: every pair of action and resource in the policies of the functions' roles, as Terraform applied them.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One action that a role may do on what a pattern covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// Name of the role, such as `mesh-broker`.
    pub role: String,
    /// Such as `dynamodb:Query`.
    pub action: String,
    /// An ARN, in which `*` stands for anything.
    pub on: String,
}

impl Right {
    /// Whether the right is what lets `role` do `action` on `on`.
    pub fn covers(&self, role: &str, action: &str, on: &str) -> bool {
        self.role == role && self.action.eq_ignore_ascii_case(action) && matches(&self.on, on)
    }
}

/// The rights of the functions' roles in the state of `infra/`.
pub fn of_functions(state: &Path) -> Result<BTreeSet<Right>> {
    let text = fs::read_to_string(state).with_context(|| format!("`{}` cannot be read", state.display()))?;
    in_state(&serde_json::from_str(&text).context("the state is no JSON")?)
}

fn in_state(state: &Value) -> Result<BTreeSet<Right>> {
    let mut rights = BTreeSet::new();
    for resource in members(state, "resources") {
        let text = |name: &str| resource.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("type") != "aws_iam_role_policy" || !text("module").starts_with("module.function[") {
            continue;
        }
        for instance in members(resource, "instances") {
            let attribute = |name: &str| {
                let value = instance.pointer(&format!("/attributes/{name}")).and_then(Value::as_str);
                value.with_context(|| format!("a role's policy has no `{name}`"))
            };
            let policy: Value = serde_json::from_str(attribute("policy")?).context("a role's policy is no JSON")?;
            rights.extend(of_policy(attribute("role")?, &policy)?);
        }
    }
    if rights.is_empty() {
        bail!("the state holds no policy of a function's role");
    }
    Ok(rights)
}

fn of_policy(role: &str, policy: &Value) -> Result<Vec<Right>> {
    let mut rights = Vec::new();
    for statement in members(policy, "Statement") {
        if statement.get("Effect").and_then(Value::as_str) != Some("Allow") {
            bail!("a policy of `{role}` holds a statement that does not allow: {statement}");
        }
        let (actions, resources) = (texts(statement.get("Action")), texts(statement.get("Resource")));
        if actions.is_empty() || resources.is_empty() {
            bail!("a statement of `{role}` names no action or no resource: {statement}");
        }
        for action in actions {
            if action.contains(['*', '?']) {
                bail!("`{role}` has a wildcard in its action `{action}`");
            }
            rights.extend(resources.iter().map(|on| Right {
                role: role.to_owned(),
                action: action.clone(),
                on: on.clone(),
            }));
        }
    }
    Ok(rights)
}

fn members<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Policies write a list of one as its member.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(texts)) => texts.iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        _ => Vec::new(),
    }
}

/// Whether `text` is what `pattern` says, in which `*` stands for any text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in between.split('*') {
        match text.find(part) {
            Some(at) => text = text.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_cover_as_iam_has_it() {
        for (pattern, text, expected) in [
            ("*", "anything", true),
            ("arn:aws:s3:::mesh-*-1/*/metadata/*", "arn:aws:s3:::mesh-fleet-1/a/b/metadata/v1.json", true),
            ("arn:aws:s3:::mesh-*-1/*/metadata/*", "arn:aws:s3:::mesh-fleet-1/a/data/1", false),
            ("table/mesh-domains", "table/mesh-domains", true),
            ("table/mesh-domains", "table/mesh-domains/index/by_kind", false),
            ("table/mesh-domains", "table/mesh-domain", false),
            ("", "", true),
            ("*", "", true),
            ("a*b*b", "ab", false),
            ("a*b*b", "abb", true),
            ("dynamodb:*", "dynamodb:Query", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "`{pattern}` and `{text}`");
        }
    }

    fn state(module: &str, statement: &Value) -> Value {
        let policy = json!({ "Statement": [statement] }).to_string();
        let attributes = json!({ "role": "mesh-broker", "policy": policy });
        let resource =
            json!({ "type": "aws_iam_role_policy", "module": module, "instances": [{ "attributes": attributes }] });
        json!({ "resources": [{ "type": "aws_s3_bucket", "instances": [{}] }, resource] })
    }

    #[test]
    fn each_action_on_each_resource_is_a_right() {
        let statement =
            json!({ "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::b/*" });
        let rights = in_state(&state("module.function[\"broker\"]", &statement)).unwrap();
        let told: Vec<_> =
            rights.iter().map(|right| (right.role.as_str(), right.action.as_str(), right.on.as_str())).collect();
        assert_eq!(
            told,
            [("mesh-broker", "s3:GetObject", "arn:aws:s3:::b/*"), ("mesh-broker", "s3:PutObject", "arn:aws:s3:::b/*")]
        );
    }

    #[test]
    fn what_cannot_be_compared_is_an_error() {
        let function = "module.function[\"broker\"]";
        let allow = json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" });
        assert!(in_state(&state("module.other", &allow)).is_err(), "no function's role");
        for statement in [
            json!({ "Effect": "Allow", "Action": "s3:Get*", "Resource": "*" }),
            json!({ "Effect": "Deny", "Action": "s3:GetObject", "Resource": "*" }),
            json!({ "Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*" }),
        ] {
            assert!(in_state(&state(function, &statement)).is_err(), "{statement}");
        }
    }
}
