//! The versions of the standards that are read, and what a document breaks of its own version's JSON Schema.
//!
//! `jsonschema` checks, not code of our own: the schemas lean on `unevaluatedProperties` behind `$ref`, `allOf` and `if`, where a small
//! checker goes wrong silently. Without its default features it is plain computation (MIT, no resolver for files or URLs, no
//! TLS), takes a document in time that is quadratic in its depth, and depth is bounded before it is asked.
//!
//! The schemas in `schemas/` are those that the standards publish. That of ODCS 3.2.0 is the copy that datacontract-cli 1.2.8 bundles, which
//! has every addition of that release but is not the tag's own file byte for byte.

use std::sync::LazyLock;

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    pointer,
    suggest::nearest,
};

/// The most problems of one document that are told of.
const MAX_PROBLEMS: usize = 100;

/// A standard that documents follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// The Open Data Product Standard.
    Product,
    /// The Open Data Contract Standard.
    Contract,
}

/// One version of a standard.
struct Edition {
    standard: Standard,
    version: &'static str,
    validator: &'static LazyLock<Validator>,
}

macro_rules! editions {
    ($($standard:ident $version:literal $file:literal,)*) => {
        /// Every version that is read, oldest first.
        static EDITIONS: &[Edition] = &[$(Edition {
            standard: Standard::$standard,
            version: $version,
            validator: {
                static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| compile(include_str!(concat!("schemas/", $file))));
                &VALIDATOR
            },
        }),*];
    };
}

editions! {
    Product "v1.0.0" "odps-1.0.0.json",
    Product "v1.1.0" "odps-1.1.0.json",
    Contract "v3.0.0" "odcs-3.0.0.json",
    Contract "v3.0.1" "odcs-3.0.1.json",
    Contract "v3.0.2" "odcs-3.0.2.json",
    Contract "v3.1.0" "odcs-3.1.0.json",
    Contract "v3.2.0" "odcs-3.2.0.json",
}

fn compile(schema: &str) -> Validator {
    let schema: Value = serde_json::from_str(schema).expect("the vendored schemas are JSON, which a test holds");
    jsonschema::options()
        .should_validate_formats(true)
        .with_format("uri", is_uri)
        .build(&schema)
        .expect("the vendored schemas compile, which a test holds")
}

/// A scheme and something behind it, without blanks. Paths with `{placeholders}` and variables such as `${HOST}` stand in many contracts
/// though RFC 3986 has no braces, so that the strict rule would refuse what the standards' own tools accept.
fn is_uri(text: &str) -> bool {
    let scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
        && (text.starts_with("${") || text.split_once(':').is_some_and(|(name, rest)| scheme(name) && !rest.is_empty()))
}

impl Standard {
    /// What the standard is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Product => "Open Data Product Standard",
            Self::Contract => "Open Data Contract Standard",
        }
    }

    /// The value of `kind`.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Product => "DataProduct",
            Self::Contract => "DataContract",
        }
    }

    /// The newest version, in which documents are written anew.
    pub fn newest(self) -> &'static str {
        self.versions().last().unwrap_or_default()
    }

    fn versions(self) -> impl Iterator<Item = &'static str> {
        EDITIONS.iter().filter(move |edition| edition.standard == self).map(|edition| edition.version)
    }

    /// What `document` breaks of the JSON Schema of the version that it declares, with pointers and without places.
    pub fn check(self, document: &Value) -> Vec<Diagnostic> {
        let Some(object) = document.as_object() else {
            let message = format!("a document of the {} is a mapping of keys to values", self.name());
            return vec![
                Diagnostic::error(Code::StandardInvalid, "", message)
                    .remedy(format!("start with `apiVersion: {}`", self.newest())),
            ];
        };
        let declared = object.get("apiVersion").and_then(Value::as_str);
        let edition = EDITIONS.iter().find(|edition| edition.standard == self && Some(edition.version) == declared);
        match edition {
            Some(edition) => broken(edition.validator, document),
            None => vec![self.unknown(object.get("apiVersion"))],
        }
    }

    fn unknown(self, declared: Option<&Value>) -> Diagnostic {
        let known: Vec<_> = self.versions().map(|version| format!("`{version}`")).collect();
        let message = match declared {
            None => format!("`apiVersion` is missing: which version of the {} is this?", self.name()),
            Some(Value::String(text)) => {
                format!("`{}` is not a version of the {} that is read here", shown(text), self.name())
            }
            Some(_) => "`apiVersion` is not a text".to_owned(),
        };
        let text = declared.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let near = text.and_then(|text| self.versions().find(|version| version.trim_start_matches('v') == text.trim()));
        let remedy = match near {
            Some(version) => format!("write `{version}`"),
            None => format!("use one of {}", known.join(", ")),
        };
        let pointer = if declared.is_some() { "/apiVersion" } else { "" };
        Diagnostic::error(Code::StandardVersionUnknown, pointer, message).remedy(remedy)
    }
}

