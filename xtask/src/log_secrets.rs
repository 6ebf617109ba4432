//! Looks for secrets in what the functions logged: tokens, credentials and pre-signed URLs have no place there.

use anyhow::{Result, bail};
use std::collections::BTreeMap;

/// What secrets are called or look like where they leak, in lower case, with what it is that leaked.
const MARKERS: &[(&str, &str)] = &[
    ("x-amz-signature", "a pre-signed URL"),
    ("x-amz-security-token", "a session token"),
    ("x-amz-credential", "a pre-signed URL"),
    ("authorization:", "an authorization header"),
    ("\"authorization\"", "an authorization header"),
    ("secret_access_key", "a secret access key"),
    ("secretaccesskey", "a secret access key"),
    ("secret-access-key", "a secret access key"),
    ("session_token", "a session token"),
    ("sessiontoken", "a session token"),
    ("session-token", "a session token"),
    ("client_secret", "a client's secret"),
    ("clientsecret", "a client's secret"),
    ("private key-----", "a private key"),
];

/// A word after `Bearer` that is as long is a token, not prose.
const SHORTEST_TOKEN: usize = 16;

/// What looks for secrets, the known ones of this stack among them.
#[derive(Debug, Default)]
pub struct Search {
    known: Vec<(String, &'static str)>,
}

impl Search {
    /// Also looks for `secret` itself, which is `what`.
    pub fn with_known(mut self, secret: &str, what: &'static str) -> Self {
        // Nothing shorter is a secret, and an empty text is everywhere.
        if secret.len() >= 8 {
            self.known.push((secret.to_owned(), what));
        }
        self
    }

    /// What leaks in `line`; none in most.
    pub fn leak(&self, line: &str) -> Option<&'static str> {
        let lower = line.to_ascii_lowercase();
        let marked = MARKERS.iter().find(|(marker, _)| lower.contains(marker)).map(|(_, what)| *what);
        let known = || self.known.iter().find(|(secret, _)| line.contains(secret.as_str())).map(|(_, what)| *what);
        marked.or_else(known).or_else(|| has_bearer(&lower).then_some("a bearer token")).or_else(|| {
            words(line).find_map(|word| {
                if is_token(word) {
                    Some("a signed token")
                } else if is_temporary_key(word) {
                    Some("a temporary access key")
                } else {
                    None
                }
            })
        })
    }
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|letter: char| !(letter.is_ascii_alphanumeric() || "._-+/=".contains(letter)))
}

fn has_bearer(lower: &str) -> bool {
    lower.match_indices("bearer ").any(|(at, found)| {
        let after = lower.get(at + found.len()..).unwrap_or_default();
        words(after).next().is_some_and(|word| word.len() >= SHORTEST_TOKEN)
    })
}

/// Three parts, of which the first two are JSON objects in base64url: they begin with `eyJ`, which is `{"`.
fn is_token(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    matches!(parts.as_slice(), [header, claims, _] if header.starts_with("eyJ") && claims.starts_with("eyJ"))
}

fn is_temporary_key(word: &str) -> bool {
    word.len() >= 16
        && word.starts_with("ASIA")
        && word.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit())
}

/// How many lines of the functions' logs were looked through; an error that names every leak, without repeating it.
pub fn check(logs: &BTreeMap<String, String>, search: &Search) -> Result<usize> {
    let mut leaks = Vec::new();
    let mut lines = 0;
    for (function, log) in logs {
        if log.trim().is_empty() {
            bail!("`{function}` logged nothing: there is nothing to be looked through");
        }
        for (at, line) in log.lines().enumerate() {
            lines += 1;
            if let Some(what) = search.leak(line) {
                leaks.push(format!("  {function}, line {}: {what}", at + 1));
            }
        }
    }
    if !leaks.is_empty() {
        bail!("secrets in the functions' logs:\n{}", leaks.join("\n"));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_secrets_are_found() {
        let search = Search::default().with_known("s3cr3t-of-operations", "a client's secret");
        for (line, what) in [
            (r#"{"message":"calling","headers":"Bearer eyJhbGciOi.abcdefghij"}"#, "a bearer token"),
            (r#"{"message":"token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln"}"#, "a signed token"),
            ("https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4&X-Amz-Signature=0f", "a pre-signed URL"),
            (r#"Credentials { secret_access_key: "abc" }"#, "a secret access key"),
            (r#"{"SecretAccessKey":"abc"}"#, "a secret access key"),
            (r#"{"s3.session-token":"abc"}"#, "a session token"),
            (r#"{"message":"got ASIAQWERTYUIOPASDFGH"}"#, "a temporary access key"),
            ("grant_type=client_credentials&client_secret=abc", "a client's secret"),
            (r#"{"message":"used s3cr3t-of-operations"}"#, "a client's secret"),
            ("Authorization: Basic YTpi", "an authorization header"),
        ] {
            assert_eq!(search.leak(line), Some(what), "{line}");
        }
    }

    #[test]
    fn a_secret_planted_in_one_log_is_told_by_its_place_and_not_repeated() {
        let quiet = r#"{"level":"INFO","message":"answered","status":200}"#;
        let leaking = format!("{quiet}\n{{\"message\":\"using ASIAQWERTYUIOPASDFGH\"}}\n");
        let mut logs = BTreeMap::from([("broker".to_owned(), leaking), ("registry".to_owned(), quiet.to_owned())]);
        let told = check(&logs, &Search::default()).unwrap_err().to_string();
        assert!(told.ends_with("broker, line 2: a temporary access key"), "{told}");
        logs.insert("broker".to_owned(), quiet.to_owned());
        assert_eq!(check(&logs, &Search::default()).unwrap(), 2);
        logs.insert("broker".to_owned(), "\n".to_owned());
        assert!(check(&logs, &Search::default()).is_err(), "a function that logged nothing proves nothing");
    }

    #[test]
    fn what_functions_say_is_no_secret() {
        let search = Search::default().with_known("", "nothing");
        for line in [
            r#"{"level":"INFO","message":"answered","status":200,"principal":"https://idp.example.org|abc"}"#,
            r#"{"message":"the request has no bearer token"}"#,
            r#"{"message":"a Bearer is wanted","file":"v1.2.3"}"#,
            r#"{"_aws":{"Timestamp":1},"Function":"broker","DecisionsAllowed":1,"region":"ASIA"}"#,
        ] {
            assert_eq!(search.leak(line), None, "{line}");
        }
    }
}
