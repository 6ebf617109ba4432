//! JSON texts whose values know their place.

use super::reading::{At, Problem};
use crate::{
    code::Code,
    tree::{self, Content, Entry, Node, Place},
};

/// The one value of a JSON text.
///
/// The manifest's own reader gives places, bounds and duplicate keys, but reads YAML too: whether the text is JSON is asked first.
pub(super) fn read(text: &str) -> Result<Node, Vec<Problem>> {
    let problem = |code, place, message: String, remedy: Option<String>| Problem {
        code,
        path: String::new(),
        place: Some(place),
        message,
        remedy,
    };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
        let place = (error.line().max(1), error.column().max(1));
        let told = error.to_string();
        let told = told.split(" at line ").next().unwrap_or_default();
        let code = if told.contains("recursion limit") { Code::SourceTooLarge } else { Code::SourceSyntax };
        return Err(vec![problem(code, place, format!("the text is not JSON: {told}"), None)]);
    }
    let of_tree = |found: crate::Diagnostic| {
        let known = [Code::TooDeep, Code::TooManyValues].map(Code::as_str);
        let code = match known.contains(&found.code.as_str()) {
            true => Code::SourceTooLarge,
            false => Code::SourceSyntax,
        };
        problem(code, (found.line, found.column), found.message, found.remedy)
    };
    let (root, duplicates) = tree::read(text).map_err(|found| vec![of_tree(found)])?;
    if duplicates.is_empty() { Ok(root) } else { Err(duplicates.into_iter().map(of_tree).collect()) }
}

impl Node {
    pub(super) fn at(&self, path: impl Into<String>) -> At {
        At { path: path.into(), place: Some(self.place) }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Node]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn mapping(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The number as it is written.
    pub(super) fn number(&self) -> Option<&str> {
        match &self.content {
            Content::Number(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn whole(&self) -> Option<u32> {
        self.number()?.parse().ok()
    }

    /// The value under `key`, where this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.mapping()?.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// Where `key` stands, or else the mapping itself.
    pub(super) fn key_place(&self, key: &str) -> Place {
        let entry = self.mapping().and_then(|entries| entries.iter().find(|entry| entry.key == key));
        entry.map_or(self.place, |entry| entry.place)
    }

    /// The text under `key`.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key)?.text()
    }

    /// What this is, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self.content {
            Content::Null => "null",
            Content::Boolean(_) => "a truth value",
            Content::Number(_) => "a number",
            Content::Text(_) => "a text",
            Content::List(_) => "a list",
            Content::Mapping(_) => "an object",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::Value;

    fn value() -> impl Strategy<Value = Value> {
        let plain = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
            "[-~:#&*!|>%@`?,{}\\[\\]<'\"\\\\ \\n\\ta-c0-9.]{0,8}".prop_map(Value::from),
        ];
        let key =
            prop_oneof!["\\PC{0,12}", "[-~:#&*!|>%@`?,{}\\[\\]<'\"\\\\ \\n\\ta-c0-9.]{0,8}", Just("<<".to_owned())];
        plain.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::from),
                vec((key.clone(), inner), 0..4).prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn json_is_read_as_any_other_reader_does(value in value(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            let harmless = !text.chars().any(crate::diagnostic::is_control);
            let read = super::read(&text).map(|node| node.to_json());
            let value: Value = serde_json::from_str(&text).unwrap();
            prop_assert!(read == Ok(value) || !harmless && read.is_err(), "{} → {:?}", text, read);
        }
    }
}
