//! What rules say: the five rule names, and the shape of what each may contain.

use std::collections::BTreeMap;

use regorus::Value;

/// Entries of one rule beyond this are an error: nobody reads a thousand findings.
const MAX_ENTRIES: usize = 1000;
/// Bytes of one text in an entry.
const MAX_TEXT: usize = 4096;

/// A rule name through which a policy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Head {
    /// Objects.
    Deny,
    /// Warns.
    Warn,
    /// Asks for an approval by a role.
    RequireApproval,
    /// Asks the platform to do something.
    Obligation,
    /// Offers; product level only.
    Offer,
}

impl Head {
    pub(crate) const ALL: [Self; 5] = [Self::Deny, Self::Warn, Self::RequireApproval, Self::Obligation, Self::Offer];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::RequireApproval => "require_approval",
            Self::Obligation => "obligation",
            Self::Offer => "offer",
        }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|head| head.name() == name)
    }

    /// Keys of an entry; all of them must be there, as text.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Self::Deny | Self::Warn => &["code", "message", "path", "remedy"],
            Self::RequireApproval => &["role", "reason"],
            Self::Obligation => &["kind", "detail"],
            Self::Offer => &["reason"],
        }
    }
}

/// One thing that a rule says: text by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry(BTreeMap<&'static str, String>);

impl Entry {
    /// The text under one of the head's keys.
    pub(crate) fn text(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_default()
    }
}

/// Reads a rule's value. Anything but a set of objects with exactly the head's keys is an error:
/// what cannot be understood must not count as silence.
pub(crate) fn read(head: Head, value: &Value) -> Result<Vec<Entry>, String> {
    let name = head.name();
    let set = value.as_set().map_err(|_| format!("`{name}` is not a set of objects"))?;
    if set.len() > MAX_ENTRIES {
        return Err(format!("`{name}` holds more than {MAX_ENTRIES} entries"));
    }
    set.iter().map(|entry| read_entry(head, entry)).collect()
}

fn read_entry(head: Head, value: &Value) -> Result<Entry, String> {
    let name = head.name();
    let object = value.as_object().map_err(|_| format!("an entry of `{name}` is not an object"))?;
    let mut entry = BTreeMap::new();
    for key in head.keys() {
        let text = object
            .get(&Value::from(*key))
            .and_then(|text| text.as_string().ok())
            .ok_or_else(|| format!("an entry of `{name}` has no text `{key}`"))?;
        if text.len() > MAX_TEXT {
            return Err(format!("`{key}` in an entry of `{name}` is longer than {MAX_TEXT} bytes"));
        }
        entry.insert(*key, text.to_string());
    }
    if object.len() != entry.len() {
        return Err(format!("an entry of `{name}` has keys besides {}", head.keys().join(", ")));
    }
    let required = match head {
        Head::Deny | Head::Warn => &["code", "message"][..],
        other => other.keys(),
    };
    match required.iter().find(|key| entry.get(*key).is_none_or(|text| text.is_empty())) {
        Some(key) => Err(format!("an entry of `{name}` has an empty `{key}`")),
        None => Ok(Entry(entry)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(rego: &str) -> Value {
        let mut engine = regorus::Engine::new();
        let results = engine.eval_query(rego.to_owned(), false).unwrap();
        results.result[0].expressions[0].value.clone()
    }

    #[test]
    fn a_whole_entry_is_read() {
        let entries =
            read(Head::Deny, &value(r#"{{"code": "a.b", "message": "m", "path": "", "remedy": "r"}}"#)).unwrap();
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].text("code"), "a.b");
    }

    #[test]
    fn what_cannot_be_understood_is_an_error() {
        for (rego, message) in [
            ("true", "`deny` is not a set of objects"),
            (r#"{"text"}"#, "an entry of `deny` is not an object"),
            (r#"{{"code": "a", "path": "", "remedy": ""}}"#, "an entry of `deny` has no text `message`"),
            (r#"{{"code": 7, "message": "m", "path": "", "remedy": ""}}"#, "an entry of `deny` has no text `code`"),
            (r#"{{"code": "", "message": "m", "path": "", "remedy": ""}}"#, "an entry of `deny` has an empty `code`"),
            (
                r#"{{"code": "a", "message": "m", "path": "", "remedy": "", "x": 1}}"#,
                "an entry of `deny` has keys besides code, message, path, remedy",
            ),
        ] {
            assert_eq!(read(Head::Deny, &value(rego)), Err(message.to_owned()), "{rego}");
        }
    }
}