fn broken(validator: &Validator, document: &Value) -> Vec<Diagnostic> {
    let mut found: Vec<(String, bool, Diagnostic)> = Vec::new();
    for error in validator.iter_errors(document).take(MAX_PROBLEMS * 10) {
        let unevaluated = matches!(error.kind(), ValidationErrorKind::UnevaluatedProperties { .. });
        if found.len() > MAX_PROBLEMS * 3 {
            break;
        }
        for diagnostic in diagnostics(&error) {
            let same = |(pointer, _, known): &(String, bool, Diagnostic)| {
                *pointer == diagnostic.pointer && known.message == diagnostic.message
            };
            if !found.iter().any(same) {
                found.push((diagnostic.pointer.clone(), unevaluated, diagnostic));
            }
        }
    }
    // A property that holds a problem counts as unevaluated too, and so do its neighbours: only the problem itself helps.
    let places: Vec<(String, bool)> =
        found.iter().map(|(pointer, unevaluated, _)| (pointer.clone(), *unevaluated)).collect();
    let under = |pointer: &str, other: &str| other.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/'));
    let within = |pointer: &str| {
        let holder = pointer.rsplit_once('/').map_or("", |(holder, _)| holder);
        places.iter().any(|(other, unevaluated)| {
            under(pointer, other) || (!unevaluated && (other == holder || under(holder, other)))
        })
    };
    let mut kept: Vec<_> = found
        .into_iter()
        .filter(|(pointer, unevaluated, _)| !unevaluated || !within(pointer))
        .map(|(_, _, diagnostic)| diagnostic)
        .collect();
    kept.truncate(MAX_PROBLEMS);
    kept
}

fn diagnostics(error: &ValidationError<'_>) -> Vec<Diagnostic> {
    let at = error.instance_path().to_string();
    let one = |message: String, remedy: Option<String>| {
        let diagnostic = Diagnostic::error(Code::StandardInvalid, at.as_str(), message);
        vec![Diagnostic { remedy, ..diagnostic }]
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            one(format!("`{}` is missing", shown(name)), Some(format!("add `{}`", shown(name))))
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .take(MAX_PROBLEMS)
            .map(|name| {
                Diagnostic::error(
                    Code::StandardInvalid,
                    format!("{at}{}", pointer::token(name)),
                    format!("`{}` is not known here", shown(name)),
                )
                .remedy("remove it, or carry it in `customProperties`")
            })
            .collect(),
        ValidationErrorKind::Enum { options } => {
            let choices: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let remedy = error.instance().as_str().and_then(|text| nearest(text, choices.iter().copied()));
            let list: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            one(
                format!("{} is not one of {}", cut(error.instance()), list.join(", ")),
                remedy.map(|choice| format!("did you mean `{choice}`?")),
            )
        }
        ValidationErrorKind::Type { .. } => {
            let quoted = matches!(error.instance().as_ref(), Value::Number(_) | Value::Bool(_));
            let remedy = quoted.then(|| format!("quote it where a text is needed: `\"{}\"`", error.instance()));
            one(masked(error), remedy)
        }
        ValidationErrorKind::Format { format } if format == "date" => one(
            format!("{} is not a date that exists", cut(error.instance())),
            Some("write year, month and day, such as `2027-03-01`".to_owned()),
        ),
        ValidationErrorKind::Format { format } if format == "date-time" => one(
            format!("{} is not a time that exists", cut(error.instance())),
            Some("write date, time and zone, such as `2027-03-01T06:00:00Z`".to_owned()),
        ),
        ValidationErrorKind::Format { format } if format == "uri" => one(
            format!("{} is not a URI", cut(error.instance())),
            Some("start with a scheme, such as `https:`".to_owned()),
        ),
        // Where one of the forms fits but for something within, that is what is wrong.
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context }
            if meant(context, &at).is_some() =>
        {
            meant(context, &at).into_iter().flatten().flat_map(diagnostics).collect()
        }
        ValidationErrorKind::OneOfMultipleValid { .. } => {
            one(format!("{} fits several of the forms of which it may have one", cut(error.instance())), None)
        }
        ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::AnyOf { .. } => {
            one(format!("{} has none of the forms that it may have here", cut(error.instance())), None)
        }
        ValidationErrorKind::Not { .. } => one(format!("{} is what it must not be", cut(error.instance())), None),
        _ => one(masked(error), None),
    }
}

/// The form that the value at `at` was meant to have: the one whose problems all lie within it.
fn meant<'e>(context: &'e [Vec<ValidationError<'static>>], at: &str) -> Option<&'e Vec<ValidationError<'static>>> {
    let within = |errors: &&Vec<ValidationError<'static>>| {
        !errors.is_empty() && errors.iter().all(|error| error.instance_path().as_str() != at)
    };
    context.iter().filter(within).min_by_key(|errors| errors.len())
}

fn cut(value: &Value) -> String {
    match value {
        Value::Object(_) => "the mapping".to_owned(),
        Value::Array(_) => "the list".to_owned(),
        other => format!("`{}`", shown(&other.to_string())),
    }
}

/// The checker's own words, with the value cut short.
fn masked(error: &ValidationError<'_>) -> String {
    error.masked_with(cut(error.instance())).to_string().replace('"', "`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendored_schema_compiles_and_holds_its_version() {
        for edition in EDITIONS {
            let problems = broken(edition.validator, &serde_json::json!({ "apiVersion": edition.version }));
            assert!(!problems.is_empty(), "{}", edition.version);
            let version = problems.iter().find(|problem| problem.pointer == "/apiVersion");
            assert_eq!(version, None, "{}", edition.version);
        }
    }

    #[test]
    fn uris_have_a_scheme() {
        for good in
            ["https://a.example.org", "s3://bucket/{model}/*.json", "mailto:a@example.org", "${LOCATION}", "urn:x"]
        {
            assert!(is_uri(good), "{good}");
        }
        for bad in ["", "a", "/a/b", "a b:c", "1:2", "https:", "https://a b"] {
            assert!(!is_uri(bad), "{bad}");
        }
    }
}
