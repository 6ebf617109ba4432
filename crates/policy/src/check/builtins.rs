//! The builtins that policies may call, and bounds on those whose results grow.
//!
//! An allow-list, because what is missing from the engine is silently undefined there, and because
//! some builtins reach outside, tell the time, or take a machine down (`numbers.range(1, 2e7)`
//! takes half a gigabyte; `strings.count("x", "")` panics).

use regorus::unstable::{BUILTINS, Expr, Lexer, Ref, Span};
use regorus::{Engine, Source, Value};

/// Builtins whose result is at most about as large as their arguments.
const STEADY: &[&str] = &[
    "abs",
    "array.reverse",
    "array.slice",
    "ceil",
    "contains",
    "count",
    "endswith",
    "floor",
    "glob.match",
    "indexof",
    "intersection",
    "is_array",
    "is_boolean",
    "is_null",
    "is_number",
    "is_object",
    "is_set",
    "is_string",
    "lower",
    "max",
    "min",
    "object.filter",
    "object.get",
    "object.keys",
    "object.remove",
    "regex.match",
    "round",
    "semver.compare",
    "semver.is_valid",
    "sort",
    "split",
    "startswith",
    "strings.any_prefix_match",
    "strings.any_suffix_match",
    "substring",
    "sum",
    "time.parse_duration_ns",
    "time.parse_rfc3339_ns",
    "to_number",
    "trim",
    "trim_left",
    "trim_prefix",
    "trim_right",
    "trim_space",
    "trim_suffix",
    "type_name",
    "upper",
];

/// Builtins whose results grow with repetition, with their number of arguments.
const GROWING: &[(&str, u8)] = &[
    ("array.concat", 2),
    ("concat", 2),
    ("format_int", 2),
    ("object.union", 2),
    ("replace", 3),
    ("sprintf", 2),
    ("union", 1),
];

/// Bytes of text, and elements, that a growing builtin may take in or give out.
const MAX_SIZE: usize = 64 * 1024;

/// Whether a policy may call `name`.
pub(super) fn allowed(name: &str) -> bool {
    STEADY.contains(&name) || GROWING.iter().any(|(growing, _)| *growing == name)
}

/// Whether the engine (this one or another) knows `name` as a builtin; for a better message only.
pub(super) fn exists(name: &str) -> bool {
    BUILTINS.contains_key(name)
        || [
            "crypto.", "graphql.", "http.", "io.jwt.", "net.", "opa.", "rand.", "rego.", "regex.", "strings.", "time.",
            "uuid.",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || ["print", "trace", "walk"].contains(&name)
}

/// Puts bounds around the growing builtins: the engine asks extensions before its own builtins.
pub(super) fn bound(engine: &mut Engine) -> Result<(), String> {
    for &(name, arguments) in GROWING {
        let (builtin, _) = BUILTINS.get(name).ok_or_else(|| format!("builtin `{name}` is gone from the engine"))?;
        let builtin = *builtin;
        let (span, params) = placeholders(arguments).map_err(|error| error.to_string())?;
        engine
            .add_extension(
                name.to_owned(),
                arguments,
                Box::new(move |args: Vec<Value>| {
                    let mut budget = MAX_SIZE;
                    let fits = args.iter().all(|arg| spend(&mut budget, arg, 0));
                    if !fits || !result_fits(name, &args) {
                        return Err(too_large(name).into());
                    }
                    let result = builtin(&span, &params, &args, true)?;
                    if !spend(&mut MAX_SIZE.clone(), &result, 0) {
                        return Err(too_large(name).into());
                    }
                    Ok(result)
                }),
            )
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` would handle more than {MAX_SIZE} bytes or elements")]
struct TooLarge(&'static str);

fn too_large(name: &'static str) -> TooLarge {
    TooLarge(name)
}

/// Results that can be far larger than the arguments are foreseen.
fn result_fits(name: &str, args: &[Value]) -> bool {
    let length = |index: usize| args.get(index).and_then(|arg| arg.as_string().ok()).map_or(0, |text| text.len());
    match name {
        "replace" => {
            // An empty pattern matches between all characters.
            let occurrences = length(0) / length(1).max(1) + 1;
            occurrences.saturating_mul(length(2)) <= MAX_SIZE
        }
        "concat" => {
            let pieces = args.get(1).map_or(0, |arg| match arg {
                Value::Array(items) => items.len(),
                Value::Set(items) => items.len(),
                _ => 0,
            });
            pieces.saturating_mul(length(0)) <= MAX_SIZE
        }
        // Widths and precisions: `%99999999d` is a hundred megabytes.
        "sprintf" => {
            args.first().and_then(|format| format.as_string().ok()).is_none_or(|format| !has_wide_verb(format))
        }
        _ => true,
    }
}

fn has_wide_verb(format: &str) -> bool {
    let mut digits = 0;
    let mut in_verb = false;
    for character in format.chars() {
        if character == '%' {
            in_verb = !in_verb;
            digits = 0;
        } else if in_verb {
            match character {
                '0'..='9' => digits += 1,
                '*' => return true,
                '.' | '+' | '-' | '#' | ' ' => {}
                _ => in_verb = false,
            }
            if digits > 3 {
                return true;
            }
        }
    }
    false
}

/// Takes the size of `value` from the budget; false when it does not suffice. Shared parts count
/// each time: they would be written out each time.
fn spend(budget: &mut usize, value: &Value, depth: u32) -> bool {
    if depth > 64 {
        return false;
    }
    let own = match value {
        Value::String(text) => text.len() + 1,
        _ => 1,
    };
    match budget.checked_sub(own) {
        Some(rest) => *budget = rest,
        None => return false,
    }
    match value {
        Value::Array(items) => items.iter().all(|item| spend(budget, item, depth + 1)),
        Value::Set(items) => items.iter().all(|item| spend(budget, item, depth + 1)),
        Value::Object(fields) => {
            fields.iter().all(|(key, field)| spend(budget, key, depth + 1) && spend(budget, field, depth + 1))
        }
        _ => true,
    }
}

/// Builtins word their errors by the source of the call, which extensions are not told.
fn placeholders(arguments: u8) -> Result<(Span, Vec<Ref<Expr>>), String> {
    let source =
        Source::from_contents("builtin".to_owned(), "argument".to_owned()).map_err(|error| error.to_string())?;
    let span = Lexer::new(&source).next_token().map_err(|error| error.to_string())?.1;
    let params =
        (0..arguments).map(|_| Ref::new(Expr::Null { span: span.clone(), value: Value::Null, eidx: 0 })).collect();
    Ok((span, params))
}
