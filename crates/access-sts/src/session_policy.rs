//! Session policies: what vended credentials may do at most.
//!
//! A session policy is part of a grant's security: everything that comes into it is checked against an allow-list first, so that no name
//! can widen it.

use mesh_core::{
    credentials::{Mode, VendRequest},
    error::StoreError,
};
use serde_json::{Value, json};

/// What STS takes at most, in characters.
const MAX_POLICY: usize = 2048;

/// The session policy of a request, as JSON text; refuses names that are not plain.
pub fn session_policy(request: &VendRequest) -> Result<String, StoreError> {
    let VendRequest { bucket, prefix, key_arn, .. } = request;
    let partition = partition(&request.role_arn)?;
    check(is_bucket(bucket), "bucket", bucket)?;
    check(is_key_arn(key_arn), "key", key_arn)?;
    let whole_bucket = request.mode == Mode::Observe && prefix.is_empty();
    check(whole_bucket || is_prefix(prefix), "prefix", prefix)?;

    let bucket_arn = format!("arn:{partition}:s3:::{bucket}");
    let below = |path: &str| format!("{bucket_arn}/{prefix}/{path}");
    let list_prefix = json!({ "StringLike": { "s3:prefix": format!("{prefix}/*") } });
    let statements = match request.mode {
        Mode::Read => vec![
            allow(&["s3:GetObject"], &[below("*")]),
            allow_if(&["s3:ListBucket"], &bucket_arn, list_prefix),
            allow(&["kms:Decrypt"], std::slice::from_ref(key_arn)),
        ],
        Mode::Write => vec![
            allow(&["s3:GetObject"], &[below("*")]),
            // Table metadata is written by the platform alone: who writes it can drop a column.
            allow(&["s3:PutObject", "s3:AbortMultipartUpload"], &[below("data/*"), below("manifests/*")]),
            allow_if(&["s3:ListBucket"], &bucket_arn, list_prefix),
            allow(&["kms:Decrypt", "kms:GenerateDataKey"], std::slice::from_ref(key_arn)),
        ],
        Mode::Observe if whole_bucket => vec![
            allow(&["s3:GetObject"], &[format!("{bucket_arn}/*/metadata/*")]),
            allow(&["s3:ListBucket", "s3:GetEncryptionConfiguration"], std::slice::from_ref(&bucket_arn)),
            allow(&["kms:Decrypt"], std::slice::from_ref(key_arn)),
        ],
        Mode::Observe => vec![
            allow(&["s3:GetObject"], &[below("metadata/*")]),
            allow(&["s3:GetEncryptionConfiguration"], std::slice::from_ref(&bucket_arn)),
            allow_if(&["s3:ListBucket"], &bucket_arn, list_prefix),
            allow(&["kms:Decrypt"], std::slice::from_ref(key_arn)),
        ],
    };
    let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    check(policy.len() <= MAX_POLICY, "session policy", &policy)?;
    Ok(policy)
}

fn allow(actions: &[&str], resources: &[String]) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resources })
}

fn allow_if(actions: &[&str], resource: &str, condition: Value) -> Value {
    json!({ "Effect": "Allow", "Action": actions, "Resource": resource, "Condition": condition })
}

fn check(good: bool, what: &str, value: &str) -> Result<(), StoreError> {
    let shown = || value.chars().take(120).collect::<String>();
    if good {
        Ok(())
    } else {
        Err(StoreError::corrupt("envelope", format!("`{}` cannot be used as a {what}", shown())))
    }
}

/// The partition of a role's ARN, such as `aws` or `aws-cn`.
fn partition(role_arn: &str) -> Result<&str, StoreError> {
    let partition =
        role_arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::")).map(|(partition, _)| partition);
    let plain = |text: &&str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !text.is_empty();
    partition.filter(plain).ok_or_else(|| {
        StoreError::corrupt("envelope", format!("`{}` cannot be used as a role", role_arn.escape_debug()))
    })
}

