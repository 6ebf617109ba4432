//! Rights that no run on the local stack can use, each with the reason why it stays.

use super::rights::{Right, matches};

/// Rights, and why nobody is seen to use them.
#[derive(Debug)]
pub struct Excuse {
    /// A role's name after the mesh's, `*` for every function.
    pub function: &'static str,
    /// Such as `sqs:SendMessage`; `*` stands for anything.
    pub action: &'static str,
    /// A resource, as the policy has it; `*` stands for anything.
    pub on: &'static str,
    pub reason: &'static str,
}

const fn excuse(function: &'static str, action: &'static str, on: &'static str, reason: &'static str) -> Excuse {
    Excuse { function, action, on, reason }
}

/// Every excuse.
pub const UNUSED: &[Excuse] = &[
    excuse("*", "logs:*", "*", "Lambda writes the log by the function's role; the local cloud does so without asking"),
    excuse("*", "xray:*", "*", "Lambda sends traces by the function's role; the local cloud keeps none"),
    excuse(
        "*",
        "sts:TagSession",
        "*:role/*",
        "asked for together with AssumeRole; the local cloud asks for AssumeRole alone",
    ),
    excuse("*", "kms:*", "*:key/*", "DynamoDB uses the key on the caller's behalf; the local cloud encrypts nothing"),
    excuse(
        "provisioner",
        "dynamodb:*",
        "*/stream/*",
        "Lambda polls by the function's role; the local cloud asks nobody",
    ),
    excuse("indexer", "dynamodb:*", "*/stream/*", "Lambda polls by the function's role; the local cloud asks nobody"),
    excuse(
        "provisioner",
        "dynamodb:ListStreams",
        "*",
        "Lambda polls by the function's role; the local cloud asks nobody",
    ),
    excuse("indexer", "dynamodb:ListStreams", "*", "Lambda polls by the function's role; the local cloud asks nobody"),
    excuse("provisioner", "sqs:SendMessage", "*-dead-letters", "Lambda sets records aside; the local cloud drops them"),
    excuse("indexer", "sqs:SendMessage", "*-dead-letters", "Lambda sets records aside; the local cloud drops them"),
    excuse(
        "iceberg",
        "s3:ListBucket",
        "*",
        "never called: with it, S3 answers 404 and not 403 for metadata that is gone",
    ),
];

impl Excuse {
    pub fn covers(&self, right: &Right) -> bool {
        let of_function = self.function == "*" || right.role.ends_with(&format!("-{}", self.function));
        of_function && matches(self.action, &right.action) && matches(self.on, &right.on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_excuse_has_a_reason_and_excuses_no_function_everything() {
        for excuse in UNUSED {
            assert!(excuse.reason.len() > 20, "{excuse:?}");
            assert!(excuse.action.contains(':') && !excuse.action.starts_with('*'), "{excuse:?}");
        }
    }
}