/// S3's rules for bucket names; no character of them is special in a policy.
fn is_bucket(text: &str) -> bool {
    (3..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
}

/// Path segments of letters, digits, `-` and `_`: no glob characters, variables, dots or empty segments.
fn is_prefix(text: &str) -> bool {
    let segment = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    text.split('/').all(segment)
}

/// The ARN of one KMS key by its id.
fn is_key_arn(text: &str) -> bool {
    let plain = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let mut parts = text.split(':');
    let mut next = || parts.next().unwrap_or_default();
    let shape = next() == "arn" && plain(next()) && next() == "kms" && plain(next()) && plain(next());
    shape && next().strip_prefix("key/").is_some_and(plain) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn request(mode: Mode) -> VendRequest {
        VendRequest {
            mode,
            role_arn: "arn:aws:iam::000000000000:role/mesh-operations-reader".to_owned(),
            external_id: "x".to_owned(),
            session_name: "s".to_owned(),
            bucket: "mesh-operations-000000000000".to_owned(),
            prefix: "flights/daily/v1".to_owned(),
            key_arn: "arn:aws:kms:eu-central-1:000000000000:key/0f6f8a0e-6a0e-4c65-9b60-0f3f4d6a7b11".to_owned(),
            lifetime: Duration::from_secs(900),
        }
    }

    fn resources_of(policy: &str, action: &str) -> Vec<String> {
        let policy: Value = serde_json::from_str(policy).unwrap();
        let statements = policy["Statement"].as_array().unwrap();
        let about = statements.iter().filter(|s| s["Action"].as_array().unwrap().iter().any(|a| a == action));
        about
            .flat_map(|s| match &s["Resource"] {
                Value::Array(all) => all.iter().map(|r| r.as_str().unwrap().to_owned()).collect(),
                one => vec![one.as_str().unwrap().to_owned()],
            })
            .collect()
    }

    #[test]
    fn readers_read_their_port_and_write_nothing() {
        let policy = session_policy(&request(Mode::Read)).unwrap();
        assert_eq!(
            resources_of(&policy, "s3:GetObject"),
            ["arn:aws:s3:::mesh-operations-000000000000/flights/daily/v1/*"]
        );
        assert_eq!(resources_of(&policy, "s3:PutObject"), [""; 0]);
        assert!(policy.contains(r#""s3:prefix":"flights/daily/v1/*""#));
    }

    #[test]
    fn producers_write_data_and_manifests_but_not_metadata() {
        let policy = session_policy(&request(Mode::Write)).unwrap();
        let port = "arn:aws:s3:::mesh-operations-000000000000/flights/daily/v1";
        assert_eq!(resources_of(&policy, "s3:PutObject"), [format!("{port}/data/*"), format!("{port}/manifests/*")]);
        assert!(!policy.contains("s3:DeleteObject"));
    }

    #[test]
    fn observers_see_metadata_of_the_bucket_and_no_data() {
        let policy = session_policy(&VendRequest { prefix: String::new(), ..request(Mode::Observe) }).unwrap();
        assert_eq!(resources_of(&policy, "s3:GetObject"), ["arn:aws:s3:::mesh-operations-000000000000/*/metadata/*"]);
    }

    #[test]
    fn the_key_is_the_domains_and_only_producers_encrypt() {
        for mode in [Mode::Read, Mode::Write, Mode::Observe] {
            let request = request(mode);
            let policy = session_policy(&request).unwrap();
            assert_eq!(resources_of(&policy, "kms:Decrypt"), std::slice::from_ref(&request.key_arn));
            let encrypts = !resources_of(&policy, "kms:GenerateDataKey").is_empty();
            assert_eq!(encrypts, mode == Mode::Write);
        }
    }

    #[test]
    fn the_longest_names_fit() {
        let longest = VendRequest {
            bucket: "b".repeat(63),
            prefix: format!("{}/{}/v999999999", "p".repeat(40), "o".repeat(40)),
            ..request(Mode::Write)
        };
        assert!(session_policy(&longest).unwrap().len() < 1500);
    }

    #[test]
    fn names_cannot_widen_the_policy() {
        for prefix in [
            "",
            "*",
            "flights/*",
            "flights/?",
            "${aws:userid}",
            "flights//v1",
            "../x",
            "/flights",
            "flights/",
            "a\"b",
            "a b",
        ] {
            assert!(
                session_policy(&VendRequest { prefix: prefix.to_owned(), ..request(Mode::Read) }).is_err(),
                "{prefix}"
            );
        }
        for bucket in ["", "*", "b*c", "a/b", "Upper", "a:b"] {
            assert!(
                session_policy(&VendRequest { bucket: bucket.to_owned(), ..request(Mode::Read) }).is_err(),
                "{bucket}"
            );
        }
        for key in
            ["*", "arn:aws:kms:*:*:key/*", "arn:aws:kms:eu-central-1:0:key/*", "arn:aws:kms:eu-central-1:0:alias/x"]
        {
            assert!(session_policy(&VendRequest { key_arn: key.to_owned(), ..request(Mode::Read) }).is_err(), "{key}");
        }
        for role in ["", "arn:*:iam::0:role/x", "role/x"] {
            assert!(
                session_policy(&VendRequest { role_arn: role.to_owned(), ..request(Mode::Read) }).is_err(),
                "{role}"
            );
        }
    }
}
